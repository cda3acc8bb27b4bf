"""What the doctor tells: one account of a look, as JSON has it, and the same as text for people and for the desk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from seikyu import VERSION
from seikyu.apps.doctor.probing import Blind, Look
from seikyu.apps.doctor.words import say, texts
from seikyu.lines.diagnosis import BY_LINE, Diagnosis, Effect, Found, Text, Verdict, desk_for
from seikyu.lines.facts import Facts, Value, known_facts
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.network import ClaimsNetwork

#: How the doctor ends, by verdict: the numbers of `outcomes.Exit`, which is not there where the doctor runs alone.
STATUSES: Final[Mapping[Verdict, int]] = {
    Verdict.CONNECTS: 0,
    Verdict.CONNECTS_BUT: 1,
    Verdict.DOES_NOT_CONNECT: 2,
    Verdict.NOT_KNOWN: 3,
}

_GOOD_WLAN: Final = ("wpa2", "wpa3")
_JAPAN: Final = timezone(timedelta(hours=9))
_KINDS: Final = ("line.kind", "line.used_kind")
_CLOCK: Final = "clock.off_s"
_LEAST_OFF_S: Final = 60
_UNITS: Final = (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
_LINE_ITEMS: Final = ("area", "carrier", "service", "customer_id", "contract_id", "provider")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a look came to."""

    look: Look
    facts: Facts
    blind: tuple[Blind, ...]
    diagnosis: Diagnosis
    at: datetime
    took_s: float


def account(seen: Seen, lang: str) -> dict[str, Any]:
    """Return all of it as JSON has it, with its texts in one language."""
    return {
        "verdict": seen.diagnosis.verdict.value,
        "exit_status": STATUSES[seen.diagnosis.verdict],
        "text": say(f"verdict.{seen.diagnosis.verdict}", lang),
        "found": [_fault(each, seen, lang) for each in seen.diagnosis.found],
        "server": _server_side(seen, lang),
        "proved": _proved(seen, lang),
        "desk": _desk(seen, lang),
        "could_not": [_could_not(each, lang) for each in seen.blind],
        "undecided": {id_: list(names) for id_, names in seen.diagnosis.undecided.items()},
        "facts": {name: _plain(seen.facts[name]) for name in sorted(seen.facts)},
        "took_s": seen.took_s,
        "version": VERSION,
    }


def text_of(told: Mapping[str, Any], lang: str) -> str:
    """Return the account for people: the verdict, what is wrong, what to tell the desk, what could not be looked at."""
    lines = [say("told.verdict", lang, verdict=told["text"]), ""]
    server = [told["server"]] if told["server"] else []
    if told["found"]:
        lines += [*(f"{each}\n" for each in server), say("told.found", lang), *_found_lines(told, lang)]
    else:
        lines += server or [_nothing(told, lang)]
    if told["proved"]:
        lines += ["", say("told.proved", lang), *(f"  - {each['text']}" for each in told["proved"])]
    if told["desk"]["call"]:
        lines += ["", f"{say('told.desk_of_line', lang)}: {_reached(told['desk']['call'])}"]
    lines += ["", say("told.desk", lang), *(f"  {each['label']}: {each['value']}" for each in told["desk"]["tell"])]
    lines += [f"  ({say('told.never', lang)})"]
    if told["could_not"]:
        lines += ["", say("told.could_not", lang), *_could_not_lines(told["could_not"], lang)]
    return "\n".join(lines) + "\n"


def _server_side(seen: Seen, lang: str) -> str:
    """Return what to say where the line carries and the portal does not work; empty if nothing shows that."""
    status = seen.facts.get("portal.status")
    if seen.diagnosis.verdict is not Verdict.DOES_NOT_CONNECT or seen.facts.get("portal.answers") is True:
        return ""
    if seen.facts.get("portal.refused") is True:
        return say("told.server_refuses", lang)
    return say("told.server_fails", lang, status=status) if isinstance(status, int) else ""


def _nothing(told: Mapping[str, Any], lang: str) -> str:
    """Return what to say where no fault is found: that is good news only if it connects."""
    words = {Verdict.DOES_NOT_CONNECT: "unexplained", Verdict.NOT_KNOWN: "nothing_seen"}
    return say(f"told.{words.get(told['verdict'], 'none')}", lang)


def _found_lines(told: Mapping[str, Any], lang: str) -> Iterator[str]:
    for index, each in enumerate(told["found"], start=1):
        sure = "" if each["certain"] else f" ({say('told.likely', lang)})"
        # What connects is not said to be stopped in the same breath.
        beside = each["effect"] == Effect.STOPS and told["verdict"] == Verdict.CONNECTS_BUT
        effect = say(f"effect.{'would_stop' if beside else each['effect']}", lang)
        yield f"{index}. [{each['id']}] {each['symptom']}  <{effect}{sure}>"
        yield f"   {say('told.cause', lang)}: {each['cause']}"
        yield f"   {say('told.fix', lang)}: {each['fix']}"
        if each["follows"]:
            yield f"   {say('told.follows', lang, faults=', '.join(each['follows']))}"
        if each["call"]:
            yield f"   {say('told.call', lang)}: {_reached(each['call'])}"
        shown = ", ".join(f"{one['label']} = {_shown(one['fact'], one['value'], lang)}" for one in each["because"])
        yield f"   {say('told.because', lang)}: {shown}"


def _fault(each: Found, seen: Seen, lang: str) -> dict[str, Any]:
    return {
        "id": each.fault.id,
        "effect": each.fault.effect.value,
        "certain": not each.likely,
        "symptom": _in(each.fault.symptom, lang),
        "cause": _in(each.fault.cause, lang),
        "fix": _in(each.fault.fix, lang),
        "call": _call(each.call, seen.look.network, lang),
        "because": [_item(name, seen.facts, lang) for name in each.because],
        "follows": list(each.follows),
        "source": list(each.fault.source),
        "confidence": each.fault.confidence,
    }


def _call(name: str, network: ClaimsNetwork | None, lang: str) -> dict[str, str] | None:
    """Return a desk by name, with how it is reached as the network says."""
    if not name:
        return None
    desk = desks()[name]
    reached = network.desks.get(name) if network else None
    return {
        "name": name,
        "text": desk.ja if lang == "ja" else desk.en,
        "phone": reached.phone if reached else "",
        "hours": (reached.hours_ja if lang == "ja" else reached.hours_en) if reached else "",
    }


def _reached(call: Mapping[str, str]) -> str:
    how = ", ".join(each for each in (call["phone"], call["hours"]) if each)
    return f"{call['text']} ({how})" if how else call["text"]


def _proved(seen: Seen, lang: str) -> list[dict[str, str]]:
    """Return what was asked for and found as it should be, so that nobody has to conclude it from silence."""
    facts, proved = seen.facts, {}
    if facts.get("closed.canaries") and facts.get("closed.reached") == ():
        proved["closed"] = say("proved.closed", lang, count=facts["closed.canaries"])
    if facts.get("printer.answers") is True:
        proved["printer"] = say("proved.printer", lang)
    if facts.get("wlan.used") is True and facts.get("wlan.encryption") in _GOOD_WLAN:
        proved["wlan"] = say("proved.wlan", lang, encryption=str(facts["wlan.encryption"]).upper())
    if facts.get("portal.answers") is True:
        proved["portal"] = say("proved.portal", lang)
    return [{"what": name, "text": text} for name, text in proved.items()]


def _desk(seen: Seen, lang: str) -> dict[str, Any]:
    """Return whom to ask about this line, and what they need to know: nothing of it is secret."""
    site, kind = seen.look.site, str(seen.facts.get("line.kind", ""))
    items: dict[str, Any] = {}
    if kind in line_kinds():
        items["kind"] = line_kinds()[kind].ja if lang == "ja" else line_kinds()[kind].en
    else:
        items["kind"] = say("item.unknown_kind", lang)
    items |= {name: getattr(site, name) for name in _LINE_ITEMS if site and getattr(site, name)}
    items |= {"error": seen.look.error} if seen.look.error is not None else {}
    items["time"] = _right_time(seen).astimezone(_JAPAN).strftime("%Y-%m-%d %H:%M (JST)")
    items["system"] = seen.look.system
    items |= {"faults": faults} if (faults := ", ".join(each.fault.id for each in seen.diagnosis.found)) else {}
    tell = [{"item": name, "label": say(f"item.{name}", lang), "value": str(value)} for name, value in items.items()]
    tell += [_result(name, seen.facts, lang) for name in _results(seen)]
    return {"call": _call(desk_for(BY_LINE, kind), seen.look.network, lang), "tell": tell}


def _results(seen: Seen) -> list[str]:
    """Return the facts that a desk asks for: those that the faults rest on, and how far the way was open."""
    asked = dict.fromkeys(name for each in seen.diagnosis.found for name in each.because)
    way = ("link.carrier", "router.answers", "dns.portal_found", "portal.connects", "tls.works", "portal.answers")
    asked |= dict.fromkeys(name for name in way if name in seen.facts)
    return [name for name in asked if not name.startswith(("said.", "line."))]


def _result(name: str, facts: Facts, lang: str) -> dict[str, Any]:
    item = _item(name, facts, lang)
    return {"item": name, "label": item["label"], "value": _shown(name, item["value"], lang)}


def _item(name: str, facts: Facts, lang: str) -> dict[str, Any]:
    fact = known_facts()[name]
    return {"fact": name, "label": fact.ja if lang == "ja" else fact.en, "value": _plain(facts.get(name))}


def _could_not(each: Blind, lang: str) -> dict[str, str]:
    text = say(f"could_not.{each.why}", lang, probe=_looked_at(each.probe, lang), what=each.what)
    return {"probe": each.probe, "why": each.why, "what": each.what, "text": text}


def _could_not_lines(could_not: list[dict[str, str]], lang: str) -> Iterator[str]:
    """Yield what could not be looked at, in one line for each reason."""
    reasons = dict.fromkeys((each["why"], each["what"]) for each in could_not)
    for why, what in reasons:
        names = [each["probe"] for each in could_not if (each["why"], each["what"]) == (why, what)]
        probes = ("、" if lang == "ja" else ", ").join(dict.fromkeys(_looked_at(each, lang) for each in names))
        yield f"  - {say(f'could_not.{why}', lang, probe=probes, what=what)}"


def _looked_at(probe: str, lang: str) -> str:
    return say(f"probe.{probe}", lang) if f"probe.{probe}" in texts() else probe


def _in(text: Text, lang: str) -> str:
    return text.ja if lang == "ja" else text.en


def _plain(value: Value | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shown(name: str, value: Any, lang: str) -> str:
    if name == _CLOCK and isinstance(value, int):
        return _offset(value, lang)
    if name in _KINDS and value in line_kinds():
        return line_kinds()[value].ja if lang == "ja" else line_kinds()[value].en
    if isinstance(value, bool):
        return say("item.yes" if value else "item.no", lang)
    if isinstance(value, list):
        return " ".join(str(each) for each in value) or "-"
    return "-" if value is None else str(value)


def _offset(off_s: int, lang: str) -> str:
    """Return how far a clock is off in the largest units that say it."""
    size = abs(off_s)
    unit, seconds = next((each for each in _UNITS if size >= each[1]), _UNITS[-1])
    way = "ahead" if off_s > 0 else "behind"
    return say(f"item.{way}", lang, how=say(f"item.{unit}", lang, count=size // seconds)) if off_s else "0"


def _right_time(seen: Seen) -> datetime:
    """Return when the look was by the network's time, where that is known: a desk looks into its own records."""
    off_s = seen.facts.get(_CLOCK)
    wrong = isinstance(off_s, int) and abs(off_s) >= _LEAST_OFF_S
    return seen.at - timedelta(seconds=off_s) if wrong and isinstance(off_s, int) else seen.at
