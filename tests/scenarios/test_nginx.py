"""nginx in front: who it lets through, what it says itself, and that a reload drops nothing."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7
from fronted import Fronted, nginx_program, set_key
from real_house import House
from wire import Reply, Wire

from seikyu.adapters.home import Home
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.sql.open import open_store
from seikyu.adapters.x509_ca import open_ca
from seikyu.adapters.x509_list import write_crl
from seikyu.trust.certificates import Period, client_certificate, serial_text
from seikyu.trust.party import Holder

LIST = "/api/v1/sendings"


def forged(office: House, party: str) -> dict[str, str]:
    """Return the headers by which nginx says that `party` was verified."""
    pem = Path(office.access[party]["cert"]).read_text("ascii").partition("-----END CERTIFICATE-----\n")
    return {"Seikyu_Client_Verify": "SUCCESS", "Seikyu_Client_Cert": quote(pem[0] + pem[1])}


def public(office: House) -> Wire:
    """Return a raw line to the face that needs no certificate."""
    return Wire(office.access["public_url"], Path(office.access["ca"]))


def test_nobody_can_say_who_he_is(fronted: Fronted, tmp_path: Path) -> None:
    """The configuration is good; the words of nginx count on its sockets only, and nobody else can reach or say them."""
    tried = subprocess.run([nginx_program(), "-t", "-c", fronted.conf], capture_output=True, text=True, check=False)
    assert (0, False) == (tried.returncode, "warn" in tried.stderr.replace('"user"', ""))
    lies = forged(fronted, "payer")

    nobody = fronted.ask("GET", LIST, party=None, **lies)
    other = fronted.ask("GET", "/api/v1/deliveries", party="institution", **lies)
    raw = fronted.ask("GET", LIST, party=None, **{name.lower(): value for name, value in lies.items()})
    with fronted.wire(None) as wire:
        words = "".join(f"{name}: {value}\r\n" for name, value in lies.items())
        wire.write(f"GET {LIST} HTTP/1.1\r\nHost: x\r\n{words}\r\n".encode())  # with the underscores as they stand
        underscored = wire.read()
    with public(fronted) as wire:
        page = wire.ask("GET", "/healthz", **lies)
    refused = [reply.json["code"] for reply in (nobody, raw, underscored)]
    assert [*refused, other.json["items"], page.body] == [*["no_certificate"] * 3, [], b"ok"]

    folder = fronted.home / "run" / "front"
    assert 0o700 == folder.stat().st_mode & 0o777
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.glob("*.sock")}
    assert {"desk.sock", "public.sock", "inside.sock"} == {path.name for path in folder.glob("*.sock")}
    assert [] == list((folder / "tmp").rglob("*.*"))

    served = fronted.ask("GET", "/api/v1/deliveries", party="payer", Accept="application/json")
    assert served.headers["strict-transport-security"] == "max-age=31536000"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.json["items"][0]["content_url"].startswith(fronted.access["url"])
    assert "x-accel-redirect" not in served.headers
    assert {"NONE", "SUCCESS"} <= {visit["verify"] for visit in fronted.visits()}
    assert "/api/v1" not in fronted.nginx_log()


@pytest.mark.slow
def test_every_version_of_http_and_face(fronted: Fronted) -> None:
    """HTTP/2 with a certificate; lists and the responder in plain HTTP and nothing else there; the inside."""
    curl = shutil.which("curl")
    assert curl
    who = fronted.access["payer"]
    ports = fronted.ports()

    def got(*words: str) -> str:
        return subprocess.run([curl, "-sS", *words], capture_output=True, text=True, check=True, timeout=30).stdout

    keys = ["--cacert", fronted.access["ca"], "--cert", who["cert"], "--key", who["key"]]
    told = got("--http2", "-w", "\n%{http_version}", *keys, f"{fronted.access['url']}/api/v1/deliveries")
    item = json.loads(told.splitlines()[0])["items"][0]
    whole = fronted.home.parent / "content"
    got("--http2", "-o", str(whole), *keys, item["content_url"])
    old = subprocess.run(
        [curl, "-sS", "--tls-max", "1.2", *keys, fronted.access["url"]], capture_output=True, check=False
    )
    crl = got(f"http://localhost:{ports['plain']}/pki/crl.pem")
    elsewhere = got("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", f"http://localhost:{ports['plain']}/a?b")
    metrics = got(f"http://localhost:{ports['inside']}/metrics")
    own = got(f"http://localhost:{ports['inside']}/nginx")

    assert "2" == told.splitlines()[1]
    assert item["content_url"].startswith(fronted.access["url"])
    assert item["sha256"] == hashlib.sha256(whole.read_bytes()).hexdigest()
    assert 0 != old.returncode
    assert crl == (fronted.home / "ca" / "crl.pem").read_text("ascii")
    assert f"308 {fronted.access['public_url']}/a?b" == elsewhere
    assert "seikyu_requests_total" in metrics
    assert "Active connections" in own


@pytest.mark.slow
def test_terminals_and_machines_enrol_through_it(fronted: Fronted) -> None:
    """The certificate that is renewed is the one that nginx was shown; addresses in answers are those outside."""
    who = fronted.access["institution"]
    own = x509.load_pem_x509_certificates(Path(who["cert"]).read_bytes())[0]
    key = ec.generate_private_key(ec.SECP256R1())
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    asked = x509.CertificateSigningRequestBuilder().subject_name(own.subject).add_extension(names, critical=False)
    body = b64encode(asked.sign(key, SHA256()).public_bytes(Encoding.DER))

    renewed = fronted.ask("POST", "/.well-known/est/simplereenroll", body, Content_Type="application/pkcs10")
    nobody = fronted.ask("POST", "/.well-known/est/simplereenroll", body, party=None, Content_Type="application/pkcs10")
    with public(fronted) as wire:
        directory = wire.ask("GET", "/acme/directory").json
        outside = wire.ask("GET", "/seikyu-deliveries/ab/x")
    page = fronted.ask("GET", "/", Accept="text/html")

    new = pkcs7.load_der_pkcs7_certificates(b64decode(renewed.body))[0]
    assert (200, own.subject) == (renewed.status, new.subject)
    assert new.public_key() == key.public_key()
    assert 401 == nobody.status
    assert directory["newOrder"].startswith(fronted.access["public_url"] + "/")
    assert 404 == outside.status == fronted.ask("GET", "/seikyu-deliveries/ab/x", party="payer").status
    assert page.status in (200, 303)
    assert 1 == page.body.count(b"<html") or page.status == 303


#: What is asked of a delivery of `size` bytes, by headers; nginx must say of each what the office says itself.
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"Range": "bytes=0-"},
    {"Range": "bytes=5-"},
    {"Range": "bytes=5-5"},
    {"Range": "bytes=-7"},
    {"Range": "bytes=-99999999999"},
    {"Range": "bytes=0-99999999999"},
    {"Range": "bytes=0-9999999999999999999"},
    {"Range": "BYTES= 3-9"},
    {"Range": "bytes=9-3"},
    {"Range": "bytes=-"},
    {"Range": "bytes=-0"},
    {"Range": "bytes=1-2,4-5"},
    {"Range": "lines=1-2"},
    {"Range": "bytes=99999999999-"},
    {"Range": "bytes=5-", "If_Range": "ETAG"},
    {"Range": "bytes=5-", "If_Range": "W/ETAG"},
    {"Range": "bytes=5-", "If_Range": '"other"'},
    {"Range": "bytes=5-", "If_Range": "Wed, 25 Nov 2099 10:00:00 GMT"},
    {"If_Match": "ETAG", "Range": "bytes=5-"},
    {"If_Match": '"other"'},
    {"If_None_Match": "ETAG"},
    {"If_None_Match": '"other"'},
    {"If_Modified_Since": "Wed, 25 Nov 2099 10:00:00 GMT"},
    {"If_Unmodified_Since": "Wed, 25 Nov 2009 10:00:00 GMT"},
)

#: What an answer says about the content.
SAID = ("etag", "content-range", "content-length", "repr-digest", "accept-ranges", "cache-control", "content-type")


def answers(office: House, path: str, etag: str) -> list[tuple[Any, ...]]:
    """Return everything that is said to all that is asked."""
    told: list[tuple[Any, ...]] = []
    for asked in ASKED:
        headers = {name: value.replace("ETAG", etag) for name, value in asked.items()}
        for method in ("GET", "HEAD"):
            with office.wire("payer") as wire:
                reply = answer_to(wire, method, path, headers)
            body = reply.body if reply.status < 300 else reply.json["code"] if reply.body else ""
            said = {name: reply.headers.get(name) for name in SAID if reply.status < 300 or name == "content-range"}
            told.append((asked, method, reply.status, said, reply.headers.get("last-modified"), body))
    return told


def answer_to(wire: Wire, method: str, path: str, headers: dict[str, str]) -> Reply:
    """Ask; an answer to HEAD has no body, whatever its length says."""
    wire.head(method, path, **headers)
    if method == "GET":
        return wire.read()
    data = b""
    while b"\r\n\r\n" not in data:
        data += wire._socket.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return Reply(
        int(first.split()[1]), {k.lower(): v.strip() for k, _, v in (row.partition(":") for row in rest)}, body
    )


@pytest.mark.slow
def test_ranges_and_conditions_are_answered_as_without_nginx(house: House) -> None:
    """The same bytes, the same strong tag, the same refusals; and nginx has sent the bytes itself where it may."""
    house.start()
    delivery = house.ask("GET", "/api/v1/deliveries", party="payer").json["items"][0]
    path, etag = f"/api/v1/deliveries/{delivery['id']}/content", f'"{delivery["sha256"]}"'
    expected = answers(house, path, etag)
    house.stop()

    office = Fronted(house.home, house.access)
    try:
        office.start()
        told = answers(office, path, etag)
        whole = office.ask("GET", path, party="payer")
    finally:
        office.close()
    lines = [json.loads(line) for line in (house.home / "logs" / "server.jsonl").read_text("utf-8").splitlines()]
    last = [line for line in lines if line.get("route") == "/deliveries/{delivery_id}/content"][-1]

    for one, other in zip(expected, told, strict=True):
        assert one == other
    assert (200, delivery["sha256"]) == (whole.status, hashlib.sha256(whole.body).hexdigest())
    assert (200, 0) == (last["status"], last["bytes_out"])
    assert max(visit["bytes_out"] for visit in office.visits()) > delivery["size_bytes"]


def put_delivery(office: House, size: int) -> str:
    """Lay a delivery of `size` bytes into the store of a stopped office, and return its digest."""
    home = Home(office.home)
    objects, store = LocalObjects(home.objects), open_store(home.database)
    content = hashlib.shake_256(b"a large delivery").digest(size)
    with objects.writer("deliveries/large", limit_bytes=size) as writer:
        writer.write(content)
        stored = writer.commit()
    with store.write() as tx:
        [model] = tx.deliveries(payer=office.access["payer"]["id"], limit=1)
        row = replace(model, id="large", state="waiting", volume=9, size_bytes=size, sha256=stored.sha256)
        tx.put_delivery(replace(row, fetched_at=None, received_at=None))
    store.close()
    return stored.sha256


def take(wire: Wire, size: int) -> bytes:
    """Read so many bytes, or what there is until the end."""
    data = bytearray()
    while len(data) < size:
        part = wire._socket.recv(min(65536, size - len(data)))
        if not part:
            break
        data += part
    return bytes(data)


@pytest.mark.slow
def test_a_reload_in_the_middle_drops_nothing(house: House) -> None:
    """An upload and a download of many megabytes go on through three reloads; the delivery is then `fetching`."""
    sha256 = put_delivery(house, 32 << 20)
    office = Fronted(house.home, house.access)
    try:
        office.start()
        assert office.ask("GET", "/api/v1/deliveries/large", party="payer").json["state"] == "waiting"
        body = office.unsent(1)
        with office.wire("payer") as down, office.wire() as up:
            down.head("GET", "/api/v1/deliveries/large/content")
            head = b""
            while b"\r\n\r\n" not in head:
                head += take(down, 1)
            got = hashlib.sha256(take(down, 1 << 20))
            up.head("POST", LIST, length=len(body))
            for third in range(3):
                up.write(body[len(body) * third // 4 : len(body) * (third + 1) // 4])
                office.reload()
                got.update(take(down, 1 << 20))
            up.write(body[len(body) * 3 // 4 :])
            sent = up.read()
            got.update(take(down, (32 - 4) << 20))
        state = office.ask("GET", "/api/v1/deliveries/large", party="payer").json["state"]
        gone = time.monotonic() + 20
        while len(office.workers()) > (os.cpu_count() or 1):
            assert time.monotonic() < gone, "old workers stay"
            time.sleep(0.05)
    finally:
        office.close()

    assert b"HTTP/1.1 200" == head[:12]
    assert sha256 == got.hexdigest()
    assert 201 == sent.status
    assert "fetching" == state


@pytest.mark.slow
def test_a_revoked_certificate_is_refused_by_nginx_itself(fronted: Fronted) -> None:
    """The list is carried to nginx while it runs; the refusal is a page, and nobody else notices."""
    fronted.start_watch()
    party = fronted.access["institution_2"]["id"]
    listed = json.loads(fronted.run("ca", "list", "--party", party, "--json").stdout)
    assert fronted.ask("GET", LIST, party="institution_2").status == 200
    began = time.monotonic()

    with ThreadPoolExecutor() as pool:
        command = pool.submit(fronted.run, "ca", "revoke", listed["items"][0]["serial"])
        while (first := fronted.ask("GET", LIST, party="institution_2")).status == 200:
            assert time.monotonic() - began < 120, "nobody revokes"
        behind = time.monotonic()
        while all(visit["verify"] != "FAILED:certificate revoked" for visit in fronted.visits()):
            assert time.monotonic() - behind < 60, "nginx does not know"
            time.sleep(0.05)
            fronted.ask("GET", LIST, party="institution_2")
        front_s = time.monotonic() - behind
        assert command.result().returncode == 0
    last = fronted.ask("GET", LIST, party="institution_2", Accept="text/html")
    print(f"nginx itself refuses {front_s:.1f} s after the office's first refusal")

    assert (403, "certificate_revoked") == (first.status, first.json["code"])
    assert (403, True) == (last.status, "失効" in last.body.decode())
    assert fronted.ask("GET", LIST).status == 200
    loaded = (fronted.home / "run" / "front" / "loaded").read_text("ascii")
    assert loaded == hashlib.sha256((fronted.home / "ca" / "crl.pem").read_bytes()).hexdigest()


def write_list(office: House, now: datetime) -> None:
    """Write the list as if it were `now`."""
    home = Home(office.home)
    store = open_store(home.database)
    with store.write() as tx:
        write_crl(open_ca(home), tx.certificates(), number=tx.next_number("crl"), now=now)
    store.close()


@pytest.mark.slow
def test_a_list_that_has_ended_refuses_everybody_in_words_and_raises_the_alarm(
    fronted: Fronted, tmp_path: Path
) -> None:
    """Fail closed: a valid party is told that it is the office's fault, a stranger only that he is one."""
    write_list(fronted, datetime.now(UTC) - timedelta(days=8))
    fronted.reload()
    time.sleep(0.3)

    refused = fronted.ask("GET", LIST)
    stranger = fronted.ask("GET", LIST, party=None)
    metrics = plain(fronted.ports()["inside"], b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    write_list(fronted, datetime.now(UTC))
    fronted.reload()
    time.sleep(0.3)

    assert (503, "front_list_old", "60") == (refused.status, refused.json["code"], refused.headers["retry-after"])
    assert (401, "no_certificate") == (stranger.status, stranger.json["code"])
    assert b'seikyu_events_total{event="front_list_old"} 1.0' in metrics
    assert fronted.ask("GET", LIST).status == 200


def plain(port: int, request: bytes) -> bytes:
    """Ask over a plain line and return everything until its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request)
        data = b""
        while part := line.recv(65536):
            data += part
        return data


@pytest.mark.slow
def test_a_certificate_past_its_time_is_told_so(fronted: Fronted, tmp_path: Path) -> None:
    """Without nginx the handshake ends; with it there are words."""
    who = fronted.access["institution"]
    ca = open_ca(Home(fronted.home))
    past = datetime.now(UTC) - timedelta(days=30)
    key = ec.generate_private_key(ec.SECP256R1())
    holder = Holder("institution", who["id"], "見本", "pc")
    period = Period(past, past + timedelta(days=1))
    made = client_certificate(ca.issuing, key.public_key(), holder=holder, serial=int("5" * 32, 16), period=period)
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert serial_text(made.serial_number) == "5" * 32

    with Wire(
        who.get("url", fronted.access["url"]), Path(fronted.access["ca"]), tmp_path / "cert.pem", tmp_path / "key.pem"
    ) as wire:
        reply = wire.ask("GET", LIST)

    assert (401, "certificate_expired") == (reply.status, reply.json["code"])


@pytest.mark.slow
def test_the_responder_is_asked_if_the_settings_say_so(house: House) -> None:
    """`front.ocsp = "leaf"`: whoever is revoked is refused in the handshake, though nginx has an old list."""
    set_key(house.home, "front", "ocsp", '"leaf"')
    office = Fronted(house.home, house.access)
    try:
        office.start()
        party = office.access["institution_2"]["id"]
        listed = json.loads(office.run("ca", "list", "--party", party, "--json").stdout)
        assert office.ask("GET", LIST).status == 200
        assert office.run("ca", "revoke", listed["items"][0]["serial"]).returncode == 0
        refused = office.ask("GET", LIST, party="institution_2")
        good = office.ask("GET", LIST)
        seen = [visit["verify"] for visit in office.visits() if visit["face"] == "desk" and visit["status"] == 403]
    finally:
        office.close()

    assert (403, "certificate_revoked", ["FAILED:certificate revoked"]) == (refused.status, refused.json["code"], seen)
    assert good.status == 200


@pytest.mark.slow
def test_what_nginx_says_itself_is_a_problem_or_a_page(house: House) -> None:
    """Too long a header, rubbish, plain HTTP, and an office that is away: in words; slow ones are let go."""
    office = Fronted(house.home, house.access)
    set_key(house.home, "limits", "idle_s", "2")
    try:
        office.start()
        port = urlsplit(office.access["url"]).port
        assert port
        long = office.ask("GET", LIST, X_Long="a" * 40_000)
        with office.wire() as wire:
            wire.write(b"\x00\x01rubbish\r\n\r\n")
            rubbish = wire.read()
        plainly = plain(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        began = time.monotonic()
        with office.wire() as wire:
            wire.write(b"GET / HTTP/1.1\r\nHost: local")
            assert b"" == wire._socket.recv(100)
        slow_s = time.monotonic() - began
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            assert b"" == line.recv(100)  # says nothing and is let go
        office.stop()
        away = office.ask("GET", LIST, Accept_Language="ja")
        page = office.ask("GET", "/", Accept="text/html")
        office.start()
        back = office.ask("GET", LIST)
    finally:
        office.close()

    assert (431, "header_too_long") == (long.status, long.json["code"])
    assert (400, "not_http") == (rubbish.status, rubbish.json["code"])
    assert (True, True) == (plainly.startswith(b"HTTP/1.1 400"), b"https" in plainly)
    assert 8 < slow_s < 25
    assert (503, "front_alone", "10") == (away.status, away.json["code"], away.headers["retry-after"])
    assert ("ただいま利用できません", "nosniff") == (away.json["title"], away.headers["x-content-type-options"])
    assert (503, True) == (page.status, page.body.startswith(b"<!doctype html>"))
    assert 200 == back.status
