"""Scans of the rules that look up diseases, payers and the institution."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from seikyu.records import Month
from seikyu.rules.kernel.batch import Batch, Ints, Table
from seikyu.rules.kernel.claims_coded import claims_of, highest, lowest, other_age, other_sex
from seikyu.rules.kernel.claims_head import first_insurers, first_rows, of_insurer
from seikyu.rules.kernel.coded import NONE, Rows, codes_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, Scan, digits, filled, readable, where
from seikyu.rules.with_fee_tables.register import is_open

#: A code of seven digits stands in a column behind a 1.
_DISEASE: Final = 10**7
_MODIFIER: Final = 10_000
_MODIFIER_DIGITS: Final = 4


# --- diseases ---


@dataclass(frozen=True, slots=True, eq=False)
class Diseases:
    """The claims' own diseases: rows in the table, their claims and codes; `NONE` for a code that is none."""

    table: Table
    rows: Ints
    claim: Ints
    code: Ints


def diseases_of(batch: Batch) -> Diseases:
    """Return the diseases."""
    table = batch.table("diseases")
    rows = where(table.own)
    code = table["disease_code"][rows]
    return Diseases(
        table, rows, table.claim[rows], np.where((code >= _DISEASE) & (code < 2 * _DISEASE), code - _DISEASE, NONE)
    )


def _held(batch: Batch, kind: str, *columns: str) -> Rows:
    found = batch.once(diseases_of)
    return batch.once(codes_of).held(kind, found.claim, found.code, *columns)


def unknown_disease(batch: Batch) -> Iterator[Might]:
    found, codes = batch.once(diseases_of), batch.once(codes_of)
    sure = codes.sure("b")[found.claim]
    short = readable(found.table["disease_code"][found.rows]) & (found.code == NONE)
    yield claims_of(found.claim[sure & (short | codes.unknown("b", found.claim, found.code))])


def no_claimable_disease(batch: Batch) -> Iterator[Might]:
    found = batch.once(diseases_of)
    there = np.zeros(len(batch), np.bool_)
    there[found.claim] = True
    there[found.claim[_held(batch, "b", "not_claimable")["not_claimable"] <= 0]] = False
    yield Might(where(there))


def abolished_disease(batch: Batch) -> Iterator[Might]:
    found = batch.once(diseases_of)
    until = batch.once(codes_of).settled("b", found.claim, found.code)["until"]
    month = batch.month[found.claim]
    yield claims_of(found.claim[(month > 0) & (until != NONE) & (until < month * 100 + 1)])


def unknown_modifier(batch: Batch) -> Iterator[Might]:
    found, codes = batch.once(diseases_of), batch.once(codes_of)
    sure = codes.sure("z")[found.claim]
    written = found.table["modifier_codes"][found.rows]
    yield claims_of(found.claim[sure & (written == c.BIG)])  # More of them than a column holds.
    some = where(sure & (written >= 0))
    rest, count = digits(written[some])
    while len(some):
        yield claims_of(found.claim[some[codes.unknown("z", found.claim[some], rest % _MODIFIER)]])
        more = where(count > _MODIFIER_DIGITS)
        some, rest, count = some[more], rest[more] // _MODIFIER, count[more] - _MODIFIER_DIGITS


def disease_of_other_sex(batch: Batch) -> Iterator[Might]:
    claim = batch.once(diseases_of).claim
    yield claims_of(claim[other_sex(batch, claim, _held(batch, "disease_limits", "sex")["sex"])])


def disease_of_other_age(batch: Batch) -> Iterator[Might]:
    claim, rows = batch.once(diseases_of).claim, _held(batch, "disease_limits")
    lower, upper = rows.get(lowest), rows.get(highest)
    bound = where((lower != NONE) | (upper != NONE))
    yield claims_of(claim[bound][other_age(batch, claim[bound], lower[bound], upper[bound])])


# --- payers ---


def _number(written: Ints) -> Ints:
    """Return payers' numbers as registers have them; one that cannot be read is zeros there, as in the rules."""
    return np.maximum(digits(written)[0], 0) * (written >= 0)


def insurer_rows(batch: Batch) -> Rows:
    """Return the row of each claim's insurer in the register."""
    number = _number(of_insurer(batch, "insurer_number"))
    there = np.where(batch.once(first_insurers) >= 0, number, NONE)
    return batch.once(codes_of).settled("insurers", np.arange(len(batch)), there)


def old_government_insurer(batch: Batch) -> Iterator[Might]:
    yield Might(where(batch.once(insurer_rows)["old_government"] > 0))


def no_such_insurer(batch: Batch) -> Iterator[Exact]:
    written, codes = of_insurer(batch, "insurer_number"), batch.once(codes_of)
    number = np.where(written >= 0, _number(written), NONE)
    rows = batch.once(first_insurers)[
        where(codes.sure("insurers") & codes.unknown("insurers", np.arange(len(batch)), number))
    ]
    insurers = batch.table("insurers")
    yield Exact(insurers, rows, insurers.no("insurer_number", rows))


def no_such_public_payer(batch: Batch) -> Iterator[Exact]:
    publics, codes = batch.table("publics"), batch.once(codes_of)
    first = first_rows(batch, publics)
    claims = where((first >= 0) & codes.sure("public_payers"))
    written = publics["payer_number"][first[claims]]
    unknown = codes.unknown("public_payers", claims, np.where(written >= 0, _number(written), NONE))
    rows = first[claims[unknown]]
    yield Exact(publics, rows, publics.no("payer_number", rows))


def insurer_of_another_time(batch: Batch) -> Iterator[Might]:
    rows = batch.once(insurer_rows)
    since, until = rows["since"], rows["until"]
    ended = (until != NONE) & (until < batch.month * 100 + 1)
    yield Might(where((batch.month > 0) & (ended | (since > batch.last_day))))


def symbol_missing(batch: Batch) -> Iterator[Might]:
    used = batch.once(insurer_rows)["symbol_used"] > 0
    yield Might(where(used & ~filled(of_insurer(batch, "card_symbol"))))


# --- the institution ---


def institution_not_open(batch: Batch) -> Iterator[Exact]:
    masters = batch.masters

    def closed(month: Month) -> int:
        return not is_open(masters.row("institutions", batch.institution, month), month)

    head = batch.table("head")
    rows = where(batch.once(codes_of).by_month(closed) > 0)
    yield Exact(head, rows, head.no("service_month", rows))


SCANS: Final[Mapping[str, Scan]] = {
    "L3204": unknown_disease,
    "L4222": no_claimable_disease,
    "X3026": abolished_disease,
    "X3029": unknown_modifier,
    "X3027": disease_of_other_sex,
    "X3028": disease_of_other_age,
    "L3080": old_government_insurer,
    "L3087": no_such_insurer,
    "L3089": no_such_public_payer,
    "X3003": insurer_of_another_time,
    "X3008": symbol_missing,
    "L3102": institution_not_open,
}
