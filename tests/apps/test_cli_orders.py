"""Revoking many on the command line: who orders, who approves, how both log in, and what is shown and kept."""

import base64
import io
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography import x509
from test_cli_ca import Said

from seikyu.adapters.home import Home, open_home
from seikyu.adapters.vault import Argon2Vault
from seikyu.adapters.x509_ca import create_ca
from seikyu.apps import people
from seikyu.apps.cli import run
from seikyu.apps.cli_person import CONSOLE as TERMINAL
from seikyu.apps.people import keeping_at
from seikyu.apps.revoking import by_user
from seikyu.apps.wiring import init_home
from seikyu.ports.register import Certificate, Party
from seikyu.services import credentials
from seikyu.services import login as logins
from seikyu.services.login import Typed
from seikyu.services.people import CONSOLE, Newcomer, add_user, reset_user
from seikyu.trust.people import Actor
from seikyu.trust.totp import STEP_S, code_at

NOW = datetime.now(UTC)
PARTY = "9911000015"
#: What is taken; both have a marker that nothing else has.
FIRST, SECOND = "鷺沼 rutabaga stew", "鷺沼 turnip pie"


@dataclass
class Bench:
    """An office with forty certificates, an operator and an approver, and the command."""

    home: Home
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    secrets: dict[str, bytes] = field(default_factory=dict)

    serials = tuple(f"{0xABC000 + no:x}" for no in range(40))

    def fill(self) -> None:
        """Make authority, parties and certificates; hanako works, taro approves."""
        create_ca(self.home, organisation="見本", now=NOW)
        with keeping_at(self.home) as at, at.people.store.write() as tx:
            for party, kind in ((PARTY, "institution"), ("operator", "operator")):
                tx.put_party(Party(party, kind, "見本", NOW - timedelta(days=9)))
            for no, serial in enumerate(self.serials):
                tx.put_certificate(Certificate(serial, PARTY, f"pc-{no}", NOW, NOW + timedelta(days=9)))
        self.person("hanako", "operator")
        self.person("taro", "approver")

    def person(self, name: str, role: str) -> None:
        """Add somebody who has a second factor."""
        with keeping_at(self.home) as at:
            add_user(at.people, CONSOLE, Newcomer("1", name, "operator", role), password=FIRST)
            token = logins.login(at.people, TERMINAL, Typed("1", name, FIRST)).token
            credentials.change_password(at.people, TERMINAL, token, old=FIRST, new=SECOND)
            token = logins.login(at.people, TERMINAL, Typed("1", name, SECOND)).token
            letters = credentials.begin_second_factor(at.people, TERMINAL, token).letters
            self.secrets[name] = base64.b32decode(letters.replace(" ", ""))
            credentials.confirm_second_factor(at.people, TERMINAL, token, new_code=self.code(name))

    def code(self, name: str) -> str:
        """Return the present code, as if the last one had been used long ago."""
        with keeping_at(self.home) as at, at.people.store.write() as tx:
            user = tx.user_by_name("1", name)
            assert user is not None
            tx.put_user(replace(user, last_step=None))
        return code_at(self.secrets[name], int(time.time()) // STEP_S)

    def typed(self, name: str, password: str = SECOND) -> bytes:
        """Return what they type."""
        return f"{password}\n{self.code(name)}\n".encode()

    def run(self, *args: str, stdin: bytes = b"") -> Said:
        """Run; every output is looked through for what must never be shown."""
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run(list(args))
        said = self.capsys.readouterr()
        assert not re.search("鷺|argon2|Traceback", said.out + said.err)
        return Said(status, said.out, said.err)

    def order(self, many: int = 11, *more: str) -> Any:
        """Order to revoke the first ones, as hanako."""
        args = ("ca", "revoke", *self.serials[:many], "--user", "hanako", "--password-stdin", "--json", *more)
        return self.run(*args, stdin=self.typed("hanako")).json["order"]

    def decide(self, act: str, order: str, name: str = "taro", *more: str, **typed: Any) -> Said:
        """Decide an order."""
        args = ("admin", "orders", act, order, "--user", name, "--password-stdin", *more)
        return self.run(*args, stdin=self.typed(name, **typed))

    def revoked(self) -> set[str]:
        """Return who stands on the list."""
        path = self.home.ca / "crl.pem"
        crl = x509.load_pem_x509_crl(path.read_bytes()) if path.exists() else ()
        return {f"{each.serial_number:x}" for each in crl}

    def journal(self) -> list[tuple[str, str, str]]:
        """Return who did what to which, without the logins."""
        with keeping_at(self.home) as at, at.people.store.read() as tx:
            return [(one.user, one.act, one.subject) for one in tx.entries() if "revo" in one.act]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """Return a home that is filled, to be copied, and the secrets of its people."""
    root = tmp_path_factory.mktemp("filled") / "home"
    with pytest.MonkeyPatch.context() as patched:
        # What guards real passwords takes a tenth of a second each time on purpose.
        patched.setattr(people, "Argon2Vault", partial(Argon2Vault, memory_kib=8, passes=1, lanes=1))
        made = Bench(init_home(root), None, patched)  # type: ignore[arg-type]
        made.fill()
        yield root, made.secrets


@pytest.fixture
def bench(
    tmp_path: Path,
    filled: tuple[Path, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    """Return a bench with hanako, who works, and taro, who approves."""
    root, secrets = filled
    shutil.copytree(root, tmp_path / "home")
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    return Bench(open_home(tmp_path / "home"), capsys, monkeypatch, dict(secrets))


def test_ten_are_revoked_without_a_name(bench: Bench) -> None:
    """As one always was; the list has them when the command has returned, and the journal says the console did it."""
    said = bench.run("ca", "revoke", *bench.serials[:10], "--reason", "keyCompromise")
    assert (0, 10) == (said.status, said.out.count("revoked abc"))
    assert {*bench.serials[:10]} == bench.revoked()
    assert [("(console)", "revoke", serial) for serial in bench.serials[:10]] == bench.journal()
    again = bench.run("ca", "revoke", *bench.serials[:10], "--json").json
    assert (0, 10, None) == (again["revoked"], again["already"], again["order"])


def test_eleven_need_two_people(bench: Bench) -> None:
    """One orders, the other approves; both have typed password and code, and the list has them then."""
    order = bench.order()
    assert ("waiting", 11, "user:1/hanako", set()) == (
        order["state"], order["certificates"], order["ordered_by"], bench.revoked(),
    )  # fmt: skip
    shown = bench.run("admin", "orders", "show", order["id"], "--json").json
    assert [*bench.serials[:11]] == shown["serials"]
    assert "waiting  11 certificates" in bench.run("admin", "orders", "list").out

    approved = bench.decide("approve", order["id"])

    assert (0, True) == (approved.status, "approved  11 certificates" in approved.out)
    assert {*bench.serials[:11]} == bench.revoked()
    assert [("hanako", "order_revocation", order["id"]), ("taro", "approve_revocation", order["id"])] == bench.journal()
    with keeping_at(bench.home) as at, at.people.store.read() as tx:
        assert [] == [session for user in tx.users() for session in tx.sessions(user.id) if session.serial != "x"][2:]


def test_whom_the_first_made_is_no_second_person(bench: Bench) -> None:
    """Nor whom somebody made whom the first made; a reset of everything by somebody else makes them one again."""
    hanako = Actor("hanako", "operator", "1", "operator")
    with keeping_at(bench.home) as at:
        add_user(at.people, hanako, Newcomer("1", "jiro", "operator", "operator"), password=FIRST)
        reset_user(at.people, replace(hanako, user="jiro"), "1", name="taro", password=FIRST)
        with at.people.store.write() as tx:
            taro = tx.user_by_name("1", "taro")
            assert taro is not None
            tx.put_user(replace(taro, initial=False))
    order = bench.order()
    said = bench.decide("approve", order["id"], "taro", password=FIRST)
    assert (2, True) == (said.status, "by the one who ordered" in said.err)
    assert not bench.revoked()
    with keeping_at(bench.home) as at:
        reset_user(at.people, CONSOLE, "1", name="taro", password=FIRST, second_factor=True)
        with at.people.store.read() as tx:
            person = by_user(tx, Actor("taro", "operator", "1", "approver")).person
        assert person is not None
        assert person.made_by == {"user:1/(console)"}


def test_eleven_without_a_name_are_refused_with_the_way_to_do_it(bench: Bench) -> None:
    """Nothing is revoked and nothing ordered."""
    said = bench.run("ca", "revoke", *bench.serials[:11])
    assert (3, True) == (said.status, "--user" in said.err)
    assert (set(), []) == (bench.revoked(), bench.journal())


def test_whoever_ordered_does_not_approve(bench: Bench) -> None:
    """An operator has not the power; and as an approver they are still the same person."""
    order = bench.order()
    said = bench.decide("approve", order["id"], "hanako")
    assert (2, True) == (said.status, "approve what" in said.err)
    bench.run("admin", "users", "role", "hanako", "approver")
    said = bench.decide("approve", order["id"], "hanako")
    assert (2, True) == (said.status, "whoever ordered it does not approve it" in said.err)
    assert bench.revoked() == set()


def test_who_was_made_after_the_order_does_not_approve(bench: Bench) -> None:
    """Nor one who was there and was given a new password since: whoever orders could be both."""
    order = bench.order()
    bench.person("jiro", "approver")
    said = bench.decide("approve", order["id"], "jiro")
    assert (2, True) == (said.status, "after the order" in said.err)
    bench.run("admin", "users", "reset", "taro", "--password-stdin", stdin=f"{FIRST} too\n".encode())
    with keeping_at(bench.home) as at:
        token = logins.login(at.people, TERMINAL, Typed("1", "taro", f"{FIRST} too", bench.code("taro"))).token
        credentials.change_password(at.people, TERMINAL, token, old=f"{FIRST} too", new=SECOND)
    said = bench.decide("approve", order["id"])
    assert (2, True) == (said.status, "after the order" in said.err)
    assert bench.revoked() == set()


@pytest.mark.parametrize("wrong", ["password", "code", "nobody"])
def test_who_cannot_log_in_orders_and_approves_nothing(bench: Bench, wrong: str) -> None:
    """A wrong password, a code that was used before, and a name that nobody has look alike."""
    order = bench.order()
    if wrong == "password":
        said = bench.decide("approve", order["id"], password="鷺沼 another pie")
    elif wrong == "code":
        typed = bench.typed("taro")
        assert bench.run("admin", "orders", "deny", "x", "--user", "taro", "--password-stdin", stdin=typed).status == 2
        args = ("admin", "orders", "approve", order["id"], "--user", "taro", "--password-stdin")
        said = bench.run(*args, stdin=typed)
    else:
        args = ("admin", "orders", "approve", order["id"], "--user", "nobody", "--password-stdin")
        said = bench.run(*args, stdin=bench.typed("taro"))
    assert (2, "waiting") == (said.status, bench.run("admin", "orders", "show", order["id"], "--json").json["state"])
    assert "login" in said.err or "do not fit" in said.err
    assert bench.revoked() == set()


def test_who_has_no_second_factor_yet_does_nothing(bench: Bench) -> None:
    """Their first login comes first; the command for it is told by the help."""
    with keeping_at(bench.home) as at:
        add_user(at.people, CONSOLE, Newcomer("1", "jiro", "operator", "operator"), password=FIRST)
    args = ("ca", "revoke", *bench.serials[:11], "--user", "jiro", "--password-stdin")
    said = bench.run(*args, stdin=f"{FIRST}\n\n".encode())
    assert (2, [], set()) == (said.status, bench.journal(), bench.revoked())


def test_an_order_is_turned_down(bench: Bench) -> None:
    """And is decided for good."""
    order = bench.order()
    assert "denied" in bench.decide("deny", order["id"]).out
    late = bench.decide("approve", order["id"], "taro", "--json")
    assert (2, "order_decided", "denied") == (late.status, late.json["error"]["code"], late.json["error"]["state"])
    assert bench.revoked() == set()


def test_a_list_in_a_file_is_ordered(bench: Bench, tmp_path: Path) -> None:
    """By its column; a line that is no serial stops all of it and is named."""
    file = tmp_path / "lost.csv"
    file.write_text("端末,serial\n" + "".join(f"pc,{serial.upper()}\n" for serial in bench.serials[:12]), "utf-8-sig")
    args = ("ca", "revoke", "--list", str(file), "--user", "hanako", "--password-stdin", "--json")
    assert bench.run(*args, stdin=bench.typed("hanako")).json["order"]["certificates"] == 12
    file.write_text("serial\nabc001\nnot one\n")
    said = bench.run("ca", "revoke", "--list", str(file))
    assert (3, True) == (said.status, "line 3" in said.err)
    for odd in ("", '"abc001', "serial\n"):
        file.write_text(odd)
        assert bench.run("ca", "revoke", "--list", str(file)).status == 3
    assert bench.revoked() == set()


def test_a_list_that_is_too_long_is_not_read(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at first."""
    monkeypatch.setattr("seikyu.limits._NUMBERS", {"serial_list_bytes": 8})
    file = tmp_path / "lost.csv"
    file.write_text("abc001\nabc002\n")
    assert bench.run("ca", "revoke", "--list", str(file)).status == 2


def test_a_party_is_revoked(bench: Bench) -> None:
    """All forty by an order; a party without any has nothing to revoke."""
    args = ("ca", "revoke", "--party", PARTY, "--user", "hanako", "--password-stdin")
    said = bench.run(*args, stdin=bench.typed("hanako"))
    assert (0, True) == (said.status, "ordered to revoke 40" in said.out)
    assert "nothing to revoke" in bench.run("ca", "revoke", "--party", "operator").out


@pytest.mark.parametrize("args", [(), ("abc001", "--party", PARTY), ("--party", PARTY, "--list", __file__)])
def test_one_way_to_name_them_is_asked_for(bench: Bench, args: tuple[str, ...]) -> None:
    """None or two are a wrong usage."""
    assert bench.run("ca", "revoke", *args).status == 3
    assert bench.revoked() == set()


def test_certificates_and_parties_are_looked_for(bench: Bench) -> None:
    """By what is typed, by state and end; as many as asked for."""
    bench.run("ca", "revoke", "abc001")
    assert ["abc001"] == [
        row["serial"] for row in bench.run("ca", "list", "--state", "revoked", "--json").json["items"]
    ]
    assert 40 == len(bench.run("ca", "list", "見本", "--json").json["items"])
    assert 40 == len(bench.run("ca", "list", PARTY[:6], "--json").json["items"])
    assert 3 == len(bench.run("ca", "list", "--limit", "3", "--json").json["items"])
    assert 39 == len(bench.run("ca", "list", "--expires-within", "10", "--json").json["items"])
    assert 11 == len(bench.run("ca", "list", "--terminal", "pc-3", "--json").json["items"])
    assert bench.run("ca", "list", "--state", "lost").status == 3
    assert f"institution  {PARTY} 見本" in bench.run("admin", "party", "list", "見").out
    assert [PARTY] == [
        row["id"] for row in bench.run("admin", "party", "list", "--kind", "institution", "--json").json["items"]
    ]
    assert 1 == len(bench.run("admin", "party", "list", "--limit", "1", "--json").json["items"])
    shown = bench.run("admin", "party", "show", PARTY)
    assert ("見本" in shown.out, shown.out.count("abc0")) == (True, 40)
    assert 40 == len(bench.run("admin", "party", "show", PARTY, "--json").json["certificates"])
    assert bench.run("admin", "party", "show", "9999999999").status == 2


def test_pages_are_walked_to_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, each once."""
    monkeypatch.setattr("seikyu.apps.cli_certificates._PAGE", 7)
    monkeypatch.setattr("seikyu.apps.cli_admin_register._PAGE", 1)
    rows = bench.run("ca", "list", "--json").json["items"]
    assert (40, 40) == (len(rows), len({row["serial"] for row in rows}))
    assert 10 == len(bench.run("ca", "list", "--json", "--limit", "10").json["items"])
    assert {PARTY, "operator"} == {row["id"] for row in bench.run("admin", "party", "list", "--json").json["items"]}


def test_without_orders_the_list_says_so(bench: Bench) -> None:
    """And an order that is not there is told."""
    assert "there is no order" in bench.run("admin", "orders", "list").out
    assert [] == bench.run("admin", "orders", "list", "--json").json["items"]
    assert bench.run("admin", "orders", "show", "nowhere").status == 2


def test_the_first_login_sets_password_and_second_factor(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the terminal, where nothing that is typed is shown; afterwards they can order."""
    with keeping_at(bench.home) as at:
        add_user(at.people, CONSOLE, Newcomer("1", "jiro", "operator", "operator"), password=FIRST)
    printed: list[str] = []
    monkeypatch.setattr(typer, "echo", lambda text, **_: printed.append(text))

    def prompt(question: str, **how: Any) -> str:
        assert how["hide_input"] is True
        assert how["err"] is True
        if question.startswith("first code"):
            letters = re.findall(r"authenticator: (.+)$", printed[-1], re.MULTILINE)[0]
            bench.secrets["jiro"] = base64.b32decode(letters.replace(" ", ""))
            return bench.code("jiro")
        return {"present password": FIRST, "new password": SECOND}.get(question, "")

    monkeypatch.setattr(typer, "prompt", prompt)
    said = bench.run("admin", "users", "first-login", "jiro")
    assert (0, "jiro can log in now\n") == (said.status, said.out)

    monkeypatch.setattr(typer, "prompt", lambda question, **_: SECOND if question == "password" else bench.code("jiro"))
    said = bench.run("ca", "revoke", *bench.serials[:11], "--user", "jiro")
    assert (0, True) == (said.status, "ordered to revoke 11" in said.out)
    assert json.loads(bench.run("admin", "orders", "list", "--json").out)["items"][0]["ordered_by"] == "user:1/jiro"
