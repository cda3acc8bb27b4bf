"""What the demo month says while it goes on: lines and a table; with colours where there is a terminal."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any, Final, TextIO

from seikyu.apps.words import say

#: How each kind of line begins, and its colour on a terminal.
_MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "cut": ("x", "yellow"),
    "finding": (" ", "dim"),
    "note": ("~", "yellow"),
    "differs": ("!", "bold red"),
    "own_refused": ("!", "yellow"),
    "clock": ("*", "cyan"),
}
_DONE: Final = ("+", "green")


class Teller:
    """Tells on `out`, with colours if it is a terminal."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.colours = out.isatty()

    def __call__(self, what: str, **facts: Any) -> None:
        """Tell one thing. The texts stand in `words/demo.toml`."""
        if what == "table":
            self._table(facts["result"])
        elif what == "finding":
            self._line(what, _finding(facts["item"], facts["name"]))
        else:
            self._line(what, facts["text"] if what in {"note", "cut"} else say(f"demo.{what}", **_readable(facts)))

    def ending(self, told: Mapping[str, Any], root: str) -> None:
        """Say whether it balanced, and what to type next."""
        key = "demo.balance_ok" if told["balanced"] else "demo.balance_broken"
        self._print(say(key), "bold green" if told["balanced"] else "bold red")
        access = told["access"]
        file, institution = access["institution"]["file"], access["institution"]["id"]
        payer = access.get("payer", {}).get("id", "")
        print(f"\n{say('demo.next')}", file=self.out)
        said = say("demo.commands", home=quote(root), file=quote(file), institution=institution, payer=payer)
        for text in said.splitlines():
            print(f"  {text}", file=self.out)
        from seikyu.apps.demo_people import logins_of

        clerk: Mapping[str, Any] = logins_of(Path(root))[institution]
        print(say("demo.browser", url=access["url"], public_url=access["public_url"], **clerk), file=self.out)

    def _line(self, what: str, text: str) -> None:
        mark, style = _MARKS.get(what, _DONE)
        self._print(f"{mark} {text}", style)

    def _print(self, text: str, style: str) -> None:
        if self.colours:
            from rich.console import Console
            from rich.text import Text

            Console(file=self.out).print(Text(text, style), soft_wrap=True)
        else:
            print(text, file=self.out, flush=True)

    def _table(self, result: Any) -> None:
        """Print what each party sent or was charged."""
        sent = [[party, result.names[party], *(f"{row[name]:,}" for name in ("sent", "claimed", "unclaimed", "points"))]
                for party, row in result.institutions.items()]  # fmt: skip
        charged = [
            [payer, result.names[payer], *(f"{number:,}" for number in (sums.cases, sums.own_points, sums.meals_yen))]
            for payer, sums in result.fetched.items()
            if sums.cases
        ]
        measures = [[say(f"demo.measures.{name}"), f"{row['claimed']:,}", f"{row['delivered']:,}"]
                    for name, row in result.measures.items()]  # fmt: skip
        for name, left, rows in (("sent", 2, sent), ("charged", 2, charged), ("balance", 1, measures)):
            if rows:
                self._one_table(say(f"demo.tables.{name}"), say(f"demo.heads.{name}").split("|"), rows, left=left)

    def _one_table(self, title: str, heads: list[str], rows: list[list[str]], *, left: int) -> None:
        if self.colours:
            from rich.console import Console
            from rich.table import Table

            table = Table(title=title, title_justify="left")
            for place, head in enumerate(heads):
                table.add_column(head, justify="left" if place < left else "right")
            for row in rows:
                table.add_row(*row)
            Console(file=self.out).print(table)
            return
        print(f"\n{title}", file=self.out)
        widths = [max(_width(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
        for row in (heads, *rows):
            cells = [_padded(cell, widths[place], right=place >= left) for place, cell in enumerate(row)]
            print("  " + "  ".join(cells).rstrip(), file=self.out, flush=True)


def _finding(item: Mapping[str, Any], name: str) -> str:
    from seikyu.apps.cli_client import finding_line

    return finding_line(item, {item["file_no"]: name})


def _readable(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts with thousands set apart, and a dash for what a file does not say."""
    return {name: _readable_one(name, value) for name, value in facts.items()}


def _readable_one(name: str, value: Any) -> Any:
    if value is None:
        return "-"
    return f"{value:,}" if type(value) is int and name not in {"month", "seed", "send_no"} else value


def _width(text: str) -> int:
    """Return how many columns a text takes: a full-width character takes two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
