"""One function per act: receive, check, confirm, cancel, close, deliver."""
