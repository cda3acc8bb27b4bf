"""Looking through a large register: milliseconds of each list, search and lookup, through the services, on SQLite.

    .venv/bin/python bench/register.py [--parties 100000] [--certificates 300000] [--rounds 60]

One in ten certificates is revoked, one in five has ended. Each question is asked of other values every round, for one
page of 50. The look that the server takes every 30 s is measured as well, and what its memory of all serials takes.
"""

import argparse
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from house import machine, percentile
from seikyu.adapters.sql import SqlStore, open_store
from seikyu.adapters.sql.rows import values
from seikyu.adapters.sql.schema_register import certificates, parties
from seikyu.ports.register import Certificate, Party
from seikyu.services.find import Wanted, find_certificates, find_parties
from seikyu.services.revocation import Statuses
from seikyu.trust.party import folded_name

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PAGE = 50
AT_ONCE = 5000

TOWNS = [
    "札幌",
    "仙台",
    "見本",
    "桜台",
    "緑町",
    "中央",
    "本町",
    "東",
    "西",
    "南",
    "北",
    "青葉",
    "若葉",
    "港",
    "山手",
    "川口",
    "松原",
    "竹田",
    "梅園",
    "富士見",
]
FAMILIES = [
    "山田",
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "渡辺",
    "伊藤",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山本",
    "佐々木",
    "松本",
    "井上",
    "木村",
    "林",
    "清水",
    "斎藤",
    "山崎",
]
SORTS = ["医院", "クリニック", "内科", "歯科医院", "薬局", "病院", "眼科", "整形外科", "小児科", "訪問看護ステーション"]
TERMINALS = ["受付1号機", "受付2号機", "医事課", "pc-1", "PC-2", "院長室", "会計", "予備機"]


class Hearing:
    """Takes no notice."""

    def heard(self, source: str) -> None:
        """Take none."""

    def silent(self, source: str, error: Exception) -> None:
        """Take none."""


def fill(
    store: SqlStore, many_parties: int, many_certificates: int, chance: random.Random
) -> tuple[list[str], list[str]]:
    """Write the rows; return the ids and the serials."""
    ids = [f"{1 + no % 47:02d}{(1, 3, 4)[no % 3]}{no:07d}" for no in range(many_parties)]
    serials = [f"{chance.getrandbits(126) | 1 << 126:x}" for _ in range(many_certificates)]
    with store.write() as tx:
        for start in range(0, many_parties, AT_ONCE):
            rows = []
            for party in ids[start : start + AT_ONCE]:
                name = (
                    chance.choice(TOWNS) + chance.choice(FAMILIES) + chance.choice(SORTS) + str(chance.randrange(1000))
                )
                row = Party(party, "institution" if party[2] != "3" else "payer", name, NOW)
                rows.append(values(row) | {"folded": folded_name(name)})
            tx.connection.execute(parties.insert(), rows)
        for start in range(0, many_certificates, AT_ONCE):
            rows = []
            for no in range(start, min(start + AT_ONCE, many_certificates)):
                issued = NOW - timedelta(days=1500) + timedelta(minutes=1500 * 1440 * no / many_certificates)
                revoked = issued + (NOW - issued) * chance.random() if no % 10 == 3 else None
                row = Certificate(
                    serials[no], ids[no % many_parties], chance.choice(TERMINALS), issued, issued + timedelta(days=1187),
                    revoked, "superseded" if revoked else None, "0a",
                )  # fmt: skip
                rows.append(values(row))
            tx.connection.execute(certificates.insert(), rows)
    return ids, serials


def timed(act: Callable[[], object]) -> float:
    """Return how many milliseconds something took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def show(name: str, question: Callable[[], object], rounds: int) -> None:
    """Ask so many times and print how long it took, and what the processor had to do for one."""
    began = time.process_time()
    waits = [timed(question) for _ in range(rounds)]
    worked = (time.process_time() - began) * 1000 / rounds
    print(f"{name:<36} {percentile(waits, 0.5):>8.2f} {percentile(waits, 0.99):>8.2f} {worked:>8.2f}")


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--parties", type=int, default=100_000)
    words.add_argument("--certificates", type=int, default=300_000)
    words.add_argument("--rounds", type=int, default=60)
    asked = words.parse_args()
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "register.sqlite")
        began = time.perf_counter()
        ids, serials = fill(store, asked.parties, asked.certificates, chance)
        size = (Path(folder) / "register.sqlite").stat().st_size
        print(f"{machine()}; built in {time.perf_counter() - began:.0f} s, {size / 1e6:.0f} MB")
        of_parties = partial(find_parties, store, limit=PAGE)
        looked = partial(find_certificates, store, now=NOW, limit=PAGE)

        def one_certificate() -> None:
            with store.read() as tx:
                assert tx.certificate(chance.choice(serials))

        def one_party() -> None:
            with store.read() as tx:
                assert tx.party(chance.choice(ids))

        family, town = partial(chance.choice, FAMILIES), partial(chance.choice, TOWNS)
        questions: dict[str, Callable[[], object]] = {
            "one party": one_party,
            "one certificate": one_certificate,
            "parties, any page": lambda: of_parties(cursor=chance.choice(ids)),
            "parties of a kind, any page": lambda: of_parties(kind="payer", cursor=chance.choice(ids)),
            "parties, id begins": lambda: of_parties(chance.choice(ids)[: chance.randrange(2, 9)]),
            "parties, part of a name": lambda: of_parties(family()),
            "parties, rare part of a name": lambda: of_parties(f"{town()}{family()}薬局{chance.randrange(1000)}"),
            "parties, no such name": lambda: of_parties("存在しない"),
            "certificates, first page": lambda: looked(Wanted()),
            "certificates, any page": lambda: looked(Wanted(), cursor=chance.choice(serials)),
            "certificates of a party": lambda: looked(Wanted(party=chance.choice(ids))),
            "certificates, party's id begins": lambda: looked(Wanted(chance.choice(ids)[: chance.randrange(2, 9)])),
            "certificates, serial begins": lambda: looked(Wanted(chance.choice(serials)[:14])),
            "certificates, part of a name": lambda: looked(Wanted(family())),
            "certificates, rare part of a name": lambda: looked(
                Wanted(f"{town()}{family()}薬局{chance.randrange(1000)}")
            ),
            "certificates, no such name": lambda: looked(Wanted("存在しない")),
            "certificates, terminal begins": lambda: looked(Wanted(terminal=chance.choice(TERMINALS)[:3])),
            "valid, any page": lambda: looked(Wanted(state="valid"), cursor=chance.choice(serials)),
            "expired": lambda: looked(Wanted(state="expired")),
            "revoked": lambda: looked(Wanted(state="revoked")),
            "expiring within 30 days": lambda: looked(Wanted(expires_within_days=30)),
            "expiring within a year": lambda: looked(Wanted(expires_within_days=365)),
        }
        print(f"{'':<36} {'p50':>8} {'p99':>8} {'cpu':>8} ms")
        for name, question in questions.items():
            show(name, question, asked.rounds)
        statuses = Statuses(store, now=lambda: NOW, listened=Hearing())
        print(f"{'first look at all':<36} {timed(statuses.refresh):>8.0f}")
        tracemalloc.start()
        Statuses(store, now=lambda: NOW, listened=Hearing()).refresh()
        traced = Statuses(store, now=lambda: NOW, listened=Hearing())
        before = tracemalloc.get_traced_memory()[0]
        traced.refresh()
        print(f"{'memory of what they said':<36} {(tracemalloc.get_traced_memory()[0] - before) / 1e6:>8.1f} MB")
        tracemalloc.stop()
        show("look when nothing happened", statuses.refresh, asked.rounds)
        serial = "5" * 32
        with store.write() as tx:
            tx.put_certificate(Certificate(serial, ids[0], "pc-1", NOW, NOW + timedelta(days=1187)))
        print(f"{'look after one was issued':<36} {timed(statuses.refresh):>8.2f}")
        with store.write() as tx:
            tx.revoke_certificates([serial], at=NOW, reason="superseded")
        print(f"{'look after one was revoked':<36} {timed(statuses.refresh):>8.2f}")
        store.close()


if __name__ == "__main__":
    main()
