"""What a payer receives (配信): the payers' own format (レセプト電子データ), written from claims and read again.

Every row begins with three columns: data kind (1 as claimed, 2 added by the review body), row number within the claim,
branch. A claim is an MN row, its institution's row and its own records::

    2,1,0,MN,910000001,東京都港区新橋,13143005910000001,,,
    1,2,0,IR,...
    1,3,0,RE,...

Writing (`writing`) and reading (`reading`) share no code, so that what a payer is charged is counted twice.
Source: payer:3.2, payer:3.3.
"""

from seikyu.office.delivery.history import DeliveryStep, noted, reached
from seikyu.office.delivery.names import begins_volume, delivery_path, search_no
from seikyu.office.delivery.reading import DeliveredClaim, read_delivery
from seikyu.office.delivery.writing import claim_rows, stream_claim

__all__ = [
    "DeliveredClaim",
    "DeliveryStep",
    "begins_volume",
    "claim_rows",
    "delivery_path",
    "noted",
    "reached",
    "read_delivery",
    "search_no",
    "stream_claim",
]
