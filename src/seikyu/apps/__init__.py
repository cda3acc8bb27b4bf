"""The command line, the API, the server, the demo: the only place that wires."""
