"""Speed of `seikyu make`: MB of output a second of CPU, of every kind, and what the process needs.

    .venv/bin/python bench/maker.py [--mb 200] [--runs 7]

The first claims of a file are made and later ones are copies under other names, so that small files are slower: the
second number is of a tenth of the size. Each run is a process of its own, its start not counted.
"""

import argparse
import json
import statistics
import subprocess
import sys

from house import machine

ONE = """
import json, resource, sys, time
from seikyu.apps.generator import Recipe, Tally, place_of, stream
kind, size = sys.argv[1], int(sys.argv[2])
written, began = 0, time.process_time()
for block in stream(Recipe(place_of(kind), "1", 202610, kind=kind, size_bytes=size, long_stays=True), Tally()):
    written += len(block)
took = time.process_time() - began
kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"mb_s": written / 1e6 / took, "mib": kib / 1024}))
"""
KINDS = ("medical", "dpc", "dental", "pharmacy", "home_nursing")


def run(kind: str, size: int) -> dict[str, float]:
    """Make one file in a process of its own."""
    done = subprocess.run([sys.executable, "-c", ONE, kind, str(size)], capture_output=True, check=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print one line a kind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mb", type=int, default=200)
    options.add_argument("--runs", type=int, default=7)
    chosen = options.parse_args()
    print(machine())
    for kind in KINDS:
        large = [run(kind, chosen.mb * 10**6) for _ in range(chosen.runs)]
        small = [run(kind, chosen.mb * 10**5) for _ in range(chosen.runs)]
        speed, tenth = (statistics.median(each["mb_s"] for each in runs) for runs in (large, small))
        memory = max(each["mib"] for each in large)
        print(f"{kind:<14} {speed:5.0f} MB/s   {tenth:5.0f} MB/s at a tenth   {memory:4.0f} MiB")


if __name__ == "__main__":
    main()
