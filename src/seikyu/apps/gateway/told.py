"""What a gateway says: faults of its file, and what happens while it works."""

import json
from typing import Any

from seikyu.apps.cli_errors import one_line
from seikyu.apps.words import has, say
from seikyu.lines.wrong import WrongItem


def told_wrong(item: WrongItem) -> str:
    """Return one fault of a gateway's file in the user's words."""
    why = item.why if has(f"gateway.wrong.{item.why}") else "unfit"
    said = say(f"gateway.wrong.{why}", value=item.value, known=", ".join(item.known), why=item.why)
    return one_line(f"{item.place}: {said}" if item.place else said)


def tell_event(word: str, *, as_json: bool, at: str, **facts: Any) -> None:
    """Print what happened, one line; for programs one object a line."""
    if as_json:
        plain = {name: value if isinstance(value, int | str) else str(value) for name, value in facts.items()}
        print(json.dumps({"at": at, "event": word} | plain, ensure_ascii=False), flush=True)
        return
    print(one_line(f"{at} {say(f'gateway.told.{word}', **facts)}"), flush=True)
