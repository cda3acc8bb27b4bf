"""What a rule is: a code, what it says, and a function or a place that it stands for.

A *finding rule* is a function over one view of what was read, chosen by the annotation of its first parameter:
`Record` (once for each record that `on` names), `Claim` (once for each claim that has one of the records `on`) or
`File` (once, at the end of the file). It yields the places that are wrong; the runner words, orders and counts them. It
sees only items that parsed.

An *item rule* has no function: it gives its code and words to a problem that the engine finds in single items (missing,
too long, not a number ...), for the items that `when` names: `("RE.birth_date", "digits length date")`. A star stands
for every record or item; the most exact entry wins. A finding rule may name such items besides.

`passes` and `fails` are examples; each is run by the tests (see `rules.example` for their short forms).
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from seikyu.records import Month
from seikyu.rules.context import Context
from seikyu.rules.finding import Level, Refuses
from seikyu.rules.table import checks
from seikyu.rules.view import Claim, File, Place, Record

Example = str | bytes
Finder = Callable[..., Iterator[Place]]


class Scope(StrEnum):
    """What a rule looks at."""

    ITEM = "item"
    RECORD = "record"
    CLAIM = "claim"
    FILE = "file"


_SCOPES: Final[dict[Any, Scope]] = {Record: Scope.RECORD, Claim: Scope.CLAIM, File: Scope.FILE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Level, effect and needs are those of its row in the table of checks.

    Shape: `since` is the first service month that it holds for, None for all; `on` the records it looks at, empty for a
    claim rule that looks at every claim; `when` the items and problems of an item rule; `context` is what the examples
    of a context rule are judged with. `tables` are the masters that it looks codes up in (`s`, `s.points`, `b.whole`,
    several that it needs together with blanks between); it is silent if none of them is there for the service month.
    """

    code: str
    title: str
    title_ja: str
    passes: tuple[Example, ...]
    fails: tuple[Example, ...]
    scope: Scope
    why: str
    source: str
    since: Month | None = None
    on: tuple[str, ...] = ()
    when: tuple[tuple[str, str], ...] = ()
    context: Context | None = None
    tables: tuple[str, ...] = ()
    find: Finder | None = None

    @property
    def level(self) -> Level:
        """How grave its findings are."""
        level = checks()[self.code].level
        assert level is not None, self.code  # noqa: S101  (a rule on a row of requests is a bug of ours)
        return level

    @property
    def refuses(self) -> Refuses | None:
        """What its findings take away."""
        return checks()[self.code].refuses

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of claims that it is judged for, by the names of their layouts."""
        return checks()[self.code].claim_kinds

    @property
    def needs(self) -> str:
        """What it must know besides the file."""
        return checks()[self.code].needs


def rule(  # noqa: PLR0913  (the form of a rule: one keyword a line, each said once)
    *,
    code: str,
    title: str,
    title_ja: str,
    passes: Example | Iterable[Example] = (),
    fails: Example | Iterable[Example],
    on: str = "",
    source: str = "",
    since: str = "",
    context: Context | None = None,
    when: Iterable[tuple[str, str]] = (),
    tables: Iterable[str] = (),
) -> Callable[[Finder], Rule]:
    """Make a rule of a function that yields places. The function's docstring says why the rule matters."""

    def made(find: Finder) -> Rule:
        first = next(iter(inspect.signature(find).parameters.values()))
        return Rule(
            code=code,
            title=title,
            title_ja=title_ja,
            passes=_several(passes),
            fails=_several(fails),
            scope=_SCOPES[first.annotation],
            why=inspect.getdoc(find) or "",
            source=source or source_of(code),
            since=Month.parse(since) if since else None,
            on=tuple(on.split()),
            context=context,
            when=tuple(when),
            tables=tuple(tables),
            find=find,
        )

    return made


def item_rule(  # noqa: PLR0913  (the form of a rule: one keyword a line, each said once)
    *,
    code: str,
    title: str,
    title_ja: str,
    why: str,
    when: Iterable[tuple[str, str]],
    passes: Example | Iterable[Example] = (),
    fails: Example | Iterable[Example],
    source: str = "",
) -> Rule:
    """Return the rule that gives its code to what the engine finds in the items of `when`."""
    return Rule(
        code=code,
        title=title,
        title_ja=title_ja,
        passes=_several(passes),
        fails=_several(fails),
        scope=Scope.ITEM,
        why=why,
        source=source or source_of(code),
        when=tuple(when),
    )


def source_of(code: str) -> str:
    """Return the key of docs/sources.toml and the place there: the list of checks has all codes."""
    return f"checks:{code}"


def _several(examples: Example | Iterable[Example]) -> tuple[Example, ...]:
    return (examples,) if isinstance(examples, str | bytes) else tuple(examples)
