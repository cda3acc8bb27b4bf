"""Somebody at the office's own terminal: who they are, by user id, password and second factor, and their first login.

What is typed stands in no argument, where other users of the machine could read it: it is asked for, or read from
standard input line by line.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from seikyu.apps.cli_people import HOME, BodyOption, HomeOption, UserArgument, keeping
from seikyu.apps.words import say
from seikyu.ports.trust import ClientIdentity
from seikyu.services.office import OPERATOR

if TYPE_CHECKING:
    from seikyu.apps.people import Keeping
    from seikyu.trust.people import Actor

#: What a session at the terminal is bound to in the place of a certificate; no certificate has such a serial.
CONSOLE: Final = ClientIdentity(serial="(console)", party=OPERATOR, kind=OPERATOR, terminal="(console)")

#: More is not read: no password or code is longer.
_LINE_BYTES: Final = 4096


@contextmanager
def at_terminal(at: "Keeping", user: str, *, body: str | None, from_stdin: bool) -> Iterator["Actor"]:
    """Yield who has logged in at this terminal; the login ends with the block.

    Errors: those of `services.login.login`; NotPermitted, if something has to come first.
    """
    from seikyu.apps.cli_people import told_in_words
    from seikyu.services.login import Typed, login, logout
    from seikyu.trust.people import NotPermitted

    password, code = _line(from_stdin, "orders.password"), _line(from_stdin, "orders.code")
    with told_in_words():
        opened = login(at.people, CONSOLE, Typed(at.body(body), user, password, code))
        try:
            if opened.actor.must is not None:
                raise NotPermitted("something has to come first", power="see")
            yield opened.actor
        finally:
            logout(at.people, CONSOLE, opened.token)


def first_login(user: UserArgument, *, body: BodyOption = None, home: HomeOption = HOME) -> None:
    """Change the initial password and set the second factor, at this terminal."""
    from seikyu.services import credentials
    from seikyu.services import login as logins
    from seikyu.services.login import Typed

    with keeping(home) as at:
        people, here = at.people, at.body(body)
        password, code = _asked("people.first.password"), _asked("people.first.code")
        opened = logins.login(people, CONSOLE, Typed(here, user, password, code or None))
        if opened.actor.must == "change_password":
            new = str(typer.prompt(say("people.first.new"), hide_input=True, confirmation_prompt=True, err=True))
            credentials.change_password(people, CONSOLE, opened.token, old=password, new=new)
            opened = logins.login(people, CONSOLE, Typed(here, user, new, code or None))
        try:
            if opened.actor.must == "second_factor":
                enrolment = credentials.begin_second_factor(people, CONSOLE, opened.token)
                typer.echo(say("people.first.secret", letters=enrolment.letters, uri=enrolment.uri), err=True)
                new_code = _asked("people.first.new_code")
                credentials.confirm_second_factor(people, CONSOLE, opened.token, new_code=new_code)
        finally:
            logins.logout(people, CONSOLE, opened.token)
    print(say("people.first.done", user=opened.actor.user))


def register(users: typer.Typer) -> None:
    """Add the command."""
    users.command("first-login", help=say("people.first.help"))(first_login)


def _asked(key: str) -> str:
    return str(typer.prompt(say(key), hide_input=True, default="", show_default=False, err=True))


def _line(from_stdin: bool, key: str) -> str:
    """Return a line of standard input, or what is typed at the terminal."""
    if not from_stdin:
        return _asked(key)
    # What is no UTF-8 becomes characters that no password may have, and is refused as such.
    return sys.stdin.buffer.readline(_LINE_BYTES).rstrip(b"\r\n").decode("utf-8", "surrogateescape")
