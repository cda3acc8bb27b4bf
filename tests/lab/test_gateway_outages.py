"""A gateway whose parts die and come back: tunnels return by themselves, and nothing is open meanwhile."""

import json
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab.gateway import CLAIMS, PROGRAM, Client, Office, Provider
from lab.net import Lab, until
from seikyu.adapters.authority import HomeAuthority, new_key, pem_of
from seikyu.adapters.charon import Charon, settings_text
from seikyu.adapters.keys_file import key_pem
from seikyu.adapters.strongswan import Strongswan
from seikyu.apps.gateway.office import issued_in, terminals_text
from seikyu.lines.gateway.plan import name_of

pytestmark = [pytest.mark.needs("net", "strongswan", "bridge"), pytest.mark.slow]

PARTY, OTHER = "9911000015", "9911000023"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Return a provider whose gateway does not run yet."""
    with Lab() as lab:
        yield Provider(lab)


def daemon_of(provider: Provider) -> int:
    """Return the process of the gateway's daemon."""
    return int((provider.folder / "gateway-state" / "charon.pid").read_text())


def near(one: str, other: str) -> bool:
    """Tell whether two instants are the same, as clocks that count whole seconds say it."""
    return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) <= timedelta(seconds=2)


def back(client: Client, before: list[str], *, limit_s: float = 30) -> None:
    """Wait until a client has its addresses again, by itself."""
    until("the tunnel is back", lambda: client.addresses() == before and client.reaches(CLAIMS, 443), limit_s=limit_s)


def test_tunnels_come_back_after_the_gateway_was_restarted(provider: Provider) -> None:
    """With the same addresses, by the clients' own trying, also if nobody listens for a while."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()
    assert other.connect()
    mine, others = one.addresses(), other.addresses()

    assert provider.stop() == 0
    assert one.reaches(CLAIMS, 443) is None
    assert "seikyu_gateway" in provider.gateway.run("nft", "list", "tables").stdout
    provider.start()

    back(one, mine)
    back(other, others)


def test_a_killed_supervisor_leaves_tunnels_up_and_everything_else_closed(provider: Provider) -> None:
    """The next one takes over, and does what nobody has done meanwhile: who was revoked is out, who is good stays."""
    one, other = provider.clinic("one", PARTY, "desk 1"), provider.clinic("other", OTHER, "desk")
    provider.start()
    assert one.connect()
    assert other.connect()
    assert provider.running
    daemon = daemon_of(provider)

    provider.running.kill()

    assert one.reaches(CLAIMS, 443)
    assert one.reaches(CLAIMS, 80) is None
    assert one.reaches(other.addresses()[0], 443) is None
    provider.office.revoke(*provider.office.serials[PARTY, "desk 1"])
    since = {each["terminal"]: each["since"] for each in provider.status()["tunnels"]}["desk"]
    provider.start()
    assert provider.told("taken_over")
    until("the revoked one is out", lambda: not one.addresses(), limit_s=5)
    assert daemon == daemon_of(provider)
    (stayed,) = provider.status()["tunnels"]
    assert near(since, stayed["since"])


def test_a_killed_daemon_is_started_again_and_clients_return(provider: Provider) -> None:
    """Nobody was told; the clients find out, and nobody hears a no from a daemon that knows nobody yet."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()
    mine = one.addresses()

    os.kill(daemon_of(provider), signal.SIGKILL)

    until("the daemon is restored", lambda: len(provider.told("ready")) == 2)
    back(one, mine, limit_s=60)


def test_nobody_is_heard_by_a_daemon_that_knows_nobody(provider: Provider) -> None:
    """While it is told, packets of IKE are dropped; a client that heard a no would not ask again."""
    provider.clinic("one", PARTY, "desk 1")
    seen = provider.gateway.spawn("nft", "monitor", "rules")
    time.sleep(0.5)
    provider.start()

    os.kill(daemon_of(provider), signal.SIGKILL)
    until("the daemon is restored", lambda: len(provider.told("ready")) == 2)

    shut = "add rule inet seikyu_gateway_wait input udp dport"
    until("it was shut for both", lambda: seen.log().count(shut) >= 2, limit_s=5)
    assert "seikyu_gateway_wait" not in provider.gateway.run("nft", "list", "tables").stdout


def test_a_port_that_another_has_is_named(provider: Provider) -> None:
    """A daemon without its ports starts, and hears nobody."""
    with provider.gateway.inside():
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with other:
        other.bind(("", 4500))

        done = provider.gateway.run(
            PROGRAM,
            "gateway",
            "run",
            "--config",
            provider.folder / "gateway.toml",
            check=False,
            env={"SEIKYU_LANG": "en"},
        )

    assert done.returncode == 3
    assert "UDP 4500: address already in use" in done.stderr
    assert "another strongSwan" in done.stderr


def test_a_client_that_died_comes_back_from_elsewhere_to_its_address(provider: Provider) -> None:
    """The gateway still holds the tunnel of before, to a router that is no more."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()
    mine = one.addresses()

    one.kill()
    one.router.ip("address", "flush", "dev", "internet", "scope", "global")
    one.router.address("internet", "203.0.113.77/24")
    one.start()

    assert one.connect()
    assert mine == one.addresses()
    assert ["203.0.113.77"] == [each["host"] for each in provider.status()["tunnels"]]


def test_a_client_that_does_not_say_that_it_is_alone_gets_its_address_too(provider: Provider) -> None:
    """Without INITIAL_CONTACT the first try finds the address taken by the dead tunnel; the next one does not."""
    one = provider.clinic("one", PARTY, "desk 1")
    one.load(one.files, unique="never")
    provider.start()
    assert one.connect()
    mine = one.addresses()

    one.kill()
    one.start()
    one.load(one.files, unique="never")
    one.connect()

    until("it has its address", lambda: one.addresses() == mine or one.connect() is None, limit_s=30, pause_s=0.5)
    until("the dead one is gone", lambda: len(provider.status()["tunnels"]) == 1, limit_s=60)
    assert one.reaches(CLAIMS, 443)


def test_a_client_whose_address_changes_keeps_its_tunnel(provider: Provider) -> None:
    """MOBIKE: the same tunnel moves to the new address, and nothing is dialled."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    assert one.connect()
    mine = one.addresses()
    began = provider.status()["tunnels"][0]["since"]

    one.host.address("lan", "192.168.1.3/24")
    one.host.ip("address", "delete", "192.168.1.2/24", "dev", "lan")
    one.host.address("lan", "192.168.1.4/24")
    one.host.route("default", via="192.168.1.1")

    until("the tunnel carries", lambda: one.reaches(CLAIMS, 443), limit_s=20)
    assert mine == one.addresses()
    (stayed,) = provider.status()["tunnels"]
    assert near(began, stayed["since"])


def test_a_long_log_is_laid_aside_and_begun_anew(provider: Provider) -> None:
    """The daemon writes on, into the new one."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    log = provider.folder / "gateway-state" / "charon.log"
    os.truncate(log, 33 << 20)

    until("the old one is laid aside", log.with_name("charon.log.1").exists, limit_s=15)
    until("there is a new one", log.exists)

    assert one.connect()
    until("it is written to", lambda: log.stat().st_size > 100)


@pytest.mark.needs("swanctl")
def test_a_plan_is_taken_by_swanctl_as_it_is_printed(provider: Provider) -> None:
    """For whoever wants to run strongSwan without the supervisor, or to see whether it would be taken."""
    provider.clinic("one", PARTY, "受付 1号機")
    system = Charon(provider.gateway.folder / "system")
    (system.folder / "x509").mkdir(parents=True)
    (system.folder / "x509" / "gateway.pem").write_bytes((provider.folder / "gateway.pem").read_bytes())
    system.settings.write_text(settings_text(system, esp="user", per_host=50), "utf-8")
    provider.gateway.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(system.settings)})
    until("the system's daemon is there", system.listens)
    told = provider.gateway.run(PROGRAM, "gateway", "plan", "--json", "--config", provider.folder / "gateway.toml")
    (system.folder / "plan.conf").write_text(json.loads(told.stdout)["swanctl"], "utf-8")

    for what in ("--load-pools", "--load-conns"):
        words = ("swanctl", what, "--file", system.folder / "plan.conf", "--uri", f"unix://{system.socket}")
        said = until(
            "swanctl is heard",
            lambda words=words: provider.gateway.run(*words, env={"SWANCTL_DIR": str(system.folder)}).stdout,
        )
        assert "successfully loaded" in said

    line = Strongswan(system.socket)
    assert [name_of(PARTY, "受付 1号機")] == list(line.loaded())
    line.close()
    assert json.loads(told.stdout)["checked"] is True


def test_a_daemon_of_the_system_is_used_and_left_as_it_was_found(provider: Provider) -> None:
    """Its own connections stay; when somebody has it forget ours, they are loaded again."""
    one = provider.clinic("one", PARTY, "desk 1")
    system = Charon(provider.gateway.folder / "system")
    system.folder.mkdir()
    system.settings.write_text(settings_text(system, esp="user", per_host=50), "utf-8")
    provider.gateway.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(system.settings)})
    until("the system's daemon is there", system.listens)
    line = Strongswan(system.socket)
    line._session.load_conn({"office": {"version": "2", "children": {}}})
    text = (provider.folder / "gateway.toml").read_text("utf-8")
    (provider.folder / "gateway.toml").write_text(text.replace('vici = ""', f'vici = "{system.socket}"'), "utf-8")
    provider.start()
    assert one.connect()

    ours = next(each for each in line.loaded() if each != "office")
    line._session.unload_conn({"name": ours})
    until("it is there again", lambda: ours in line.loaded(), limit_s=15)

    assert provider.stop() == 0
    assert "office" in line.loaded()
    line.close()


def test_certificates_of_another_authority_come_to_nothing(provider: Provider) -> None:
    """Although party and terminal are the same words."""
    one = provider.clinic("one", PARTY, "desk 1")
    stranger = Office.made(provider.folder / "stranger", name="test office")
    one.load(stranger.issue(PARTY, "desk 1", one.host.folder / "foreign"), name="foreign")
    provider.start()

    assert not one.connect(name="foreign")
    assert one.connect()


def test_an_unknown_terminal_comes_in_as_soon_as_the_office_has_it(provider: Provider) -> None:
    """Nobody reloads anything by hand."""
    one = provider.clinic("one", PARTY, "desk 1")
    provider.start()
    newer = provider.office.issue(OTHER, "desk 2", one.host.folder / "other")
    one.load(newer, name="other")

    until("it comes in", lambda: one.connect(name="other"), limit_s=10)


class Pki(BaseHTTPRequestHandler):
    """The part of an office's public face that a gateway asks."""

    folder: Path

    def do_GET(self) -> None:
        """Answer with the list."""
        body = (self.folder / "crl.pem").read_bytes() if self.path == "/pki/crl.pem" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_an_office_elsewhere_is_asked_for_its_list_and_may_be_silent(provider: Provider) -> None:
    """By HTTPS; an older list than one that was seen is not taken, and without an office the last word goes on."""
    one = provider.clinic("one", PARTY, "desk 1")
    other = provider.clinic("other", OTHER, "desk")
    home = provider.office.home
    (provider.folder / "chain.pem").write_bytes((home.ca / "chain.pem").read_bytes())
    (provider.folder / "terminals.csv").write_text(terminals_text(issued_in(home.root)), "utf-8")
    text = (provider.folder / "gateway.toml").read_text("utf-8")
    url = 'url = "https://127.0.0.1:8444"\nauthorities = "chain.pem"\nterminals = "terminals.csv"'
    (provider.folder / "gateway.toml").write_text(
        text.replace('home = "home"', url).replace("look_s = 5", "look_s = 1")
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = new_key()
    signed = HomeAuthority(home).server(key.public_key(), ["127.0.0.1"], now=datetime.now(UTC))
    served = provider.folder / "served.pem"
    served.write_bytes(key_pem(key) + pem_of([signed.der, *HomeAuthority(home).chain()[:-1]]))
    context.load_cert_chain(served)
    Pki.folder = home.ca
    with provider.gateway.inside():
        server = ThreadingHTTPServer(("127.0.0.1", 8444), Pki)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        provider.start()
        assert one.connect()
        assert other.connect()
        old = (home.ca / "crl.pem").read_bytes()
        provider.office.revoke(*provider.office.serials[PARTY, "desk 1"])
        until("the revoked one is out", lambda: not one.addresses(), limit_s=10)

        (home.ca / "crl.pem").write_bytes(old)
        until("it was asked again", lambda: provider.running and not one.connect())
        assert other.addresses()
    finally:
        server.shutdown()
        server.server_close()
    until("the operator is told", lambda: provider.told("office_silent"), limit_s=20)
    assert not one.connect()
    other.disconnect()
    assert other.connect()
    assert provider.running
    provider.running.kill()
    (provider.folder / "terminals.csv").unlink()
    provider.start()
    assert provider.told("taken_over")
    assert other.reaches(CLAIMS, 443)
