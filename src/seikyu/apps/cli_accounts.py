"""`seikyu admin party code`, `admin users second-factor`, `admin journal`: letters, a code app, the journal.

Codes and secrets are shown once, on standard output or in a document that is private to its owner; no log has them.
"""

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.cli_people import (
    HOME,
    BodyOption,
    HomeOption,
    JsonOption,
    StdinOption,
    UserArgument,
    keeping,
    line_from_stdin,
)
from seikyu.apps.words import has, language, say

if TYPE_CHECKING:
    from seikyu.ports.people import Entry
    from seikyu.services.accounts import Posted

#: The journal's last lines, unless more are asked for.
_LINES: Final = 50
_CSV_HEAD: Final = ("party", "name", "address", "code", "until")


def register_code(party: typer.Typer) -> None:
    """Add the command that posts codes."""
    party.command("code", help=say("accounts.code.help"))(post)


def register_second_factor(users: typer.Typer) -> None:
    """Add the command that sets a code app."""
    users.command("second-factor", help=say("accounts.factor.help"))(second_factor)


def register_journal(admin: typer.Typer) -> None:
    """Add the command that reads the journal."""
    admin.command("journal", help=say("accounts.journal.help"))(journal)


def post(
    parties: Annotated[
        list[str] | None, typer.Argument(metavar="[PARTY]...", help=say("accounts.code.parties"))
    ] = None,
    *,
    without_users: Annotated[bool, typer.Option("--without-users", help=say("accounts.code.without_users"))] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=5000, help=say("accounts.code.most"))] = 500,
    letters: Annotated[Path | None, typer.Option("--letters", help=say("accounts.code.letters"))] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help=say("accounts.code.csv"))] = False,
    url: Annotated[str | None, typer.Option("--url", help=say("accounts.code.url"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Make the codes that parties register with, one for each, and the letters to post them in."""
    from itertools import islice

    from seikyu.apps.drawing.target import target, write
    from seikyu.services.accounts import parties_without_users, post_codes
    from seikyu.services.people import CONSOLE

    if bool(parties) == without_users:
        raise typer.BadParameter(say("accounts.code.which"), param_hint="PARTY")
    if letters is not None:
        target(letters, Path())  # A document that cannot be written is told before any code is replaced.
    with keeping(home) as at:
        wanted = parties or list(islice(parties_without_users(at.people, CONSOLE), most))
        posted = post_codes(at.people, CONSOLE, wanted)
        address = url or at.public_address
    if letters is not None:
        from seikyu.apps.drawing.letter import letters_of

        write(letters, Path(), letters_of(posted, address, language()), private=True)
    _tell_codes(posted, as_csv=as_csv, as_json=as_json, letters=letters)


def second_factor(
    user: UserArgument,
    *,
    body: BodyOption = None,
    password_stdin: StdinOption = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show its owner the secret of a new code app, and put it in force by its first code."""
    from seikyu.ports.trust import ClientIdentity
    from seikyu.services.credentials import begin_second_factor, confirm_second_factor
    from seikyu.services.login import Second, SecondFactorNeeded, Typed, finish_login, login, logout
    from seikyu.services.people import CONSOLE, party_of_user

    with keeping(home) as at:
        place = at.body(body)
        party = party_of_user(at.people, CONSOLE, place, name=user)
        # No certificate has this serial: the session is worth nothing but here.
        console = ClientIdentity(serial="(console)", party=party, kind="", terminal="")
        password = _asked("accounts.factor.password", from_stdin=password_stdin, hidden=True)
        present: str | None = None
        try:
            opened = login(at.people, console, Typed(place, user, password))
        except SecondFactorNeeded as needed:
            present = _asked("accounts.factor.present", from_stdin=password_stdin)
            opened = finish_login(at.people, console, needed.half.token, Second(code=present))
        try:
            made = begin_second_factor(at.people, console, opened.token)
            _show_secret(made.letters, made.uri, as_json=as_json)
            if present is not None:
                present = _asked("accounts.factor.next", from_stdin=password_stdin)
            code = _asked("accounts.factor.code", from_stdin=password_stdin)
            confirm_second_factor(at.people, console, opened.token, new_code=code, code=present, password=password)
        finally:
            logout(at.people, console, opened.token)
    print(json.dumps({"second_factor": True}) if as_json else say("accounts.factor.done", user=user))


def journal(
    *,
    subject: Annotated[str | None, typer.Option("--subject", help=say("accounts.journal.subject"))] = None,
    lines: Annotated[int, typer.Option("--lines", min=1, max=100_000, help=say("accounts.journal.lines"))] = _LINES,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Print the last lines of the journal: who did what, for whom, and when."""
    from seikyu.apps.cli_errors import one_line
    from seikyu.services.people import CONSOLE, list_entries

    with keeping(home) as at:
        entries = list_entries(at.people, CONSOLE, subject=subject)[-lines:]
    if as_json:
        print(json.dumps({"items": [_entry(each) for each in entries]}, ensure_ascii=False))
        return
    print("\n".join(one_line(_line(each)) for each in entries) or say("accounts.journal.none"))


def _tell_codes(posted: "list[Posted]", *, as_csv: bool, as_json: bool, letters: Path | None) -> None:
    if as_json:
        items = [
            {"party": each.party.id, "name": each.party.name, "code": _shown(each), "until": each.until.isoformat()}
            for each in posted
        ]
        print(json.dumps({"items": items}, ensure_ascii=False))
    elif as_csv:
        sys.stdout.write(_csv(posted))
    else:
        for each in posted:
            print(say("accounts.code.line", party=each.party.id, code=_shown(each), until=each.until))
        print(say("accounts.code.made", count=len(posted)) if posted else say("accounts.code.none"))
        if letters is not None and posted:
            print(say("accounts.code.written", file=letters))


def _csv(posted: "list[Posted]") -> str:
    """Return codes as a list for a spreadsheet, in which nothing can be taken for a formula."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(_CSV_HEAD)
    for each in posted:
        cells = (each.party.id, each.party.name, each.party.address, _shown(each), each.until.isoformat())
        rows.writerow([f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell for cell in cells])
    return out.getvalue()


def _shown(posted: "Posted") -> str:
    from seikyu.trust.codes import grouped

    return grouped("registration", posted.code)


def _show_secret(letters: str, uri: str, *, as_json: bool) -> None:
    """Show a secret, this once: the square code where somebody looks, letters for all."""
    if as_json:
        print(json.dumps({"letters": letters, "uri": uri}), flush=True)
        return
    if sys.stdout.isatty():
        import segno

        segno.make(uri, error="m", micro=False).terminal(compact=True)
    print(say("accounts.factor.letters", letters=" ".join(letters[at : at + 4] for at in range(0, len(letters), 4))))
    print(say("accounts.factor.once"), flush=True)


def _asked(key: str, *, from_stdin: bool, hidden: bool = False) -> str:
    return line_from_stdin() if from_stdin else str(typer.prompt(say(key), hide_input=hidden, err=True))


def _entry(entry: "Entry") -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "act": entry.act,
        "body": entry.body,
        "user": entry.user,
        "party": entry.party,
        "subject": entry.subject,
        "acts_for": entry.acts_for,
        "mandate": entry.mandate,
    }


def _line(entry: "Entry") -> str:
    act = say(f"accounts.acts.{entry.act}") if has(f"accounts.acts.{entry.act}") else entry.act
    key = "accounts.journal.line_for" if entry.acts_for else "accounts.journal.line"
    return say(key, **_entry(entry) | {"at": entry.at, "act": act, "body": entry.body or "-"})
