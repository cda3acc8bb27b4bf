"""What the PC itself says: its cards, addresses, resolvers, settings, by system."""
