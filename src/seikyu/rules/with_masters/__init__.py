"""Rules that look codes up in masters: each is silent where its master, or a column of it, is not there."""

from typing import Final

from seikyu.rules.with_masters import ages, codes, diseases, dpc, payers, points, services

#: The modules of this room, for the catalogue.
MODULES: Final = (codes, diseases, payers, services, ages, points, dpc)

__all__ = ["MODULES"]
