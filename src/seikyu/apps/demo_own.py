"""A file of the user's own that the demo puts through: who sent it, and who is to pay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seikyu.apps.client import look_at
from seikyu.apps.demo_office import Someone
from seikyu.apps.words import say

_HEAD_BYTES: Final = 64 * 1024
_NUMBER_CHARS: Final = 8


@dataclass(frozen=True, slots=True)
class OwnFile:
    """Shape: `body` as the office names it, `institution` and `payers` as ids; empty where the file does not say."""

    path: Path
    body: str | None
    institution: str | None
    payers: tuple[str, ...]

    @property
    def people(self) -> tuple[Someone, ...]:
        """Those who must be in the register for it."""
        sender = (Someone(self.institution, "institution", say("demo.own_institution")),) if self.institution else ()
        return (*sender, *(Someone(payer, "payer", say("demo.own_payer", id=payer)) for payer in self.payers))


def own_file(path: Path) -> OwnFile:
    """Look at a file. Errors: FileUnusable."""
    from seikyu.records import sniff
    from seikyu.rules.examine import examine
    from seikyu.rules.index import IndexRow

    look_at(path)
    with path.open("rb") as file:
        header = sniff(file.read(_HEAD_BYTES))
    if header is None or not header.institution_code:
        return OwnFile(path, None, None, ())
    numbers: set[str] = set()
    with path.open("rb") as file:
        for told in examine(iter(lambda: file.read(_HEAD_BYTES), b""), identity_key=bytes(32), asp=False):
            if isinstance(told, IndexRow):
                numbers |= {share.number.strip().zfill(_NUMBER_CHARS) for share in told.payers}
    payers = sorted(number for number in numbers if number.isdigit() and len(number) == _NUMBER_CHARS)
    sender = header.institution
    known = sender.isdigit() and len(sender) == len("9910110015")
    return OwnFile(path, header.body, sender if known else None, tuple(payers))
