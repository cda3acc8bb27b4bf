"""A vendor's programs as the documentation shows them, against a served office; and the client that they are made of."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps import cli
from seikyu.apps.generator import world
from seikyu.client import BadSignature, Client, OfficeSaid, verify_webhook, words_of
from seikyu.trust.webhooks import signature, written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "follow-a-sending.md"
SECRET = bytes(range(32))

Makes = Callable[..., Path]
PLACE = 3
CLINIC = world().institutions[PLACE].id


def program(name: str) -> str:
    """Return a program of the page."""
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def client_id(home: Path, party: str) -> str:
    """Return the name of the party's client folder."""
    return next(path.parent.name for path in (home / "clients").glob("*/client.toml") if party in path.read_text())


def test_the_nightly_test_of_the_page_runs(home: Path, file: Makes, tmp_path: Path) -> None:
    """Good and bad files are told as the office finds them; a second night knows them."""
    script = tmp_path / "nightly.py"
    script.write_text(program("nightly"), "utf-8")
    good, bad = file(5, place=PLACE), file(6, place=PLACE, faults=("name",))
    world_of = {**os.environ, "SEIKYU_HOME": str(home), "SEIKYU_LANG": "en"}
    command = [sys.executable, str(script), client_id(home, CLINIC), str(good), str(bad)]

    done = subprocess.run(command, env=world_of, capture_output=True, text=True, timeout=120, check=False)

    assert "RECEIPTC.UKE: to_decide, 5 claims, 0 refused" in done.stdout, done.stdout + done.stderr
    assert "L3001" in done.stdout
    assert done.returncode == 2
    wrong = subprocess.run(
        [*command[:2], "nobody", str(good)], env=world_of, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1
    assert "nobody" in wrong.stderr


def test_the_receiver_of_the_page_takes_what_is_signed(capsys: pytest.CaptureFixture[str]) -> None:
    """Once, however often it comes; anything else is refused."""
    room: dict[str, Any] = {}
    exec(program("receiver"), room)
    body, stamp = (
        b'{"type":"sending.checked","data":{"subject":"s1","facts":{"claims":3}}}',
        int(datetime.now(UTC).timestamp()),
    )
    headers = {"webhook-id": "e1", "webhook-timestamp": str(stamp)}
    headers["webhook-signature"] = signature([SECRET], "e1", stamp, body)
    seen: set[str] = set()

    assert [room["receive"](written(SECRET), headers, body, seen) for _ in range(2)] == [204, 204]
    assert capsys.readouterr().out == "sending.checked s1 {'claims': 3}\n"
    assert room["receive"](written(b"x" * 32), headers, body, seen) == 401
    verify_webhook(written(SECRET), {name.title(): value for name, value in headers.items()}, body)
    with pytest.raises(BadSignature) as refused:
        verify_webhook(written(SECRET), {}, body)
    assert "signature" in words_of(refused.value, "en").title
    assert "署名" in words_of(refused.value, "ja").title


def test_one_client_does_all_that_the_commands_do(home: Path, file: Makes, tmp_path: Path) -> None:
    """Send, look, decide, follow, and webhooks; errors say the same in both languages."""
    path = file(4, place=PLACE)
    with Client.open(client_id(home, CLINIC), home=home) as office:
        place = office.events_page(after="now")["next"]
        sent = office.send(path, test=True)
        assert office.wait_for_check(sent)["state"] == "to_decide"
        assert office.send(path, test=True)["repeat"]
        assert [each["claim_index"] for each in office.claims(sent["id"])] == [0, 1, 2, 3]
        assert sent["id"] in [each["id"] for each in office.sendings(line="test")]
        items = office.lists(sent["id"])
        (first,) = office.take_list(sent["id"], next(each for each in items if each["available"]), to=tmp_path)
        assert Path(first.path).stat().st_size
        office.confirm(sent["id"], errors="without")
        with pytest.raises(OfficeSaid) as said:
            office.cancel(sent["id"])
        assert said.value.words_code == "already_decided"
        assert words_of(said.value, "ja").title != words_of(said.value, "en").title
        told = []
        for event in office.events(after=place):
            told.append(event["type"])
            if event["type"] == "sending.confirmed":
                break
        assert told == ["sending.recorded", "sending.checked", "sending.confirmed"]

        made = office.add_webhook("https://vendor.example.com/hook", types=["sending.checked"], key="k")
        assert office.add_webhook("https://vendor.example.com/hook", types=["sending.checked"], key="k")["repeat"]
        assert made["secret"] != office.rotate_webhook(made["id"])["secret"]
        assert office.pause_webhook(made["id"])["state"] == office.webhook(made["id"])["state"] == "paused"
        assert office.resume_webhook(made["id"], from_now=True)["state"] == "active"
        assert [each["id"] for each in office.webhooks()] == [made["id"]]
        office.remove_webhook(made["id"])
        assert office.webhooks() == []


def test_the_commands_follow_and_keep_webhooks(home: Path, file: Makes, capsys: pytest.CaptureFixture[str]) -> None:
    """`seikyu events` and `seikyu webhooks …`, for people and for programs."""
    who = ["--as", client_id(home, CLINIC), "--home", str(home)]

    def run(*args: str) -> str:
        assert cli.run([*args, *who]) == 0, capsys.readouterr()
        return capsys.readouterr().out

    run("send", str(file(2, place=PLACE)), "--test")
    assert "sending.checked" in run("events")
    assert '"cursor"' in run("events", "--types", "sending.recorded", "--json")
    assert run("webhooks", "list")
    added = run("webhooks", "add", "https://vendor.example.com/hook", "--type", "sending.checked")
    assert "whsec_" in added
    hook = run("webhooks", "list").split()[0]
    for act in ("show", "rotate", "pause", "resume"):
        assert hook in run("webhooks", act, hook)
    assert '"attempts"' in run("webhooks", "show", hook, "--json")
    assert hook in run("webhooks", "remove", hook)
    assert cli.run(["webhooks", "add", "http://vendor.example.com/", *who]) == 3
    assert "TLS" in capsys.readouterr().err
