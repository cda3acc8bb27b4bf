"""Scans of the rules on payers, their numbers, eligibility and diseases."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from seikyu.records import table
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_head import (
    born,
    first_insurers,
    first_rows,
    inpatient,
    laws,
    next_month,
    of_insurer,
    publics,
    type_payers,
    type_says,
)
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import (
    NO_LAW,
    Exact,
    Might,
    MightRows,
    Scan,
    bad,
    by_law,
    check_ok,
    digits,
    filled,
    key,
    laws_of,
    readable,
    where,
)

_MOST_PUBLIC: Final = 4
_MOST_DAYS: Final = 31
_MEALS_A_DAY: Final = 3
_YEN_A_POINT: Final = 10
_WHOLE_NUMBER: Final = 10**8
_ELDERLY_LAW: Final = 39
_ELDERLY_FROM: Final = 75
_EARLIEST_ELDERLY: Final = 65
_COUNTS_PRESCRIPTIONS: Final = "pharmacy"
_WITHOUT_DAYS: Final = "home_nursing"
#: The kinds for which another rule tells a payer of SN that is not there.
_OFFICIAL: Final = frozenset({"medical", "dpc"})
#: No rank is as high.
_MOST_RANK: Final = 1000
_MUNICIPAL: Final = range(40, 50)
_A_BOMB: Final = 30
_SEAMEN: Final = 2


def _at(rows: Table, mask: Bools, name: str) -> Iterator[Exact]:
    """Yield the rows where the mask is true, at the item of that name."""
    hit = where(mask)
    if len(hit):
        yield Exact(rows, hit, rows.no(name, hit) if name else 0)


def _first(batch: Batch, mask: Bools, name: str) -> Iterator[Exact]:
    """Yield the first insurers of the claims where the mask is true."""
    hit = batch.once(first_insurers)[where(mask)]
    hit = hit[hit >= 0]
    if len(hit):
        insurers = batch.table("insurers")
        yield Exact(insurers, hit, insurers.no(name, hit))


def ordinals(batch: Batch) -> Ints:
    """Return for each public payer its place among those of its claim, from 0; -1 in a donor's block."""
    rows = batch.table("publics")
    first = first_rows(batch, rows)
    return np.where(rows.own, np.arange(len(rows)) - first[rows.claim], -1)


def insurers_of(batch: Batch) -> Ints:
    """Return how many insurers each claim has."""
    rows = batch.table("insurers")
    return np.bincount(rows.claim[rows.own], minlength=len(batch))


# --- payers ---


def _wrong_payers(batch: Batch) -> tuple[Bools, Bools]:
    """Return where insurers, and where public payers, are not so many as the type names."""
    insurers, public = batch.once(insurers_of), publics(batch)
    wanted = type_says(batch, "has_ho", "yes")
    judged = (wanted >= 0) & (insurers <= 1) & (public <= _MOST_PUBLIC) & (insurers + public > 0)
    return judged & (insurers != wanted), judged & (public != type_payers(batch))


def _of_type(batch: Batch, wrong: Bools) -> Iterator[Exact]:
    head, hit = batch.table("head"), where(wrong)
    yield Exact(head, hit, head.no("claim_type", hit))


def payers_of_the_type(batch: Batch) -> Iterator[Exact]:
    by_insurer, by_public = batch.once(_wrong_payers)
    yield from _of_type(batch, by_insurer | by_public)


def insurer_of_the_type(batch: Batch) -> Iterator[Exact]:
    yield from _of_type(batch, batch.once(_wrong_payers)[0])


def public_payers_of_the_type(batch: Batch) -> Iterator[Exact]:
    by_insurer, by_public = batch.once(_wrong_payers)
    yield from _of_type(batch, ~by_insurer & by_public)


def no_card_number(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    number = rows["card_number"]
    yield from _at(rows, (number >= 0) & (number & c.BLANK != 0), "card_number")


def second_insurer(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    if len(rows) > len(batch) or (batch.once(insurers_of) > 1).any():
        first = batch.once(first_insurers)
        yield from _at(rows, rows.own & (first[rows.claim] != np.arange(len(rows))), "")


def fifth_public_payer(batch: Batch) -> Iterator[Exact]:
    yield from _at(batch.table("publics"), batch.once(ordinals) >= _MOST_PUBLIC, "")


def nobody_pays(batch: Batch) -> Iterator[Exact]:
    yield Exact(batch.table("head"), where((batch.claims[c.C_INSURERS] == 0) & (publics(batch) == 0)))


def same_public_payer(batch: Batch) -> Iterator[Might]:
    rows = batch.table("publics")
    several = where(rows.own & (publics(batch)[rows.claim] > 1) & (rows["payer_number"] >= 0))
    order = np.lexsort((rows["payer_number"][several], rows.claim[several]))
    claim, number = rows.claim[several][order], rows["payer_number"][several][order]
    yield Might(np.unique(claim[1:][(claim[1:] == claim[:-1]) & (number[1:] == number[:-1])]))


def recipient_number(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("publics")
    number = rows["recipient_number"]
    judged = (rows["payer_number"] >= 0) & (laws_of(rows["payer_number"]) != _A_BOMB) & ~bad(number)
    yield from _at(rows, judged & ~((number >= 10**7) & (number < 2 * 10**7)), "recipient_number")


def _actual_days(rows: Table, kind: str) -> Iterator[Exact]:
    days = rows["actual_days"]
    none = (days == 0) & ((rows["total_points"] == 0) | (kind == _WITHOUT_DAYS))
    yield from _at(rows, readable(days) & ~none & ((days < 1) | (days > _MOST_DAYS)), "actual_days")


def actual_days(batch: Batch) -> Iterator[Exact]:
    if batch.layout.claim_kind != _COUNTS_PRESCRIPTIONS:
        for name in ("insurers", "publics"):
            yield from _actual_days(batch.table(name), batch.layout.claim_kind)


def days_of_the_month(batch: Batch) -> Iterator[Exact]:
    days = of_insurer(batch, "actual_days")
    if batch.layout.claim_kind != _COUNTS_PRESCRIPTIONS:
        yield from _first(batch, (batch.days > 0) & (days > batch.days) & (days <= _MOST_DAYS), "actual_days")


def meals(batch: Batch) -> Iterator[Exact]:
    count = of_insurer(batch, "meal_count")
    yield from _first(batch, (batch.days > 0) & (count > batch.days * _MEALS_A_DAY), "meal_count")


def meal_items(batch: Batch) -> Iterator[Exact]:
    count, yen = of_insurer(batch, "meal_count"), of_insurer(batch, "meals_yen")
    outside = (batch.once(inpatient) == 0) & ((count > 0) | (yen > 0))
    yield from _first(batch, outside, "meal_count")
    yield from _first(batch, ~outside & (count > 0) & ~filled(yen), "meals_yen")


def _implausible(rows: Table) -> Bools:
    yen, points = rows["copay_yen"], rows["total_points"]
    return (yen > 0) & (points >= 0) & (yen >= points * _YEN_A_POINT)


def public_copay(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("publics")
    yield from _at(rows, (batch.once(ordinals) == 0) & _implausible(rows), "copay_yen")


def copay(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    yield from _at(rows, _implausible(rows), "copay_yen")


def reduction(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    kind = rows["reduction_type"]
    amount = filled(rows["reduction_rate"]) | filled(rows["reduction_yen"])
    wrong = ((kind == key("1")) & ~amount) | ((kind == c.EMPTY) & amount)
    yield from _at(rows, wrong, "reduction_type")


def work_reason(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    law = laws_of(rows["insurer_number"])
    yield from _at(rows, readable(rows["work_reason"]) & (law >= 0) & (law != _SEAMEN), "work_reason")


# --- their numbers ---


def _short(values: Ints) -> Bools:
    """True where a payer's number is not 8 digits: the rules on public payers look at how it is written."""
    return (values >= 0) & (values < _WHOLE_NUMBER)


def public_number(batch: Batch) -> Iterator[MightRows]:
    rows = batch.table("publics")
    yield MightRows(rows, where(_short(rows["payer_number"])))


def insurer_check_digit(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    number, count = digits(rows["insurer_number"])
    right = ((count == 8) & check_ok(number, 8)) | ((count == 6) & check_ok(number, 6))
    yield from _at(rows, (count >= 0) & ~right, "insurer_number")


def public_check_digit(batch: Batch) -> Iterator[Exact | MightRows]:
    rows = batch.table("publics")
    number, count = digits(rows["payer_number"])
    yield from _at(rows, (count == 8) & ~check_ok(number, 8), "payer_number")
    yield MightRows(rows, where(_short(rows["payer_number"])))


def recipient_check_digit(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("publics")
    law = laws_of(rows["payer_number"])
    checked = by_law("public_payer_law_numbers", "recipient_check", (("yes", 1),), 0)
    number, count = digits(rows["recipient_number"])
    judged = (law >= 0) & (checked[law] == 1) & (count == 7)
    yield from _at(rows, judged & ~check_ok(number, 7), "recipient_number")


def insurer_law(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("insurers")
    law = laws_of(rows["insurer_number"])
    unknown = by_law("insurer_law_numbers", "", (), 1)[law] < 0
    yield from _at(rows, (law >= 0) & (law < NO_LAW) & unknown, "insurer_number")


def insurer_of_other_body(batch: Batch) -> Iterator[Exact]:
    if batch.review_body is not None:
        law = batch.once(laws)
        body = by_law("insurer_law_numbers", "review_body", (("1", 1), ("2", 2)), 0)[law]
        yield from _first(batch, (law >= 0) & (body >= 0) & (body != int(batch.review_body[0])), "insurer_number")


def public_law(batch: Batch) -> Iterator[Exact | MightRows]:
    rows = batch.table("publics")
    law = laws_of(rows["payer_number"])
    unknown = (by_law("public_payer_law_numbers", "", (), 1)[law] < 0) & ~np.isin(law, _MUNICIPAL)
    yield from _at(rows, (law >= 0) & (law < NO_LAW) & unknown, "payer_number")
    yield MightRows(rows, where(_short(rows["payer_number"])))


def priority(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("publics")
    law = laws_of(rows["payer_number"])
    ranks = np.array([-1 if rank is None else rank for rank in _ranks()], np.int64)
    known = where(rows.own & (law >= 0) & (law < NO_LAW) & (ranks[law] >= 0))
    if len(known):
        place = rows.claim[known] * _MOST_RANK + ranks[law[known]]
        before = np.maximum.accumulate(place)[:-1]
        hit = known[1:][(place[1:] < before) & (rows.claim[known][1:] == before // _MOST_RANK)]
        yield Exact(rows, hit, rows.no("payer_number", hit))


def _ranks() -> Iterator[int | None]:
    laws_known = table("public_payer_law_numbers")
    for law in range(NO_LAW + 1):
        row = laws_known.row("" if law == NO_LAW else f"{law:02d}")
        yield int(row["priority"]) if row else None


def _elderly(batch: Batch) -> Bools:
    return type_says(batch, "scheme", "late-stage elderly") == 1


def elderly_scheme(batch: Batch) -> Iterator[Exact]:
    law = batch.once(laws)
    judged = (law >= 0) & (type_says(batch, "scheme", "public only") == 0)
    yield from _first(batch, judged & (_elderly(batch) != (law == _ELDERLY_LAW)), "insurer_number")


def should_be_elderly(batch: Batch) -> Iterator[Exact]:
    law, birth = batch.once(laws), batch.once(born)
    judged = (law >= 0) & (birth > 0) & (batch.month > 0) & (law != _ELDERLY_LAW) & ~_elderly(batch)
    yield from _first(batch, judged & (birth // 100 + _ELDERLY_FROM * 100 < batch.month), "insurer_number")


def too_young_for_elderly(batch: Batch) -> Iterator[Exact]:
    law, birth = batch.once(laws), batch.once(born)
    judged = (law == _ELDERLY_LAW) & (birth > 0) & (batch.month > 0) & _elderly(batch)
    young = birth + _EARLIEST_ELDERLY * 10_000 > batch.once(next_month)
    yield from _first(batch, judged & young, "insurer_number")


# --- eligibility ---


def _without_payer(batch: Batch, rows: Table, rid: str) -> Iterator[Exact]:
    record = batch.layout.records.get(rid)
    if record is None or not len(rows):
        return
    month = batch.month[rows.claim]
    since, until = int(record.since or 0), int(record.until or 999_999)
    holds = (month == 0) | ((month >= since) & (month < until))
    kind = rows["payer_kind"]
    number, count = digits(kind)
    insured = (batch.claims[c.C_INSURERS] > 0)[rows.claim]
    there = np.where(number == 1, insured, number - 1 <= publics(batch)[rows.claim])
    yield from _at(rows, rows.own & (count >= 0) & holds & ~there, "payer_kind")


def checked_payer(batch: Batch) -> Iterator[Exact]:
    yield from _without_payer(batch, batch.table("checked"), "SN")


def visited_payer(batch: Batch) -> Iterator[Exact]:
    if batch.layout.claim_kind not in _OFFICIAL:
        yield from checked_payer(batch)
    yield from _without_payer(batch, batch.table("visits"), "JD")


def confirmation(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("checked")
    code = rows["confirmation"]
    yield from _at(rows, readable(code) & (code != key("01")), "confirmation")


def branch_number(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("checked")
    branch = rows["branch_no"]
    one_digit = (branch >= 10) & (branch < 20)
    other = (branch >= 1 << 62) & (branch < (1 << 62) + (1 << 17))  # At most two bytes behind a 1.
    yield from _at(rows, one_digit | other, "branch_no")


def window_payment(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("windows")
    kind = rows["window_payment_kind"]
    right = np.isin(kind, [key("00"), key("01"), key("02")])
    yield from _at(rows, readable(kind) & ~right, "window_payment_kind")


# --- diseases ---


def no_disease(batch: Batch) -> Iterator[Exact]:
    yield Exact(batch.table("head"), where(~batch.has("SY")))


def nameless_disease(batch: Batch) -> Iterator[Exact]:
    for name in ("diseases", "named"):
        rows = batch.table(name)
        yield from _at(rows, (rows["disease_code"] == key("0000999")) & ~filled(rows["disease_name"]), "disease_name")


def starts_later(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("diseases")
    last = batch.last_day[rows.claim]
    yield from _at(rows, rows.own & (last > 0) & (rows["start_date"] > last), "start_date")


def starts_before_birth(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("diseases")
    birth = batch.once(born)
    birth = np.where((batch.last_day > 0) & (birth > batch.last_day), 0, birth)[rows.claim]
    start = rows["start_date"]
    yield from _at(rows, rows.own & (start > 0) & (start < birth), "start_date")


def same_disease(batch: Batch) -> Iterator[Might]:
    rows = batch.table("diseases")
    own = where(rows.own)
    # What is missed is written alike, wherever its record ends.
    values = (rows[name][own] for name in ("disease_code", "start_date"))
    code, start = (np.where(value == c.MISSING, c.EMPTY, value) for value in values)
    claim = rows.claim[own]
    # One number that is the same where all three are; another that happens to be the same only costs a look.
    mixed = (claim * 1_000_003 + code) * 1_000_003 + start
    mixed.sort()
    twice = mixed[1:][mixed[1:] == mixed[:-1]]
    if len(twice):
        both = np.isin((claim * 1_000_003 + code) * 1_000_003 + start, twice)
        yield Might(np.unique(claim[both]))


def reason_of_outpatient(batch: Batch) -> Iterator[Might]:
    yield Might(where((batch.once(inpatient) == 0) & batch.has("GR")))


def kind_of_details(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("details")
    first = first_rows(batch, rows)
    first = first[first >= 0]
    hit = first[~filled(rows["detail_kind"][first])]
    yield Exact(rows, hit, rows.no("detail_kind", hit))


SCANS: Final[Mapping[str, Scan]] = {
    "L2900": payers_of_the_type,
    "X2012": insurer_of_the_type,
    "X2013": public_payers_of_the_type,
    "L2162": no_card_number,
    "X2021": second_insurer,
    "X2022": fifth_public_payer,
    "X2023": nobody_pays,
    "X2024": same_public_payer,
    "X2025": recipient_number,
    "X2026": actual_days,
    "X3016": days_of_the_month,
    "L3531": meals,
    "X3022": meal_items,
    "L4510": public_copay,
    "L4516": copay,
    "X3035": reduction,
    "X3036": work_reason,
    "L2187": public_number,
    "X3001": insurer_check_digit,
    "X3005": public_check_digit,
    "X3007": recipient_check_digit,
    "X3002": insurer_law,
    "X3004": insurer_of_other_body,
    "X3006": public_law,
    "X3009": priority,
    "X3011": elderly_scheme,
    "X3012": should_be_elderly,
    "X3013": too_young_for_elderly,
    "L2140": checked_payer,
    "X2052": visited_payer,
    "X2050": confirmation,
    "X2051": branch_number,
    "X2053": window_payment,
    "X2028": no_disease,
    "X2032": nameless_disease,
    "X3024": starts_later,
    "X3025": starts_before_birth,
    "X8006": same_disease,
    "L4252": reason_of_outpatient,
    "X2048": kind_of_details,
}
