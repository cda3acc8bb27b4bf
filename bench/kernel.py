"""The compiled checker against `bytes.decode("cp932")` of the same bytes, and against the reference: the speed table.

.venv/bin/python bench/kernel.py [--mb 200] [--rounds 7] [--big-mb 2000] [--only ROW ...] [--file FILE] [--guard]

Ratios within one run, interleaved, by CPU time (two processes, the clinic file and whole processes: by the clock);
medians. `--guard` ends with status 1 if a row is below half of its must. Files are made on the fly and deleted.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

from full_masters import found_in, versions
from kind_masters import TABLES, masters_for

from house import SEIKYU, machine, rss_mb
from seikyu.apps.generator import Recipe, place_of, world, write
from seikyu.rules import Rows, Summary, examine
from seikyu.rules.catalogue import RuleBook, rule_book
from seikyu.rules.examine import Examination
from seikyu.rules.finding import Level
from seikyu.rules.masters import NO_MASTERS, Masters, masters_of

CHUNK = 1 << 20
BAD = 0.1
KINDS = ("dpc", "dental", "pharmacy", "home_nursing")
#: A file of one of these kinds; they are made whole in memory.
KIND_BYTES = 20_000_000
#: What the issue asks for: must and aim; above or at least, unless the row says "most".
MUST = {
    "items": (0.7, 1.5, "least"),
    "all rules": (0.25, 0.6, "least"),
    "all rules with masters": (0.25, 0.6, "least"),
    "with fee tables too": (0.25, 0.6, "least"),
    "reference": (25, 40, "least"),
    "10 % bad, items": (0.6, 0.8, "least"),
    "10 % bad, all rules": (0.6, 0.8, "least"),
    "every record bad, items": (0.3, 0.5, "least"),
    "every record bad, all rules": (0.3, 0.5, "least"),
    "two processes": (1.8, 2.0, "least"),
    "memory": (256, 256, "most"),
    "memory grown": (10, 10, "most"),
    "clinic warm": (20, 5, "most"),
    "clinic process": (1.2, 0.7, "most"),
    "time per GB": (1.15, 1.15, "most"),
    **{
        f"all rules, other kinds: {kind}{name}": (0.25, 0.6, "least")
        for kind in KINDS
        for name in ("", ", with masters")
    },
}


@cache
def items_only(levels: frozenset[Level], kind: str) -> RuleBook:
    """Return the rules of single items, without those on records and claims."""
    book = rule_book(levels, kind)
    return RuleBook(claim=(), file=book.file, record={}, item=book.item)


@cache
def some_claims(masters: Masters = NO_MASTERS) -> tuple[bytes, list[tuple[list[bytes], int, int]]]:
    """Return a header and a few thousand claims: the items of RE up to the name and all behind, cases and points."""
    out = BytesIO()
    write(Recipe(world().institutions[0], "1", 202610, claims=3000, seed=5, late_share=0.3, masters=masters), out)
    data = out.getvalue()
    start, end = data.index(b"\r\nRE,") + 2, data.rindex(b"\r\nGO,")
    claims = data[start + 3 : end].split(b"\r\nRE,")
    blocks = examine([data], identity_key=b"bench", engine="reference")
    rows = [row for block in blocks if isinstance(block, Rows) for row in block]
    found = zip(claims, rows, strict=True)
    return data[:start], [(claim.split(b",", 4), row.cases, row.main_points) for claim, row in found]


def whole(masters: Masters) -> bytes:
    """Return the claims of `some_claims` as they were made."""
    head, claims = some_claims(masters)
    return head + b"\r\n".join(b"RE," + b",".join(parts) for parts, _, _ in claims)


@cache
def official() -> Masters:
    """Return masters of the official sizes."""
    return masters_of(versions(found_in(whole(NO_MASTERS))))


def with_fee_tables(plain: bytes, data: bytes) -> Masters:
    """Return the same masters with fee tables, to which the claims of `data`, made with those masters, conform."""
    from fee_tables import Seen, packed, tables

    institution = b"".join(data[: data.index(b"\r\n")].split(b",")[2:5]).decode()
    rows = dict(tables(Seen(data), institution))
    more = {str(row["code"]): {name: str(value) for name, value in row.items()} for row in rows.pop("s")}
    return masters_of([*versions(found_in(plain), more), *(packed(kind, each) for kind, each in rows.items())])


def pieces(size: int, masters: Masters = NO_MASTERS) -> Iterator[bytes]:
    """Yield a conforming file of that size: the same claims again and again, renumbered, of people named otherwise."""
    head, claims = some_claims(masters)
    yield head
    done, no, cases, points = len(head), 0, 0, 0
    while done < size:
        block = []
        mark = "".join(chr(ord("０") + int(digit)) for digit in f"{no // len(claims):04d}").encode("cp932")
        for (_, kind, month, name, rest), of_claim, its_points in claims:
            no, cases, points = no + 1, cases + of_claim, points + its_points
            block.append(b"RE,%d,%s,%s,%s%s,%s\r\n" % (no % 1_000_000, kind, month, name, mark, rest))
            done += len(block[-1])
            if done >= size:
                break
        yield b"".join(block)
    yield b"GO,%d,%d,99\r\n\x1a" % (cases, points)


def damaged(data: bytes, share: float) -> bytes:
    """Return the file with so many of its records wrong in one item, in many ways, or of an unknown kind."""
    dice = random.Random(4)
    values = [b"", b"x", b"-5", b"20260229", b"5080801", b"\x87\x40", b"\x82", b"A\x82\xa0", b"9" * 12, b"99", b"1.5"]
    lines = data.split(b"\r\n")
    for at in range(1, len(lines) - 2):
        if dice.random() < share:
            items = lines[at].split(b",")
            place = dice.randrange(1, min(len(items), 8))
            kind = dice.randrange(14)
            if kind < len(values):
                items[place] = values[kind]
            elif kind == 11:
                items.insert(place, b"")
            elif kind == 12:
                del items[place]
            elif not lines[at].startswith(b"RE"):
                items[0] = b"ZZ"
            lines[at] = b",".join(items)
    return b"\r\n".join(lines)


def examined(data: bytes | Iterable[bytes], books: object = rule_book, **options: Any) -> Summary:
    """Examine a file; findings stay arrays, index rows are bytes, and both are let go."""
    examination = Examination(**{"identity_key": b"bench", "engine": "kernel", "books": books, **options})
    chunks = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK)) if isinstance(data, bytes) else data
    for chunk in chunks:
        for _ in examination.feed(chunk):
            pass
    *_, summary = examination.finish()
    return summary


def timed(work: Callable[[], object], *, clock: Callable[[], float] = time.process_time) -> float:
    """Return how long some work takes."""
    began = clock()
    work()
    return clock() - began


def ratios(rounds: int, above: Callable[[], object], below: Callable[[], object]) -> float:
    """Return the median of time above over time below, measured in turn."""
    return statistics.median(timed(above) / timed(below) for _ in range(rounds))


def speeds(asked: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield the rows about one large file."""
    data = asked.file.read_bytes() if asked.file else b"".join(pieces(asked.mb * 1_000_000))
    examined(data[:3_000_000])
    decode = lambda: data.decode("cp932")  # noqa: E731  (it is what is timed)
    yield "items", ratios(asked.rounds, decode, lambda: examined(data, items_only))
    yield "all rules", ratios(asked.rounds, decode, lambda: examined(data))
    yield from speeds_with_masters(asked, data)
    small = data[: data.index(b"\r\nRE,", 3_000_000) + 2]
    slow = statistics.median(timed(lambda: examined(small, engine="reference")) for _ in range(3)) / len(small)
    fast = statistics.median(timed(lambda: examined(data)) for _ in range(3)) / len(data)
    yield "reference", slow / fast
    for name, share in (("10 % bad", BAD), ("every record bad", 1.0)):
        bad = damaged(data, share)
        for mode, books in (("items", items_only), ("all rules", rule_book)):
            pair = lambda which, books=books: lambda: examined(which, books)  # noqa: E731  (two pieces of work)
            yield f"{name}, {mode}", ratios(max(3, asked.rounds // 2), pair(data), pair(bad)) * len(bad) / len(data)


def other_kinds(asked: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield all rules against decoding for files of each kind but medical ones, without masters and with their own."""
    for kind in KINDS:
        out = BytesIO()
        write(Recipe(place_of(kind), "1", 202610, size_bytes=KIND_BYTES, seed=6, kind=kind), out)
        data = out.getvalue()
        shelves = {"": NO_MASTERS, **({", with masters": masters_for(kind, data)} if kind in TABLES else {})}
        for name, shelf in shelves.items():
            told = examined(data, masters=shelf)
            assert told.totals["normal"].claims == told.claims, f"the {kind} file does not conform"
            decode = lambda data=data: data.decode("cp932")  # noqa: E731  (it is what is timed)
            speed = ratios(asked.rounds, decode, lambda data=data, shelf=shelf: examined(data, masters=shelf))
            yield f"all rules, other kinds: {kind}{name}", speed


def speeds_with_masters(asked: argparse.Namespace, data: bytes) -> Iterator[tuple[str, float]]:
    """Yield the speed of all rules with masters; without `--file` on codes that are drawn from all over them."""
    if asked.file:
        plain, sample, masters = data, data, masters_of(versions(found_in(data)))
    else:
        plain, sample, masters = whole(NO_MASTERS), whole(official()), official()
        data = b"".join(pieces(asked.mb * 1_000_000, masters))
    for name, known in (("all rules with masters", masters), ("with fee tables too", with_fee_tables(plain, sample))):
        told = examined(data, masters=known)
        assert told.totals["normal"].claims == told.claims, f"{name}: the file does not conform to the masters"
        yield (
            name,
            ratios(asked.rounds, lambda: data.decode("cp932"), lambda known=known: examined(data, masters=known)),
        )


def clinic(asked: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield the rows about a file of 800 claims: in a warm process, and as a whole process."""
    out = BytesIO()
    write(Recipe(world().institutions[0], "1", 202610, claims=800, seed=6), out)
    data = out.getvalue()
    examined(data)
    clock = time.perf_counter
    yield "clinic warm", 1000 * statistics.median(timed(lambda: examined(data), clock=clock) for _ in range(15))
    with tempfile.NamedTemporaryFile(suffix=".uke") as file:
        file.write(data)
        file.flush()
        check = lambda: subprocess.run([SEIKYU, "check", file.name], stdout=subprocess.DEVNULL, check=False)  # noqa: E731
        check()
        yield "clinic process", statistics.median(timed(check, clock=clock) for _ in range(asked.rounds))


def child(path: Path, times: int) -> None:
    """Examine a file from disk, so often; print seconds of CPU a byte and the peak of resident memory."""
    with path.open("rb") as file:
        examined(file.read(500_000))
    for _ in range(times):
        began = time.process_time()
        with path.open("rb") as file, path.with_suffix(f".{os.getpid()}").open("wb") as index:
            examination = Examination(identity_key=b"bench", engine="kernel")
            chunks = iter(lambda: file.read(CHUNK), b"")
            for block in chain(chain.from_iterable(map(examination.feed, chunks)), examination.finish()):
                if isinstance(block, Rows):
                    index.write(block.packed)
        spent = time.process_time() - began
    print(spent / path.stat().st_size, rss_mb(os.getpid(), peak=True))


@contextmanager
def on_disk(size: int) -> Iterator[Path]:
    """Make a file of so many bytes for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.uke"
        with path.open("wb") as file:
            file.writelines(pieces(size))
        yield path


def run_child(path: Path, times: int = 1) -> subprocess.Popen[str]:
    """Start a process of its own."""
    words = [sys.executable, __file__, "--child", str(path), str(times)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return seconds a byte and MB of a child."""
    out, _ = process.communicate()
    seconds, megabytes = map(float, out.split())
    return seconds, megabytes


def memory(asked: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield the rows about a file that is larger than the memory that is allowed."""
    with on_disk(10_000_000) as path:
        small = [result(run_child(path, 3)) for _ in range(3)]
    with on_disk(asked.big_mb * 1_000_000) as path:
        big = result(run_child(path))
    yield "memory", big[1]
    yield "memory grown", big[1] - statistics.median(each for _, each in small)
    yield "time per GB", big[0] / statistics.median(seconds for seconds, _ in small)


def two_processes(_: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Yield how much more two processes do than one: CPU time a byte alone and beside another."""
    found = []
    with on_disk(60_000_000) as path:
        for _ in range(3):
            alone = result(run_child(path, 3))[0]
            both = [result(each) for each in [run_child(path, 3), run_child(path, 3)]]
            found.append(sum(alone / seconds for seconds, _ in both))
    yield "two processes", statistics.median(found)


ROWS = {
    "speeds": speeds,
    "other_kinds": other_kinds,
    "clinic": clinic,
    "two_processes": two_processes,
    "memory": memory,
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mb", type=int, default=200)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--big-mb", type=int, default=2000)
    options.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS))
    options.add_argument("--file", type=Path, help="the large file, such as `seikyu make --size 200M` writes")
    options.add_argument("--guard", action="store_true")
    options.add_argument("--child", nargs=2)
    asked = options.parse_args()
    if asked.child:
        child(Path(asked.child[0]), int(asked.child[1]))
        return
    print(machine())
    print("| what | measured | must | aim |\n| --- | --- | --- | --- |")
    low = []
    for name in asked.only:
        for row, value in ROWS[name](asked):
            must, aim, sense = MUST[row]
            print(f"| {row} | {value:.2f} | {must} | {aim} |", flush=True)
            if value < must / 2 if sense == "least" else value > must * 2:
                low.append(row)
    if asked.guard and low:
        print(f"below half of must: {', '.join(low)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    os.environ.setdefault("SEIKYU_LANG", "en")
    main()
