"""How a place that a rule found becomes a finding: words in two languages, personal values masked."""

from typing import Final

from seikyu.records import masked, secret
from seikyu.rules.finding import Finding, Refuses
from seikyu.rules.rule import Rule
from seikyu.rules.view import Claim, Phrase, Place

#: So many characters of a value are shown; enough for a name, too few for a page.
_SHOWN_CHARS: Final = 80


def finding_of(rule: Rule, place: Place, claim: Claim | None, *, show_personal: bool) -> Finding:
    """Return the finding of a rule at a place; of a claim's effect outside every claim nothing is left but to ask."""
    item = place.item
    hidden = item is not None and not show_personal and secret(item, place.value or "")
    refuses = rule.refuses
    if claim is None and refuses is Refuses.CLAIM:
        refuses = None
    english, japanese = _detail(place, hidden=hidden)
    return Finding(
        code=rule.code,
        level=rule.level,
        refuses=refuses,
        line=place.line,
        claim_no=claim.head["claim_no"] if claim else None,
        claim_index=claim.index if claim else None,
        record=place.record,
        item_no=item.no if item else None,
        item=item.name if item else None,
        item_ja=item.ja if item else None,
        value=_shown(place.value, hidden=hidden),
        message=rule.title + english,
        message_ja=rule.title_ja + japanese,
        source=rule.source,
    )


def _detail(place: Place, *, hidden: bool) -> tuple[str, str]:
    """Return the words behind the title: what is there and what was expected, unless that would tell a secret."""
    if hidden:
        return "", ""
    if place.note:
        return f": {place.note.en}", f"（{place.note.ja}）"
    found, expected = _both(place.found), _both(place.expected)
    if expected is None:
        return (f": is {found.en}", f"（記録：{found.ja}）") if found else ("", "")
    if found is None:
        return f": expected {expected.en}", f"（あるべき値：{expected.ja}）"
    return f": is {found.en}, expected {expected.en}", f"（記録：{found.ja}、あるべき値：{expected.ja}）"


def _both(text: str | Phrase | None) -> Phrase | None:
    """Return a value in both languages; what was read from a file is shown as it stands there."""
    if text is None or isinstance(text, Phrase):
        return text
    shown = plain(text)
    return Phrase(shown, shown)


def _shown(text: str | None, *, hidden: bool) -> str | None:
    """Return a value as it may be shown: masked if it is a secret, cut if long, without control characters."""
    if text is None:
        return None
    return masked(text) if hidden else plain(text)


def plain(text: str) -> str:
    """Return a text cut if long, without control characters."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:_SHOWN_CHARS])
    return shown if len(text) <= _SHOWN_CHARS else shown + "…"
