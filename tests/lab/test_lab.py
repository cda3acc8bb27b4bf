"""The lab itself: it carries packets, breaks as lines break, and leaves nothing, however it ends."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import leftovers
from lab.features import FEATURES, PROGRAMS, features
from lab.net import Failed, Host, Lab, TooLate, until

pytestmark = pytest.mark.needs("net", "ping")


def left(prefix: str) -> list[str]:
    """Return what is there of a lab: its processes, namespaces, overlays and folder."""
    names = leftovers.namespaces(prefix)
    kept = [*leftovers.ROOT.glob(f"{prefix}*"), *leftovers.OVERLAYS.glob(f"{prefix}*")]
    return [*map(str, leftovers.processes(names)), *names, *map(str, kept)]


def answers(host: Host, address: str) -> bool:
    """Tell whether an address answers a ping within a second."""
    return 0 == host.run("ping", "-c", "1", "-W", "1", address, check=False).returncode


def pair(lab: Lab) -> tuple[Host, Host]:
    """Make two hosts with a cable between them, in both families."""
    one, other = lab.host("one"), lab.host("other")
    lab.link(one, other, ["192.0.2.1/24", "2001:db8::1/64"], ["192.0.2.2/24", "2001:db8::2/64"], mtu=1454)
    return one, other


def test_hosts_reach_each_other_over_a_cable_in_both_families(lab: Lab) -> None:
    """At once: no address waits for the search for its double."""
    one, other = pair(lab)

    assert (True, True) == (answers(one, "192.0.2.2"), answers(one, "2001:db8::2"))
    assert ["192.0.2.2", "2001:db8::2"] == other.addresses("one")
    assert [1454] == [card["mtu"] for card in one.told("link", "show", "dev", "other")]


def test_a_router_hides_a_lan_behind_its_address(lab: Lab) -> None:
    """The far end sees the router's address; without the router's mask it would have no way back."""
    clinic, router, far = lab.host("clinic"), lab.host("router", forwards=True), lab.host("far")
    lab.link(clinic, router, ["192.168.1.2/24"], ["192.168.1.1/24"])
    lab.link(router, far, ["203.0.113.1/24"], ["203.0.113.2/24"])
    clinic.route("default", via="192.168.1.1")
    assert not answers(clinic, "203.0.113.2")

    router.masquerade("far")
    with far.inside():
        listening = socket.create_server(("203.0.113.2", 80))
    with listening, clinic.inside(), socket.create_connection(("203.0.113.2", 80), timeout=5):
        accepted, (asking, _) = listening.accept()
        accepted.close()

    assert "203.0.113.1" == asking


@pytest.mark.needs("bridge")
def test_hosts_on_a_switch_see_each_other(lab: Lab) -> None:
    """A late one as well."""
    pc, printer, late = lab.host("pc"), lab.host("printer"), lab.host("late")
    switch = lab.switch("lan", {pc: ["192.168.1.2/24"], printer: ["192.168.1.9/24"]})

    lab.plug(switch, late, ["192.168.1.7/24"])

    assert (True, True) == (answers(pc, "192.168.1.9"), answers(late, "192.168.1.2"))


@pytest.mark.slow
@pytest.mark.needs("cut")
def test_a_cut_line_is_silent_and_comes_back(lab: Lab) -> None:
    """Both kinds: of a host, and of a cable; the carrier stays."""
    one, other = lab.host("one"), lab.host("other")
    cable = lab.link(one, other, ["192.0.2.1/24"], ["192.0.2.2/24"])

    with other.cut():
        dead = answers(one, "192.0.2.2")
    with cable.cut():
        lost = answers(one, "192.0.2.2")
        carrier = one.told("link", "show", "dev", "other")[0]["operstate"]

    assert (False, False, "UP", True) == (dead, lost, carrier, answers(one, "192.0.2.2"))


def test_a_pulled_cable_has_no_carrier(lab: Lab) -> None:
    """As a card tells its computer."""
    one, other = lab.host("one"), lab.host("other")
    cable = lab.link(one, other, ["192.0.2.1/24"], ["192.0.2.2/24"])

    cable.down()
    gone = answers(one, "192.0.2.2")
    cable.up()

    assert (False, True) == (gone, answers(one, "192.0.2.2"))


def test_a_hole_for_big_packets_swallows_them_alone(lab: Lab) -> None:
    """Small ones go through, big ones are not answered, and nobody is told."""
    one, router, other = lab.host("one"), lab.host("router", forwards=True), lab.host("other")
    lab.link(one, router, ["192.0.2.2/24"], ["192.0.2.1/24"])
    lab.link(router, other, ["198.51.100.1/24"], ["198.51.100.2/24"])
    one.route("default", via="192.0.2.1")
    other.route("default", via="198.51.100.1")

    router.drop("meta length > 1400")
    ping = ("ping", "-c", "1", "-W", "1", "-M", "do", "-s")

    sizes = [one.run(*ping, size, "198.51.100.2", check=False).returncode for size in (1300, 1400)]
    assert [0, 1] == sizes


@pytest.mark.slow
@pytest.mark.needs("tbf", "iperf3")
def test_a_shaped_line_is_as_slow_as_asked(lab: Lab) -> None:
    """A line of 10 Mbit/s carries no 20."""
    import json

    one, other = lab.host("one"), lab.host("other")
    lab.link(one, other, ["192.0.2.1/24"], ["192.0.2.2/24"]).shape("10mbit")
    other.spawn("iperf3", "-s", "-1", "--forceflush").says("listening")

    told = json.loads(one.run("iperf3", "-c", "192.0.2.2", "-t", "1", "-J").stdout)

    assert told["end"]["sum_received"]["bits_per_second"] < 20e6


def test_a_program_is_ended_by_its_number(lab: Lab) -> None:
    """It is the program itself that was started, not a shell around it; one that does not hear is killed."""
    host = lab.host("host")
    asleep = host.spawn("sleep", "60")
    code = "import signal,time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    deaf = host.spawn(sys.executable, "-c", code)
    deaf.says("up")
    until("the program runs", lambda: Path(f"/proc/{asleep.pid}/comm").read_text("ascii") == "sleep\n")

    assert (-signal.SIGTERM, -signal.SIGKILL) == (asleep.stop(), deaf.stop(limit_s=0.2))


def test_what_goes_wrong_is_said(lab: Lab) -> None:
    """A program that fails, one that is too slow, one that ends before it is ready, and one that stays silent."""
    host = lab.host("host")

    with pytest.raises(Failed, match="status 3"):
        host.run("sh", "-c", "exit 3")
    with pytest.raises(TooLate, match="did not end on host"):
        host.run("sleep", "60", limit_s=0.2)
    with pytest.raises(Failed, match="ended with 1: no"):
        host.spawn("sh", "-c", "echo no; exit 1").says("ready")
    with pytest.raises(TooLate, match="did not say 'ready'"):
        host.spawn("sh", "-c", "echo no; sleep 60").says("ready", limit_s=0.3)


def test_each_host_has_its_own_resolver(lab: Lab) -> None:
    """The machine's own stays as it is."""
    before = Path("/etc/resolv.conf").read_bytes()
    host = lab.host("host")

    host.resolver("192.0.2.53", search="claims.example")

    assert "nameserver 192.0.2.53" in host.run("cat", "/etc/resolv.conf").stdout
    assert before == Path("/etc/resolv.conf").read_bytes()


def test_nothing_stays_after_a_lab_that_ends_well() -> None:
    """No process, not even one that a program of ours has started; no namespace, no overlay, no folder."""
    with Lab() as lab:
        one, _ = pair(lab)
        one.resolver("192.0.2.53")
        one.spawn("sh", "-c", "setsid sleep 60 & echo up; wait").says("up")
        prefix = lab.prefix
        assert len(left(prefix)) >= 6

    assert [] == left(prefix)


def test_nothing_stays_after_a_set_up_that_fails() -> None:
    """Half a network is taken down as a whole one is."""
    prefix = ""
    with pytest.raises(Failed), Lab() as lab:
        prefix = lab.prefix
        one, other = pair(lab)
        one.spawn("sleep", "60")
        lab.link(one, other, ["no address"])

    assert prefix.startswith("sk")
    assert [] == left(prefix)


OWNER = """
import sys, time
from lab.net import Lab
with Lab() as lab:
    one = lab.host("one")
    one.resolver("192.0.2.53")
    one.spawn("sleep", "60")
    print(lab.prefix, flush=True)
    time.sleep(60)
"""


def test_the_next_lab_sweeps_what_a_killed_one_left() -> None:
    """The killed owner could do nothing; a lab whose owner lives is not touched."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", OWNER]
    with Lab() as living, subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        sleeper = living.host("here").spawn("sleep", "60")
        assert owner.stdout
        prefix = owner.stdout.readline().strip()
        until("the sleeper is in the host", lambda: leftovers.processes(leftovers.namespaces(prefix)))
        with Lab():
            assert len(left(prefix)) == 4  # its sleeper, its host, its overlay, its folder: the owner lives
        owner.kill()
        owner.wait()
        assert len(left(prefix)) == 4

        with Lab():
            pass

        assert [] == left(prefix)
        assert sleeper.alive()


def test_a_number_that_is_used_again_is_not_taken_for_the_owner(tmp_path: Path) -> None:
    """The owner is known by its number and the time when it began."""
    began = leftovers.started(os.getpid())
    assert began is not None
    folder = leftovers.ROOT / f"sk{'0' * 6}.{os.getpid()}.{began - 1}"
    folder.mkdir(parents=True)

    assert folder.name[:8] in leftovers.sweep()
    assert not folder.exists()


def test_the_network_of_the_machine_is_not_touched() -> None:
    """Its cards, routes and filters are the same before, in and after a lab."""

    def seen() -> list[bytes]:
        asking = (["ip", "-br", "link"], ["ip", "route"], ["ip", "-6", "route"], ["nft", "list", "ruleset"])
        return [subprocess.run(words, check=True, capture_output=True).stdout for words in asking]

    before = seen()
    with Lab() as lab:
        one, _ = pair(lab)
        one.masquerade("other")
        inside = seen()

    assert before == inside == seen()


def test_labs_that_begin_and_end_at_once_do_not_disturb_each_other() -> None:
    """The folders that all share come and go with the first and the last of them."""

    def one(_: int) -> list[str]:
        with Lab() as lab:
            lab.host("host").run("true")
            prefix = lab.prefix
        return left(prefix)

    with ThreadPoolExecutor(4) as several:
        assert [[]] * 16 == list(several.map(one, range(16)))


def test_the_pipeline_installs_every_program_that_tests_may_need() -> None:
    """Else its tests would be skipped for a reason that is none."""
    installed = (Path(__file__).parents[2] / ".ci" / "run").read_text("utf-8").split()

    assert set() == {package for _, package in PROGRAMS.values()} - set(installed)


def test_every_feature_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With an empty text or what is missing; what is missing is either the system's, or names the package."""
    told = features()

    assert set(FEATURES) == set(told)
    assert [] == [why for why in told.values() if why and not why.startswith("os:") and "not installed:" not in why]
