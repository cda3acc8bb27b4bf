"""People, numbers and files for tests: prefecture 99, plainly fictitious."""
