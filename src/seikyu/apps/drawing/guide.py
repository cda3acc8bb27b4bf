"""A guide for setting a line up, as a page that needs nothing else, as a document, and as plain text.

They are read while the line is down: no script, no picture, no other file. The same guide makes the same bytes. What
network and site say goes in as data and is never read as markup.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import say
from seikyu.lines.guide import Guide
from seikyu.lines.guide_files import SetUpFiles

_WIDE: Final = 78


def guide_facts(guide: Guide, made: SetUpFiles) -> dict[str, Any]:
    """Return what stands in a guide, with the texts around it."""
    lang = guide.lang
    return {
        "lang": lang,
        "fonts": FONTS,
        "title": say("guide.title", lang, line=getattr(guide.line, lang), system=getattr(guide.system, lang)),
        "published": say("guide.published", lang, day=guide.published),
        "example": say("guide.example", lang) if guide.example else "",
        "secret": say("guide.secret", lang),
        "sections": [
            {
                "title": each.title,
                "steps": [
                    {"text": step.text, "command": step.command, "source": step.source} for step in each.steps
                ],
            }
            for each in guide.sections
        ],
        "files_head": say("guide.files", lang),
        "apply_head": say("guide.apply", lang),
        "undo_head": say("guide.undo", lang),
        "files": [
            {"name": each.name, "purpose": each.purpose(lang), "apply": each.apply, "undo": each.undo}
            for each in made.files
        ],
        "left_out": [
            say("guide.left_out", lang, file=name, facts=", ".join(facts)) for name, facts in made.left_out.items()
        ],
    }  # fmt: skip


def guide_html(guide: Guide, made: SetUpFiles) -> bytes:
    """Return the page, in UTF-8."""
    from jinja2 import Environment, StrictUndefined

    folder = files("seikyu.apps.drawing") / "templates"
    world = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = world.from_string((folder / "guide.html.j2").read_text("utf-8"))
    return page.render(style=(folder / "guide.css").read_text("utf-8"), **guide_facts(guide, made)).encode()


def guide_pdf(guide: Guide, made: SetUpFiles) -> bytes:
    """Return the document."""
    import typst

    template = (files("seikyu.apps.drawing") / "templates" / "guide.typ").read_bytes()
    told = json.dumps(guide_facts(guide, made), ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"guide": told}, timestamp=0)


def guide_text(guide: Guide, made: SetUpFiles) -> str:
    """Return the guide as lines for a terminal or any editor."""
    return "\n".join(_lines(guide_facts(guide, made))) + "\n"


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield from (facts["title"], "=" * _WIDE, facts["published"])
    yield from filter(None, (facts["example"], facts["secret"]))
    for no, section in enumerate(facts["sections"], 1):
        yield from ("", f"{no}. {section['title']}", "-" * _WIDE)
        for at, step in enumerate(section["steps"], 1):
            yield f"{no}.{at} {step['text']}"
            yield from (f"      {line}" for line in step["command"].splitlines())
    if facts["files"] or facts["left_out"]:
        yield from ("", facts["files_head"], "-" * _WIDE)
    for each in facts["files"]:
        yield f"- {each['name']}: {each['purpose']}"
        yield from (f"      {facts[head]}: {each[name]}" for name, head in _TYPED if each[name])
    yield from (f"- {each}" for each in facts["left_out"])


_TYPED: Final = (("apply", "apply_head"), ("undo", "undo_head"))
