"""`seikyu cert enrol | renew | status | recover | waiting | approve | report-lost`: a terminal's own certificate.

Codes are typed, or come from a file or the environment; never from arguments, which everybody on the machine can read.
"""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, Home, Json, Tries
from seikyu.apps.cli_errors import one_line, tell
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import program, say
from seikyu.trust.codes import code_kinds, read_code

if TYPE_CHECKING:
    from seikyu.apps.client import ClientFolder
    from seikyu.apps.client.certificates import Held, Waiting
    from seikyu.apps.client.enrolling import Whence

Office = Annotated[str, typer.Option("--office", metavar="URL", help=say("cert.office"))]
Root = Annotated[Path | None, typer.Option("--ca", dir_okay=False, help=say("cert.ca"))]
Fingerprint = Annotated[str, typer.Option("--ca-sha256", metavar="HEX", help=say("cert.ca_sha256"))]
Codes = Annotated[Path | None, typer.Option("--codes", dir_okay=False, help=say("cert.codes"))]

#: Where the codes may come from, beside the keyboard and a file.
VARIABLES: Final = {"reference": "SEIKYU_REFERENCE", "pin": "SEIKYU_PIN", "recovery": "SEIKYU_RECOVERY"}

#: More than any code has; what else is in such a file is not looked at.
_CODES_BYTES: Final = 4096

#: A clock that is off by less says nothing about the clock: the line takes its time too.
_CLOCK_OFF_S: Final = 60

#: Of a key's fingerprint a screen shows so much.
_SHOWN: Final = 32


def add(cert: typer.Typer) -> None:
    """Add the commands to the group."""
    acts: dict[str, Callable[..., int]] = {
        "enrol": enrol,
        "renew": renew,
        "status": status,
        "recover": recover,
        "waiting": waiting,
        "approve": approve,
        "report-lost": report_lost,
    }
    for name, act in acts.items():
        cert.command(name, help=say(f"cert.{name.replace('-', '_')}.help"))(act)


def enrol(
    *,
    office: Office = "",
    ca: Root = None,
    ca_sha256: Fingerprint = "",
    codes: Codes = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Get the certificate of a notice with reference number and PIN."""
    return _by_code("pin", _whence(office, ca, ca_sha256), codes, tries, as_id=as_id, home=home, as_json=as_json)


def recover(
    *,
    pair: Annotated[bool, typer.Option("--pair", help=say("cert.recover.pair"))] = False,
    party: Annotated[str, typer.Option("--party", metavar="ID", help=say("cert.recover.party"))] = "",
    terminal: Annotated[str, typer.Option("--terminal", help=say("cert.recover.terminal"))] = "",
    office: Office = "",
    ca: Root = None,
    ca_sha256: Fingerprint = "",
    codes: Codes = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Put a new machine in the place of a terminal that died."""
    whence = _whence(office, ca, ca_sha256)
    if not pair:
        return _by_code("recovery", whence, codes, tries, as_id=as_id, home=home, as_json=as_json)
    for name, value in (("--party", party), ("--terminal", terminal)):
        if not value:
            raise typer.BadParameter(say("cert.recover.needs", name=name), param_hint=name)
    with _newcomer(whence, f"{party}\n{terminal}", tries, as_id=as_id, home=home) as machine:
        folder = machine.by_pairing(party=party, terminal=terminal, show=_show_waiting)
    return _done(folder, "cert.recover.done", as_json=as_json)


def renew(
    *,
    if_due: Annotated[bool, typer.Option("--if-due", help=say("cert.renew.if_due"))] = False,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Renew the certificate, at any time of the year."""
    from seikyu.apps.client.certificates import held
    from seikyu.apps.client.certificates import renew as renew_now
    from seikyu.trust.enrolment import enrolment_rules, renewal_due

    folder = _folder(home, as_id)
    own = held(folder)
    if if_due and not renewal_due(own.not_before, own.not_after, datetime.now(UTC), rules=enrolment_rules()):
        return _told_own(own, "cert.renew.not_due", as_json=as_json, renewed=False)
    own = renew_now(folder, tries=tries, note=_note)
    return _told_own(own, "cert.renew.done", as_json=as_json, renewed=True)


def status(*, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show the certificate in hand, what the office says of it, and whether this machine's clock is right."""
    from seikyu.apps.client.certificates import held

    folder = _folder(home, as_id)
    own, now = held(folder), datetime.now(UTC)
    office, trouble = _office_says(folder)
    off_s = None if office is None else round((now - datetime.fromisoformat(office["now"])).total_seconds())
    told = _shown(own, now) | {"state": _state(own, now), "clock_off_s": off_s, "office": office}
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    shown = told | {"not_after": own.not_after, "state": say(f"cert.{told['state']}")}
    print(one_line(say("cert.status.own", **shown)))
    if office is not None:
        state = say(f"certs.certificate_states.{office['state']}")
        print(say("cert.status.office", state=state, days=office["days_left"]))
    else:
        tell("note", say("cert.status.no_office", trouble=trouble))
    if off_s is not None and abs(off_s) >= _CLOCK_OFF_S:
        tell("note", say("cert.status.fast" if off_s > 0 else "cert.status.slow", minutes=round(abs(off_s) / 60)))
    return Exit.DONE


def waiting(*, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """List the new machines that wait to be approved."""
    from seikyu.apps import client

    with client.Line(_folder(home, as_id), note=_note) as line:
        items = line.get("/certificates/pairings")["items"]
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for each in items:
        state = say("cert.waiting.approved" if each["approved"] else "cert.waiting.waits")
        key = _grouped(each["spki_sha256"])
        print(one_line(f"{each['asked_at'][:16]} {each['terminal']}  {key}  {state}"))
    if not items:
        print(say("cert.waiting.none"))
    return Exit.DONE


def approve(
    code: Annotated[str, typer.Argument(metavar="CODE", help=say("cert.approve.code"))],
    *,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Approve the new machine of this party that shows a code."""
    from seikyu.apps import client

    typed = read_code("pairing", code)
    with client.Line(_folder(home, as_id), note=_note) as line:
        asked = {"pairing_code": typed}
        told = line.post("/certificates/pairings/approve", repeatable=True, json=asked)
    print(json.dumps(told, ensure_ascii=False) if as_json else one_line(say("cert.approve.done", **told)))
    return Exit.DONE


def report_lost(
    *,
    office: Office = "",
    ca: Root = None,
    ca_sha256: Fingerprint = "",
    codes: Codes = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Have everything revoked that a lost terminal has."""
    from seikyu.apps import client
    from seikyu.apps.client.certificates import report_lost as report
    from seikyu.apps.client.enrolling import public_line, whence_of

    reference, code = _codes("recovery", codes)
    whence = whence_of(client.home_of(home), as_id, _whence(office, ca, ca_sha256))
    with public_line(whence, tries=tries, note=_note) as line:
        revoked = report(line, reference=reference, recovery=code)
    if as_json:
        print(json.dumps({"revoked": revoked}))
    else:
        print(say("cert.report_lost.done" if revoked else "cert.report_lost.nothing", number=len(revoked)))
    return Exit.DONE


def _by_code(
    kind: str, whence: "Whence", codes: Path | None, tries: int | None, *, as_id: str | None, home: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    reference, code = _codes(kind, codes)
    with _newcomer(whence, reference, tries, as_id=as_id, home=home) as machine:
        folder = machine.by_code(reference=reference, code=code)
    return _done(folder, "cert.enrol.done" if kind == "pin" else "cert.recover.done", as_json=as_json)


@contextmanager
def _newcomer(whence: "Whence", what: str, tries: int | None, *, as_id: str | None, home: Path | None) -> Iterator[Any]:
    from seikyu.apps import client
    from seikyu.apps.client.enrolling import Newcomer, whence_of

    root = client.home_of(home)
    known = whence_of(root, as_id, whence)
    yield Newcomer.at(root, known, what=what, client_id=as_id, tries=tries, note=_note)


def _whence(office: str, ca: Path | None, fingerprint: str) -> "Whence":
    from seikyu.apps.client.enrolling import Whence

    return Whence(office, ca.absolute() if ca else None, fingerprint)


def _codes(kind: str, file: Path | None) -> tuple[str, str]:
    """Return reference number and PIN or recovery code, as they are kept. Errors: CodeMistyped; FileUnusable."""
    if file is not None:
        typed = _lines_of(file)
    elif all(os.environ.get(VARIABLES[name]) for name in ("reference", kind)):
        typed = [os.environ[VARIABLES[name]] for name in ("reference", kind)]
    elif sys.stdin.isatty():
        names = {name: say(f"cert.names.{name}") for name in ("reference", kind)}
        typed = [typer.prompt(names["reference"], err=True), getpass.getpass(f"{names[kind]}: ")]
    else:
        typed = sys.stdin.read(_CODES_BYTES).split("\n")
    typed = [*typed, "", ""]
    return read_code("reference", typed[0].strip()), read_code(kind, typed[1].strip())


def _lines_of(file: Path) -> list[str]:
    from seikyu.apps.client.errors import FileUnusable

    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(_CODES_BYTES).split("\n")
    except (OSError, ValueError) as odd:
        reason = (getattr(odd, "strerror", None) or "?").lower()
        raise FileUnusable("unreadable", file=str(file), reason=reason) from odd


def _show_waiting(waits: "Waiting") -> None:
    """Show what the other terminal needs."""
    code = _grouped(waits.pairing_code.replace("-", ""), size=code_kinds()["pairing"].group)
    tell("note", say("cert.recover.shows", code=code, until=waits.until))
    tell("note", say("cert.recover.type", command=f"{program()} cert approve {code}"))
    tell("note", say("cert.recover.key", key=_grouped(waits.spki_sha256)))


def _done(folder: "ClientFolder", key: str, *, as_json: bool) -> int:
    from seikyu.apps.client.certificates import held

    own = held(folder)
    if as_json:
        print(json.dumps(_shown(own, datetime.now(UTC)) | {"folder": str(folder.path)}, ensure_ascii=False))
    else:
        print(one_line(say(key, terminal=own.terminal, party=own.party, not_after=own.not_after, folder=folder.path)))
    return Exit.DONE


def _told_own(own: "Held", key: str, *, as_json: bool, renewed: bool) -> int:
    told = _shown(own, datetime.now(UTC))
    if as_json:
        print(json.dumps(told | {"renewed": renewed}, ensure_ascii=False))
    else:
        print(one_line(say(key, **told | {"not_after": own.not_after})))
    return Exit.DONE


def _shown(own: "Held", now: datetime) -> dict[str, Any]:
    from seikyu.trust.enrolment import days_left

    return {
        "serial": own.serial, "party": own.party, "terminal": own.terminal,
        "not_before": own.not_before.isoformat(), "not_after": own.not_after.isoformat(),
        "days_left": days_left(own.not_after, now),
    }  # fmt: skip


def _state(own: "Held", now: datetime) -> str:
    """Return what a certificate is by this machine's clock."""
    return "early" if now < own.not_before else "over" if now >= own.not_after else "good"


def _office_says(folder: "ClientFolder") -> tuple[dict[str, Any] | None, str]:
    """Return what the office says of the certificate, or why it says nothing."""
    from seikyu.apps import client
    from seikyu.apps.client.errors import LineFailed, OfficeSaid
    from seikyu.apps.client.line import words_of

    try:
        with client.Line(folder, tries=1) as line:
            return line.get("/certificates/own"), ""
    except (LineFailed, OfficeSaid) as trouble:
        return None, words_of(trouble).text


def _folder(home: Path | None, as_id: str | None) -> "ClientFolder":
    from seikyu.apps import client

    return client.open_client(client.home_of(home), as_id)


def _grouped(text: str, *, size: int = 4) -> str:
    return "-".join(text[at : at + size] for at in range(0, min(len(text), _SHOWN), size))


def _note(text: str) -> None:
    tell("note", text)
