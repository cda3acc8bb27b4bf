"""Drawing sheets of claims: for the terminal, as a page, as a document."""
