"""Leaving out before confirmation: what of a file is not to be claimed, whatever is decided, and taking it back in.

An institution that has seen what the check found may leave one file or one claim of a sending out (請求から外す), and
take it back in until the sending is decided. The state does not change; the claims end unclaimed with that reason, also
when the calendar decides. The real system can only cancel whole sendings (provider:9, row 3).
"""

import json
from dataclasses import dataclass, replace
from typing import Final, Self

_WHOLE: Final = "all"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of one file is left out. Shape: `whole` is the file, `claims` are positions of claims from 0.

    >>> kept = LeftOut().out(3).out(None)
    >>> kept.word, 0 in kept, kept.back(None).word
    ('all', True, '[3]')
    """

    whole: bool = False
    claims: frozenset[int] = frozenset()

    @classmethod
    def read(cls, word: str | None) -> Self:
        """Return what `word` said. Errors: ValueError for what no row says."""
        if word is None:
            return cls()
        told = json.loads(word) if word.startswith("[") else word.split("+")
        if told and told[0] == _WHOLE:
            return cls(whole=True, claims=frozenset(json.loads(told[1])) if told[1:] else frozenset())
        return cls(claims=frozenset(int(each) for each in told))

    @property
    def word(self) -> str | None:
        """What a row says of it: None for nothing, `all`, a list of positions, or both."""
        claims = json.dumps(sorted(self.claims)) if self.claims else None
        return (f"{_WHOLE}+{claims}" if claims else _WHOLE) if self.whole else claims

    def __contains__(self, claim_index: int) -> bool:
        return self.whole or claim_index in self.claims

    def out(self, claim_index: int | None) -> Self:
        """Leave a claim out, or with None the whole file."""
        if claim_index is None:
            return replace(self, whole=True)
        return replace(self, claims=self.claims | {claim_index})

    def back(self, claim_index: int | None) -> Self:
        """Take a claim back in, or with None the file; what was left out of it claim by claim stays so."""
        if claim_index is None:
            return replace(self, whole=False)
        return replace(self, claims=self.claims - {claim_index})
