"""Rules that need fee tables (電子点数表, チェックマスタ) or notices: silent without them, and they only ask.

A table that is not known to be the newest of the service month is as good as none: fees change, and what an old table
forbids may be right by now.
"""

from typing import Final

from seikyu.rules.with_fee_tables import counts, dispensing, drugs, joint, needed, notices, register

#: The modules of this room, for the catalogue.
MODULES: Final = (joint, counts, drugs, needed, dispensing, notices, register)

__all__ = ["MODULES"]
