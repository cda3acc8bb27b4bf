"""Pages of the office's own people."""
