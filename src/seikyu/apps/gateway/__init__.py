"""The supervisor of a gateway: it carries a plan to the IKE daemon and the packet filter, and keeps both at it."""
