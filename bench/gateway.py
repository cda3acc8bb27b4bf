"""Tunnels through a real gateway between network namespaces: throughput, connecting, outages, many at once.

    .venv/bin/python bench/gateway.py [--seconds 5] [--rounds 3] [--connects 30] [--outages 3] [--tunnels 200]

As root, with strongSwan, nftables and iperf3. Client, router, gateway and server share the machine. The plain path goes
through the same router and the same gateway machine without a tunnel, just before the gateway stands: once its filter does,
nothing passes in clear. Whether the kernel or the daemon itself encrypts (kernel-libipsec, on one thread) is said, because it decides.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from house import machine, percentile
from lab.gateway import CLAIMS, Client, Provider
from lab.net import Lab, until
from seikyu.adapters.charon import kernel_has_esp

PORT = 4430


def iperf(client: Client, *, seconds: float, back: bool) -> float:
    """Return Mbit/s of one TCP stream to the server, or back from it."""
    words = ["iperf3", "-c", CLAIMS, "-p", PORT, "-t", seconds, "-J", *(["-R"] if back else [])]
    told = json.loads(client.host.run(*words, limit_s=seconds + 20).stdout)
    return told["end"]["sum_received"]["bits_per_second"] / 1e6


def plain(client: Client, *, seconds: float, rounds: int) -> dict[str, float]:
    """Measure the path without a tunnel, before the gateway stands: its filter lets nothing through in clear."""
    client.router.route("198.51.100.0/24", via="203.0.113.2")
    told = both_ways(client, "plain", seconds=seconds, rounds=rounds)
    client.router.ip("route", "delete", "198.51.100.0/24")
    return told


def both_ways(client: Client, path: str, *, seconds: float, rounds: int) -> dict[str, float]:
    """Return the medians of a path in Mbit/s."""
    return {
        f"{path}_{'down' if back else 'up'}": round(
            statistics.median(iperf(client, seconds=seconds, back=back) for _ in range(rounds)), 1
        )
        for back in (False, True)
    }


def throughput(client: Client, told: dict[str, float], *, seconds: float, rounds: int) -> dict[str, float]:
    """Measure the tunnel, beside what the plain path gave; return medians, and the tunnel's share."""
    assert client.connect()
    told = told | both_ways(client, "tunnel", seconds=seconds, rounds=rounds)
    return told | {f"ratio_{way}": round(told[f"tunnel_{way}"] / told[f"plain_{way}"], 4) for way in ("up", "down")}


def connects(client: Client, *, many: int) -> dict[str, float]:
    """Measure from dialling to a tunnel, in ms."""
    took = []
    for _ in range(many):
        client.disconnect()
        began = time.perf_counter()
        assert client.connect()
        took.append((time.perf_counter() - began) * 1000)
    return {"median_ms": round(statistics.median(took), 1), "p90_ms": round(percentile(took, 90), 1), "many": many}


def timed(what: str, happens: Callable[[], Any], *, limit_s: float = 180) -> float:
    """Return how long something takes to happen, in seconds."""
    began = time.monotonic()
    until(what, happens, limit_s=limit_s, pause_s=0.02)
    return round(time.monotonic() - began, 2)


def outages(client: Client, *, rounds: int, outage_s: float = 45) -> dict[str, Any]:
    """Measure from the line's return to an answer through the tunnel."""
    back = []
    for _ in range(rounds):
        with client.router.cut():
            time.sleep(outage_s)
            assert client.reaches(CLAIMS, 443, limit_s=0.2) is None
        back.append(timed("the tunnel is back", lambda: client.reaches(CLAIMS, 443, limit_s=0.5)))
    return {"outage_s": outage_s, "back_s": back, "median_s": statistics.median(back)}


def cpu_s(pid: int) -> float:
    """Return the processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Return the memory of a process."""
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


@contextmanager
def measured(told: dict[str, Any], pids: Callable[[], dict[str, int]]) -> Iterator[None]:
    """Note what processes take in a block."""
    before = {name: cpu_s(pid) for name, pid in pids().items()}
    yield
    for name, pid in pids().items():
        used = cpu_s(pid) - before[name] if cpu_s(pid) >= before[name] else cpu_s(pid)
        told[f"{name}_cpu_s"], told[f"{name}_rss_mb"] = round(used, 2), rss_mb(pid)


def many(provider: Provider, client: Client, *, tunnels: int) -> dict[str, Any]:
    """Let one client machine be many terminals, and lose them all at once, in three ways."""
    began = time.monotonic()
    files = [
        provider.office.issue(f"99110{no:05}", "desk", client.host.folder / f"c{no}", name="見本")
        for no in range(tunnels)
    ]
    print(f"  {tunnels} certificates: {time.monotonic() - began:.1f} s", flush=True)
    for no, each in enumerate(files):
        client.load(each, name=f"c{no}")
    until("the gateway knows all", lambda: planned(provider) >= tunnels, limit_s=120)

    def there() -> int:
        with client.session() as session:
            return sum(
                sa["state"] == b"ESTABLISHED" and any(c["state"] == b"INSTALLED" for c in sa["child-sas"].values())
                for told in session.list_sas()
                for name, sa in told.items()
                if name != "claims"
            )

    def pids() -> dict[str, int]:
        charon = int((provider.folder / "gateway-state" / "charon.pid").read_text())
        assert provider.running
        return {"daemon": charon, "supervisor": provider.running.pid}

    told: dict[str, Any] = {"tunnels": tunnels}
    empty = {name: rss_mb(pid) for name, pid in pids().items()}
    told["empty"] = {f"{name}_rss_mb": each for name, each in empty.items()}
    first: dict[str, Any] = {}
    with measured(first, pids):
        began = time.monotonic()
        for no in range(tunnels):
            assert client.connect(name=f"c{no}", limit_ms=20_000), no
        first["took_s"] = round(time.monotonic() - began, 2)
    told["one after the other"] = first
    idle: dict[str, Any] = {}
    with measured(idle, pids):
        time.sleep(30)
    told["30 s of rest"] = idle
    storm: dict[str, Any] = {}
    with client.router.cut():
        time.sleep(45)
        print("  there after 45 s of outage:", there(), flush=True)
    with measured(storm, pids):
        storm["all_back_s"] = timed("all are back", lambda: there() == tunnels)
    told["after 45 s of outage"] = storm
    told["daemon killed"] = kill_daemon(provider, pids, there, tunnels=tunnels)
    told["gateway restarted"] = restart(provider, there, tunnels=tunnels)
    victims = [provider.office.serials[f"99110{no:05}", "desk"][0] for no in range(min(10, tunnels))]
    began = time.monotonic()
    provider.office.revoke(*victims)
    told["ten revoked, gone after s"] = timed("ten are gone", lambda: there() == tunnels - len(victims))
    return told


def kill_daemon(
    provider: Provider, pids: Callable[[], dict[str, int]], there: Callable[[], int], *, tunnels: int
) -> dict[str, Any]:
    """Kill the daemon and wait until another one has all tunnels again."""
    killed: dict[str, Any] = {}
    before = pids()["daemon"]
    os.kill(before, 9)
    began = time.monotonic()
    until(
        "another daemon is there",
        lambda: (provider.folder / "gateway-state" / "charon.pid").exists() and pids()["daemon"] != before,
    )
    until("it knows all", lambda: len(provider.told("ready")) == 2)
    killed["restored_s"] = round(time.monotonic() - began, 2)
    until("the gateway has all", lambda: len(provider.status()["tunnels"]) >= tunnels, limit_s=180)
    until("the clients have all", lambda: there() == tunnels, limit_s=180)
    killed["all_back_s"] = round(time.monotonic() - began, 2)
    killed |= {f"{name}_rss_mb": rss_mb(pid) for name, pid in pids().items()}
    killed["daemon_cpu_s"] = round(cpu_s(pids()["daemon"]), 2)
    return killed


def restart(provider: Provider, there: Callable[[], int], *, tunnels: int) -> dict[str, Any]:
    """Stop the gateway, start it, and wait until all clients are back."""
    provider.stop()
    began = time.monotonic()
    provider.start()
    told: dict[str, Any] = {"ready_s": round(time.monotonic() - began, 2)}
    told["all_back_s"] = timed("all are back", lambda: there() == tunnels)
    return told


def planned(provider: Provider) -> int:
    """Return how many terminals may come, by the gateway's own word."""
    return provider.status()["terminals"]


def main() -> None:
    """Run all, or what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connects", type=int, default=30)
    parser.add_argument("--outages", type=int, default=3)
    parser.add_argument("--tunnels", type=int, default=200)
    asked = parser.parse_args()
    print(machine(), "ESP in the", "kernel" if kernel_has_esp() else "daemon (kernel-libipsec)", flush=True)
    with Lab() as lab:
        provider = Provider(lab)
        provider.write(("tcp_ports = [443, 53]", f"tcp_ports = [443, 53, {PORT}]"))
        provider.claims.spawn("iperf3", "-s", "-p", PORT)
        client = provider.clinic("clinic", "9911000015", "desk 1")
        clear = plain(client, seconds=asked.seconds, rounds=asked.rounds) if asked.rounds else {}
        provider.start()
        if asked.rounds:
            told = throughput(client, clear, seconds=asked.seconds, rounds=asked.rounds)
            print("throughput, Mbit/s:", told, flush=True)
        if asked.connects:
            print("connect:", connects(client, many=asked.connects), flush=True)
        if asked.outages:
            assert client.addresses() or client.connect()
            print("outage:", outages(client, rounds=asked.outages), flush=True)
        if asked.tunnels:
            for name, each in many(provider, client, tunnels=asked.tunnels).items():
                print(f"{name}:", each, flush=True)


if __name__ == "__main__":
    main()
