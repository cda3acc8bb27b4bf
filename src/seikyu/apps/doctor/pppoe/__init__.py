"""Dialling: who offers a line by PPPoE, and whether it takes the login (RFC 2516)."""
