"""What lies in the client's folder: its certificate, and the notes of sending and fetching."""
