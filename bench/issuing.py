"""Certificates issued a second, with the authority's key in a file.

    .venv/bin/python bench/issuing.py [--seconds 5]

The bare signature for a key that the asker has made; the same with the row committed one by one, and fifty at once; and
all of it: a new key, the row and the client's files, each durable before the next begins. In one process, in turn.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from house import machine, percentile
from seikyu.adapters.home import open_home
from seikyu.adapters.sql import open_store
from seikyu.adapters.x509_ca import create_ca, enrol, issue_client
from seikyu.trust.party import Holder

#: So many rows in one transaction, where many are issued in a row.
TOGETHER = 50

HOLDER = Holder(kind="institution", party="9911000015", name="見本医院", terminal="受付1号機")


def measured(act: Callable[[], object], seconds: float) -> list[float]:
    """Do it again and again; return how long each took."""
    waits: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        act()
        waits.append(time.perf_counter() - began)
    return waits


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=5)
    asked = words.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder) / "home")
        ca, store, numbers = (
            create_ca(home, organisation="bench", now=datetime.now(UTC)),
            open_store(home.database),
            count(),
        )
        subject = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        request = subject.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.PEM)

        def signed() -> None:
            issue_client(ca, HOLDER, now=datetime.now(UTC), request=request)

        def entered() -> None:
            issued = issue_client(ca, HOLDER, now=datetime.now(UTC), request=request)
            with store.write() as tx:
                tx.put_certificate(issued.row)

        def entered_together() -> None:
            made = [issue_client(ca, HOLDER, now=datetime.now(UTC), request=request).row for _ in range(TOGETHER)]
            with store.write() as tx:
                for row in made:
                    tx.put_certificate(row)

        def given() -> None:
            enrol(ca, store, HOLDER, folder=home.clients / str(next(numbers)), now=datetime.now(UTC))

        bare = 0.0
        for name, act, many in (
            ("signed", signed, 1),
            ("signed, row durable", entered, 1),
            (f"signed, {TOGETHER} rows durable at once", entered_together, TOGETHER),
            ("key, row and files durable", given, 1),
        ):
            act()
            began = time.process_time()
            waits = measured(act, asked.seconds)
            worked = (time.process_time() - began) * 1000 / len(waits) / many
            rate = many * len(waits) / sum(waits)
            bare = bare or rate
            p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
            print(
                f"{name:<32} {rate:6.0f}/s  ratio {rate / bare:4.2f}  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  cpu {worked:4.1f} ms"
            )
        store.close()


if __name__ == "__main__":
    main()
