"""Guides for setting a line up, with what an office publishes: the guide, its files, and the folder to carry.

Nothing of a guide is secret: it goes onto sticks and is asked for by anybody.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final

from seikyu.apps.drawing.guide import guide_html, guide_pdf, guide_text
from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.lines.guide import Guide, Wish, guide_of
from seikyu.lines.guide_files import SetUpFiles, files_of
from seikyu.lines.network import FILE_NAME as NETWORK_FILE
from seikyu.lines.network import ClaimsNetwork, read_network
from seikyu.lines.site import FILE_NAME as SITE_FILE
from seikyu.lines.site import Site, read_site
from seikyu.lines.wrong import BadFile, WrongItem
from seikyu.ports.errors import Busy, SeikyuError

_PLAIN: Final = 0o644
#: Guides are the same for all who choose the same; so many are kept.
_KEPT: Final = 32
_DRAWING: Final = Lock()
_WAITING: Final = BoundedSemaphore(limit("guides_at_once"))
#: When to come back to a full queue.
_RETRY_S: Final = 5
#: Archives know no day of a guide; the first that they can write.
_DAY: Final = (1980, 1, 1, 0, 0, 0)


class LineFileWrong(SeikyuError):
    """A file of network or site cannot be used; nothing was written."""

    code = "line_file_wrong"


@dataclass(frozen=True, slots=True)
class Published:
    """What a guide is made from.

    Shape: `text` is the network as its file says it, `site_text` the site; the latter may be empty.
    """

    text: str
    network: ClaimsNetwork
    site_text: str = ""
    site: Site = field(default_factory=Site)


@dataclass(frozen=True, slots=True)
class Carried:
    """A file of the folder."""

    content: bytes
    mode: int = _PLAIN


def published_at(path: Path | None, site: Path | None = None) -> Published:
    """Return what files say; without one of a network the example. Errors: LineFileWrong, FileUnusable."""
    text = _read(path) if path else (files("seikyu.lines") / "example" / NETWORK_FILE).read_text("utf-8")
    said = _read(site) if site else ""
    try:
        network = read_network(text)
    except BadFile as bad:
        raise wrong_file(path, bad) from None
    try:
        return Published(text, network, said, read_site(said) if said else Site())
    except BadFile as bad:
        raise wrong_file(site, bad) from None


def wrong_file(path: Path | None, bad: BadFile) -> LineFileWrong:
    """Return the error of a file that cannot be used, with every item that is wrong."""
    return LineFileWrong(file=str(path), items="; ".join(_item(each) for each in bad.wrong))


def guide_and_files(wish: Wish, given: Published, lang: Language) -> tuple[Guide, SetUpFiles]:
    """Return a guide with its files. Errors: UnknownChoice, BadValue."""
    return guide_of(wish, given.network, given.site, lang=lang), files_of(wish, given.network, given.site)


def folder_of(wish: Wish, given: Published, lang: Language) -> dict[str, Carried]:
    """Return the folder to carry: the guide three times, its files, a README, and what it was made from.

    Shape: by name, in the order in which they are written. Errors: UnknownChoice, BadValue.
    """
    guide, made = guide_and_files(wish, given, lang)
    read_me = say("guide.read_me", lang, title=guide.title, files="\r\n".join(f"  {each.name}" for each in made.files))
    folder = {
        "README.txt": Carried(b"\xef\xbb\xbf" + read_me.replace("\r\n", "\n").replace("\n", "\r\n").encode()),
        "guide.html": Carried(guide_html(guide, made)),
        "guide.pdf": Carried(guide_pdf(guide, made)),
        "guide.txt": Carried(b"\xef\xbb\xbf" + guide_text(guide, made).replace("\n", "\r\n").encode()),
        **{each.name: Carried(each.content, each.mode) for each in made.files},
        NETWORK_FILE: Carried(given.text.encode()),
    }
    return folder | ({SITE_FILE: Carried(given.site_text.encode())} if given.site_text else {})


def zip_of(folder: Mapping[str, Carried], name: str) -> bytes:
    """Return a folder as one file (.zip) that holds it under its name. The same folder makes the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, carried in folder.items():
            entry = zipfile.ZipInfo(f"{name}/{each}", _DAY)
            entry.external_attr = carried.mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, carried.content)
    return out.getvalue()


def kept_document(wish: Wish, text: str, site: Site, *, lang: Language, form: str) -> bytes:
    """Return a guide as `pdf` or `zip`, made once for all who ask for the same, and one at a time.

    Shape: `text` is the network as its file says it; `site` has only choices of a page, so that there are few.
    Errors: UnknownChoice, BadValue; Busy, if many wait already: a flood must not take the threads of other pages.
    """
    if not _WAITING.acquire(blocking=False):
        raise Busy("too many guides at once", retry_after_s=_RETRY_S)
    try:
        with _DRAWING:
            return _document(wish, text, site, lang, form)
    finally:
        _WAITING.release()


@lru_cache(maxsize=_KEPT)
def _document(wish: Wish, text: str, site: Site, lang: Language, form: str) -> bytes:
    given = Published(text, read_network(text), "", site)
    if form == "pdf":
        return guide_pdf(*guide_and_files(wish, given, lang))
    return zip_of(folder_of(wish, given, lang), folder_name(wish))


def folder_name(wish: Wish) -> str:
    """Return what the folder of a guide is called."""
    return f"claims-{wish.line}-{wish.system}".replace("_", "-")


def _read(path: Path) -> str:
    """Read a small text. Errors: LineFileWrong, FileUnusable."""
    from seikyu.apps.drawing.source import opened

    with opened(path) as source:
        content = source.read(limit("line_file_bytes") + 1)
    if len(content) > limit("line_file_bytes"):
        raise wrong_file(path, BadFile([WrongItem("", "too_long")]))
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise wrong_file(path, BadFile([WrongItem("", "not_utf_8")])) from None


def _item(wrong: WrongItem) -> str:
    key = f"guide.wrong.{wrong.why}"
    told = say(key, value=wrong.value, known=", ".join(wrong.known))
    return f"{wrong.place}: {told}" if wrong.place else told
