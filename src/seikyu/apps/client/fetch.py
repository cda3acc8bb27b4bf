"""Fetching (配信): every delivery of a month into its folder, going on where any earlier try stopped.

A delivery grows in `NAME.part`; beside it `NAME.part.json` says of which content it is a part. Only when every byte is
there and the digest is right does it get its name, and only then does the office hear that it was received. Whatever
kills the program in between, the next run finds either a part to go on with or a whole delivery.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from errno import EDQUOT, ENOSPC
from http import HTTPStatus
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any, Final

from seikyu.apps.client.errors import (
    DeliveryDamaged,
    DiskFull,
    FetchRunning,
    FileUnusable,
    LineFailed,
    OddAnswer,
    OfficeSaid,
)
from seikyu.apps.client.line import Line
from seikyu.apps.client.progress import size
from seikyu.apps.words import say
from seikyu.limits import KIB
from seikyu.office.delivery import delivery_path

_PIECE_BYTES: Final = 256 * KIB
_PAGE: Final = 200

#: Where it is noted, by the id of a delivery, that it is under way, and with what after it that it arrives damaged.
_NOTES: Final = "fetching"
DAMAGED: Final = ".damaged"

#: How often a delivery may change under our hands in one run.
_CHANGES: Final = 3

#: Nothing that the office says becomes part of a path or an address before it has one of these forms.
_FORMS: Final = {
    "id": re.compile(r"[0-9a-z]{1,40}\Z"),
    "body": re.compile(r"(1|2-[0-9]{2})\Z"),
    "month": re.compile(r"[0-9]{4}(0[1-9]|1[0-2])\Z"),
    "kind": re.compile(r"[a-z_]{1,20}\Z"),
    "sha256": re.compile(r"[0-9a-f]{64}\Z"),
}
_PAYER: Final = re.compile(r"[0-9]{8}\Z")
_RANGE: Final = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)\Z")

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Offered:
    """A delivery as the office lists it, every member looked at."""

    id: str
    body: str
    month: str
    kind: str
    volume: int
    claims: int
    points: int
    size_bytes: int
    sha256: str
    state: str

    @property
    def etag(self) -> str:
        """The strong entity tag of its bytes."""
        return f'"{self.sha256}"'


@dataclass(frozen=True, slots=True)
class Fetched:
    """A delivery that is here, whole. `resumed_from`: where this run went on; `new`: false if it was here before."""

    offered: Offered
    file: Path
    new: bool
    resumed_from: int

    def shown(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self.offered) | {
            "state": "received",
            "file": str(self.file),
            "new": self.new,
            "resumed_from": self.resumed_from,
        }


def offered(line: Line, *, month: str | None) -> list[Offered]:
    """Return what waits or waited for this payer, oldest first. Errors: as Line.get, OddAnswer."""
    found: list[Offered] = []
    params: dict[str, str | int | list[str]] = {"limit": _PAGE, "line": "real"}
    if month is not None:
        params["month"] = month
    while True:
        page = line.get("/deliveries", **params)
        found += [_offer(line, item) for item in page["items"]]
        if not page.get("next"):
            return sorted((each for each in found if each.state != "sealing"), key=lambda each: each.id)
        params["cursor"] = page["next"]


def fetch(line: Line, one: Offered, *, to: Path, told: Told) -> Fetched:
    """Bring one delivery into `to`, whole and checked, and report it received.

    `told` gets the bytes as they come, and a negative number when some are thrown away.

    Errors: LineFailed or OfficeSaid, after the bounded tries; what came by then stays and is gone on with next time.
    DiskFull, the same. DeliveryDamaged, FetchRunning, FileUnusable.
    """
    with _noted(line.folder.path / _NOTES / one.id):
        return _fetch(line, one, to=to, told=told)


def _fetch(line: Line, one: Offered, *, to: Path, told: Told) -> Fetched:
    for _ in range(_CHANGES):
        target = to / path_of(one, line.folder.party)
        try:
            with _room(target, one):
                fetched = _bring(line, one, target, told=told)
        except _Changed:
            line.note(say("client.fetch.changed", file=target.name))
            one = _offer(line, line.get(f"/deliveries/{one.id}"))
            continue
        if one.state != "received" or fetched.new:
            line.post(f"/deliveries/{one.id}/received", repeatable=True, json={"sha256": one.sha256})
        return fetched
    raise DeliveryDamaged(id=one.id)


def _bring(line: Line, one: Offered, target: Path, *, told: Told) -> Fetched:
    """Make sure that the whole delivery lies at `target`. Errors: as `fetch`; _Changed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and _digest(target) == one.sha256:
        told(one.size_bytes)
        return Fetched(one, target, new=False, resumed_from=0)
    part = Part(target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.json"))
    with part.open(one) as file:
        start = part.size_bytes
        told(start)
        if start:
            line.note(say("client.fetch.goes_on", file=target.name, done=start, total=one.size_bytes))
        try:
            _complete(line, one, part, file=file, told=told)
        except _Changed:
            told(-part.size_bytes)
            raise
        _name(part, target, file)
    return Fetched(one, target, new=True, resumed_from=start)


def path_of(one: Offered, payer: str) -> PurePosixPath:
    """Return where a delivery lies below the chosen folder. Source: payer:3.2."""
    return delivery_path(one.body, one.month, payer=payer, kind=one.kind, volume=one.volume)


class _Changed(Exception):
    """The office has another content under this delivery than it listed."""


class Part:
    """A delivery that is not whole yet: its bytes so far, and what they are a part of."""

    def __init__(self, data: Path, note: Path) -> None:
        self.data = data
        self.note = note
        self.hash = hashlib.sha256()
        self.size_bytes = 0

    @contextmanager
    def open(self, one: Offered) -> Iterator[FileIO]:
        """Open the part for going on; a part of something else begins anew. Errors: FetchRunning."""
        with FileIO(self.data, "a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FetchRunning(file=str(self.data)) from None
            if self._of() == one.sha256 and os.fstat(file.fileno()).st_size <= one.size_bytes:
                self._read(file)
            else:
                self.restart(file, one)
            yield file

    def restart(self, file: FileIO, one: Offered) -> None:
        """Throw away what is there and say what comes now."""
        file.truncate(0)
        self.hash, self.size_bytes = hashlib.sha256(), 0
        arriving = self.note.with_suffix(".new")
        arriving.write_text(json.dumps({"sha256": one.sha256, "etag": one.etag}))
        arriving.replace(self.note)

    def append(self, file: FileIO, piece: bytes) -> None:
        """Add what has come."""
        view = memoryview(piece)
        while view:
            view = view[file.write(view) :]
        self.hash.update(piece)
        self.size_bytes += len(piece)

    def _of(self) -> str | None:
        try:
            said = json.loads(self.note.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return said.get("sha256") if isinstance(said, dict) else None

    def _read(self, file: FileIO) -> None:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            self.hash.update(piece)
            self.size_bytes += len(piece)


def _complete(line: Line, one: Offered, part: Part, *, file: FileIO, told: Told) -> None:
    """Fetch until every byte is there and right. Every stretch that brings something has the full number of tries."""
    for last in (False, True):
        while part.size_bytes < one.size_bytes:
            before = part.size_bytes
            line.again(lambda: _stretch(line, one, part, file=file, told=told))
            if part.size_bytes == before:
                raise OddAnswer(url=line.folder.url, status="short")
        if part.size_bytes == one.size_bytes and part.hash.hexdigest() == one.sha256:
            return
        arrived = part.hash.hexdigest()
        told(-part.size_bytes)
        part.restart(file, one)
        if not last:
            line.note(say("client.fetch.starts_over"))
    _complain(line, one, arrived)
    raise DeliveryDamaged(id=one.id)


def _complain(line: Line, one: Offered, arrived: str) -> None:
    """Tell the office what arrives, twice over, so that it looks at its own bytes.

    Errors: OfficeSaid, if those are what is damaged. Anything else that goes wrong now changes nothing.
    """
    try:
        line.post(f"/deliveries/{one.id}/received", json={"sha256": arrived})
    except OfficeSaid as said:
        if said.words_code == "damaged":
            raise
    except LineFailed:
        pass


def _stretch(line: Line, one: Offered, part: Part, *, file: FileIO, told: Told) -> None:
    """Fetch from where the part ends until the line or the delivery does. Errors: _Changed, LineFailed, OfficeSaid."""
    start = part.size_bytes
    headers = {"Range": f"bytes={start}-", "If-Range": one.etag} if start else {}
    with line.stream(f"/deliveries/{one.id}/content", headers) as response:
        if response.headers.get("etag") != one.etag:
            raise _Changed
        if start and response.status_code != HTTPStatus.PARTIAL_CONTENT:
            # All of it again: the other end cannot send parts.
            told(-start)
            part.restart(file, one)
        elif start and _begins_at(response.headers.get("content-range", "")) != start:
            raise OddAnswer(url=line.folder.url, status="content-range")
        # As it comes: pieces of a size would be held back until they are full, and be lost with the line.
        for piece in response.iter_raw():
            part.append(file, piece)
            told(len(piece))
            if part.size_bytes > one.size_bytes:
                return


def _begins_at(content_range: str) -> int | None:
    match = _RANGE.match(content_range)
    return int(match[1]) if match else None


def _name(part: Part, target: Path, file: FileIO) -> None:
    """Give the whole delivery its name, durably."""
    os.fsync(file.fileno())
    part.data.replace(target)
    part.note.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _noted(note: Path) -> Iterator[None]:
    """Keep in the client's folder that a delivery is under way, or arrives damaged, until it is here.

    For the doctor, which cannot know into which folder it was fetched. A folder that cannot be written keeps nothing.
    """
    damaged = note.with_name(f"{note.name}{DAMAGED}")
    with suppress(OSError):
        note.parent.mkdir(mode=0o700, exist_ok=True)
        note.touch()
    try:
        yield
    except DeliveryDamaged:
        with suppress(OSError):
            damaged.touch()
        raise
    for each in (damaged, note):
        with suppress(OSError):
            each.unlink(missing_ok=True)


@contextmanager
def _room(target: Path, one: Offered) -> Iterator[None]:
    """Turn what the disk says into words."""
    try:
        yield
    except OSError as reason:
        if reason.errno in {ENOSPC, EDQUOT}:
            raise DiskFull(folder=str(target.parent), size=size(one.size_bytes)) from reason
        raise FileUnusable("unwritable", file=str(target), reason=(reason.strerror or "?").lower()) from reason


def _offer(line: Line, item: object) -> Offered:
    """Return a listed delivery. Errors: OddAnswer, if a member has not the form that it must have."""
    try:
        said = {name: item[name] for name in Offered.__dataclass_fields__}  # type: ignore[index]
        sound = all(form.match(said[name]) for name, form in _FORMS.items())
        numbers = [said[name] for name in ("volume", "claims", "points", "size_bytes")]
        sound = sound and all(isinstance(number, int) and number >= 0 for number in numbers)
    except (KeyError, TypeError):
        sound = False
    if not sound or not _PAYER.match(line.folder.party):
        raise OddAnswer(url=line.folder.url, status="deliveries")
    return Offered(**said)
