"""Sheets as one page that needs nothing else: no scripts, no other files; for a screen, a phone, and paper (A4)."""

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from seikyu.apps.drawing.plain import for_page
from seikyu.apps.words import language, say
from seikyu.rules.sheet import Sheet


def html_of(sheets: Sequence[Sheet], *, masked: bool) -> bytes:
    """Return the page, in UTF-8. Everything that a file says is escaped."""
    lang = language()
    folder = files("seikyu.apps.drawing") / "templates"
    world = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = world.from_string((folder / "sheet.html.j2").read_text("utf-8"))
    text = page.render(
        lang=lang,
        title=say("show.title", lang),
        style=(folder / "sheet.css").read_text("utf-8"),
        sheets=[for_page(sheet, lang) for sheet in sheets],
        note=say("show.masked", lang) if masked else "",
        words={key: say(f"show.{key}", lang) for key in ("code", "claim_findings")},
    )
    return text.encode()
