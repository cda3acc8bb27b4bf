"""One technology per module: SQL, objects, jobs, X.509, TLS."""
