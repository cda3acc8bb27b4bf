"""`seikyu rules`: the checks we know of, and one of them in a clerk's words."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from seikyu.apps.words import language, say
from seikyu.rules import Level, catalogue
from seikyu.rules.handbook import SIGNS, Coverage, concerns, coverage, shown_example
from seikyu.rules.reasons import reason, remark, unruled
from seikyu.rules.remedies import remedy
from seikyu.rules.reports.choice import parse_codes, parse_levels
from seikyu.rules.reports.text import effect_of, effect_words
from seikyu.rules.rule import Rule
from seikyu.rules.table import Check, checks

#: What `--judged` takes, and which rows it means.
JUDGED: Final = {"yes": Coverage.JUDGED, "tables": Coverage.WITH_TABLES, "no": Coverage.NOT}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rules", help=say("rules.help"))(rules)


def rules(
    code: Annotated[str | None, typer.Argument(help=say("rules.code"), metavar="CODE")] = None,
    *,
    kind: Annotated[str | None, typer.Option(help=say("rules.kind"))] = None,
    level: Annotated[str | None, typer.Option(help=say("rules.level"))] = None,
    judged: Annotated[str | None, typer.Option(help=say("rules.judged"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """List the checks, or explain one."""
    if code is not None:
        _one(_check(code), as_json=as_json)
        return
    rows = list(_rows(kind, level, judged))
    if as_json:
        print(json.dumps([_object(row, _rule(row)) for row in rows], ensure_ascii=False, indent=2))
        return
    for row in rows:
        print(_line(row))
    print(say("rules.total", number=len(rows), all=len(checks())))


def _check(code: str) -> Check:
    """Return the row of a code, which may be written as lists print it. Errors: BadParameter."""
    try:
        (found,) = parse_codes(code)
    except (KeyError, ValueError):
        raise typer.BadParameter(say("rules.unknown_code", code=code), param_hint="CODE") from None
    return checks()[found]


def _rows(kind: str | None, level: str | None, judged: str | None) -> Iterator[Check]:
    """Yield the rows that the filters let through. Errors: BadParameter."""
    if kind is not None and kind not in SIGNS:
        raise typer.BadParameter(say("rules.unknown_kind", kinds=", ".join(SIGNS)), param_hint="--kind")
    if judged is not None and judged not in JUDGED:
        raise typer.BadParameter(say("rules.unknown_judged"), param_hint="--judged")
    levels = _levels(level)
    for row in checks().values():
        fits = kind is None or concerns(row, kind)
        if fits and row.level in levels and (judged is None or coverage(row) is JUDGED[judged]):
            yield row


def _levels(level: str | None) -> set[Level | None]:
    try:
        return {None, *Level} if level is None else set(parse_levels(level))
    except ValueError:
        raise typer.BadParameter(say("check.bad.level"), param_hint="--level") from None


def _rule(row: Check) -> Rule | None:
    return next((rule for rule in catalogue() if rule.code == row.code), None)


def _title(row: Check, rule: Rule | None) -> str:
    """Return what is wrong; of a row without a rule, what it would look at."""
    if rule is None:
        return unruled()[row.code] if language() == "ja" else f"{row.place}: {row.condition}"
    return rule.title_ja if language() == "ja" else rule.title


def _does(row: Check) -> str:
    return effect_words(effect_of(row.level, row.refuses), language()) if row.level else say("rules.act")


def _line(row: Check) -> str:
    mark = "" if coverage(row) is Coverage.JUDGED else say(f"rules.marks.{coverage(row).name.lower()}") + " "
    return f"{row.code:<6} {row.level or '-':<4} {mark}{_title(row, _rule(row))}"


def _one(row: Check, *, as_json: bool) -> None:
    rule = _rule(row)
    if as_json:
        print(json.dumps(_object(row, rule), ensure_ascii=False, indent=2))
        return
    print(f"{row.code}  {_title(row, rule)}")
    for name, text in _explained(row, rule):
        if text:
            print(f"  {say(f'rules.parts.{name}')}{text}")


def _explained(row: Check, rule: Rule | None) -> Iterator[tuple[str, str]]:
    """Yield the parts of an explanation: why, what to do, and what the rule is."""
    japanese = language() == "ja"
    if rule is not None:
        yield "why", (reason(row.code) if japanese else "") or " ".join(rule.why.split())
    yield "remedy", remedy(row.code, language())
    yield "does", f"{row.level} {_does(row)}" if row.level else _does(row)
    yield (
        "kinds",
        ("、" if japanese else ", ").join(say(f"check.kinds.{kind}") for kind in SIGNS if concerns(row, kind)),
    )
    word = "not_from_the_file" if (coverage(row), row.needs) == (Coverage.NOT, "file") else coverage(row).name.lower()
    yield "coverage", say(f"rules.coverage.{word}", needs=say(f"rules.needs.{_word(row.needs)}"))
    if coverage(row) is not Coverage.JUDGED:
        yield "reason", remark(row) if japanese else row.reason
    if rule is not None:
        yield "since", str(rule.since or "")
        for name, examples in (("wrong", rule.fails), ("right", rule.passes)):
            yield name, next((text for text in map(shown_example, examples) if text), "")
        yield "source", rule.source


def _word(needs: str) -> str:
    return needs.replace(" ", "_")


def _object(row: Check, rule: Rule | None) -> dict[str, Any]:
    """Return a row in the types of JSON."""
    return {
        "code": row.code,
        "origin": row.origin,
        "kinds": [kind for kind in SIGNS if concerns(row, kind)],
        "level": row.level and row.level.value,
        "refuses": row.refuses and row.refuses.value,
        "needs": row.needs,
        "judged": next(name for name, each in JUDGED.items() if each is coverage(row)),
        "reason": row.reason,
        "reason_ja": remark(row),
        "place": row.place,
        "condition": row.condition,
        "title": rule and rule.title,
        "title_ja": rule.title_ja if rule else unruled()[row.code],
        "why": rule and rule.why,
        "why_ja": reason(row.code) or None,
        "remedy": remedy(row.code) or None,
        "remedy_ja": remedy(row.code, "ja") or None,
        "since": str(rule.since) if rule and rule.since else None,
        "source": rule and rule.source,
    }
