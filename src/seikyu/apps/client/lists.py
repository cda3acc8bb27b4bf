"""Taking official lists: what there is, and each as a file that is here as a whole or not at all."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from seikyu.apps.client.errors import OddAnswer, unwritable
from seikyu.apps.client.line import Line

#: What the office may call a file; anything else could lead out of the folder.
_NAME: Final = re.compile(r'filename="([A-Za-z0-9][A-Za-z0-9._-]{0,120})"')
_PIECE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is here."""

    path: Path
    size_bytes: int


def lists(line: Line, sending_id: str) -> list[dict[str, Any]]:
    """Return the lists of a sending, there or not. Errors: as Line.get."""
    items: list[dict[str, Any]] = line.get(f"/sendings/{quote(sending_id, safe='')}/lists")["items"]
    return items


def take_list(line: Line, sending_id: str, item: dict[str, Any], *, form: str, folder: Path) -> list[Taken]:
    """Take one list into a folder, all its parts. Shape: `form` is csv, pdf or spreadsheet.

    Errors: as Line.stream; FileUnusable.
    """
    parts = int(item["parts"]) if form == "pdf" else 1
    here = f"/sendings/{quote(sending_id, safe='')}/lists/{quote(item['form'], safe='')}"
    asked = {"format": form} | ({"in_out": item["in_out"]} if item["in_out"] else {})
    return [_take(line, here, asked | ({"part": str(no)} if no > 1 else {}), folder) for no in range(1, parts + 1)]


def take_month(line: Line, month: str, *, office_line: str | None, folder: Path) -> Taken:
    """Take the lists of a month as one archive. Errors: as Line.stream; FileUnusable."""
    return _take(line, "/lists/archive", {"month": month} | ({"line": office_line} if office_line else {}), folder)


def _take(line: Line, path: str, asked: dict[str, str], folder: Path) -> Taken:
    """Fetch a file; it has its name only when its last byte is here."""
    if line.principal is not None:
        asked = asked | {"for": line.principal}
    return line.again(lambda: _once(line, f"{path}?{urlencode(asked)}", folder))


def _once(line: Line, path: str, folder: Path) -> Taken:
    with line.stream(path, {"Accept": "*/*"}) as answer:
        found = _NAME.search(answer.headers.get("content-disposition", ""))
        if found is None:
            raise OddAnswer(url=line.folder.url, status=answer.status_code)
        place = folder / found[1]
        part = place.with_name(f".{place.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                for piece in answer.iter_bytes(_PIECE_BYTES):
                    out.write(piece)
                size_bytes = out.tell()
            part.replace(place)
        except OSError as reason:
            raise unwritable(str(place), reason) from reason
        finally:
            with suppress(OSError):
                part.unlink()
    return Taken(place, size_bytes)
