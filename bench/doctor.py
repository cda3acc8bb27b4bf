"""How long `seikyu doctor` takes on a healthy line and on dead ones; needs root, as the lab of the tests does.

.venv/bin/python bench/doctor.py [--rounds 5]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from house import machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from lab.clinic import Clinic
from lab.net import Lab


@contextmanager
def healthy(clinic: Clinic) -> Iterator[None]:
    clinic.open()
    yield


@contextmanager
def no_signal(clinic: Clinic) -> Iterator[None]:
    clinic.cable.down()
    yield


@contextmanager
def silent(clinic: Clinic) -> Iterator[None]:
    """Have a signal, and nothing that ever answers: every wait is waited for."""
    clinic.open()
    with clinic.cable.cut():
        yield


@contextmanager
def silent_but_names(clinic: Clinic) -> Iterator[None]:
    """Names are found, and nothing else is let through."""
    clinic.open()
    clinic.claims.drop("tcp dport 443", hook="input")
    clinic.claims.drop("udp dport 123", hook="input")
    yield


LINES: dict[str, Callable[[Clinic], "contextmanager[None]"]] = {  # type: ignore[type-arg]
    "healthy": healthy,
    "no signal": no_signal,
    "silent": silent,
    "silent but for names": silent_but_names,
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    print(machine())
    for name, line in LINES.items():
        for kind in ("ipvpn_ipv6", "ipsec_ike"):
            whole, probes = [], []
            with tempfile.TemporaryDirectory() as folder, Lab() as lab:
                clinic = Clinic(lab, Path(folder))
                with clinic.stack, line(clinic):
                    for _ in range(asked.rounds):
                        began = time.perf_counter()
                        told = clinic.doctor(kind=kind)
                        whole.append(time.perf_counter() - began)
                        probes.append(told["took_s"])
            print(
                f"{name}, {kind}: {told['verdict']}; whole process median {statistics.median(whole):.1f} s, "
                f"longest {max(whole):.1f} s; probes {statistics.median(probes):.1f} s ({asked.rounds} runs)"
            )


if __name__ == "__main__":
    main()
