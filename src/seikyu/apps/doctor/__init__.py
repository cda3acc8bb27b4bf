"""The doctor (診断): probes that look at the line and change nothing, with the standard library alone."""
