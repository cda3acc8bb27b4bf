"""Claims that came back (返戻): in a return file with reasons and history, or sent again (再請求)."""

from collections.abc import Iterator
from random import Random
from typing import Final

from seikyu.apps.generator.claim import MANAGEMENT, SEARCH, Claim, Record, row
from seikyu.apps.generator.places import Institution, stock

#: Where RE of each kind has its search number (検索番号). Source: the layouts of the kinds.
_SEARCH_NO: Final = {"medical": 19, "dpc": 21, "dental": 20, "pharmacy": 38, "home_nursing": 15}
#: The claim month in a dental file's first record, and in each of its claims.
_MONTH_OF_UK: Final = 8
_MONTH_OF_IR: Final = 7
_BY_INSTITUTION: Final = "1"
_BY_REVIEW_BODY: Final = "2"
_RETURNED: Final = "1"


def return_head(kind: str, place: Institution, *, body: str, month: int) -> Record:
    """Return the first record of a return file; `month` is that of the return (YYYYMM)."""
    items = {2: body, 3: str(month), 4: place.id[:2], 5: place.id[2], 6: place.code, 8: "00"}
    return row(f"{kind}_return", "HI", items)


def return_end(kind: str, totals: dict[int, str]) -> Record:
    """Return the last record of a return file."""
    return row(f"{kind}_return", "HG", totals)


def returned(claim: Claim, first: Record, dice: Random, *, kind: str, month: int) -> Claim:
    """Return the claim as it comes back: with a search number, the reasons and its history.

    Shape: `first` is the first record of the file in which it was asked for at first.
    """
    reasons = stock("people")["returns"]["reasons"]
    back: list[Record] = []
    for code, text in dice.sample(reasons, dice.choices((1, 2), (80, 20))[0]):
        items = {2: str(month), 3: _RETURNED, 5: code, 6: text, 10: SEARCH}
        back.append(row(f"{kind}_return", "HR", items))
    return Claim([*_searched(claim, kind), *back, *_history(claim, first, dice, kind)], claim.shares, claim.sex)


def sent_again(claim: Claim, first: Record, dice: Random, *, kind: str) -> Claim:
    """Return the claim as it is sent again: with its search number and its history, without the reasons."""
    return Claim([*_searched(claim, kind), *_history(claim, first, dice, kind)], claim.shares, claim.sex)


def _searched(claim: Claim, kind: str) -> Iterator[Record]:
    for record in claim.records:
        again = record
        if record[0] == "RE":
            again = list(record)
            again[_SEARCH_NO[kind] - 1] = SEARCH
        yield again


def _history(claim: Claim, first: Record, dice: Random, kind: str) -> Iterator[Record]:
    """Yield what the review body keeps of the claim: each line with kind of data, number and branch."""
    address = stock("people")["returns"]["address"]
    management = row(f"{kind}_return", "MN", {2: MANAGEMENT, 3: address})
    lines = [(_BY_REVIEW_BODY, management)]
    if claim.records[0][0] == "RE":
        lines.append((_BY_INSTITUTION, first))
    lines += [(_BY_INSTITUTION, _as_first_sent(record, first)) for record in claim.records]
    lines.append((_BY_REVIEW_BODY, row(f"{kind}_return", "RC", {2: f"Ver00001{dice.getrandbits(160):040x}"})))
    for no, (data_id, record) in enumerate(lines, start=1):
        yield [data_id, str(no), "0", *record]


def _as_first_sent(record: Record, first: Record) -> Record:
    """Return a record with the claim month of then: a dental claim has its institution's record itself."""
    if record[0] != "IR":
        return record
    then = list(record)
    then[_MONTH_OF_IR - 1] = first[_MONTH_OF_UK - 1]
    return then
