"""How long after pressing send the first finding stands on the screen, in a real browser at a real office.

    .venv/bin/python bench/first_finding.py [--claims 300 3000] [--rounds 5]

The file has something to find on its first claim. Measured is what a clerk sees: from the press of the button until a
finding is there, told while the file comes in or on the page of its sending; and until the sending can be decided.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from house import machine

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "browser"), str(TESTS / "scenarios")]

from kit import browser, person  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from real_house import make_demo  # noqa: E402

from builders import claim, uke  # noqa: E402  (the tests' own files, found by the line above)

#: A finding on the screen: a level while the file comes in, or the list of the sending's page.
FOUND = "#arriving .tag, .findings li"


def file_of(institution: str, claims: int, turn: int) -> bytes:
    """Return a file that was not sent before, with something to look at on its first claim."""
    first = claim(1, insurer="06990015", points=291 + turn)
    return uke(first, *(claim(no, points=291 + no % 40) for no in range(2, claims + 1)), institution=institution[3:])


def measure(page: Any, content: bytes) -> tuple[float, float]:
    """Send a file; return after how many seconds a finding is on the screen, and the sending can be decided."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/sendings/new")
    page.set_input_files(
        "#f-files", [{"name": "RECEIPTC.UKE", "mimeType": "application/octet-stream", "buffer": content}]
    )
    began = time.perf_counter()
    page.click("#send button", no_wait_after=True)
    page.wait_for_selector(FOUND)
    found = time.perf_counter() - began
    page.wait_for_url(re.compile(r"/sendings/[0-9a-z]{20,}"))
    page.wait_for_selector("a[href$='/decide'].button")
    return found, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--claims", type=int, nargs="+", default=[300, 3000])
    asked.add_argument("--rounds", type=int, default=5)
    said = asked.parse_args()
    print(machine())
    print("| claims | bytes | first finding, median (worst) s | can be decided, median (worst) s |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright, browser(playwright) as opened:
        house = make_demo(Path(place) / "home")
        house.start()
        try:
            with person(opened, house, "institution") as who:
                who.log_in()
                measure(who.page, file_of(house.access["institution"]["id"], 10, 0))
                for claims in said.claims:
                    files = [
                        file_of(house.access["institution"]["id"], claims, turn) for turn in range(1, said.rounds + 1)
                    ]
                    took = [measure(who.page, content) for content in files]
                    cells = [f"{statistics.median(each):.2f} ({max(each):.2f})" for each in zip(*took, strict=True)]
                    print(f"| {claims} | {len(files[0])} | {cells[0]} | {cells[1]} |")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
