"""`seikyu check` on 10 MB with the reference checker, beside `bytes.decode("cp932")` of the same bytes in the same run.

.venv/bin/python bench/check.py [--mb 10] [--rounds 3]
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from house import SEIKYU, machine


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mb", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.uke"
        subprocess.run([SEIKYU, "make", "--size", f"{asked.mb}m", "-o", path], check=True, stdout=subprocess.DEVNULL)
        data = path.read_bytes()
        whole, decode = [], []
        for _ in range(asked.rounds):
            began = time.perf_counter()
            done = subprocess.run([SEIKYU, "check", path], stdout=subprocess.DEVNULL, check=False)
            whole.append(time.perf_counter() - began)
            if done.returncode:
                raise RuntimeError(f"a conforming file ended with {done.returncode}")
            began = time.perf_counter()
            data.decode("cp932")
            decode.append(time.perf_counter() - began)
        seconds, floor = statistics.median(whole), statistics.median(decode)
        print(
            f"seikyu check, {len(data) / 1e6:.1f} MB, whole process: {len(data) / 1e6 / seconds:.2f} MB/s; "
            f"decode alone {len(data) / 1e6 / floor:.0f} MB/s, ratio {floor / seconds:.4f} (median of {asked.rounds})"
        )


if __name__ == "__main__":
    main()
