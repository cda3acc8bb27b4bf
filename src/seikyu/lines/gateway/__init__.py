"""The role of the IPsec+IKE provider, as a plan: who may come, from which address, and what they reach.

A gateway is described by one file (`gateway.toml`) and a list of terminals. From both follow the connections that the
IKE daemon holds, the address that each terminal always has, and the packet filter around them. Nothing here talks to a
daemon: the plan is values and text, so that it can be looked at before it is used.
"""

from seikyu.lines.gateway.addresses import Lease, Leases, assigned
from seikyu.lines.gateway.config import Gateway, Office, example, gateway_from
from seikyu.lines.gateway.firewall import ruleset, waiting
from seikyu.lines.gateway.plan import Connection, connections, swanctl_text

__all__ = [
    "Connection",
    "Gateway",
    "Lease",
    "Leases",
    "Office",
    "assigned",
    "connections",
    "example",
    "gateway_from",
    "ruleset",
    "swanctl_text",
    "waiting",
]
