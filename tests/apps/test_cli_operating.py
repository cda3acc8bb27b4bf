"""The operator's desk on the command line: what it shows, and two people who undo and grant at one terminal."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from test_cli_orders import Bench

from builders import INSTITUTION_ID, claim, uke
from seikyu.adapters.home import open_home
from seikyu.adapters.vault import Argon2Vault
from seikyu.apps import people
from seikyu.apps.wiring import init_home, office_at, open_office
from seikyu.ports.store import Sending
from seikyu.services import decide, undo
from seikyu.services.check import check_sending
from seikyu.services.receive import Terms, receive
from services.office_lab import institution, register, whole


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a sandbox with hanako, who works, and taro, who approves."""
    monkeypatch.setattr(people, "Argon2Vault", partial(Argon2Vault, memory_kib=8, passes=1, lanes=1))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    made = Bench(init_home(tmp_path / "home", settings={"office.calendar": "sandbox"}), capsys, monkeypatch)
    made.fill()
    with office_at(made.home) as office:
        register(office)
    return made


def confirmed(bench: Bench) -> Sending:
    """Return a confirmed sending."""
    office = open_office(open_home(bench.home.root))
    body = whole(uke(claim(1), claim(2, insurer="06990015")))
    answer = asyncio.run(receive(office, identity=institution(), terms=Terms(), body=body))
    check_sending(office, answer.sending.id)
    return decide.confirm(office, institution(), answer.sending.id, "with")


def as_somebody(bench: Bench, name: str, *args: str) -> Any:
    """Run a command as a user who logs in at the terminal."""
    said = bench.run(*args, "--user", name, "--password-stdin", "--json", stdin=bench.typed(name))
    return said.json if said.status == 0 else said


def test_two_people_undo_at_the_terminal(bench: Bench) -> None:
    """Ordered by one, who cannot approve; approved by the other; the lists say so."""
    sending = confirmed(bench)
    order = as_somebody(bench, "hanako", "admin", "undo", "order", sending.id, "--reason", "枚数の誤り")
    assert order["state"] == "waiting"
    alone = as_somebody(bench, "hanako", "admin", "undo", "approve", order["id"])
    assert alone.status != 0

    done = as_somebody(bench, "taro", "admin", "undo", "approve", order["id"])

    assert done["state"] == "approved"
    assert "undone" in bench.run("admin", "undo", "list").out
    timeline = bench.run("admin", "timeline", sending.id)
    assert "undone" in timeline.out
    assert "06990015" not in timeline.out
    assert sending.party in bench.run("admin", "sendings", "--state", "undone", "--prefecture", INSTITUTION_ID[:2]).out
    assert "sendings" in bench.run("admin", "overview").out


def test_a_wish_is_turned_down_at_the_terminal(bench: Bench) -> None:
    """With an answer for the institution."""
    sending = confirmed(bench)
    with office_at(open_home(bench.home.root)) as office:
        wish = undo.ask_undo(office, institution(), sending.id, "枚数の誤り")

    denied = as_somebody(bench, "hanako", "admin", "undo", "deny", wish.id, "--answer", "返戻で扱う")

    assert (denied["state"], denied["answer"]) == ("denied", "返戻で扱う")


def test_a_grant_is_asked_for_given_and_ended_at_the_terminal(bench: Bench) -> None:
    """By two people; the list names it, and nothing of the claim."""
    sending = confirmed(bench)
    asked = ("admin", "grants", "ask", sending.id, "--claim", "1-2", "--reason", "照会のため", "--hours", "2")
    grant = as_somebody(bench, "hanako", *asked)
    assert grant["state"] == "waiting"

    given = as_somebody(bench, "taro", "admin", "grants", "give", grant["id"])
    assert given["state"] == "given"
    assert "given" in bench.run("admin", "grants", "list").out
    assert as_somebody(bench, "hanako", "admin", "grants", "end", grant["id"])["state"] == "ended"


def test_a_sandbox_has_no_deadline_to_extend(bench: Bench) -> None:
    """The command says what is wrong, and nothing changes."""
    asked = ("admin", "extend", "202609", "2026-09-11T12:00:00+09:00", "--reason", "障害のため")
    assert as_somebody(bench, "hanako", *asked).status != 0
    assert "Traceback" not in bench.run("admin", "extend", "202609", "soon", "--reason", "障害").err
