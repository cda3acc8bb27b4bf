"""The server as a process: its ports, its worker, its end. And the operator's commands beside it."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.home import Face
from seikyu.apps.cli import run
from seikyu.apps.places import Ports, PortTaken, bound

SEIKYU = (sys.executable, "-m", "seikyu.apps.cli")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a sandbox with a CA and an operator."""
    monkeypatch.setenv("SEIKYU_LANG", "en")
    root = tmp_path / "home"
    monkeypatch.setenv("SEIKYU_HOME", str(root))
    assert run(["admin", "init", "--sandbox"]) == 0
    capsys.readouterr()
    return root


@pytest.fixture
def served(home: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]]:
    """Start a server on the home and return it with what it announces."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        log = (home / "err").open("ab")
        server = subprocess.Popen([*SEIKYU, "serve", "--json", *words], stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        running.append(server)
        assert server.stdout
        line = server.stdout.readline()
        assert line, (home / "err").read_text()
        return server, json.loads(line)

    yield start
    for server in running:
        if server.poll() is None:
            server.terminate()
        server.wait(15)
        assert server.stdout
        server.stdout.close()


def _said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


# --- ports


def test_a_port_that_was_taken_once_is_used_again(tmp_path: Path) -> None:
    """Port 0 takes a free one at the first start; clients find it there ever after."""
    faces = {"desk": Face("localhost", 0), "inside": Face("127.0.0.1", 0)}
    with Ports(tmp_path / "ports.json", faces) as first:
        numbers = dict(first.numbers)

    with Ports(tmp_path / "ports.json", faces) as again:
        assert again.numbers == numbers
    assert len(set(numbers.values())) == 2


def test_a_port_of_somebody_elses_is_named(tmp_path: Path) -> None:
    """Nothing is started beside it, and what was bound already is given back."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortTaken) as told:
            bound("127.0.0.1", port)
        with pytest.raises(PortTaken):
            Ports(tmp_path / "ports.json", {"desk": Face("127.0.0.1", 0), "public": Face("127.0.0.1", port)})

    assert told.value.facts == {"host": "127.0.0.1", "port": port}
    assert not (tmp_path / "ports.json").exists()


# --- the operator without a server


def test_an_office_is_made_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second init touches nothing."""
    before = (home / "office.toml").read_bytes()

    assert run(["admin", "init"]) == 2
    assert "there already" in capsys.readouterr().err
    assert before == (home / "office.toml").read_bytes()


def test_a_folder_without_an_office_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither serving nor administering makes one by mistake."""
    monkeypatch.setenv("SEIKYU_LANG", "en")
    for words in (["serve"], ["admin", "clock"]):
        assert run([*words, "--home", str(tmp_path / "none")]) == 3
        assert "admin init" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_command_that_orders_no_work_loads_no_queue(home: Path) -> None:
    """Its library is half of a start: the register is shown without it, and without a web server."""
    code = (
        "import sys; from seikyu.apps.cli import run; status = run(['admin', 'party', 'list']);"
        "print(status, sorted({'dbos', 'fastapi', 'uvicorn', 'sqlalchemy'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "0 ['sqlalchemy']" == done.stdout.splitlines()[-1]


def test_the_operator_works_without_a_server(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Register, clock, calendar and closing, in this process under the lock."""
    assert run(["admin", "party", "add", "9911000015", "見本医院", "--kind", "institution", "--json"]) == 0
    assert _said(capsys)["id"] == "9911000015"
    assert run(["admin", "party", "add", "9911000015", "見本医院", "--kind", "institution"]) == 2
    assert run(["admin", "party", "add", "1", "見本医院", "--kind", "institution"]) == 3
    assert run(["admin", "party", "end", "9911000015"]) == 0
    capsys.readouterr()
    assert run(["admin", "party", "list", "--json"]) == 0
    assert [each["until"] is None for each in _said(capsys)["items"] if each["id"] == "9911000015"] == [False]

    assert run(["admin", "clock", "2026-10-08T10:00:00+09:00", "--json"]) == 0
    assert _said(capsys)["now"].startswith("2026-10-08T10:00:0")
    assert run(["admin", "clock", "someday"]) == 3
    assert run(["admin", "calendar", "national", "--extend", "202610=2026-10-11T12:00:00+09:00", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["extensions"][0]["month"]) == ("national", "202610")
    assert run(["admin", "calendar", "national", "--extend", "202610=2026-10-01T12:00:00+09:00"]) == 3

    assert run(["admin", "close", "1", "202610"]) == 4
    assert "can be closed from 2026-10-12 21:00 on" in capsys.readouterr().err
    assert run(["admin", "close", "1", "202610", "--force", "--json"]) == 0
    report = _said(capsys)["report"]
    assert report["balance"]["balanced"] is True
    for words in ([], ["--force"]):
        assert run(["admin", "close", "1", "202610", "--json", *words]) == 0
        again = _said(capsys)
        assert (again["already"], again["report"]) == (True, report)
    assert run(["admin", "months"]) == 0
    assert "1 202610 closed" in capsys.readouterr().out
    assert run(["admin", "clock", "real", "--json"]) == 0
    assert "2026-10-08" not in capsys.readouterr().out


# --- the process


@pytest.mark.slow
def test_the_operators_commands_go_through_a_running_server(
    served: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same words, the same answers, over the desk."""
    _, ready = served()

    assert run(["admin", "party", "add", "9911000015", "見本医院", "--kind", "institution", "--json"]) == 0
    assert _said(capsys)["id"] == "9911000015"
    assert run(["admin", "clock", "2026-10-08T10:00:00+09:00"]) == 0
    assert run(["admin", "calendar", "sandbox"]) == 0
    capsys.readouterr()
    assert run(["admin", "close", "1", "202610"]) == 0
    assert "balance: ok" in capsys.readouterr().out
    assert run(["admin", "close", "1", "202610"]) == 0
    again = capsys.readouterr().out
    assert "is closed since 2026-10-08 10:0" in again
    assert "balance: ok" in again
    assert run(["serve"]) == 3
    assert "another server" in capsys.readouterr().err
    assert ready["desk"].startswith("https://localhost:")


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_all_die_together(home: Path, served: Callable[..., Any]) -> None:
    """A kill of the worker brings another; a kill of the server takes the worker with it."""
    server, ready = served()
    first = _until(lambda: _workers(server.pid))

    os.kill(first[0], signal.SIGKILL)
    second = _until(lambda: [pid for pid in _workers(server.pid) if pid not in first])
    _until(lambda: "worker: ok" in _read(f"{ready['inside']}/healthz"))
    os.kill(server.pid, signal.SIGKILL)
    server.wait(5)

    _until(lambda: not _alive(second[0]))
    again, ready_again = served()
    assert ready_again["desk"] == ready["desk"]
    again.terminate()
    assert again.wait(10) == 0


@pytest.mark.slow
def test_each_face_answers_where_it_says(home: Path, served: Callable[..., Any]) -> None:
    """Desk and public over TLS with our CA, the inside in the clear on this machine."""
    _, ready = served("--pause-checking")
    tls = ssl.create_default_context(cafile=str(home / "ca" / "chain.pem"))

    assert _read(f"{ready['desk']}/healthz", tls) == "ok"
    assert _read(f"{ready['public']}/healthz", tls) == "ok"
    assert _read(f"{ready['inside']}/healthz").startswith("ok\n")
    assert "BEGIN CERTIFICATE" in _read(f"{ready['public']}/pki/root.pem", tls)
    _until(lambda: "BEGIN X509 CRL" in _read(f"{ready['public']}/pki/crl.pem", tls))


def _read(url: str, tls: ssl.SSLContext | None = None) -> str:
    with urllib.request.urlopen(url, timeout=5, context=tls) as answer:
        return str(answer.read().decode())


def _workers(parent: int) -> list[int]:
    """Return the working processes of a server."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in found if b"seikyu.apps.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _until(look: Callable[[], Any], within_s: float = 15) -> Any:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
