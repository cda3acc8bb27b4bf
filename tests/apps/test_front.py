"""nginx in front, from the office's side: what is made for it, what is left to it, and what its refusals come to."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from apps.desk_lab import FIRST, PAYER, STRANGER, Connected, DeskLab, certificates
from seikyu.adapters.home import Home
from seikyu.adapters.x509_ca import create_ca
from seikyu.apps.api.ranges import Part, sent_alike
from seikyu.apps.cli import run
from seikyu.apps.front import nginx_path
from seikyu.apps.front.watch import LAG_S, LOADED, NginxNotThere, Watch, digest_of, lags
from seikyu.apps.wiring import init_home

NOW = datetime.now(UTC)
BEHIND = {"front.server": "nginx", "faces.desk.host": "127.0.0.1", "faces.public.host": "127.0.0.1"}

Deploy = Callable[..., tuple[int, str, str]]


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Deploy:
    """Run `seikyu deploy nginx` on a new office with these settings; return status and what it said."""

    def run_it(*words: str, root_out: Path | None = None, name: str = "home", **settings: Any) -> tuple[int, str, str]:
        monkeypatch.setenv("SEIKYU_LANG", "en")
        home = tmp_path / name
        if not home.exists():
            init_home(home, settings=BEHIND | {key.replace("__", "."): value for key, value in settings.items()})
            create_ca(Home(home), organisation="office", now=NOW, root_out=root_out)
        status = run(["deploy", "nginx", "--home", str(home), "--out", str(tmp_path / "deploy"), *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_it


def test_the_configuration_comes_from_settings_and_limits(deploy: Deploy, tmp_path: Path) -> None:
    """What an operator changes is in the file; every socket and list is of this home; the ports stay the same."""
    status, out, _ = deploy(
        "--json", limits__idle_s=77, limits__file_bytes=1 << 30, office__hosts=["desk.example", "::1"]
    )
    conf = (tmp_path / "deploy" / "nginx.conf").read_text("utf-8")
    ports = json.loads((tmp_path / "home" / "run" / "ports.json").read_text("ascii"))

    assert (0, str(tmp_path / "deploy" / "nginx.conf")) == (status, json.loads(out)["conf"])
    assert f"listen 127.0.0.1:{ports['desk']} ssl http2 default_server" in conf
    assert f'ssl_crl "{tmp_path}/home/ca/crl.pem";' in conf
    assert "client_body_timeout 82s;" in conf
    assert f"client_max_body_size {(1 << 30) + (1 << 20)};" in conf
    assert "server_name desk.example [::1];" in conf
    assert "ssl_ocsp" not in conf
    assert 4 == len(set(ports.values()))
    assert 2 == (tmp_path / "home" / "ca" / "crl.pem").read_bytes().count(b"BEGIN X509 CRL")
    for name in ("too_long.ja.json", "front_alone.en.json"):
        assert json.loads((tmp_path / "deploy" / "problems" / name).read_bytes())["status"] in (413, 503)

    assert deploy("--json")[0] == 0
    assert ports == json.loads((tmp_path / "home" / "run" / "ports.json").read_text("ascii"))
    assert conf == (tmp_path / "deploy" / "nginx.conf").read_text("utf-8")


def test_the_responder_is_asked_only_if_that_is_set(deploy: Deploy, tmp_path: Path) -> None:
    """Its address is nginx's own plain listener."""
    assert deploy(front__ocsp="leaf", front__plain_port=8080)[0] == 0
    assert "ssl_ocsp_responder http://127.0.0.1:8080/pki/ocsp;" in (tmp_path / "deploy" / "nginx.conf").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("home", {"front__server": "none"}, 'server = "nginx"'),
        ("a $home", {}, "characters"),
        ("deep" * 30, {}, "107 bytes"),
    ],
)
def test_what_cannot_work_is_told_and_nothing_is_written(
    deploy: Deploy, tmp_path: Path, name: str, settings: dict[str, str], words: str
) -> None:
    """An office that listens itself, a folder that the configuration cannot name, and one too deep for sockets."""
    status, _, err = deploy(name=name, **settings)
    assert (3, True) == (status, words in err)
    assert not (tmp_path / "deploy").exists()


def test_a_root_that_is_away_is_asked_for_once(deploy: Deploy, tmp_path: Path) -> None:
    """An authority from before roots had lists: `ca renew` with the root's key signs one, and that is all it takes."""
    safe = tmp_path / "safe"
    assert deploy(root_out=safe)[0] == 0, "a new authority has it from the start"
    (tmp_path / "home" / "secrets" / "ca" / "root-crl.pem").unlink()

    status, _, err = deploy()
    assert (3, True) == (status, "ca renew --offline-root" in err)
    assert run(["ca", "renew", "--offline-root", str(safe), "--home", str(tmp_path / "home")]) == 0
    assert deploy()[0] == 0
    assert 2 == (tmp_path / "home" / "ca" / "crl.pem").read_bytes().count(b"BEGIN X509 CRL")


def test_a_root_at_home_signs_its_list_by_itself(deploy: Deploy, tmp_path: Path) -> None:
    """Nobody has to know that there is such a thing."""
    deploy()
    (tmp_path / "home" / "secrets" / "ca" / "root-crl.pem").unlink()
    assert deploy()[0] == 0
    assert (tmp_path / "home" / "secrets" / "ca" / "root-crl.pem").exists()


@pytest.mark.parametrize(
    ("why", "party", "status", "code"),
    [
        ("certificate revoked", FIRST, 403, "certificate_revoked"),
        ("certificate has expired", FIRST, 401, "certificate_expired"),
        ("certificate is not yet valid", FIRST, 401, "certificate_expired"),
        ("self-signed certificate", STRANGER, 401, "certificate_foreign"),
        ("unable to get certificate CRL", STRANGER, 401, "certificate_foreign"),
        ("CRL has expired", FIRST, 503, "front_list_old"),
        ("unable to get certificate CRL", FIRST, 503, "front_list_old"),
        ("anything", None, 401, "certificate_foreign"),
        ("certificate status not found in the OCSP response", FIRST, 503, "front_list_old"),
        ("certificate status request failed", FIRST, 503, "front_list_old"),
        ("certificate signature failure", FIRST, 401, "certificate_foreign"),
        ("self-signed certificate", FIRST, 401, "certificate_foreign"),
        ("", FIRST, 401, "certificate_foreign"),
    ],
)
def test_whom_nginx_refuses_nobody_lets_in(desk: DeskLab, why: str, party: str | None, status: int, code: str) -> None:
    """A certificate of the register is refused like any other if it is not verified; the words say whose fault it is.

    Anybody can copy serial and party of a good one, so our own fault needs a word of the list or the responder, too.
    """

    class Refused(Connected):
        """A connection of which nginx says why not."""

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Put what nginx says where the connection would."""
            der = certificates()[party][1] if party else b"no certificate"
            scope["extensions"] = {"tls": {"client_cert_der": der, "client_cert_error": why}}
            await self.app(scope, receive, send)

    for path in ("/sendings", "///", "/deliveries"):
        answer = ask_through(Refused(desk.app, None), desk, path)
        assert (status, code) == (answer.status_code, answer.json()["code"])


def ask_through(connection: Any, desk: DeskLab, path: str) -> Any:
    """Ask over a connection of another kind."""
    import httpx2

    async def once() -> Any:
        transport = httpx2.ASGITransport(app=connection)
        async with httpx2.AsyncClient(transport=transport, base_url="https://desk.example") as client:
            return await client.get(path[1:] if path.startswith("//") else "/api/v1" + path)

    return desk.loop.run_until_complete(once())


@pytest.mark.parametrize(
    ("headers", "part", "alike"),
    [
        ({}, None, True),
        ({"range": "bytes=5-"}, Part(5, 9, 9), True),
        ({"range": "bytes=5-", "if-range": '"x"'}, Part(5, 9, 9), True),
        ({"range": "bytes=5-", "if-range": '"other"'}, None, False),
        ({"range": "bytes=1-2,4-5"}, None, False),
        ({"range": "bytes=0-" + "9" * 18}, Part(0, 9, 9), True),
        ({"range": "bytes=0-" + "9" * 19}, Part(0, 9, 9), False),
        ({"range": "bytes=5-", "if-match": '"x"'}, Part(5, 9, 9), False),
        ({"if-none-match": '"x"'}, None, False),
        ({"if-modified-since": "Wed, 25 Nov 2026 10:00:00 GMT"}, None, False),
        ({"if-unmodified-since": "Wed, 25 Nov 2026 10:00:00 GMT"}, None, False),
    ],
)
def test_only_what_nginx_reads_alike_is_left_to_it(headers: dict[str, str], part: Part | None, *, alike: bool) -> None:
    """Anything else the office sends itself; two ranges in two headers are nobody's to guess."""
    assert alike == sent_alike(Headers(headers), part)
    twice = [(b"range", b"bytes=5-"), (b"range", b"bytes=6-")]
    assert not sent_alike(Headers(raw=twice), Part(5, 9, 9))


def test_a_delivery_is_left_to_nginx_and_counts_as_fetching(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The answer names the object, its tag and digest, and has no bytes; another's and a stranger's names nothing."""
    desk = DeskLab.make(send_by=nginx_path)
    row = desk.put_delivery(b"content")
    monkeypatch.setattr(
        type(desk.lab.office.objects), "local_path", lambda _, name: Path("/objects/deliveries/ab") / name.split("/")[1]
    )
    path = f"/deliveries/{row.id}/content"

    head = desk.ask("HEAD", path, party=PAYER)
    other = desk.ask("GET", path, party=FIRST)
    assert {"waiting"} == {desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["state"]}
    whole = desk.ask("GET", path, party=PAYER)
    part = desk.ask("GET", path, party=PAYER, headers={"range": "bytes=2-"})
    own = desk.ask("GET", path, party=PAYER, headers={"if-match": whole.headers["etag"]})

    assert f"/seikyu-deliveries/ab/{row.id}" == whole.headers["x-accel-redirect"] == part.headers["x-accel-redirect"]
    assert (200, b"", 206, b"") == (whole.status_code, whole.content, part.status_code, part.content)
    assert (f'"{row.sha256}"', True) == (whole.headers["etag"], "repr-digest" in whole.headers)
    assert (200, b"content") == (own.status_code, own.content)
    for answer in (head, other, own):
        assert "x-accel-redirect" not in answer.headers
    assert "fetching" == desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["state"]


def test_it_is_known_whether_nginx_has_read_the_list(tmp_path: Path) -> None:
    """It may take a while; a list that stays unread is told; without a list there is nothing to read."""
    home = Home(tmp_path)
    home.front.mkdir(parents=True)
    home.ca.mkdir()
    later = NOW + timedelta(seconds=LAG_S + 5)
    assert not lags(home, now=later)
    (home.ca / "crl.pem").write_bytes(b"a list")
    os.utime(home.ca / "crl.pem", (NOW.timestamp(), NOW.timestamp()))

    assert (False, True) == (lags(home, now=NOW), lags(home, now=later))
    (home.front / LOADED).write_text("another's digest", "ascii")
    assert lags(home, now=later)
    (home.front / LOADED).write_text(digest_of(home.ca / "crl.pem"), "ascii")
    assert not lags(home, now=later)

    (home.front / LOADED).unlink()
    (home.front / LOADED).mkdir()
    assert lags(home, now=later), "what cannot be read tells nothing"


def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str], clock: list[float]) -> Watch:
    """Return a watch over a home of its own; nginx takes its configuration unless there is a file `trial`."""
    program = tmp_path / "bin" / "nginx"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec test ! -e {tmp_path / 'trial'}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    home = Home(tmp_path / "home")
    for folder in (home.front, home.ca, home.secrets):
        folder.mkdir(parents=True)
    return Watch(home, tmp_path / "nginx.conf", lambda word, **_: told.append(word), clock=lambda: clock[0])


def stand_in(program: str, *, title: str) -> subprocess.Popen[str]:
    """Start a process that names itself so."""
    return subprocess.Popen([title, "-S", "-c", program], executable=sys.executable, stdout=subprocess.PIPE, text=True)


def test_the_watch_signals_nobody_but_nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that nginx left behind may be another's by now; and a few numbers mean many processes."""
    told: list[str] = []
    watch = watching(tmp_path, monkeypatch, told, [1000.0])
    with stand_in("import time; print('up', flush=True); time.sleep(60)", title="sleep") as other:
        assert other.stdout
        other.stdout.readline()
        for number in (str(other.pid), "-1", "0", "\xff"):
            (watch.home.front / "nginx.pid").write_text(number, "utf-8")
            watch.look()
        assert (["waits"], None) == (told, other.poll())
        other.terminate()


def test_the_watch_outlives_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that it may not signal, a trial that hangs, a full disk: told once each, and tried again."""
    told: list[str] = []
    clock = [1000.0]
    watch = watching(tmp_path, monkeypatch, told, clock)
    (watch.home.front / "nginx.pid").write_text("4321", "ascii")
    monkeypatch.setattr("seikyu.apps.front.watch._is_nginx", lambda _: True)
    sent: list[int] = []

    def look() -> list[str]:
        del told[:]
        watch.look()
        watch.look()
        clock[0] += 11
        return list(told)

    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def hangs(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("nginx", 30)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "kill", forbidden)
    assert ["failed"] == look()
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "run", hangs)
        assert [] == look(), "still the same word"
    with monkeypatch.context() as patched:
        patched.setattr("seikyu.apps.front.watch.write_private", full)
        assert ["reloaded", "failed"] == look()
    assert [] == look()
    assert 1 == sent.count(signal.SIGHUP), "what is not written down is no reason to reload again"
    assert (watch.home.front / LOADED).exists()


def test_the_watch_is_told_where_the_configuration_lies(deploy: Deploy, tmp_path: Path) -> None:
    """The line to keep running names the folder; without the file there is nothing to watch."""
    _, out, _ = deploy()
    assert f"--watch --home {tmp_path}/home --out {tmp_path}/deploy`" in out
    (tmp_path / "deploy" / "nginx.conf").unlink()
    status, _, err = deploy("--watch")
    assert (3, True) == (status, f"there is no {tmp_path}/deploy/nginx.conf" in err)


@pytest.mark.parametrize("words", [(), ("--watch",)])
def test_another_account_than_the_offices_writes_nothing(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """What root writes into the home of another account keeps the office from starting, or closes its alarm's eyes."""
    deploy()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "home").stat().st_uid + 1)
    status, _, err = deploy(*words)
    assert (3, True) == (status, "closed to the office, so nothing was written" in err)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_the_old_configuration_is_whole_until_the_new_one_is(deploy: Deploy, tmp_path: Path) -> None:
    """The file is replaced, not written over: whoever reads it meanwhile has one of the two."""
    deploy()
    conf, old = tmp_path / "deploy" / "nginx.conf", tmp_path / "old.conf"
    old.hardlink_to(conf)
    text = old.read_bytes()
    assert deploy()[0] == 0
    assert (text, 1) == (old.read_bytes(), conf.stat().st_nlink)


def test_the_watch_reloads_once_for_a_change_and_not_too_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for nginx counts its signals; a trial that fails leaves the running one as it is, and is told once."""
    trial, told, clock = tmp_path / "trial", [], [1000.0]
    watch = watching(tmp_path, monkeypatch, told, clock)
    home = watch.home

    def look(**files: str) -> list[str]:
        for name, content in files.items():
            (home.ca / f"{name}.pem").write_text(content)
        del told[:]
        watch.look()
        watch.look()
        clock[0] += 11
        return list(told)

    assert ["waits"] == look()
    counts = "import signal,time; signal.signal(signal.SIGHUP, lambda *_: print('hup', flush=True)); print('up', flush=True)\nwhile True: time.sleep(9)"
    with stand_in(counts, title="nginx: master process") as nginx:
        assert nginx.stdout
        nginx.stdout.readline()
        (home.front / "nginx.pid").write_text(f"{nginx.pid}\n")
        assert (["reloaded"], "hup\n") == (look(crl="one"), nginx.stdout.readline())
        assert [] == look()
        assert (["reloaded"], "hup\n") == (look(crl="two"), nginx.stdout.readline())
        clock[0] -= 10
        assert [] == look(crl="three"), "too soon after the last"
        trial.touch()
        assert ["refused"] == look()
        assert [] == look()
        trial.unlink()
        assert (["reloaded"], "hup\n") == (look(), nginx.stdout.readline())
        assert (["reloaded"], "hup\n") == (look(chain="another"), nginx.stdout.readline())
        nginx.send_signal(signal.SIGTERM)
        assert nginx.stdout.read() == ""
    assert ["waits"] == look()


def test_a_machine_without_nginx_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to watch."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(NginxNotThere):
        Watch(Home(tmp_path), tmp_path, print)
