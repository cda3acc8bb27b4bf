"""Facts of errors as people read them: a power, a role or a reason is a word of the code, and has a text."""

from collections.abc import Mapping
from typing import Any

from seikyu.apps.words import Language, has, say
from seikyu.lines.kinds import line_kinds


def told_facts(facts: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    """Return the facts with words of the code in the reader's language; the others are as they were."""
    from seikyu.trust.codes import code_kinds
    from seikyu.trust.people import powers

    told = dict(facts)
    if told.get("power") in powers():
        told["power"] = powers()[told["power"]][lang]
    if told.get("kind") in code_kinds():
        kind = code_kinds()[told["kind"]]
        told["kind"] = kind.ja if lang == "ja" else kind.en
    for name in ("why", "what"):
        for room in ("people", "lists", "correcting"):
            key = f"{room}.{name}.{facts.get(name)}"
            if has(key):
                told[name] = say(key, lang)
    if isinstance(told.get("wrong"), str):
        items = [f"inquiries.items.{name}" for name in told["wrong"].split(", ")]
        if all(map(has, items)):
            told["wrong"] = ("、" if lang == "ja" else ", ").join(say(key, lang) for key in items)
    for name in ("registered", "used"):
        if told.get(name) in line_kinds():
            row = line_kinds()[told[name]]
            told[name] = row.ja if lang == "ja" else row.en
    return told
