"""The client's end for programs, under names that stay: `from seikyu.client import Client, verify_webhook`."""

from seikyu.apps.client.errors import (
    AnswerLost,
    BadSignature,
    BrokeWhileSending,
    DeliveryDamaged,
    DiskFull,
    FileUnusable,
    LineFailed,
    NoClient,
    OddAnswer,
    OfficeSaid,
)
from seikyu.apps.client.office import Client, verify_webhook, words_of
from seikyu.ports.errors import SeikyuError

__all__ = [
    "AnswerLost",
    "BadSignature",
    "BrokeWhileSending",
    "Client",
    "DeliveryDamaged",
    "DiskFull",
    "FileUnusable",
    "LineFailed",
    "NoClient",
    "OddAnswer",
    "OfficeSaid",
    "SeikyuError",
    "verify_webhook",
    "words_of",
]
