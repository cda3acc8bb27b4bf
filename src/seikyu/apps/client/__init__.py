"""The client's end, as functions for the command line and for other programs.

An institution sends, looks and decides; a payer fetches.
"""

from seikyu.apps.client.acts import (
    cancel,
    confirm,
    findings,
    forecast,
    leave_out,
    sending,
    sendings,
    take_in,
    today,
)
from seikyu.apps.client.fetch import Fetched, Offered, fetch, offered
from seikyu.apps.client.folder import ClientFolder, client_toml, home_of, open_client
from seikyu.apps.client.line import Line
from seikyu.apps.client.office import Client, verify_webhook
from seikyu.apps.client.outgoing import Outgoing, look_at
from seikyu.apps.client.send import CHECKING, Terms, send, wait_for_check

__all__ = [
    "CHECKING",
    "Client",
    "ClientFolder",
    "Fetched",
    "Line",
    "Offered",
    "Outgoing",
    "Terms",
    "cancel",
    "client_toml",
    "confirm",
    "fetch",
    "findings",
    "forecast",
    "home_of",
    "leave_out",
    "look_at",
    "offered",
    "open_client",
    "send",
    "sending",
    "sendings",
    "take_in",
    "today",
    "verify_webhook",
    "wait_for_check",
]
