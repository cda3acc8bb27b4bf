"""What is certain from the beginning of a file: that all of it will be refused, whatever comes behind.

A rule of one line has said its last word when that line is whole. Most rules of a whole file speak at its end, because
its end may say better; a few speak of what no later byte changes: what the bytes are, what the first record is, whom it
names. Their word on the beginning alone is their word on the file, so it can be told while the rest is on its way.
"""

from collections.abc import Iterable
from typing import Final

from seikyu.limits import limit
from seikyu.records import read_lines
from seikyu.rules.blocks import one_by_one
from seikyu.rules.catalogue import rule_of
from seikyu.rules.context import Context
from seikyu.rules.examine import examine
from seikyu.rules.finding import Finding, Refuses
from seikyu.rules.rule import Scope

#: So much of a file's beginning decides what it is, and how it is read; the checker looks at as much.
HEAD_BYTES: Final = limit("line_bytes")

#: Rules of the whole file that say on its beginning what they will say at its end: they look at the first bytes (empty,
#: foreign characters, another kind), at the first line (no header), or at places that stay where they are (control
#: bytes, a second header).
EARLY: Final = frozenset({"X1002", "X1004", "X1006", "X1008", "X1011", "X1035"})

#: The same of rules that read the first header, once that line is there as a whole (other body, institution or month).
EARLY_ON_WHOLE_LINES: Final = frozenset({"X1014", "X1019", "X1021"})

_OF_A_LINE: Final = frozenset({Scope.ITEM, Scope.RECORD})

_NO_HEADER: Final = "X1008"
_HEADER: Final = "IR"


def certain(head: bytes, *, asp: bool = True, context: Context | None = None) -> Finding | None:
    """Return the first finding that refuses the file of which `head` is the beginning, None if none is certain yet.

    Shape: `head` is the first HEAD_BYTES of a longer file.
    """
    whole_lines = sum(bool(line.ending) for line in read_lines([head]))
    told = one_by_one(examine([head], identity_key=b"", asp=asp, context=context, engine="reference"))
    found = (each for each in told if isinstance(each, Finding))
    return first_certain(each for each in found if _stands(each, whole_lines=whole_lines))


def first_certain(findings: Iterable[Finding]) -> Finding | None:
    """Return the first of the findings that refuses the whole file, None if there is none."""
    return next((each for each in findings if each.refuses is Refuses.FILE), None)


def _stands(finding: Finding, *, whole_lines: int) -> bool:
    """True for what no later byte changes. A header that cannot be read may still be followed by one that can."""
    if finding.code == _NO_HEADER:
        return finding.record != _HEADER
    if finding.code in EARLY:
        return True
    of_its_line = finding.code in EARLY_ON_WHOLE_LINES or rule_of(finding.code).scope in _OF_A_LINE
    return of_its_line and finding.line is not None and finding.line <= whole_lines
