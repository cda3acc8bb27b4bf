"""The scans of the rules with fee tables, by themselves: time a batch, and claims that are handed to the rules.

.venv/bin/python bench/fee_tables.py [--mb 24] [--codes 24]

The tables are made up, as large as the official ones, with the file's own codes among them, so that its claims conform
as narrowly as they can: what may stand on one claim and not on one day does, and limits are what the file reaches. With
`--codes` the file's procedures are given so many different codes.
"""

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from kernel import examined, pieces

from house import machine
from seikyu.rules.examine import Examination
from seikyu.rules.kernel import judge
from seikyu.rules.kernel.batch import Batch
from seikyu.rules.kernel.claims_fees import SCANS as FEES
from seikyu.rules.kernel.claims_needs import SCANS as NEEDS
from seikyu.rules.kernel.scans import Found, Scan
from seikyu.rules.masters import Filed, VersionLabel, forms, masters_of, opened, read_version, write_version
from seikyu.rules.masters.form import Form
from seikyu.rules.masters.packed import number_in

Row = dict[str, object]
DICE = random.Random(8)
PROCEDURES = [f"{number}" for number in DICE.sample(range(110_000_000, 200_000_000), 6000)]
DRUGS = [f"{number}" for number in DICE.sample(range(610_000_000, 630_000_000), 20_000)]
DISEASES = [f"{number:07d}" for number in DICE.sample(range(10_000, 9_000_000), 25_000)]
SPANS = ("day", "month", "once", "week")
CHUNK = 1 << 20


def packed(kind: str, rows: list[Row]) -> Filed:
    """Return a version of rows that say their columns by name."""
    form = forms()[kind]
    keyed = sorted(
        ((form.number(*(str(row[part.column]) for part in form.key)), row) for row in rows),
        key=lambda each: each[0] or 0,
    )
    names = {name: None for _, row in keyed[:1] + keyed[-1:] for name in row}
    columns = {}
    for name in names:
        cells = (str(row.get(name, "")) for _, row in keyed)
        plain = form.columns[name].form
        columns[name] = list(cells) if plain is Form.TEXT else [number_in(plain, cell) for cell in cells]
    label = VersionLabel(
        kind=kind, since=20200401, digest="0" * 64, known_until=20991231, whole=True, rows=len(keyed), edition="own"
    )
    return opened(read_version(write_version(label, [number for number, _ in keyed], columns)))


class Seen:
    """What a file has: for pairs of codes whether they meet in each span, and the most of each code."""

    def __init__(self, data: bytes) -> None:
        self.procedures: set[str] = set()
        self.drugs: set[str] = set()
        self.diseases: set[str] = set()
        self.met: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.most_a_day, self.most_a_month, self.amount, self.longest = Counter(), Counter(), Counter(), Counter()
        for claim in data.split(b"\r\nRE,")[1:]:
            self._claim(claim.decode("cp932").split("\r\n"))

    def _claim(self, lines: list[str]) -> None:
        days: dict[str, set[int]] = defaultdict(set)
        units: dict[str, set[int]] = defaultdict(set)
        times, daily, unit = Counter[str](), Counter[tuple[str, int]](), 0
        for line in lines:
            items = line.split(",")
            if items[0] == "SY":
                self.diseases.add(items[1])
            if items[0] in {"SI", "IY", "TO"}:
                unit += bool(items[1])
            if items[0] == "IY":
                self._drug(items)
            if items[0] == "SI":
                found = _days_in(items)
                days[items[3]] |= found.keys()
                units[items[3]].add(unit)
                times[items[3]] += int(items[6] or 0)
                daily.update({(items[3], day): number for day, number in found.items()})
        self.procedures |= days.keys()
        for (code, _), number in daily.items():
            self.most_a_day[code] = max(self.most_a_day[code], number)
        for code, number in times.items():
            self.most_a_month[code] = max(self.most_a_month[code], number)
        self._pairs(int(lines[0].split(",")[2]), days, units)

    def _drug(self, items: list[str]) -> None:
        self.drugs.add(items[3])
        self.amount[items[3]] = max(self.amount[items[3]], int(float(items[4] or 0)) + 1)
        self.longest[items[3]] = max(self.longest[items[3]], *_days_in(items).values())

    def _pairs(self, month: int, days: Mapping[str, set[int]], units: Mapping[str, set[int]]) -> None:
        weeks = {
            code: {date(month // 100, month % 100, day).isocalendar()[1] for day in found}
            for code, found in days.items()
        }
        for pair in combinations(sorted(days), 2):
            self.met["month"].add(pair)
            for span, found in (("day", days), ("once", units), ("week", weeks)):
                if found[pair[0]] & found[pair[1]]:
                    self.met[span].add(pair)


def _days_in(items: list[str]) -> dict[int, int]:
    """Return how often a line was done on which days."""
    return {day: int(number) for day, number in enumerate(items[13:44], 1) if number}


def exclusions(seen: Seen, span: str, size: int) -> Iterator[Row]:
    """Yield pairs: all of the file's own that do not meet, and others."""
    row = {"choice": 3, "special": 0, "since": "20200401", "until": "99999999"}
    own = sorted(seen.procedures)
    apart = [pair for pair in combinations(own, 2) if pair not in seen.met[span]]
    for one, other in [
        *DICE.sample(apart, min(len(apart), size)),
        *((DICE.choice([*PROCEDURES, *own]), DICE.choice(PROCEDURES)) for _ in range(size)),
    ]:
        yield {f"{span}_code": one, f"{span}_other": other, **row}


def inclusions(seen: Seen) -> tuple[list[Row], list[Row]]:
    """Return holders with their groups, and the groups: one a span of the file's own that do not meet a holder."""
    span_of, links, groups = {"day": 1, "month": 2, "once": 3}, [], []
    own = sorted(seen.procedures)
    dates = {"since": "20200401", "until": "99999999"}
    for holder in own:
        row: Row = {"linked_code": holder, **dates}
        for at, (span, number) in enumerate(span_of.items(), 1):
            inside = [code for code in own if tuple(sorted((code, holder))) not in seen.met[span]]
            row |= {f"span_{at}": number, f"group_{at}": f"{holder}{span}"}
            inside = [*DICE.sample(inside, min(len(inside), 30)), *DICE.sample(PROCEDURES, 60)]
            groups += [{"included_code": code, "group": f"{holder}{span}", "special": 0, **dates} for code in inside]
        links.append(row)
    links += [
        {"linked_code": holder, "span_1": 1, "group_1": f"G{DICE.randrange(500)}", **dates}
        for holder in DICE.sample(PROCEDURES, 4000)
    ]
    codes = [*PROCEDURES, *own]
    groups += [
        {"included_code": DICE.choice(codes), "group": f"G{number % 500}", "special": 0, **dates}
        for number in range(50_000)
    ]
    return links, groups


def pairs(
    first: str, codes: list[str], own: list[str], others: list[str], *, each: int, right: list[str], **more: object
) -> list[Row]:
    """Return pairs of a code and a disease: so many foreign ones each, and for the file's own codes the right ones too."""
    rows = [
        {first: code, "disease_code": disease, "change": 0, **more}
        for code in codes
        for disease in DICE.sample(others, each)
    ]
    for code in own:
        mine = {*right, *DICE.sample(others, 1000)}
        rows += [{first: code, "disease_code": disease, "change": 0, **more} for disease in mine]
    return rows


def tables(seen: Seen, institution: str) -> Mapping[str, list[Row]]:
    """Return the rows of all tables."""
    own, drugs = sorted(seen.procedures), sorted(seen.drugs)
    links, groups = inclusions(seen)
    foreign = [code for code in DISEASES if code not in seen.diseases]
    limits = [{"limited_code": code, "unit_code": "121", "most": seen.most_a_day[code], "special": 0} for code in own]
    limits += [
        {"limited_code": code, "unit_code": "131", "most": seen.most_a_month[code], "special": 0} for code in own
    ]
    limits += [
        {"limited_code": code, "unit_code": DICE.choice(["121", "131", "138"]), "most": 1, "special": 0}
        for code in DICE.sample(PROCEDURES, 3000)
    ]
    standards = [{"facility_standard": f"{number:04d}", "notified": 1} for number in range(1, 700)]
    notices = [
        {
            "notifying_institution": f"{DICE.randrange(10**9):010d}",
            "notified_standard": f"{DICE.randrange(700):04d}",
            "since": "20200401",
        }
        for _ in range(60_000)
    ]
    notices += [
        {"notifying_institution": institution, "notified_standard": f"{number:04d}", "since": "20200401"}
        for number in range(1, 90)
    ]
    return {
        "fee_links": links,
        "fee_inclusions": groups,
        **{f"fee_exclusions_{span}": [*exclusions(seen, span, size)] for span, size in zip(SPANS, (150_000, 40_000, 20_000, 500), strict=True)},
        "fee_limits": limits,
        "fee_bases": [
            *({"based_addition": code, "base_code": base} for code in own for base in {code, *DICE.sample(PROCEDURES, 40)}),
            *({"based_addition": code, "base_code": base} for code in PROCEDURES[:1500] for base in DICE.sample(PROCEDURES, 15)),
        ],
        "s": [
            {"code": code, "note_code": f"{at + 1:04d}" if at % 3 else "0", "note_serial": "0", "notice_class_1": 1, "facility_1": at % 89 + 1 if at % 2 else 0}
            for at, code in enumerate([*own, *PROCEDURES])
        ],
        "procedure_indications": pairs("indicated_procedure", PROCEDURES[:1500], own, foreign, each=100, right=sorted(seen.diseases)),
        "drug_indications": pairs("indicated_drug", DRUGS, drugs, foreign, each=75, right=sorted(seen.diseases), most_days=30),
        "drug_contraindications": pairs("contraindicated_drug", DRUGS[:8000], drugs, foreign, each=30, right=[]),
        "drug_doses": [
            *({"dosed_drug": code, "most_a_day": seen.amount[code], "most_days": seen.longest[code]} for code in drugs),
            *({"dosed_drug": code, "most_a_day": 3, "most_days": 30} for code in DRUGS[:8000]),
        ],
        "drug_classes": [
            *({"classed_drug": code, "drug_class": f"x{at}"} for at, code in enumerate(drugs)),
            *({"classed_drug": code, "drug_class": f"c{at % 900}"} for at, code in enumerate(DRUGS[:5000])),
        ],
        "required_comments": [
            {"commented_code": DICE.choice([*PROCEDURES, *own] if at % 2 else PROCEDURES), "item": at % 7, "section": "", "branch": "", "comment_code": 830_000_000 + at % 900, "condition": 2 if at % 2 else 1, "not_billed": 0, "in_out": 0, "until": ""}
            for at in range(30_000)
        ],
        "facility_standards": standards,
        "facility_notices": notices,
        "basic_fee_classes": [{"basic_fee_code": code, "family": at % 20, "standard": f"{at % 89 + 1:04d}"} for at, code in enumerate([*own[:20], *PROCEDURES[:300]])],
    }  # fmt: skip


def recoded(data: bytes, codes: int) -> bytes:
    """Return the file with so many different codes of procedures, the first ones more often."""
    known: list[bytes] = []
    lines = data.split(b"\r\n")
    for at, line in enumerate(lines):
        if line.startswith(b"SI,"):
            items = line.split(b",")
            known.append(items[3])
            number = int(codes ** DICE.random())
            items[3] = b"%d" % (100_000_000 + number * 10)
            lines[at] = b",".join(items)
    return b"\r\n".join(lines)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mb", type=int, default=24)
    options.add_argument("--codes", type=int, default=0)
    asked = options.parse_args()
    data = b"".join(pieces(asked.mb * 1_000_000))
    if asked.codes:
        data = recoded(data, asked.codes)
    header = data[: data.index(b"\r\n")].split(b",")
    rows = tables(Seen(data), b"".join(header[2:5]).decode())
    masters = masters_of([packed(kind, each) for kind, each in rows.items()])
    spent, handed, batches = Counter[str](), Counter[str](), Counter[str]()

    def timed(code: str, inner: Scan) -> Scan:
        def scan(batch: Batch) -> list[Found]:
            began = time.thread_time()
            found = list(inner(batch))
            spent[code] += time.thread_time() - began
            handed[code] += sum(len(each.claims) for each in found)
            batches[code] += 1
            return found

        return scan

    codes = (*FEES, *NEEDS)
    judge.SCANS = {**judge.SCANS, **{code: timed(code, judge.SCANS[code]) for code in codes}}

    def run() -> object:
        examination = Examination(identity_key=b"bench", engine="kernel", masters=masters)
        for at in range(0, len(data), CHUNK):
            for _ in examination.feed(data[at : at + CHUNK]):
                pass
        return [*examination.finish()][-1]

    began = time.process_time()
    run()
    first = time.process_time() - began
    for counter in (spent, handed, batches):
        counter.clear()
    began = time.process_time()
    summary = run()
    warm = time.process_time() - began
    began = time.process_time()
    data.decode("cp932")
    decoded = time.process_time() - began
    began = time.process_time()
    examined(data)
    bare = time.process_time() - began
    print(machine())
    print(
        f"{summary.claims} claims, {len(data) / 1e6:.0f} MB, {max(batches.values())} batches; first {first:.2f} s, warm {warm:.2f} s"
    )
    print(f"decode {decoded:.3f} s; without tables {bare:.3f} s; ratio {decoded / warm:.3f}")
    print("| rule | ms a batch | claims handed over |\n| --- | --- | --- |")
    for code in codes:
        print(f"| {code} | {1000 * spent[code] / max(1, batches[code]):.3f} | {handed[code]} |")
    print(f"| all | {1000 * sum(spent.values()) / max(batches.values()):.3f} | {sum(handed.values())} |")
    print({kind: len(each) for kind, each in rows.items()})


if __name__ == "__main__":
    main()
