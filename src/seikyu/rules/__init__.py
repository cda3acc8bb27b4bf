"""What a file and a claim must satisfy: the checker, the findings and their reports."""
