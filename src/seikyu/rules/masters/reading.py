"""Reading masters: an official file, or a CSV of our own form, becomes a version.

Official files are Shift_JIS (or UTF-8) without a header row; which master it is shows in the number of columns, the
letter in the second and the form of the codes. Tables without a letter are told by the file's name, or by whoever
imports them. A file of our own form has the names of its columns in the first row.
What is not exactly a master is refused with one reason: a file with shifted columns must never become a master.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from itertools import pairwise
from sys import intern
from typing import Any, Final

from seikyu.records import foreign_signature, sniff
from seikyu.rules.masters.form import Column, Form, MasterForm, forms, kind_called, kind_in_name
from seikyu.rules.masters.packed import OWN, VersionLabel, number_in, write_version

#: The place of the letter in official lines.
_LETTER_AT: Final = 1
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
#: Other names under which public lists bear a column.
_ALSO: Final = {"name_ja": "name"}
_SHOWN_CHARS: Final = 20
#: So much tells a file of claims.
_HEAD_BYTES: Final = 4096
_BLANK: Final = b" \t\r\n\x1a"
#: Signatures of files that hold others: they are to be unpacked.
_PACKED: Final = frozenset({"zip", "gzip"})
#: Control characters, and those that Python makes of bytes that Shift_JIS leaves free.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\uf8f0-\uf8f3]")
#: Most Japanese characters take three bytes in UTF-8. So many right ones beside each fault are no chance.
_THREE_BYTES: Final = re.compile("[\u0800-\ufffc]")
_RIGHT_BESIDE_FAULT: Final = 10
#: No line of a master is nearly as long; of zeros, or of a file without line ends, one is.
_LINE_CHARS: Final = 64 * 1024
#: Days and months in file names such as c_20250307.csv, s_ALL20250307.csv, s_202406.csv.
_DAY: Final = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?(?!\d)")


class NotAMaster(Exception):
    """A file is no master that can be used; nothing of it is kept.

    Shape: `why` is the key of the words, `facts` what they are filled with.
    """

    def __init__(self, why: str, **facts: object) -> None:
        super().__init__(why)
        self.why = why
        self.facts = facts


@dataclass(frozen=True, eq=False)
class ReadMaster:
    """A master as it was read, in the order of its keys.

    Shape: `columns` as `packed.write_version` takes them; `left_out` are columns that hold something else than their
    form says and whose place is not sure; they are treated as if the file did not have them.
    """

    form: MasterForm
    edition: str
    digest: str
    codes: Sequence[int]
    columns: dict[str, list[Any]]
    left_out: tuple[str, ...]

    @property
    def newest_change(self) -> int | None:
        """The newest date of change in the file, YYYYMMDD, None if it tells none."""
        return max((day for day in self.columns.get("changed", ()) if 0 < day < 99999999), default=None)  # noqa: PLR2004

    def pack(self, *, since: int, known_until: int, whole: bool, file: str, imported: int) -> bytes:
        """Return the version as bytes; whole if somebody says so, or if an official file is as long as whole ones."""
        rows = len(self.codes)
        least = self.form.whole_rows
        label = VersionLabel(
            kind=self.form.kind,
            since=since,
            digest=self.digest,
            known_until=known_until,
            whole=whole or (self.edition != OWN and least is not None and rows >= least),
            rows=rows,
            edition=self.edition,
            file=file,
            imported=imported,
        )
        return write_version(label, self.codes, self.columns)


def day_in_name(file_name: str) -> int | None:
    """Return the day that a file's name tells, the first of a month for a month alone, None if it tells none.

    >>> day_in_name("c_ALL20250307.csv"), day_in_name("s_202406.csv"), day_in_name("s.csv")
    (20250307, 20240601, None)
    """
    found = _DAY.search(re.sub(r"(?<=[A-Za-z])(?=20\d)", "_", file_name))
    return int(f"{found[1]}{found[2]}{found[3] or '01'}") if found else None


def read_master(content: bytes, *, kind: str | None = None, file_name: str = "") -> ReadMaster:
    """Return the master in a file; `kind` tells which one it must be, else the file's name may.

    Errors: NotAMaster.
    """
    lines = list(_lines(_text(content)))
    if not lines:
        raise NotAMaster("empty")
    digest = sha256(content).hexdigest()
    known = [form for form in forms().values() if kind in (None, form.kind)]
    header = [_ALSO.get(name, name) for name in lines[0][1]]
    if all(map(_NAME.fullmatch, header)):
        read = _of_names(header, lines[1:], known, digest=digest)
    else:
        told = kind or kind_in_name(file_name)
        read = _of_places(lines, [form for form in known if _may_be(form, told)], digest=digest)
    called = kind_called(file_name) if kind is None else None
    if called not in (None, read.form.kind):
        raise NotAMaster("called", called=called, ja=read.form.ja, en=read.form.en, kind=read.form.kind)
    return read


def _may_be(form: MasterForm, told: str | None) -> bool:
    """True if lines without a header may be of that kind: the one that is told, or one that its letter tells."""
    return told == form.kind or (told is None and bool(form.letter))


def _of_places(lines: list[tuple[int, list[str]]], known: Sequence[MasterForm], *, digest: str) -> ReadMaster:
    """Read an official file. Errors: NotAMaster."""
    if len(known) == 1:
        lines = lines[known[0].heading :]
    form, edition = _recognised(lines, known)
    columns = len(lines[0][1])
    places = {name: column.no - 1 for name, column in form.columns.items() if column.no <= columns}
    _even(form, lines, columns)
    if form.letter:
        _one_letter(form, lines)
    return _read(form, edition, lines, places, digest=digest)


def _one_letter(form: MasterForm, lines: Sequence[tuple[int, list[str]]]) -> None:
    """See that every line bears the letter of the first. Errors: NotAMaster."""
    first = lines[0][1][_LETTER_AT].strip()
    for line, cells in lines:
        if (found := cells[_LETTER_AT].strip()) != first:
            facts = {"found": found[:_SHOWN_CHARS], "expected": [first]}
            raise NotAMaster("letter", line=line, ja=form.ja, en=form.en, **facts)


def _text(content: bytes) -> str:
    """Return a file's text, Shift_JIS or UTF-8. Errors: NotAMaster."""
    if not content.strip(_BLANK):
        raise NotAMaster("empty")
    if signature := foreign_signature(content[:64]):
        raise NotAMaster("packed" if signature in _PACKED else "foreign", signature=signature)
    if header := sniff(content[:_HEAD_BYTES]):
        raise NotAMaster("claims", ja=header.ja, en=header.kind.replace("_", " "))
    text = _decoded(content).rstrip("\r\n\x1a")
    if found := _CONTROL.search(text):
        zero = found[0] == "\0"
        raise NotAMaster("zeros" if zero else "control", line=text.count("\n", 0, found.start()) + 1)
    return text


def _decoded(content: bytes) -> str:
    """Return bytes as text; what is UTF-8 with a fault is not taken for Shift_JIS. Errors: NotAMaster."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        before = content[: fault.start]
        line = before.count(b"\n") + 1
        if fault.end == len(content) and not before.isascii():
            raise NotAMaster("half_character", line=line) from None
    loose = content.decode("utf-8", "replace")
    if len(_THREE_BYTES.findall(loose)) > _RIGHT_BESIDE_FAULT * loose.count("\ufffd"):
        raise NotAMaster("faulty", line=line)
    try:
        return content.decode("cp932")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        if fault.end == len(content) and fault.start > 0:
            raise NotAMaster("half_character", line=line) from None
        raise NotAMaster("encoding", line=line) from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that hold something, with their numbers. Errors: NotAMaster."""
    reader = csv.reader(_bounded(text), strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, list(map(intern, cells))  # Few values differ, and tables have millions of them.
    except csv.Error:
        raise NotAMaster("not_csv", line=reader.line_num) from None


def _bounded(text: str) -> Iterator[str]:
    """Yield the lines of a text; one of absurd length is never cut into items. Errors: NotAMaster."""
    for no, line in enumerate(StringIO(text, newline=""), start=1):
        if len(line) > _LINE_CHARS:
            raise NotAMaster("long_line", line=no)
        yield line


def _recognised(lines: Sequence[tuple[int, list[str]]], known: Sequence[MasterForm]) -> tuple[MasterForm, str]:
    """Return which master of which edition lines without a header are. Errors: NotAMaster."""
    if not lines:
        raise NotAMaster("empty")
    first_line, first = lines[0]
    letter = first[_LETTER_AT].strip() if len(first) > _LETTER_AT else ""
    lettered = [form for form in known if form.editions and (letter in (form.letter, "") or not form.letter)]
    fitting = [(form, edition.name) for form in lettered for edition in form.editions if len(first) in edition.columns]
    coded = [each for each in fitting if _number(each[0], first) is not None]
    if len(coded) == 1:
        return coded[0]
    if letter and len(lettered) == 1:
        form = lettered[0]
        if not fitting:
            counts = sorted({count for edition in form.editions for count in edition.columns})
            raise NotAMaster("columns", line=first_line, ja=form.ja, en=form.en, found=len(first), expected=counts)
        raise NotAMaster("code", line=first_line, ja=form.ja, en=form.en, **_code_cell(form, first))
    raise NotAMaster("unknown", line=first_line, found=len(first))


def _number(form: MasterForm, cells: Sequence[str]) -> int | None:
    """Return the number of a line's key by its official places."""
    return form.number(*(cells[form.columns[part.column].no - 1].strip() for part in form.key))


def _code_cell(form: MasterForm, cells: Sequence[str]) -> dict[str, object]:
    at = form.columns[form.key[0].column].no
    return {"column": at, "value": cells[at - 1][:_SHOWN_CHARS]}


def _of_names(
    names: list[str], lines: Sequence[tuple[int, list[str]]], known: Sequence[MasterForm], *, digest: str
) -> ReadMaster:
    """Read a table of our own form. Errors: NotAMaster."""
    if not lines:
        raise NotAMaster("empty")
    keyed = [form for form in known if {part.column for part in form.key} <= set(names)]
    if not keyed:
        raise NotAMaster("no_key", names=names)
    first_line, first = lines[0]
    cells = dict(zip(names, first, strict=False))
    fitting = [form for form in keyed if form.number(*(cells.get(part.column, "") for part in form.key)) is not None]
    if not fitting:
        column = keyed[0].key[0].column
        value = cells.get(column, "")[:_SHOWN_CHARS]
        raise NotAMaster("code", line=first_line, ja=keyed[0].ja, en=keyed[0].en, column=column, value=value)
    form = max(fitting, key=lambda form: len(form.key))
    if strange := [name for name in names if name not in form.columns]:
        raise NotAMaster("strange_column", name=strange[0], ja=form.ja, en=form.en, names=list(form.columns))
    if len(set(names)) < len(names):
        raise NotAMaster("column_twice", ja=form.ja, en=form.en)
    _even(form, lines, len(names))
    return _read(form, OWN, lines, {name: at for at, name in enumerate(names)}, digest=digest)


def _even(form: MasterForm, lines: Sequence[tuple[int, list[str]]], columns: int) -> None:
    """See that every line has so many items. Errors: NotAMaster."""
    for line, cells in lines:
        if len(cells) != columns:
            why = "cut" if line == lines[-1][0] and len(lines) > 1 and len(cells) < columns else "columns"
            raise NotAMaster(why, line=line, ja=form.ja, en=form.en, found=len(cells), expected=[columns])


def _read(
    form: MasterForm,
    edition: str,
    lines: Sequence[tuple[int, list[str]]],
    places: dict[str, int],
    *,
    digest: str,
) -> ReadMaster:
    """Read all lines by the places of their columns. Errors: NotAMaster."""
    keyed: list[tuple[int, int, list[str]]] = []
    for line, cells in lines:
        number = form.number(*(cells[places[part.column]].strip() for part in form.key))
        if number is None:
            at = places[form.key[0].column]
            value = cells[at][:_SHOWN_CHARS]
            raise NotAMaster("code", line=line, ja=form.ja, en=form.en, column=at + 1, value=value)
        keyed.append((number, line, cells))
    keyed.sort(key=lambda each: each[:2])
    if not form.repeats:
        _no_twice(form, keyed)
    found: dict[str, list[Any]] = {}
    left_out = []
    for name, at in places.items():
        column = form.columns[name]
        try:
            values = _values(form, column, [(line, cells[at].strip()) for _, line, cells in keyed])
        except NotAMaster:
            if column.confidence == "H":
                raise
            left_out.append(name)
            continue
        if values:
            found[name] = values
    return ReadMaster(form, edition, digest, [number for number, _, _ in keyed], found, tuple(left_out))


def _no_twice(form: MasterForm, keyed: Sequence[tuple[int, int, list[str]]]) -> None:
    for before, after in pairwise(keyed):
        if before[0] == after[0]:
            raise NotAMaster("twice", line=after[1], first=before[1], ja=form.ja, en=form.en)


def _values(form: MasterForm, column: Column, cells: Sequence[tuple[int, str]]) -> list[Any]:
    """Return a column's values, none at all if every cell is empty. Errors: NotAMaster."""
    if not any(text for _, text in cells):
        return []
    if column.form is Form.TEXT:
        return [text for _, text in cells]
    values = []
    for line, text in cells:
        number = number_in(column.form, text)
        if number is None:
            raise NotAMaster("value", line=line, ja=form.ja, en=form.en, name=column.ja, value=text[:_SHOWN_CHARS])
        values.append(number)
    return values
