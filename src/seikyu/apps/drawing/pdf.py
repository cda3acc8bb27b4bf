"""Sheets as a document: one PDF, each claim on pages of its own, with text that can be searched and copied.

The typesetter is a library that runs in this process; it is given the template and the sheets and one font, and asks
for nothing else: no file, no package, no network. The same sheets make the same bytes: the document carries no date.
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from seikyu.apps.drawing.plain import for_page
from seikyu.apps.words import language, say
from seikyu.rules.sheet import Sheet

#: The one Japanese family that is installed with this program; behind it the typesetter's own, for a sign it lacks (≒).
FONTS: Final = ("Noto Sans JP", "New Computer Modern")


def pdf_of(sheets: Sequence[Sheet], *, masked: bool) -> bytes:
    """Return the document."""
    import typst

    lang = language()
    given = {
        "lang": lang,
        "title": say("show.title", lang),
        "fonts": FONTS,
        "note": say("show.masked", lang) if masked else "",
        "findings": say("show.claim_findings", lang),
        "sheets": [for_page(sheet, lang) for sheet in sheets],
    }
    template = (files("seikyu.apps.drawing") / "templates" / "sheet.typ").read_bytes()
    return typst.compile(
        template, font_paths=fonts(), sys_inputs={"sheets": json.dumps(given, ensure_ascii=False)}, timestamp=0
    )


def fonts() -> Any:
    """Return the fonts that documents are set in, and no others."""
    import pylopdf_fonts_jp
    import typst

    return typst.Fonts(
        include_system_fonts=False,  # What a machine has besides must not change the document.
        include_embedded_fonts=True,
        font_paths=[str(pylopdf_fonts_jp.sans_path().parent)],
    )
