"""`seikyu admin party code`, `admin users second-factor` and `admin journal` from outside."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_cli_ca import Said

from seikyu.adapters.vault import Argon2Vault
from seikyu.apps import people as wired
from seikyu.apps.cli import run
from seikyu.apps.drawing.letter import letters_of
from seikyu.apps.people import keeping_at
from seikyu.apps.wiring import find_home, init_home
from seikyu.ports.register import Party
from seikyu.services.accounts import Posted
from seikyu.services.guessing import Stranger
from seikyu.trust.codes import read_code
from seikyu.trust.totp import STEP_S, code_at

OWN, OTHER = "9911000015", "9911000023"
GIVEN = "鷺沼 rutabaga stew"

Run = Callable[..., Said]


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return how `seikyu admin` is run in an office with two institutions, one that is over, and the operator."""
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setattr(wired, "Argon2Vault", lambda key: Argon2Vault(key, memory_kib=8, passes=1, lanes=1))
    since = datetime(2026, 4, 1, tzinfo=UTC)
    with keeping_at(init_home(tmp_path / "home")) as at, at.people.store.write() as tx:
        tx.put_party(Party(OWN, "institution", "=見本", since, address='見本県 #read("/etc/passwd") 1-2'))
        tx.put_party(Party(OTHER, "institution", "見本二", since))
        tx.put_party(Party("9911000031", "institution", "見本三", since, until=since))
        tx.put_party(Party("operator", "operator", "見本", since))

    def admin(*args: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run(["admin", *args])
        said = capsys.readouterr()
        assert not re.search("鷺|argon2|Traceback", said.out + said.err)
        return Said(status, said.out, said.err)

    return admin


def test_a_code_is_shown_once_and_opens_the_partys_account(admin: Run, tmp_path: Path) -> None:
    """The rows know it by a digest; a new one takes its place."""
    first = json.loads(admin("party", "code", OWN, "--json").out)["items"][0]
    said = admin("party", "code", OWN)
    assert said.status == 0
    code = said.out.split()[1]
    assert code != first["code"]
    with keeping_at(find_home(tmp_path / "home")) as at:
        from seikyu.services.accounts import RegistrationRefused, open_code

        assert open_code(at.people, Stranger("192.0.2.1"), party=OWN, code=code).id == OWN
        with pytest.raises(RegistrationRefused):
            open_code(at.people, Stranger("192.0.2.1"), party=OWN, code=first["code"])
    kept = (tmp_path / "home" / "office.sqlite").read_bytes()
    assert read_code("registration", code).encode() not in kept


def test_codes_for_all_without_users_are_a_list_and_letters(admin: Run, tmp_path: Path) -> None:
    """Whoever has one is left out the next time; a name is no formula; the letters are for their owner alone."""
    letters = tmp_path / "letters.pdf"
    said = admin(
        "party", "code", "--without-users", "--csv", "--letters", str(letters), "--url", "https://claims.example"
    )
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["party"] for row in rows] == [OWN, OTHER]
    assert rows[0]["name"] == "'=見本"
    assert letters.read_bytes()[:5] == b"%PDF-"
    assert letters.stat().st_mode & 0o077 == 0
    assert "no party needs a code" in admin("party", "code", "--without-users").out


@pytest.mark.parametrize(
    ("words", "status"),
    [([], 3), ([OWN, "--without-users"], 3), (["9911000099"], 2), (["9911000031"], 2), (["operator"], 2)],
)
def test_what_cannot_be_posted_replaces_no_code(admin: Run, words: list[str], status: int) -> None:
    """Nobody named, both ways at once, a party that is not in the register or has no accounts."""
    admin("party", "code", OWN)
    before = admin("journal", "--json").out
    assert admin("party", "code", *words, *([OWN] if status == 2 else [])).status == status
    assert admin("journal", "--json").out == before


def test_a_letter_that_cannot_be_written_replaces_no_code(admin: Run, tmp_path: Path) -> None:
    """The folder is looked at first."""
    assert admin("party", "code", OWN, "--letters", str(tmp_path / "no" / "letters.pdf")).status == 3
    assert "empty" in admin("journal").out


def test_a_letter_says_what_is_needed_and_no_markup_of_a_name(tmp_path: Path) -> None:
    """One page each, in either language; the same letters are the same bytes."""
    import shutil
    import subprocess

    until = datetime(2026, 12, 1, tzinfo=UTC)
    party = Party(OWN, "institution", "見本 #pagebreak() *医院*", until, address="見本県")
    posted = [Posted(party, "23456789ABCDEFGH", until), Posted(party, "HGFEDCBA98765432", until)]
    made = letters_of(posted, "https://claims.example", "ja")
    assert made == letters_of(posted, "https://claims.example", "ja")
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    file = tmp_path / "letters.pdf"
    file.write_bytes(made)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert text.count("\f") == 2
    for word in (
        "2345-6789-ABCD-EFGH",
        "HGFE-DCBA-9876-5432",
        OWN,
        "https://claims.example/account/register",
        "*医院*",
    ):
        assert word in text


def test_the_journal_tells_who_did_what(admin: Run) -> None:
    """The last lines, or those about one; in words or as JSON."""
    assert "empty" in admin("journal").out
    admin("users", "add", "hanako", OWN, "--role", "administrator")
    admin("users", "lock", "hanako")
    lines = admin("journal").out.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["added hanako", "locked hanako"]
    assert "(console) of operator" in lines[0]
    assert len(admin("journal", "--lines", "1").out.splitlines()) == 1
    told = json.loads(admin("journal", "--subject", "hanako", "--json").out)["items"]
    assert [(each["act"], each["user"], each["acts_for"]) for each in told] == [
        ("add_user", "(console)", None), ("lock_user", "(console)", None)
    ]  # fmt: skip


class Typing:
    """Somebody at the keyboard who reads what is printed."""

    def __init__(self, password: str) -> None:
        self.lines = [password]
        self.secret = b""

    def answer(self, key: str, *, from_stdin: bool, hidden: bool = False) -> str:
        """Return what is typed for that question."""
        if key.endswith("password"):
            return self.lines[0]
        return code_at(self.secret, int(datetime.now(UTC).timestamp()) // STEP_S + self.ahead)

    ahead = 0


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Return who types; what is shown is read."""
    import base64

    from seikyu.apps import cli_accounts

    person, show = Typing(GIVEN), cli_accounts._show_secret

    def shown(letters: str, uri: str, *, as_json: bool) -> None:
        person.secret = base64.b32decode(letters)
        show(letters, uri, as_json=as_json)

    monkeypatch.setattr(cli_accounts, "_asked", person.answer)
    monkeypatch.setattr(cli_accounts, "_show_secret", shown)
    return person


def test_a_code_app_is_set_at_the_console(admin: Run, typing: Typing) -> None:
    """With the user's own password; the secret is shown to its owner, and the first code puts it in force."""
    admin("users", "add", "ope", "operator", "--role", "operator", "--password-stdin", stdin=f"{GIVEN}\n".encode())
    refused = admin("users", "second-factor", "ope")
    assert refused.status == 2, "an initial password has to be changed first"
    change(GIVEN)

    said = admin("users", "second-factor", "ope")

    assert said.status == 0
    assert "type this into the app: " in said.out
    assert "is in force" in said.out
    assert json.loads(admin("users", "list", "--json").out)["items"][0]["second_factor"] is True
    typing.lines = ["not this"]
    assert admin("users", "second-factor", "ope").status == 2
    assert admin("users", "second-factor", "nobody").status == 2


def change(password: str) -> None:
    """Change the initial password of the operator's user to the same with a word more."""
    import os

    from seikyu.ports.trust import ClientIdentity
    from seikyu.services.credentials import change_password
    from seikyu.services.login import Typed, login

    identity = ClientIdentity(serial="0f", party="operator", kind="operator", terminal="pc-1")
    with keeping_at(find_home(Path(os.environ["SEIKYU_HOME"]))) as at:
        token = login(at.people, identity, Typed("1", "ope", password)).token
        change_password(at.people, identity, token, old=password, new=password + " turnip")
        token = login(at.people, identity, Typed("1", "ope", password + " turnip")).token
        change_password(at.people, identity, token, old=password + " turnip", new=password)
