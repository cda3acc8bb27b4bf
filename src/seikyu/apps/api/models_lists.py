"""What stands on the wire of official lists."""

from typing import Literal

from seikyu.apps.api.models import Wire

Format = Literal["csv", "pdf", "spreadsheet"]
Division = Literal["inpatient", "outpatient"]
FileKind = Literal["medical", "dpc", "dental", "pharmacy", "home_nursing"]


class ListItem(Wire):
    """One official list of a sending, there or not.

    `name` is the official file name; it, `formats` and `url` are null or empty while the list is not there, for the
    `reason` given. `in_out` is the division of a form that comes in two. A long list has several PDFs: `parts`.
    """

    form: str
    name: str | None
    title: str
    in_out: Division | None
    available: bool
    reason: str | None
    formats: list[Format]
    parts: int
    url: str | None


class Counts(Wire):
    """What lies between the count of the trailer (cases) and that of the receipt (claims).

    `trailer` is the sum of GO over the files, null if it cannot be read. cases - more_payers = claims, and claims -
    refused - left_out = claimed; before the decision that is what could be claimed.
    """

    trailer: int | None
    cases: int
    more_payers: int
    claims: int
    refused: int
    left_out: int
    claimed: int


class Lists(Wire):
    """The lists of a sending. `archive_url` gives all that are there, null if none is; `counts` null if unreadable."""

    items: list[ListItem]
    archive_url: str | None
    counts: Counts | None


class TypeSums(Wire):
    """One row of a month's sums. `claim_type` is the official name; an item that the kind does not have is null."""

    claim_type: str
    claims: int
    days: int | None
    points: int | None
    copay_yen: int | None
    meals_yen: int | None
    standard_yen: int | None


class MonthTable(Wire):
    """The sums of one kind and division of claims; the last two rows are the total and what was refused."""

    kind: str
    in_out: Division
    rows: list[TypeSums]


class MonthTables(Wire):
    """A month's confirmed sendings by claim type; `undecided` ones are not in it, nor `unreadable` ones."""

    month: str
    sendings: int
    undecided: int
    unreadable: int
    tables: list[MonthTable]
