"""What answers over the line: names, the portal, the gateway, addresses outside; alike on every system."""
