"""The page that guides through setting a line up (`/lines/guide`), with its PDF and its folder as one file.

On the face that needs no certificate and no login: whoever sets a line up has neither. What was chosen stands in the
address, nothing is kept, and there is nothing to choose that is a secret.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.guides import LineFileWrong, Published, folder_name, guide_and_files, kept_document, published_at
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.told import told_facts
from seikyu.apps.words import error_words
from seikyu.lines.guide import UnknownChoice, Wish, browsers, systems
from seikyu.lines.kinds import line_kinds
from seikyu.lines.network import FILE_NAME
from seikyu.lines.site import Site

PATH: Final = "/lines/guide"

_CHOICES: Final = ("line", "os", "area", "browser", "telephone")
_KNOWN: Final = {"yes": True, "no": False}
_TYPES: Final = {"pdf": "application/pdf", "zip": "application/zip"}
_WORD: Final = re.compile(r"[a-z0-9_]{0,40}")
_NOT_FOUND: Final = 404


def guide_routes(pages: Pages, network: Path | None) -> list[Route]:
    """Return the page and its documents. Shape: `network` is the file that the office publishes, if there is one."""
    site = _Guides(network)
    return [
        pages.route(PATH, site.show, login=False),
        pages.route(f"{PATH}/guide.pdf", site.pdf, login=False),
        pages.route(f"{PATH}/folder.zip", site.folder, login=False),
    ]


@dataclass(frozen=True, slots=True)
class _Guides:
    """The pages, and where the office keeps what it publishes."""

    network: Path | None

    def show(self, visit: Visit) -> Response:
        """Ask which guide, and show it below once line and system are chosen."""
        given = self._given(visit)
        asked = _asked(visit)
        facts: dict[str, Any] = {
            "choices": _choices(visit, given),
            "asked": asked,
            "query": urlencode({name: value for name, value in asked.items() if value}),
            "example": given.network.example,
            "published": given.network.published_on.isoformat(),
            "guide": None,
            "files": None,
        }
        if not (asked["line"] and asked["os"]):
            return visit.show("guide.html", **facts)
        try:
            facts["guide"], facts["files"] = guide_and_files(_wish(asked), given, visit.lang)
        except UnknownChoice as error:
            return _refused(visit, error, facts)
        return visit.show("guide.html", **facts)

    def pdf(self, visit: Visit) -> Response:
        """Give the guide as a document."""
        return self._document(visit, "pdf")

    def folder(self, visit: Visit) -> Response:
        """Give the folder to carry, packed."""
        return self._document(visit, "zip")

    def _document(self, visit: Visit, form: str) -> Response:
        given, wish = self._given(visit), _wish(_asked(visit))
        try:
            content = kept_document(wish, given.text, given.site, lang=visit.lang, form=form)
        except UnknownChoice:
            return visit.see(PATH)
        name = f"{folder_name(wish)}.{form}"
        headers = {
            **HEADERS,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Vary": "Accept-Language, Cookie",
        }
        return Response(content, 200, headers, _TYPES[form])

    def _given(self, visit: Visit) -> Published:
        """Return what the office publishes now, with what the visitor has chosen of the site."""
        try:
            given = published_at(self.network if self.network and self.network.is_file() else None)
        except LineFileWrong as error:  # Where the file lies is nobody's business outside.
            raise LineFileWrong(**{**error.facts, "file": FILE_NAME}) from None
        asked = _asked(visit)
        area = asked["area"] if asked["area"] in given.network.areas else ""
        return replace(given, site=Site(area=area, telephone=_KNOWN.get(asked["telephone"])))


def _asked(visit: Visit) -> dict[str, str]:
    """Return what stands in the address; what is no word is nothing."""
    said = {name: visit.request.query_params.get(name, "") for name in _CHOICES}
    return {name: value if _WORD.fullmatch(value) else "" for name, value in said.items()}


def _wish(asked: dict[str, str]) -> Wish:
    return Wish(asked["line"], asked["os"], asked["browser"])


def _choices(visit: Visit, given: Published) -> dict[str, list[tuple[str, str]]]:
    anything = [("", visit.say("pages.guide.any"))]
    return {
        "line": _rows(visit, line_kinds().values()),
        "os": _rows(visit, systems().values()),
        "area": [*anything, *_rows(visit, given.network.areas.values())],
        "browser": [("", visit.say("pages.guide.own")), *_rows(visit, browsers().values())],
        "telephone": [*anything, *((each, visit.say(f"pages.guide.{each}")) for each in _KNOWN)],
    }


def _rows(visit: Visit, rows: Iterable[Any]) -> list[tuple[str, str]]:
    return [(row.name, visit.label(row)) for row in rows]


def _refused(visit: Visit, error: UnknownChoice, facts: dict[str, Any]) -> Response:
    told = told_facts({**error.facts, "what": visit.say(f"pages.guide.{error.facts['what']}")}, visit.lang)
    key = "pages.guide.no_such" if error.facts["value"] else "pages.guide.not_said"
    words = error_words(error.words_code, visit.lang, **told)
    said = type(words)(words.title, visit.say(key, **told), "")
    return visit.show("guide.html", _NOT_FOUND if error.facts["value"] else 200, **{**facts, "error": said})
