"""`seikyu admin users` and `seikyu admin mandates` from outside: what they print, how they end, what they never show."""

import io
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_cli_ca import Said

from seikyu.apps.cli import run
from seikyu.apps.people import keeping_at
from seikyu.apps.wiring import find_home, init_home
from seikyu.ports.register import Party
from seikyu.ports.trust import ClientIdentity
from seikyu.services.login import LoginRefused, Typed, login

OWN, OTHER = "9911000015", "9911000023"
#: A password that is taken, with a marker that nothing else has.
GIVEN = "鷺沼 rutabaga stew"

Run = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an office with two institutions and the operator."""
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    made = init_home(tmp_path / "home")
    with keeping_at(made) as at, at.people.store.write() as tx:
        for party, kind in ((OWN, "institution"), (OTHER, "institution"), ("operator", "operator")):
            tx.put_party(Party(party, kind, "見本", datetime(2026, 4, 1, tzinfo=UTC)))
    return made.root


@pytest.fixture
def admin(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seikyu admin`; every output is looked through for what must never be shown."""

    def admin(*args: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run(["admin", *args])
        said = capsys.readouterr()
        assert not re.search("鷺|argon2|Traceback", said.out + said.err)
        return Said(status, said.out, said.err)

    return admin


def log_in(home: Path, user: str, password: str) -> str | None:
    """Log in as a user of the institution; return what has to come first."""
    identity = ClientIdentity(serial="1f", party=OWN, kind="institution", terminal="pc-1")
    with keeping_at(find_home(home)) as at:
        return login(at.people, identity, Typed("1", user, password)).actor.must


def initial_of(said: Said) -> str:
    """Return the password that was printed."""
    found = re.findall(r"initial password, shown this once: (\S+)$", said.out, re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def test_an_added_user_logs_in_with_what_was_printed(admin: Run, home: Path) -> None:
    """The password is printed once, stands nowhere in the home, and has to be changed."""
    said = admin("users", "add", "Hanako", OWN, "--role", "clerk")
    assert said.status == 0
    assert f"added hanako, clerk of {OWN} at review body 1" in said.out
    assert "changed at the first login" in said.out
    initial = initial_of(said)
    assert log_in(home, "hanako", initial) == "change_password"
    assert [] == [file for file in home.rglob("*") if file.is_file() and initial.encode() in file.read_bytes()]
    listed = admin("users", "list")
    assert re.search(rf"^1 +hanako +{OWN} +clerk +active$", listed.out, re.MULTILINE)
    assert initial not in listed.out


def test_programs_are_told_everything_but_secrets(admin: Run) -> None:
    """One object; the initial password is in that of `add` and `reset` alone."""
    added = admin("users", "add", "hanako", OWN, "--role", "clerk", "--json").json
    initial = added.pop("initial_password")
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", initial)
    assert (added["user"], added["state"], added["must_change_password"]) == ("hanako", "active", True)
    assert [added] == admin("users", "list", "--json").json["items"]
    again = admin("users", "reset", "hanako", "--json").json
    assert initial != again.pop("initial_password")
    for act in (("lock", "hanako"), ("unlock", "hanako"), ("role", "hanako", "read_only"), ("remove", "hanako")):
        told = admin("users", *act, "--json").json
        assert set(added) == set(told)
    assert admin("users", "list", "--json").json == {"items": []}


def test_a_password_comes_from_standard_input(admin: Run, home: Path) -> None:
    """Its first line, and it is never printed; one that breaks the rule is refused with the reason in words."""
    for line, why in (
        (b"password1234\n", "it is a common one"), (b"short\n", "it is too short"), (b"", "it is too short"),
        (b"\xff\xfe rutabaga stew\n", "characters that nobody sees"), (b"hanako rutabaga\n", "holds the user id"),
    ):  # fmt: skip
        refused = admin("users", "add", "hanako", OWN, "--role", "clerk", "--password-stdin", stdin=line)
        assert refused.status == 2
        assert f"the password is not taken ({why}" in refused.err.replace("it holds", "holds").replace(
            "it has ch", "ch"
        )
    said = admin("users", "add", "hanako", OWN, "--role", "clerk", "--password-stdin", stdin=f"{GIVEN}\r\nx".encode())
    assert said.status == 0
    assert "initial password" not in said.out
    assert log_in(home, "hanako", GIVEN) == "change_password"


def test_no_option_takes_a_password(admin: Run) -> None:
    """Where other users of the machine could read it; and there is one way at a time."""
    for option in ("--password=x", "--password-stdin=x", "--password-prompt=x"):
        assert admin("users", "add", "hanako", OWN, "--role", "clerk", option).status == 3
    assert admin("users", "add", "hanako", OWN, "--role", "clerk", "--password-stdin", "--password-prompt").status == 3
    assert admin("users", "list", "--json").json == {"items": []}


def test_a_prompt_asks_twice_and_shows_nothing(admin: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is asked as for any password, without showing what is typed."""
    asked: list[str] = []

    def typing(prompt: str = "", stream: object = None) -> str:
        asked.append(prompt)
        return GIVEN

    monkeypatch.setattr("getpass.getpass", typing)
    said = admin("users", "add", "hanako", OWN, "--role", "clerk", "--password-prompt")
    assert said.status == 0
    assert len(asked) == 2
    assert "initial password, shown" not in said.out
    assert log_in(home, "hanako", GIVEN) == "change_password"


def test_lock_unlock_and_the_time_of_a_lock_are_shown(admin: Run, home: Path) -> None:
    """A lock by hand has no end; one by failures says when it ends."""
    initial = initial_of(admin("users", "add", "hanako", OWN, "--role", "clerk"))
    assert admin("users", "lock", "hanako").status == 0
    assert "locked until somebody unlocks" in admin("users", "list").out
    assert "unlocked hanako" in admin("users", "unlock", "hanako").out
    for _ in range(4):
        with pytest.raises(LoginRefused):
            log_in(home, "hanako", "not this")
    with pytest.raises(Exception, match="login_locked"):
        log_in(home, "hanako", "not this")
    assert re.search(r"locked until 20\d\d-\d\d-\d\d \d\d:\d\d", admin("users", "list", "--party", OWN).out)
    told = admin("users", "list", "--json").json["items"][0]
    assert told["state"] == "locked"
    assert datetime.fromisoformat(told["locked_until"]) > datetime.now(UTC)
    admin("users", "unlock", "hanako")
    assert log_in(home, "hanako", initial) == "change_password"


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (("users", "lock", "nobody"), 2, "there is no user nobody at review body 1"),
        (("users", "add", "花子", OWN, "--role", "clerk"), 3, "花子 cannot be used (the user id)"),
        (("users", "add", "taro", OWN, "--role", "operator"), 3, "operator cannot be used (the role)"),
        (("users", "add", "taro", "9911000099", "--role", "clerk"), 2, "does not have 9911000099"),
        (("users", "add", "taro", OWN, "--role", "clerk", "--body", "2-13"), 3, "no review body here"),
        (("mandates", "end", OWN, OTHER), 2, "no mandate lets 9911000015 act for 9911000023"),
        (("mandates", "grant", OWN, OWN), 2, "9911000015 cannot act for 9911000015"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told(admin: Run, args: tuple[str, ...], status: int, words: str) -> None:
    """With what to do, and a status to rely on."""
    said = admin(*args)
    assert status == said.status
    assert words in said.err
    assert "hint" in said.err


def test_a_taken_id_is_told_in_japanese_too(admin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No word of the program's own tongue stands in it."""
    admin("users", "add", "hanako", OWN, "--role", "clerk")
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    assert "利用者ID hanako は" in admin("users", "add", "hanako", OWN, "--role", "clerk").err
    refused = admin("users", "add", "taro", OWN, "--role", "clerk", "--password-stdin", stdin=b"password1234")
    assert "よく使われるものです" in refused.err
    assert "担当者" in admin("users", "list").out


def test_mandates_are_granted_listed_and_ended(admin: Run) -> None:
    """The ended ones stay in the list."""
    assert "there is no mandate" in admin("mandates", "list").out
    assert f"{OWN} acts for {OTHER}" in admin("mandates", "grant", OWN, OTHER).out
    granted = admin("mandates", "grant", OWN, OTHER, "--json").json
    assert [granted] == admin("mandates", "list", "--json", "--party", OTHER).json["items"]
    assert "no longer acts" in admin("mandates", "end", OWN, OTHER).out
    assert f"{OWN} for {OTHER} from " in admin("mandates", "list").out


def test_a_known_password_of_a_large_list_is_refused(admin: Run, home: Path) -> None:
    """The file lies in the home under its name."""
    import hashlib

    digest = hashlib.sha1(GIVEN.encode()).hexdigest().upper()
    (home / "known_passwords.txt").write_text(f"{digest}:7\n", "ascii")
    refused = admin("users", "add", "taro", OWN, "--role", "clerk", "--password-stdin", stdin=GIVEN.encode())
    assert refused.status == 2
    assert "it is a common one" in refused.err


def test_a_server_at_work_does_not_matter(admin: Run, home: Path) -> None:
    """The home's lock is another's; users are added all the same."""
    with find_home(home).lock():
        assert admin("users", "add", "hanako", OWN, "--role", "clerk").status == 0


def test_bugs_and_errors_with_json_hold_no_password(admin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the program breaks right where it has the password in its hands, and a traceback is asked for."""
    from seikyu.adapters.vault import Argon2Vault

    def broken(self: Any, password: str) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(Argon2Vault, "hashed", broken)
    said = admin("users", "add", "hanako", OWN, "--role", "clerk", "--json", "--password-stdin", stdin=GIVEN.encode())
    assert said.status == 3
    assert json.loads(said.out)["error"]["code"] == "bug"
