"""What kind of file begins so, whose it is, and which layout it follows: read off the first record."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from seikyu.records.editions import layout_for
from seikyu.records.layout import Layout
from seikyu.records.lines import read_lines
from seikyu.records.months import Month, Years, parse_month
from seikyu.records.uke import split

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_SSK: Final = "1"
_FEDERATION: Final = "2"

#: The first record of a return file (返戻医療機関レコード).
_RETURNS_BEGIN: Final = "HI"

#: So many items stand before the record on a line of a history block (records:11).
_PREFIX_ITEMS: Final = 3

#: So many lines are looked at for a record that tells kinds apart; it stands behind the payers of the first claim.
_LINES_LOOKED_AT: Final = 1000


@dataclass(frozen=True, slots=True)
class Header:
    """The first record of a file (医療機関情報, 受付情報, 薬局情報 …), as far as it can be read.

    Shape: the numbers are texts as written, empty if they are no plain ASCII. `body` is `1` or `2-` and the prefecture,
    None if the file names neither. `layout` is the newest of the kind for an unreadable claim month. `years` says how
    the claim month was written.
    """

    kind: str
    ja: str
    first_record: str
    body: str | None
    prefecture: str
    point_table: str
    institution_code: str
    claim_month: Month | None
    years: Years | None
    layout: Layout

    @property
    def institution(self) -> str:
        """The institution's party id: prefecture, point table and code, 10 digits where the file is right."""
        return self.prefecture + self.point_table + self.institution_code


def sniff(head: bytes, *, file_name: str = "") -> Header | None:
    """Return what the first bytes of a file say of it, None if they begin no file of ours. Never raises.

    The content decides: the first record and its point table; DPC is told from 医科 by the classification (BU) in its
    first claims, a return of re-examination from another by the request or result (MD, MK) in a history block. A few KB
    will do. Only where these are not there, `file_name` decides: returns of re-examination end in .SAH (records:1).
    """
    records: list[list[bytes]] = []
    for line in read_lines([head.removeprefix(_UTF8_MARK)]):
        records.append(split(line.content))
        if line.no == _LINES_LOOKED_AT:
            break
    if not records:
        return None
    first, seen = records[0], {record[0] for record in records}
    past = {record[_PREFIX_ITEMS] for record in records if record[0].isdigit() and len(record) > _PREFIX_ITEMS}
    for row in _kinds():
        if _begins(row, first) and _shows(row, seen | past, past, file_name=file_name):
            return _header(row, first)
    return None


def names_claims(file_name: str) -> bool:
    """True if a file's name ends as the usual names of claims to be sent do, whatever stands in the file.

    >>> names_claims("RECEIPTC.UKE"), names_claims("receipty (1).cyo"), names_claims("RECEIPTC.HEN")
    (True, True, False)
    """
    endings = {row["file_name"].rpartition(".")[2] for row in _kinds() if row["first_record"] != _RETURNS_BEGIN}
    return file_name.upper().endswith(tuple(f".{ending}" for ending in endings))


def is_usual_name(file_name: str) -> bool:
    """True if files of some kind are usually named so."""
    return file_name.upper() in {row["file_name"] for row in _kinds()}


def usual_name_of(kind: str) -> str | None:
    """Return the name under which files of a kind are sent, None for an unknown kind."""
    return next((row["file_name"] for row in _kinds() if row["name"] == kind), None)


def kind_ja(kind: str) -> str:
    """Return the Japanese name of a kind of file; of an unknown one, what was asked for."""
    return next((row["ja"] for row in _kinds() if row["name"] == kind), kind)


@cache
def _kinds() -> tuple[Mapping[str, Any], ...]:
    text = (files("seikyu.records") / "kinds.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["kind"])


def _begins(row: Mapping[str, Any], first: list[bytes]) -> bool:
    tables = row.get("point_tables")
    return (
        first[0] == row["first_record"].encode()
        and len(first) > 1
        and (tables is None or _plain(first, row["point_table"]) in tables)
    )


def _shows(row: Mapping[str, Any], seen: set[bytes], past: set[bytes], *, file_name: str) -> bool:
    """True if the records seen, those in history blocks, or else the name, are those of the kind."""
    if "marker" in row and row["marker"].encode() not in seen:
        return False
    return (
        "extension" not in row
        or file_name.upper().endswith(row["extension"])
        or any(marker.encode() in past for marker in row["history_markers"])
    )


def _header(row: Mapping[str, Any], first: list[bytes]) -> Header:
    review_body, prefecture = _plain(first, row["review_body"]), _plain(first, row["prefecture"])
    bodies = {_SSK: _SSK, _FEDERATION: f"{_FEDERATION}-{prefecture}"}
    month = parse_month(_plain(first, row["claim_month"]))
    return Header(
        kind=row["name"],
        ja=row["ja"],
        first_record=row["first_record"],
        body=bodies.get(review_body),
        prefecture=prefecture,
        point_table=_plain(first, row["point_table"]),
        institution_code=_plain(first, row["institution_code"]),
        claim_month=month.month if month else None,
        years=month.years if month else None,
        layout=layout_for(row["name"], month.month if month else None),
    )


def _plain(items: list[bytes], no: int) -> str:
    """Return an item as text if it is ASCII letters and digits only, else nothing."""
    item = items[no - 1] if no <= len(items) else b""
    return item.decode("ascii") if item.isalnum() else ""
