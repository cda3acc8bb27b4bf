"""What an examination tells, in blocks: many findings or index rows at a time, so that nothing is made one by one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from seikyu.rules.finding import Finding
from seikyu.rules.index import ROW_BYTES, IndexRow, pack, unpack

#: What ends the blocks: the summary.
_Last = TypeVar("_Last")


class Findings(Sequence[Finding]):
    """Findings in the order of the file: those of a claim together, by place.

    An engine may make each one only when it is asked for; going through a block twice makes them twice.
    """

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self._found = tuple(found)

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, at: int) -> Finding: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Finding]: ...
    def __getitem__(self, at: int | slice) -> Finding | Sequence[Finding]:
        return self._found[at]


class Rows:
    """Rows of the claim index, in the order of the file.

    Shape: `packed` are `ROW_BYTES` a row, as they stand in an index object. Each row comes after its claim's findings.
    """

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    @classmethod
    def of(cls, rows: Iterable[IndexRow]) -> "Rows":
        """Return a block of these rows."""
        return cls(b"".join(map(pack, rows)))

    def __len__(self) -> int:
        return len(self.packed) // ROW_BYTES

    def __iter__(self) -> Iterator[IndexRow]:
        return (unpack(self.packed[at : at + ROW_BYTES]) for at in range(0, len(self.packed), ROW_BYTES))


@dataclass(frozen=True, slots=True)
class Certain:
    """Told of a file that is watched: a finding that refuses it, which its end will say again among the others."""

    finding: Finding


def one_by_one(blocks: Iterable[Findings | Rows | Certain | _Last]) -> Iterator[Finding | IndexRow | _Last]:
    """Yield what stands in blocks singly, a claim's findings before its row; for those who look at each of them."""
    waiting: list[Finding] = []
    claims = 0
    for block in blocks:
        if isinstance(block, Findings):
            waiting += block
        elif isinstance(block, Rows):
            told = 0
            for row in block:
                while told < len(waiting) and (waiting[told].claim_index or 0) <= claims:
                    yield waiting[told]
                    told += 1
                yield row
                claims += 1
            del waiting[:told]
        elif not isinstance(block, Certain):
            yield from waiting
            yield block
