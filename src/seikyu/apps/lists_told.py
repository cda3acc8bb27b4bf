"""A list as it is handed out, to a page or a program: its name, its type and its bytes, in one of three formats.

`csv` is the official file, in Shift_JIS and byte by byte as the form has it; `spreadsheet` the same rows for programs
for tables, with nothing in them that such a program would run; `pdf` the paper.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from seikyu.apps.dates import month_text
from seikyu.apps.drawing.list_paper import list_pdf, table_pdf
from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.reports.forms import Column
from seikyu.rules.reports.opened import for_spreadsheet, harmless, open_list, plain_rows
from seikyu.services.delivery_list import COLUMNS, SUMMED, DeliveryList, official_lines
from seikyu.services.list_archive import Archive, Wish, archive_of_month, archive_of_sending, in_blocks
from seikyu.services.lists import Listed, make_list
from seikyu.services.office import Office

#: The formats, with the type that each is sent as.
FORMATS: Final = {
    "csv": "text/csv; charset=Shift_JIS",
    "pdf": "application/pdf",
    "spreadsheet": "text/csv; charset=utf-8",
}
_TEXT, _NUMBER = "text", "number"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What is handed out. Shape: `blocks` are its bytes; the first is made already, so that what can go wrong has."""

    name: str
    media_type: str
    blocks: Iterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it: a name without anybody's, and that nobody keeps it."""
        return {
            "Content-Disposition": f'attachment; filename="{self.name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }


@dataclass(frozen=True, slots=True)
class Which:
    """Which list of a sending, and how."""

    sending: str
    form: str
    in_out: str | None = None
    format: str = "csv"
    part: int = 1


def hand_out(office: Office, identity: ClientIdentity, which: Which) -> HandedOut:
    """Return a list of a sending. Errors: those of `make_list`; Busy; NotFound, also for a part that is not there."""
    made = make_list(office, identity, which.sending, which.form, which.in_out)
    media_type = FORMATS[which.format]
    if which.format == "csv":
        return HandedOut(made.name, media_type, _held(office, identity, made.lines))
    opened = open_list(made.form, made.issue, made.lines)
    stem = made.name.removesuffix(".csv")
    if which.format == "spreadsheet":
        lines = for_spreadsheet(opened.heads, plain_rows(opened))
        return HandedOut(f"{stem}-table.csv", media_type, _held(office, identity, lines))
    with office.paper_place_for(identity):
        document = list_pdf(which.form, opened, part=which.part, test="test" in made.issue.marks)
    name = f"{stem}-{which.part}.pdf" if which.part > 1 else f"{stem}.pdf"
    return HandedOut(name, media_type, iter([document]))


def hand_out_all(office: Office, identity: ClientIdentity, sending_id: str) -> HandedOut:
    """Return every list of a sending as one archive. Errors: those of `archive_of_sending`; Busy."""
    return _packed(office, identity, archive_of_sending(office, identity, sending_id))


def hand_out_month(office: Office, identity: ClientIdentity, wish: Wish) -> HandedOut:
    """Return every list of a month as one archive. Errors: those of `archive_of_month`; Busy."""
    return _packed(office, identity, archive_of_month(office, identity, wish))


def hand_out_deliveries(told: DeliveryList, form: str) -> HandedOut:
    """Return the list of a payer's deliveries. Errors: Busy."""
    title = say("pages.lists.deliveries.title", "ja")
    heads = [say(f"pages.lists.deliveries.columns.{name}", "ja") for name in COLUMNS]
    rows = delivery_rows(told, "ja")
    total = [say("pages.lists.deliveries.total", "ja"), *(str(told.sums.get(name, "")) for name in COLUMNS[1:])]
    if form == "csv":
        lines = official_lines(title, iter(heads), iter([*rows, total]))
        return HandedOut(f"{told.name}.csv", FORMATS[form], in_blocks(lines))
    if form == "spreadsheet":
        return HandedOut(f"{told.name}-table.csv", FORMATS[form], in_blocks(for_spreadsheet(heads, rows)))
    columns = [
        Column(name, head, _NUMBER if name in SUMMED else _TEXT) for name, head in zip(COLUMNS, heads, strict=True)
    ]
    month = (say("pages.lists.month", "ja"), month_text(told.month, "ja"))
    return HandedOut(f"{told.name}.pdf", FORMATS[form], iter([table_pdf(title, [month], columns, [*rows, total])]))


def delivery_rows(told: DeliveryList, lang: Language) -> list[list[str]]:
    """Return the list as texts."""
    return [[_delivery_cell(name, row[name], lang) for name in COLUMNS] for row in told.rows]


def parts_of(listed: Listed) -> int:
    """Return in how many PDFs a list comes at most."""
    return max(1, -(-listed.rows // limit("list_part_rows")))


def _delivery_cell(name: str, value: Any, lang: Language) -> str:
    if value is None:
        return ""
    if name == "state":
        return say(f"pages.lists.deliveries.states.{value}", lang)
    if name == "kind":
        return say(f"check.kinds.{value}", lang)
    return f"{value:%Y-%m-%d %H:%M}" if name.endswith("_at") else harmless(str(value))


def _packed(office: Office, identity: ClientIdentity, archive: Archive) -> HandedOut:
    return HandedOut(archive.name, "application/zip", _begun(_placed(office, identity, archive.blocks)))


def _held(office: Office, identity: ClientIdentity, lines: Iterable[bytes]) -> Iterator[bytes]:
    return _begun(_placed(office, identity, in_blocks(lines)))


def _placed(office: Office, identity: ClientIdentity, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same while a place for making lists is held. Errors: Busy, before the first."""
    with office.paper_place_for(identity):
        yield from blocks


def _begun(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first block now: what goes wrong is told by an error, and the place is let go whoever stops reading."""
    return chain([next(blocks, b"")], blocks)
