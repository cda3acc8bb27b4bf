"""The letters (登録コードのお知らせ) by which a party gets its code: one A4 page each, to be folded into an envelope.

Names and addresses go in as data and are never read as markup. The document carries no date of its own.
"""

import json
from collections.abc import Sequence
from importlib.resources import files

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import Language, say
from seikyu.services.accounts import Posted
from seikyu.trust.codes import grouped
from seikyu.trust.notices import JAPAN


def letters_of(posted: Sequence[Posted], address: str, lang: Language) -> bytes:
    """Return one document (PDF) with a letter for each party. Shape: `address` is that of the public face."""
    import typst

    given = {
        "lang": lang,
        "fonts": FONTS,
        "title": say("pages.letter.title", lang),
        "lead": say("pages.letter.lead", lang),
        "steps": [say(f"pages.letter.step_{no}", lang, address=address) for no in (1, 2, 3)],
        "care": say("pages.letter.care", lang),
        "party": say("pages.letter.party", lang),
        "code": say("pages.letter.code", lang),
        "until": say("pages.letter.until", lang),
        "letters": [
            {
                "to": say("pages.letter.to", lang, name=each.party.name),
                "address": each.party.address,
                "party": each.party.id,
                "code": grouped("registration", each.code),
                "until": each.until.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M"),
            }
            for each in posted
        ],
    }
    template = (files("seikyu.apps.drawing") / "templates" / "letter.typ").read_bytes()
    told = json.dumps(given, ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"letters": told}, timestamp=0)
