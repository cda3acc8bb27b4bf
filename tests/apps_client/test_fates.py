"""What becomes of the commands when the world around them fails: a full disk, a dead server, a strange certificate."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seikyu.adapters.x509_ca import issue_client, open_ca, staged
from seikyu.apps import cli, client
from seikyu.apps.client.fetch import path_of
from seikyu.apps.demo_office import Someone, client_of, found, register
from seikyu.apps.generator import Recipe, world, write
from seikyu.apps.wiring import find_home
from seikyu.trust.party import Holder

HOSPITAL = world().institutions[0].id
PAYER = "06990014"
MONTHS = (202606, 202607)
NOW = datetime(2026, 10, 6, 9, 0, tzinfo=timezone(timedelta(hours=9)))


def nobody(_: int) -> None:
    """Watch no bytes."""


@pytest.fixture(scope="module")
def deliveries(home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[client.Offered]:
    """Two closed months: two deliveries wait for the payer, oldest first."""
    for month in MONTHS:
        path = tmp_path_factory.mktemp("month") / "RECEIPTC.UKE"
        with path.open("wb") as out:
            write(Recipe(world().institutions[0], "1", month, 600, month), out)
        with client.Line(client_of(home, HOSPITAL)) as line:
            sending = client.send(line, [client.look_at(path)], client.Terms(), told=nobody)
            client.wait_for_check(line, sending)
            client.confirm(line, sending["id"], "with")
        with client.Line(client_of(home, "operator")) as operator:
            operator.post(f"/admin/months/1/{month}/close")
            for _ in range(300):
                if operator.get(f"/admin/months/1/{month}")["state"] == "closed":
                    break
                threading.Event().wait(0.1)
    with client.Line(client_of(home, PAYER)) as line:
        return [one for one in client.offered(line, month=None) if int(one.month) in MONTHS]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with room for half a delivery, on a file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("os: no permission to mount a tmpfs")
    yield place
    subprocess.run(["umount", place], check=True)


def fetch(home: Path, month: int, to: Path) -> list[str]:
    """Return the words of the command."""
    return ["fetch", "--home", str(home), "--as", PAYER, "--month", str(month), "--to", str(to), "--json"]


def test_a_full_disk_keeps_what_came(
    home: Path, deliveries: list[client.Offered], small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is named, the status is 4; with room the same command goes on where it stopped."""
    one = deliveries[0]

    assert 4 == cli.run(fetch(home, MONTHS[0], small_disk))
    said = capsys.readouterr()
    kept = sum(path.stat().st_size for path in small_disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert 0 == cli.run(fetch(home, MONTHS[0], small_disk))
    (here,) = json.loads(capsys.readouterr().out)["deliveries"]

    assert f"seikyu: error: the disk of {small_disk}" in said.err
    assert 2 == len(said.err.splitlines())
    assert ("disk_full", True) == tuple(json.loads(said.out)["error"][name] for name in ("code", "retry"))
    assert 0 < kept == here["resumed_from"]
    assert one.sha256 == here["sha256"]


def test_one_delivery_in_trouble_keeps_no_other(
    home: Path, deliveries: list[client.Offered], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first is being fetched by another program; the second comes all the same, and both are told."""
    first, second = deliveries
    part = tmp_path / path_of(first, PAYER)
    part.parent.mkdir(parents=True)
    with part.with_name(f"{part.name}.part").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        status = cli.run(["fetch", "--home", str(home), "--as", PAYER, "--to", str(tmp_path), "--json"])

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (4, "fetch_running") == (status, told["error"]["code"])
    assert second.sha256 in {each["sha256"] for each in told["deliveries"]}
    assert first.sha256 not in {each["sha256"] for each in told["deliveries"]}


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_is_none_is_told(
    home: Path, deliveries: list[client.Offered], tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """--to names a file: one line, a hint, nothing received."""
    assert deliveries
    (tmp_path / "file").touch()

    assert 3 == cli.run(fetch(home, MONTHS[1], tmp_path / place))
    assert "cannot be written (not a directory)" in capsys.readouterr().err.splitlines()[0]


def stranger(folder: Path) -> None:
    """Put the certificate and key of somebody else into a client folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.parametrize(
    ("spoil", "status", "words"),
    [
        (lambda folder: (folder / "cert.pem").unlink(), 3, "cert.pem cannot be used: no such file or directory"),
        (lambda folder: (folder / "key.pem").write_text(""), 3, "cannot be used"),
        (lambda folder: (folder / "ca.pem").write_text("x"), 3, "ca.pem cannot be used"),
        (stranger, 2, "was not issued by this office's CA"),
        (lambda folder: shutil.copy(folder / "cert.pem", folder / "ca.pem"), 3, "not from the CA that this terminal"),
    ],
    ids=["no certificate", "no key", "no CA", "another CA's certificate", "another CA"],
)
def test_what_is_wrong_with_a_certificate_is_told(
    home: Path, tmp_path: Path, spoil: object, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says which, and a status that does not promise that trying again helps."""
    folder = tmp_path / "clients" / HOSPITAL
    shutil.copytree(home / "clients" / HOSPITAL, folder)
    spoil(folder)  # type: ignore[operator]

    assert status == cli.run(["status", "--home", str(tmp_path)])

    said = capsys.readouterr().err.splitlines()
    assert words in said[0]
    assert [line[: line.index(":", 8)] for line in said] == ["seikyu: error", "seikyu: hint"]


def test_an_expired_certificate_is_told(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The office judges it; the line that breaks says why."""
    folder = tmp_path / "clients" / HOSPITAL
    ca = open_ca(find_home(home))
    issued = issue_client(ca, Holder("institution", HOSPITAL, "見本", "old"), now=datetime(2015, 4, 1, tzinfo=UTC))
    with staged(ca, issued, folder):
        shutil.copy(home / "clients" / HOSPITAL / "client.toml", folder)

    assert 2 == cli.run(["status", "--home", str(tmp_path)])
    assert "certificate of this terminal has expired" in capsys.readouterr().err.splitlines()[0]


@pytest.fixture
def paused(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Serve an office of its own that receives and never checks."""
    root = tmp_path / "office"
    found(root, bodies=["1"], now=NOW, calendar="sandbox")
    register(root, [Someone(place.id, "institution", place.name) for place in world().institutions[:1]])
    command = [sys.executable, "-m", "seikyu.apps.cli", "serve", "--home", str(root), "--pause-checking", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        assert json.loads(server.stdout.readline())["ready"]
        yield root, server
        server.kill()


@pytest.mark.parametrize("fate", ["server", "interrupt"])
def test_what_is_received_stays_told_when_the_check_is_not_awaited(
    paused: tuple[Path, subprocess.Popen[str]], tmp_path: Path, fate: str
) -> None:
    """The server dies between its answer and the end of the check: the sending is named, and the status is 4."""
    home, server = paused
    path = tmp_path / "RECEIPTC.UKE"
    with path.open("wb") as out:
        write(Recipe(world().institutions[0], "1", 202610, 30, 3), out)
    command = [sys.executable, "-m", "seikyu.apps.cli", "send", str(path), "--home", str(home), "--tries", "1"]

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"SEIKYU_LANG": "en"}
    ) as sender:
        assert sender.stdout
        first = sender.stdout.readline()
        if fate == "server":
            server.kill()
        else:
            sender.send_signal(signal.SIGINT)
        out_rest, said = sender.communicate(timeout=60)

    assert first.startswith("received: ")
    if fate == "interrupt":
        assert (130, "seikyu: error: interrupted\n") == (sender.returncode, said[said.index("seikyu: error") :])
        return
    assert 4 == sender.returncode
    assert "the sending is received; the end of its check could not be awaited" in said
    assert f"see `seikyu status {first.split()[1].rstrip(',')} --home {home}`" in out_rest
