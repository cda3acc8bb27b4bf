"""What the pass keeps of the records for the rules: which items of which records, side by side in tables.

This list is data: a rule's scan that needs a further item names it here. Records that share a table stand in it in the
order of the file. The records' and items' names are those of the layouts; a name that a layout does not have is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from seikyu.records import Block, Layout, Scope
from seikyu.rules.identity import APART, PATIENT
from seikyu.rules.units import line_ids
from seikyu.rules.with_masters.lookup import CODE_ITEMS

#: What a table keeps of every record besides its items.
FIXED: Final = ("claim", "line", "record", "start", "length")
#: The 31 day fields of a line in four numbers: their sum, which are filled, which are not zero, and the oddities: 1 if
#: one is no number of at most three digits, and from 2 on twice the number of digits of all.
DAYS: Final = ("days", "days_filled", "days_nonzero", "days_odd")

#: Items that stand in one column whatever their record calls them. Quantities of procedures are whole; the amounts of
#: drugs and materials are decimals (see `scan.DECIMALS`).
ALIKE: Final[Mapping[str, str]] = {**dict.fromkeys(CODE_ITEMS.values(), "code"), "amount": "quantity"}
_CODED: Final = ("code", "quantity", "comment_code_1", "comment_code_2", "comment_code_3", "comment_text")

#: Table: its records, and the items that it keeps. The records of `lines` and `coded`, which has the lines with
#: codes that make no units, and all of blocks inside claims, are those of the layout (see `tables_of`).
TABLES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "head": (
        ("RE",),
        (
            "claim_no",
            "claim_type",
            "service_month",
            "patient_name",
            "sex",
            "birth_date",
            "admission_date",
            "benefit_rate",
            "special_notes",
            "bed_count",
            "search_no",
            "patient_name_kana",
            "prescriber_code",
            "prescriber_name",
        ),
    ),
    "insurers": (
        ("HO",),
        (
            "insurer_number",
            "card_symbol",
            "card_number",
            "actual_days",
            "total_points",
            "meal_count",
            "meals_yen",
            "work_reason",
            "copay_yen",
            "reduction_type",
            "reduction_rate",
            "reduction_yen",
        ),
    ),
    "publics": (("KO",), ("payer_number", "recipient_number", "actual_days", "total_points", "copay_yen")),
    "lines": ((), ("service_class", "burden", "points", "count", *DAYS, *_CODED)),
    "diseases": (("SY",), ("disease_code", "start_date", "outcome", "modifier_codes", "disease_name")),
    "named": (("HS", "SB"), ("disease_code", "disease_name", "disease_class", "icd10", "teeth")),
    "checked": (("SN",), ("payer_kind", "confirmation", "branch_no")),
    "visits": (("JD",), ("payer_kind",)),
    "windows": (("MF",), ("window_payment_kind",)),
    "details": (("SJ",), ("detail_kind",)),
    "coded": (
        (),
        (
            "code",
            "quantity",
            "service_date",
            "burden",
            "points",
            "prescription_date",
            "dispensing_date",
            "reception_no",
            "preparation_code",
            "preparation_points",
        ),
    ),
    "stays": (("BU",), ("dpc_code", "admission_date", "discharge_date", "dpc_outcome")),
    "coding": (("CD",), ("code",)),
    "operations": (("SK",), ("code", "section_no")),
    "institutions": (("IR",), ("review_body", "prefecture", "point_table", "institution_code", "claim_month")),
}


@cache
def tables_of(layout: Layout) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the tables of a layout: those above, with the records that are lines in it."""
    ids = line_ids(layout)
    lines = tuple(sorted(ids.charged | ids.classed)) if ids.counted and ids.charged <= ids.classed else ()
    parts = {rid for block in blocks_inside(layout) for rid in block.records}
    coded = tuple(sorted(rid for rid in {*CODE_ITEMS, *parts} if rid in layout.records and rid not in lines))
    return {**TABLES, "lines": (lines, TABLES["lines"][1]), "coded": (coded, TABLES["coded"][1])}


def blocks_inside(layout: Layout) -> tuple[Block, ...]:
    """Return the blocks that records of the claim itself make, such as those of a prescription."""
    return tuple(block for block in layout.blocks.values() if layout.records[block.opens].scope is Scope.CLAIM)


def column_of(item: str) -> str:
    """Return the column in which an item stands."""
    return ALIKE.get(item, item)


@dataclass(frozen=True, slots=True)
class PayerItems:
    """Where a payer's record says what the index holds, and what makes the claim the same again."""

    number: str
    points: str
    days: str
    meals: str
    identity: tuple[str, ...]


#: What the index takes from the head of a claim; what makes it the same again comes behind (see `identity`).
HEAD: Final = ("claim_no", "service_month", "claim_type")
IDENTITY: Final = (*PATIENT, *APART)
#: The records of payers: the insurer, then the public payers.
PAYERS: Final[Mapping[str, PayerItems]] = {
    "HO": PayerItems("insurer_number", "total_points", "actual_days", "meals_yen", ("card_symbol", "card_number")),
    "KO": PayerItems("payer_number", "total_points", "actual_days", "meals_yen", ("recipient_number",)),
}
