"""The month's work as pure decisions: calendar, sending, claim ledger, delivery."""
