"""Rules of the service lines: classes, calculation units, counts and days."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from seikyu.records import Confidence, Layout, Scope, table
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, days_of, line_ids, shares, there_are

_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_FEBRUARY: Final = "RE,1,1112,202602,見本　太郎,1,19800101"
_DAYS: Final = "," * 6
_DAY_CHARS: Final = 3
_TWO: Final = f"IY,21,1,620000001,1,,3{_DAYS},,3\nIY,,1,620000002,1,5,3{_DAYS},,3"

_MEALS: Final = b"97"
_BUNDLED_DAYS: Final = "HH"
_BURDEN_CODES: Final = "burden_codes"
VISITS: Final = frozenset({b"11", b"12"})
#: Classes that stand where they are needed: reduction of drugs, remarks on the whole claim.
_ANYWHERE: Final = frozenset({b"01", b"39", b"99"})


@rule(
    code="X2034",
    title="nothing that is charged: no service line (SI, IY, TO, SS), no dispensing, no nursing fee",
    title_ja="請求の対象となる明細のレコードがありません",
    passes=(_SI, "kind pharmacy\n-SH\n-CZ\n-IY", "kind dpc\n-SI", "kind home_nursing"),
    fails=("CO,11,1,810000001,見本", "kind dental\n-SS", "kind pharmacy\n-SH\n-CZ\n-IY\n-KI", "kind home_nursing\n-KA"),
)
def no_service(claim: Claim) -> Iterator[Place]:
    """Comments alone cost nothing. A summary claim has its lines in its details, a bundled stay in its days."""
    groups = claim.layout.one_of
    lacking = any(map(claim.ids.isdisjoint, groups)) if groups else not claim.service_lines
    if lacking and not claim.is_summary and _BUNDLED_DAYS not in claim.ids:
        yield claim.here()


@rule(
    code="X2037",
    title="the burden division names a payer that the claim does not have",
    title_ja="負担区分に該当する負担者がレセプトにありません",
    passes=(_SI, "CO,11,2,810000001,見本\n" + _SI),
    fails=(
        "kind home_nursing\nKA,20260801,2,510000110,,13220,03,01,01",
        _SI.replace("11,1,", "11,2,"),
        f"RE,1,1199,202608,見本　太郎,1,19800101\n{_SI.replace('11,1,', '11,2,')}",
    ),
)
def burden_without_payer(claim: Claim) -> Iterator[Place]:
    """Nobody can be charged for the line. Comments cost nothing and are let be.

    A payer whom the type names and who is not there is another rule's to tell, once.
    """
    if not claim.payers:
        return
    row = claim.type_row
    insured, publics = claim.insurer is not None, len(claim.public_payers)
    if row:
        insured, publics = insured or row["has_ho"] == "yes", max(publics, int(row["public_payers"]))
    wrong, burdens = _without_payer(insured=insured, publics=publics), burdens_of(claim.layout)
    for record in claim.own:
        for at in burdens.get(record.id, ()):
            if at < len(record.items) and record.items[at] in wrong:
                yield record.place(at)


@cache
def burdens_of(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Return where burden divisions surely stand in the records of claims, comments aside."""
    found = {
        rid: tuple(
            item.no - 1 for item in record.items if item.codes == _BURDEN_CODES and item.confidence is Confidence.HIGH
        )
        for rid, record in layout.records.items()
        if record.scope is Scope.CLAIM and "comment_text" not in record.by_name
    }
    return {rid: places for rid, places in found.items() if places}


@cache
def _without_payer(*, insured: bool, publics: int) -> frozenset[bytes]:
    """Return the burden divisions that name a payer whom such a claim lacks."""
    there = there_are(insured=insured, publics=publics)
    codes = (code.encode() for code in table("burden_codes"))
    return frozenset(code for code in codes if not there.issuperset(shares(code) or ()))


@rule(
    code="X2038",
    title="the service class is missing on the first line, or on too many lines in a row",
    title_ja="診療識別が先頭の記録にない、又は記録のない行が続きすぎています",
    source="records:5",
    passes=(_SI, _TWO),
    fails=(_SI.replace("SI,11", "SI,"), f"{_SI}\n" + "CO,,1,810000001,見本\n" * 98 + _SI.replace("SI,11", "SI,")),
)
def no_class(claim: Claim) -> Iterator[Place]:
    """Nobody knows what kind of service the line is. A summary claim has comments and no services."""
    most, without, first = claim.layout.service_class_lines, 0, True
    for record in claim.classed_lines if not claim.is_summary else ():
        without = 0 if record.raw("service_class") else without + 1
        if without and (first or (most and without == most + 1)):
            yield record.at("service_class")
        first = False


@rule(
    code="X2040",
    title="the service class goes backwards",
    title_ja="診療識別が昇順に記録されていません",
    passes=(f"{_SI}\nSI,60,1,160000010,,10,1{_DAYS},,1", f"CO,01,1,810000001,見本\n{_SI}"),
    fails=f"SI,60,1,160000010,,10,1{_DAYS},,1\n{_SI}",
)
def class_order(claim: Claim) -> Iterator[Place]:
    """Reviewers read services in their order. Each burden division may begin anew."""
    last = burden = b""
    for record in claim.service_lines:
        current = record.raw("service_class")
        if record.raw("burden") != burden:
            last, burden = b"", record.raw("burden")
        if not current or current in _ANYWHERE or record.bad("service_class"):
            continue
        if current < last:
            least = last.decode()
            yield record.at(
                "service_class", found=current.decode(), expected=Phrase(f"{least} or later", f"{least}以降")
            )
        last = current


@rule(
    code="X2041",
    title="no points on the last line of the calculation unit",
    title_ja="算定単位の最後の記録に点数が記録されていません",
    source="records:5",
    passes=(_SI, _TWO),
    fails=(f"SI,11,1,111000110,,,1{_DAYS},,1\nSI,60,1,160000010,,10,1{_DAYS},,1", f"SI,11,1,111000110,,,1{_DAYS},,1"),
)
def unit_without_points(claim: Claim) -> Iterator[Place]:
    """The unit is worth nothing as it stands, and the total will not fit."""
    for unit in claim.units:
        if not unit.ended:
            yield unit.records[-1].at("points")


@rule(
    code="X2042",
    title="the counts differ within a calculation unit",
    title_ja="算定単位内で回数が異なります",
    source="records:5",
    passes=_TWO,
    fails=_TWO.replace("1,,3,", "1,,2,"),
)
def counts_differ(claim: Claim) -> Iterator[Place]:
    """What is calculated together was done equally often."""
    for unit in claim.units:
        if len(unit.records) > 1 and unit.ended and unit.count is not None:
            for record in unit.records[:-1]:
                if record["count"] not in (None, unit.count):
                    yield record.at("count", found=record["count"], expected=unit.count)


@rule(
    code="X2043",
    title="the days do not add up to the count",
    title_ja="算定日情報の合計が回数と一致しません",
    source="records:5",
    passes=(_SI, f"SI,12,1,112000010,,70,2{_DAYS},,1,,1"),
    fails=f"SI,12,1,112000010,,70,2{_DAYS},,1",
    since="2012-04",
)
def day_sum(claim: Claim) -> Iterator[Place]:
    """One of the two is wrong, and with it the points."""
    for record, days in _daily(claim):
        written = b"".join(days)
        if not written or written == record.raw("count"):
            continue
        count = record["count"]
        if count is None or not written.isdigit() or max(map(len, days)) > _DAY_CHARS:
            continue
        total = sum(map(int, filter(None, days)))
        if total != count:
            yield record.at("count", found=count, expected=total)


@rule(
    code="X2044",
    title="an entry on a day that the month does not have",
    title_ja="診療年月に存在しない日に算定日情報が記録されています",
    passes=(f"{_FEBRUARY}\nSI,11,1,111000110,,291,1{_DAYS}" + "," * 28 + "1,,,", _SI),
    fails=f"{_FEBRUARY}\nSI,11,1,111000110,,291,1{_DAYS}" + "," * 29 + "1,,",
)
def impossible_day(claim: Claim) -> Iterator[Place]:
    """February is short."""
    if claim.last_day is None or claim.last_day.day == 31:  # noqa: PLR2004  (then every field has its day)
        return
    for record, days in _daily(claim):
        for index in range(claim.last_day.day, len(days)):
            if days[index].strip(b"0"):
                yield record.at(f"day_{index + 1:02d}")


@rule(
    code="X2045",
    title="no days on a service line",
    title_ja="算定日情報が記録されていません",
    passes=(_SI, "SI,97,1,197000010,,640,1"),
    fails="SI,11,1,111000110,,291,1",
    since="2012-04",
)
def no_days(claim: Claim) -> Iterator[Place]:
    """Since April 2012 every service says on which days it was given."""
    for record, days in _daily(claim):
        if not any(days) and record["count"]:
            yield record.at("day_01")


@rule(
    code="X3017",
    title="visits on more days than the actual days",
    title_ja="初診・再診が算定された日数が診療実日数を超えています",
    passes=(
        _SI,
        f"HO,06990014,見本,1,2,361\n{_SI}\nSI,12,1,112000010,,70,1{_DAYS},,,1",
        f"HO,06990014,見本,1,1,291\n{_SI},00",
    ),
    fails=f"HO,06990014,見本,1,1,361\n{_SI}\nSI,12,1,112000010,,70,1{_DAYS},,,1",
    on="HO",
    since="2012-04",
)
def days_of_visits(claim: Claim) -> Iterator[Place]:
    """Each day with a visit is an actual day. That there may be days without one is let be."""
    insurer = claim.insurer
    stated = insurer["actual_days"] if insurer else None
    if not stated or insurer is None or claim.inpatient is not False:
        return
    visited: set[int] = set()
    current = b""
    for record in claim.service_lines:
        current = record.raw("service_class") or current
        if current in VISITS and 0 in (shares(record.raw("burden")) or ()):
            visited.update([day for day, times in enumerate(days_of(record)) if times.strip(b"0")])
    if len(visited) > stated:
        yield insurer.at("actual_days", found=stated, expected=Phrase(f"{len(visited)} or more", f"{len(visited)}以上"))


def _daily(claim: Claim) -> Iterator[tuple[Record, list[bytes]]]:
    """Yield the service lines that must give their days: all but meals, of which the papers do not say it."""
    current = b""
    for record in claim.service_lines if line_ids(claim.layout).counted else ():
        current = record.raw("service_class") or current
        if current != _MEALS:
            yield record, days_of(record)


RULES: Final[tuple[Rule, ...]] = (
    no_service,
    burden_without_payer,
    no_class,
    class_order,
    unit_without_points,
    counts_differ,
    day_sum,
    impossible_day,
    no_days,
    days_of_visits,
)
