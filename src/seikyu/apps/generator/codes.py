"""Where codes come from: the stock of a kind, renewed by the masters that are there.

A master changes three things. Points and yen become those of the month; what is not in it any more is left out; and
diseases and drugs are drawn from the whole of it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, Final

from seikyu.records import Month
from seikyu.rules.masters import Masters, Row, Version, forms

#: How many diseases and drugs are drawn from a master, all over it.
_MOST_DRAWN: Final = 200
_TABLETS: Final = frozenset({"錠", "カプセル"})
_GENERIC: Final = 1
_TAKEN_A_DAY: Final = (1, 2, 3)
_CODE_CHARS: Final = 9
_PAIR: Final = 2


def codes_of(masters: Masters, stock: Mapping[str, Any], month: Month) -> Mapping[str, Any]:
    """Return the stock of a kind as it is by the masters of a service month; without masters the stock itself."""
    if not masters:
        return stock
    source = _Source(masters, month)
    codes = dict(source.renewed(stock) or {})
    if isinstance(codes.get("diseases"), dict):
        codes["diseases"] = {**codes["diseases"], "codes": source.diseases() or codes["diseases"]["codes"]}
    if "drugs" in codes:
        codes["drugs"] = {**codes["drugs"], "oral": source.drugs() or codes["drugs"]["oral"]}
    return codes


class _Source:
    """The masters of one service month."""

    def __init__(self, masters: Masters, month: Month) -> None:
        self._masters = masters
        self._month = month

    def renewed(self, value: Any) -> Any:
        """Return a part of the stock with new points and yen; None for what the masters do not know any more."""
        if isinstance(value, dict):
            return self._table(value)
        if isinstance(value, list):
            if len(value) == _PAIR and _is_code(value[0]) and isinstance(value[1], int):
                yen = self._amount(value[0], "price", value[1])
                return None if yen is None else [value[0], yen]
            if len(value) == _PAIR + 1 and _is_code(value[0]) and isinstance(value[2], int):
                return self._drug(value)
            parts = [self.renewed(each) for each in value]
            return [part for part in parts if part is not None] or value
        return value

    def _table(self, table: Mapping[str, Any]) -> Mapping[str, Any] | None:
        new = {name: value if (part := self.renewed(value)) is None else part for name, value in table.items()}
        if "code" in table and _is_code(table["code"]):
            for name, column in (("points", "points"), ("yen", "price")):
                if name in table:
                    amount = self._amount(table["code"], column, table[name])
                    if amount is None:
                        return None
                    new[name] = amount
        elif "lines" in table and "points" in table:
            points = self._points(table)
            if points is None:
                return None
            new |= {"points": points, "lines": table["lines"]}
        return new

    def _points(self, act: Mapping[str, Any]) -> int | None:
        """Return what a unit of procedures comes to; what masters alone do not tell stays as it is."""
        total = 0
        known = True
        for record, code, _ in act["lines"]:
            amount = self._amount(code, "points", 0)
            if amount is None:
                return None
            known = known and amount > 0 and record in {"SI", "SS"}
            total += amount
        kept: int = act["points"]
        return total if known else kept

    def _drug(self, drug: list[Any]) -> list[Any] | None:
        row = self._row(drug[0])
        if row is None:
            return drug if self._version(drug[0]) is None else None
        price = row["price"]
        return drug if price is None else [drug[0], drug[1], float(price * Decimal(drug[1]))]

    def _amount(self, code: str, column: str, kept: int) -> int | None:
        """Return the points or yen of a code: as they are without a master, None if the master has it no more."""
        if self._version(code) is None:
            return kept
        row = self._row(code)
        if row is None:
            return None
        amount = row[column] if row.version.has(column) else None
        return int(amount) if amount is not None else kept

    def _version(self, code: str) -> Version | None:
        kind = _kind_of(code[0])
        return self._masters.at(kind, self._month) if kind else None

    def _row(self, code: str) -> Row | None:
        """Return the row of a code that is still in force."""
        version = self._version(code)
        row = version.row(code) if version else None
        return row if row is not None and _in_force(row) else None

    def diseases(self) -> list[str]:
        """Return codes of diseases from all over the master, none that is limited to an age or sex or not claimable."""
        limited = self._masters.at("disease_limits", self._month)
        doubtful = ("not_alone", "not_claimable")
        special = forms()["b"].special
        fit = (
            f"{number:07d}"
            for number, row in self._rows("b")
            if not any(row.version.has(name) and row[name] for name in doubtful)
            and f"{number:07d}" not in special
            and not (limited and limited.rows(f"{number:07d}"))
        )
        return _spread(list(fit))

    def drugs(self) -> list[list[Any]]:
        """Return generic tablets with a price: code, amount a day, yen a day."""
        limited = self._masters.at("item_limits", self._month)
        fit = [
            (f"{number:09d}", row["price"])
            for number, row in self._rows("y")
            if row["unit"] in _TABLETS
            and row["price"]
            and not (row.version.has("narcotic") and row["narcotic"])
            and (not row.version.has("generic") or row["generic"] == _GENERIC)
            and not (limited and limited.rows(f"{number:09d}"))
        ]
        amounts = [_TAKEN_A_DAY[place % len(_TAKEN_A_DAY)] for place in range(_MOST_DRAWN)]
        return [
            [code, str(amount), float(price * amount)]
            for (code, price), amount in zip(_spread(fit), amounts, strict=False)
        ]

    def _rows(self, kind: str) -> Iterator[tuple[int, Row]]:
        version = self._masters.at(kind, self._month)
        for at, number in enumerate(version.codes if version else ()):
            row = Row(version, at) if version else None
            if row is not None and _in_force(row):
                yield number, row


def _in_force(row: Row) -> bool:
    """True unless the master says that the code ends, be it soon."""
    ends = ("until", "usable_until")
    return not any(row.version.has(name) and row[name] for name in ends)


def _spread(rows: list[Any]) -> list[Any]:
    """Return at most so many of the rows, from all over them."""
    return list(islice(rows[:: max(1, len(rows) // _MOST_DRAWN)], _MOST_DRAWN))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _CODE_CHARS and value.isdigit()


@cache
def _kind_of(digit: str) -> str | None:
    return next((form.kind for form in forms().values() if form.prefix == digit), None)
