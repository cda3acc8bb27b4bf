"""`seikyu cert`: what the commands of a terminal's own certificate print, and what they say when it cannot be."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps_client.certificate_lab import by_hand, machine, open_notice, revoke
from seikyu.apps import client
from seikyu.apps.cli import run
from seikyu.apps.client.certificates import held
from seikyu.apps.generator import world
from seikyu.apps.wiring import find_home
from seikyu.services.applications import Opened

Said = tuple[int, str, str]

#: Nobody else of this office asks for anything in its name.
PARTY = world().institutions[3].id


@pytest.fixture
def public(home: Path) -> str:
    """Return the address of the public face."""
    return f"https://localhost:{find_home(home).settings().public.port}"


@pytest.fixture
def types(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Type a command at a machine that has an empty folder; return its status and what it said."""
    monkeypatch.setenv("SEIKYU_LANG", "en")

    def typed(*words: str, stdin: str = "", at: Path | None = None) -> Said:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = run([*words, "--home", str(at or tmp_path / "pc")])
        said = capsys.readouterr()
        return status, said.out, said.err

    return typed


@pytest.fixture
def notice(home: Path, request: pytest.FixtureRequest) -> Opened:
    """Return the notice of a terminal."""
    return open_notice(home, request.node.name[-30:], party=PARTY)


def test_the_life_of_a_terminal_in_commands(
    home: Path, public: str, types: Callable[..., Said], notice: Opened, tmp_path: Path
) -> None:
    """Enrolled from a file, looked at, renewed when it is due and when it is not, lost; each in words and as JSON."""
    whence = ("--office", public, "--ca", str(home / "ca" / "root.pem"))
    codes = tmp_path / "codes"
    codes.write_text(f"{notice.reference}\n {notice.pin.lower()} \n")
    status, out, _ = types("cert", "enrol", *whence, "--codes", str(codes))
    name = notice.notice.terminal
    assert (status, out.startswith(f"terminal {name} of {PARTY} has its certificate, good until ")) == (0, True)

    folder = client.open_client(tmp_path / "pc", None)
    own = held(folder)
    status, out, err = types("cert", "status")
    assert (status, err) == (0, "")
    assert f"terminal {name} of {PARTY}: until " in out
    assert f"good; serial {own.serial}" in out
    assert "the office says: good, " in out
    told = json.loads(types("cert", "status", "--json")[1])
    assert (told["serial"], told["state"], told["office"]["serial"]) == (own.serial, "good", own.serial)
    assert abs(told["clock_off_s"]) < 60

    status, out, _ = types("cert", "renew", "--if-due")
    assert (status, out.startswith("not due: ")) == (0, True)
    told = json.loads(types("cert", "renew", "--if-due", "--json")[1])
    assert (told["renewed"], told["serial"]) == (False, own.serial)
    told = json.loads(types("cert", "renew", "--json")[1])
    assert (told["renewed"], told["serial"]) == (True, held(folder).serial)
    assert types("cert", "renew")[1].startswith("renewed; the new certificate is good until ")
    assert types("cert", "waiting")[1] == "no machine waits\n"
    assert json.loads(types("cert", "waiting", "--json")[1]) == {"items": []}

    typed = f"{notice.reference}\n{notice.recovery}\n"
    status, out, _ = types("cert", "report-lost", stdin=typed)
    assert (status, out) == (0, "certificates revoked: 3\n")
    assert types("cert", "report-lost", stdin=typed)[1] == "there was nothing left to revoke\n"
    assert json.loads(types("cert", "report-lost", "--json", stdin=typed)[1]) == {"revoked": []}
    status, out, err = types("cert", "status")
    assert (status, "the office could not be asked: " in err, "revoked" in err) == (0, True, True)
    told = json.loads(types("cert", "recover", "--json", stdin=typed)[1])
    assert told["folder"] == str(folder.path)
    assert types("status")[0] == 0


def test_a_code_in_the_environment_is_taken(
    home: Path, public: str, types: Callable[..., Said], notice: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And shows nowhere; a wrong one is told in the office's words."""
    monkeypatch.setenv("SEIKYU_REFERENCE", notice.reference)
    monkeypatch.setenv("SEIKYU_PIN", notice.pin)
    monkeypatch.setenv("SEIKYU_RECOVERY", notice.recovery)
    whence = ("--office", public, "--ca", str(home / "ca" / "root.pem"))
    status, out, err = types("cert", "recover", *whence, "--json", "--as", "pc-7")
    assert status == 0, err
    assert json.loads(out)["folder"].endswith("/clients/pc-7")
    for secret in (notice.reference, notice.pin, notice.recovery):
        assert secret not in out + err
    monkeypatch.setenv("SEIKYU_PIN", open_notice(home, "another").pin)
    status, out, _ = types("cert", "enrol", *whence, "--json")
    assert (status, json.loads(out)["error"]["code"]) == (2, "code_refused")


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("enrol",), "", "code_mistyped"),
        (("enrol",), "x\ny\n", "code_mistyped"),
        (("enrol", "--codes", "/nowhere"), "", "file_unreadable"),
        (("approve", "1234"), "", "code_mistyped"),
        (("renew",), "", "no_clients"),
        (("status",), "", "no_clients"),
        (("recover", "--pair", "--terminal", "x"), "", "usage"),
        (("recover", "--pair", "--party", "9911000015"), "", "usage"),
        (("recover", "--pair", "--party", "9911000015", "--terminal", "x"), "", "office_not_named"),
    ],
)
def test_what_cannot_be_is_said(types: Callable[..., Said], words: tuple[str, ...], stdin: str, code: str) -> None:
    """Before anything is sent, with a status for programs."""
    status, out, err = types("cert", *words, "--json", stdin=stdin)
    assert (status, json.loads(out)["error"]["code"]) == (3, code)
    assert "hint: " in err


def test_nobody_is_trusted_unsaid(public: str, types: Callable[..., Said], notice: Opened) -> None:
    """Neither the first answer nor a wrong fingerprint; nothing is kept."""
    typed = f"{notice.reference}\n{notice.pin}\n"
    status, out, _ = types("cert", "enrol", "--office", public, "--json", stdin=typed)
    assert (status, json.loads(out)["error"]["code"]) == (3, "office_not_trusted")
    wrong = ("--ca-sha256", "0" * 64)
    status, out, _ = types("cert", "enrol", "--office", public, *wrong, "--json", stdin=typed)
    assert (status, json.loads(out)["error"]["code"]) == (2, "office_is_another")


def test_a_pairing_is_shown_and_over_when_nobody_approves(
    home: Path, public: str, types: Callable[..., Said], notice: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code, who should type what, and the key; at its end the reason, and the next try shows a new code."""
    from seikyu.apps.client import certificates
    from seikyu.apps.client.errors import OfficeSaid
    from seikyu.apps.words import error_words

    def over(*_: Any) -> bytes:
        raise OfficeSaid("pairing_over", status=410, words=error_words("pairing_over"), facts={})

    monkeypatch.setattr(certificates, "wait_to_pair", over)
    whence = ("--office", public, "--ca", str(home / "ca" / "root.pem"))
    pair = ("recover", "--pair", "--party", PARTY, "--terminal", notice.notice.terminal)
    status, out, err = types("cert", *pair, *whence, "--json")
    assert (status, json.loads(out)["error"]["code"]) == (2, "pairing_over")
    shown = err.splitlines()
    assert shown[0].startswith("seikyu: note: pairing code ")
    assert f"`seikyu cert approve {shown[0].split()[4].rstrip(',')}`" in shown[1]
    assert "fingerprint of the key " in shown[2]


def test_an_expired_certificate_is_told_with_the_way_back(
    home: Path, types: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office's TLS refuses it; the hint names the command for the recovery code."""
    by_hand(home, "期限切れ", now=datetime.now(UTC) - timedelta(days=1300), name="expired")
    status, _, err = types("status", "--as", "expired", at=home)
    assert status == 2
    assert "the client certificate of this terminal has expired" in err
    assert "seikyu cert recover" in err
    status, out, _ = types("cert", "status", "--as", "expired", at=home)
    assert "over by this machine's clock" in out
    assert status == 0


def test_a_revoked_certificate_is_told_with_the_way_back(
    home: Path, public: str, types: Callable[..., Said], notice: Opened, tmp_path: Path
) -> None:
    """Replaced or reported lost: the hint names the command as well."""
    folder = machine(tmp_path / "pc", home, public).by_code(reference=notice.reference, code=notice.pin)
    revoke(home, held(folder).serial)
    status, _, err = types("cert", "renew")
    assert status == 2
    assert "seikyu cert recover" in err


@pytest.mark.slow
@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_is_told(home: Path, public: str, notice: Opened, tmp_path: Path, days: int) -> None:
    """Behind, an office whose certificate is new is not believed yet, and the clock is named; ahead, all works."""
    faketime = shutil.which("faketime")
    if faketime is None:
        assert "CI" not in os.environ, "faketime is not installed"
        pytest.skip("faketime is not installed")
    folder = machine(tmp_path / "pc", home, public).by_code(reference=notice.reference, code=notice.pin)

    def types(*words: str) -> subprocess.CompletedProcess[str]:
        command = [faketime, "-f", f"{days:+}d", sys.executable, "-m", "seikyu.apps.cli", *words]
        environment = {**os.environ, "SEIKYU_LANG": "en", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return subprocess.run(
            [*command, "--home", str(tmp_path / "pc")], capture_output=True, text=True, env=environment, check=False,
            timeout=120,
        )  # fmt: skip

    before = held(folder).serial
    seen, status, renewed = types("cert", "status"), types("status"), types("cert", "renew")
    if days < 0:
        assert "not valid yet by this machine's clock" in seen.stdout
        assert "the server's certificate is not valid yet" in renewed.stderr
        assert "see whether this machine's date and time lag behind" in renewed.stderr
        assert (renewed.returncode, held(folder).serial) == (3, before)
    else:
        assert "this machine's clock is about 1440 minutes fast" in seen.stderr
        assert renewed.returncode == 0, renewed.stderr
        assert held(folder).serial != before
    with client.Line(client.open_client(tmp_path / "pc", None), tries=1) as line:
        assert line.get("/certificates/own")["state"] == "good"
    assert status.returncode == (3 if days < 0 else 0)
