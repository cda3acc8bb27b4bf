"""`seikyu admin users …` and `seikyu admin mandates …`: who logs in, and who acts for whom.

Everything works beside a running server: rows go through the database, and the server looks at them on every request.
So no password goes over a line. None is an argument either, where other users of the machine could read it: an initial
password is made and printed once, or asked for, or read from standard input.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.words import ErrorWords, error_words, language, say

if TYPE_CHECKING:
    from datetime import datetime

    from seikyu.apps.people import Keeping
    from seikyu.ports.people import Mandate, User
    from seikyu.services.people import Given
    from seikyu.trust.passwords import PasswordRefused
    from seikyu.trust.people import BadUser, NotPermitted

#: More is not read: no password is longer.
_LINE_BYTES: Final = 4096

HOME: Final = Path("seikyu-home")
HomeOption = Annotated[Path, typer.Option("--home", envvar="SEIKYU_HOME", help=say("serve.home"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
BodyOption = Annotated[str | None, typer.Option("--body", help=say("people.body"))]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help=say("people.user"))]
RoleOption = Annotated[str, typer.Option("--role", help=say("people.role"))]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help=say("people.password_stdin"))]
PromptOption = Annotated[bool, typer.Option("--password-prompt", help=say("people.password_prompt"))]
AgentArgument = Annotated[str, typer.Argument(metavar="AGENT", help=say("people.agent"))]
PrincipalArgument = Annotated[str, typer.Argument(metavar="PRINCIPAL", help=say("people.principal"))]


def register(admin: typer.Typer) -> None:
    """Add the commands."""
    from seikyu.apps import cli_accounts, cli_person  # they need what stands below

    users = typer.Typer(help=say("people.help"), no_args_is_help=True)
    users.command("add", help=say("people.add.help"))(add)
    users.command("list", help=say("people.list.help"))(list_all)
    users.command("lock", help=say("people.lock.help"))(lock)
    users.command("unlock", help=say("people.unlock.help"))(unlock)
    users.command("reset", help=say("people.reset.help"))(reset)
    users.command("role", help=say("people.set_role.help"))(set_role)
    cli_accounts.register_second_factor(users)
    users.command("remove", help=say("people.remove.help"))(remove)
    cli_person.register(users)
    admin.add_typer(users, name="users")
    mandates = typer.Typer(help=say("people.mandates.help"), no_args_is_help=True)
    mandates.command("grant", help=say("people.mandates.grant"))(grant)
    mandates.command("end", help=say("people.mandates.end"))(end)
    mandates.command("list", help=say("people.mandates.list"))(list_mandates)
    admin.add_typer(mandates, name="mandates")


def add(
    user: UserArgument,
    party: Annotated[str, typer.Argument(metavar="PARTY", help=say("people.party"))],
    *,
    role: RoleOption,
    body: BodyOption = None,
    password_stdin: StdinOption = False,
    password_prompt: PromptOption = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Add a user with an initial password."""
    from seikyu.services.people import CONSOLE, Newcomer, add_user

    password = _password(from_stdin=password_stdin, by_prompt=password_prompt)
    with keeping(home) as at:
        given = add_user(at.people, CONSOLE, Newcomer(at.body(body), user, party, role), password=password)
    _tell_given(given, "people.add.done", as_json=as_json)


def list_all(
    *,
    party: Annotated[str | None, typer.Option("--party", help=say("people.only_party"))] = None,
    body: BodyOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List users."""
    from seikyu.services.people import CONSOLE, list_users

    with keeping(home) as at:
        found = list_users(at.people, CONSOLE, body=at.body(body) if body else None, party=party)
        now = at.people.clock.now()
    items = [_user(each, now) for each in found]
    lines = [_line(each) for each in items] or [say("people.list.none")]
    _tell({"items": items}, as_json=as_json, text="\n".join(lines))


def lock(user: UserArgument, *, body: BodyOption = None, home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """Lock a user until somebody unlocks them."""
    from seikyu.services.people import CONSOLE, lock_user

    with keeping(home) as at:
        found = lock_user(at.people, CONSOLE, at.body(body), name=user)
        _tell_user(found, at, "people.lock.done", as_json=as_json)


def unlock(
    user: UserArgument, *, body: BodyOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """Take every lock off a user."""
    from seikyu.services.people import CONSOLE, unlock_user

    with keeping(home) as at:
        found = unlock_user(at.people, CONSOLE, at.body(body), name=user)
        _tell_user(found, at, "people.unlock.done", as_json=as_json)


def reset(
    user: UserArgument,
    *,
    second_factor: Annotated[bool, typer.Option("--second-factor", help=say("people.reset.second_factor"))] = False,
    body: BodyOption = None,
    password_stdin: StdinOption = False,
    password_prompt: PromptOption = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Give a user a new initial password."""
    from seikyu.services.people import CONSOLE, reset_user

    password = _password(from_stdin=password_stdin, by_prompt=password_prompt)
    with keeping(home) as at:
        given = reset_user(at.people, CONSOLE, at.body(body), name=user, second_factor=second_factor, password=password)
    _tell_given(given, "people.reset.done", as_json=as_json)


def set_role(
    user: UserArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help=say("people.role"))],
    *,
    body: BodyOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Give a user another role."""
    from seikyu.services import people
    from seikyu.services.people import CONSOLE

    with keeping(home) as at:
        found = people.set_role(at.people, CONSOLE, at.body(body), name=user, role=role)
        _tell_user(found, at, "people.set_role.done", as_json=as_json)


def remove(
    user: UserArgument, *, body: BodyOption = None, home: HomeOption = HOME, as_json: JsonOption = False
) -> None:
    """Remove a user for good."""
    from seikyu.services.people import CONSOLE, remove_user

    with keeping(home) as at:
        found = remove_user(at.people, CONSOLE, at.body(body), name=user)
        _tell_user(found, at, "people.remove.done", as_json=as_json)


def grant(
    agent: AgentArgument,
    principal: PrincipalArgument,
    *,
    body: BodyOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Let one party act for another."""
    from seikyu.services.people import CONSOLE, grant_mandate

    with keeping(home) as at:
        told = _mandate(grant_mandate(at.people, CONSOLE, at.body(body), agent=agent, principal=principal))
    _tell(told, as_json=as_json, text=say("people.mandates.granted", **told))


def end(
    agent: AgentArgument,
    principal: PrincipalArgument,
    *,
    body: BodyOption = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """End a mandate at once."""
    from seikyu.services.people import CONSOLE, end_mandate

    with keeping(home) as at:
        told = _mandate(end_mandate(at.people, CONSOLE, at.body(body), agent=agent, principal=principal))
    _tell(told, as_json=as_json, text=say("people.mandates.ended", **told))


def list_mandates(
    *,
    party: Annotated[str | None, typer.Option("--party", help=say("people.only_party"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List mandates, the ended ones too."""
    from seikyu.services import people
    from seikyu.services.people import CONSOLE

    with keeping(home) as at:
        found = people.list_mandates(at.people, CONSOLE, party=party)
    lines = [
        say(
            "people.mandates.line_ended" if each.until else "people.mandates.line",
            **_mandate(each) | {"since": each.since, "until": each.until},
        )
        for each in found
    ]
    items = [_mandate(each) for each in found]
    lines = lines or [say("people.mandates.none")]
    _tell({"items": items}, as_json=as_json, text="\n".join(lines))


@contextmanager
def keeping(root: Path) -> Iterator["Keeping"]:
    """Yield people over the rows of a home; what is refused is told in words."""
    from seikyu.apps.people import keeping_at
    from seikyu.apps.wiring import find_home

    with keeping_at(find_home(root)) as at, told_in_words():
        yield at


@contextmanager
def told_in_words() -> Iterator[None]:
    """Let what is refused in this block say so with the words of its facts."""
    from seikyu.trust.passwords import PasswordRefused
    from seikyu.trust.people import BadUser, NotPermitted

    try:
        yield
    except (NotPermitted, BadUser, PasswordRefused) as reason:
        vars(reason)["words"] = _words(reason)
        raise


def _words(reason: "NotPermitted | BadUser | PasswordRefused") -> ErrorWords:
    """Return what an error says, with the words of its facts in the user's language."""
    from seikyu.trust.people import powers

    facts = dict(reason.facts)
    if "power" in facts:
        facts["power"] = powers()[facts["power"]][language()]
    for name in ("why", "what"):
        if name in facts:
            facts[name] = say(f"people.{name}.{facts[name]}")
    return error_words(reason.code, **facts)


def _password(*, from_stdin: bool, by_prompt: bool) -> str | None:
    """Return the initial password that is given, or None if one is to be made."""
    if from_stdin and by_prompt:
        raise typer.BadParameter(say("people.one_way"), param_hint="--password-stdin")
    if by_prompt:
        return str(typer.prompt(say("people.prompt"), hide_input=True, confirmation_prompt=True, err=True))
    if not from_stdin:
        return None
    return line_from_stdin()


def line_from_stdin() -> str:
    """Return the next line of standard input.

    What is no UTF-8 becomes characters that no password may have, and is refused as such.
    """
    return sys.stdin.buffer.readline(_LINE_BYTES).rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def _user(user: "User", now: "datetime") -> dict[str, Any]:
    """Return a user as programs read it; nothing secret is in it."""
    tried = user.locked_until is not None and now < user.locked_until
    state = "removed" if user.removed_at else "locked" if user.locked_at or tried else "active"
    until = user.locked_until if tried and not user.locked_at else None
    return {
        "body": user.body,
        "user": user.name,
        "party": user.party,
        "role": user.role,
        "state": state,
        "locked_until": until.isoformat() if until else None,
        "must_change_password": user.initial,
        "second_factor": user.second_factor is not None,
        "added_at": user.added_at.isoformat(),
    }


def _line(told: dict[str, Any]) -> str:
    from datetime import datetime

    until = datetime.fromisoformat(told["locked_until"]) if told["locked_until"] else None
    state = say("people.list.locked_until", until=until) if until else say(f"people.list.{told['state']}")
    return f"{told['body']:<5} {told['user']:<20} {told['party']:<10} {_role(told['role'])}  {state}"


def _role(name: str) -> str:
    from seikyu.trust.people import roles

    role = roles()[name]
    return role.ja if language() == "ja" else role.en


def _mandate(mandate: "Mandate") -> dict[str, Any]:
    """Return a mandate as programs read it."""
    return {
        "id": mandate.id,
        "body": mandate.body,
        "agent": mandate.agent,
        "principal": mandate.principal,
        "since": mandate.since.isoformat(),
        "until": mandate.until.isoformat() if mandate.until else None,
    }


def _tell_user(user: "User", at: "Keeping", key: str, *, as_json: bool) -> None:
    told = _user(user, at.people.clock.now())
    _tell(told, as_json=as_json, text=say(key, **told | {"role": _role(user.role)}))


def _tell_given(given: "Given", key: str, *, as_json: bool) -> None:
    """Tell of a new password; this is the only place where one is shown, and only one that was made."""
    told = _user(given.user, given.user.added_at)
    lines = [say(key, **told | {"role": _role(given.user.role)})]
    if given.initial is not None:
        told["initial_password"] = given.initial
        lines.append(say("people.initial", password=given.initial))
    lines.append(say("people.must_change"))
    _tell(told, as_json=as_json, text="\n".join(lines))


def _tell(told: dict[str, Any], *, as_json: bool, text: str) -> None:
    print(json.dumps(told, ensure_ascii=False) if as_json else text)
