"""The Protocols that services need, and the errors those may raise."""
