"""Rules of the payers' numbers: check digits, law numbers, and which body they belong to."""

import re
from collections.abc import Iterator
from typing import Final

from seikyu.records import PublicPayerNumber, RecipientNumber, check_digit, table
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record

_HO: Final = "HO,06990014,見本,1,1,291"
_NHI: Final = "HO,  991018,見本,1,1,291"
_KO: Final = "KO,80990013,0000018,,1,291"
_RE: Final = "RE,1,{},202608,見本　太郎,1,{}"

_ELDERLY_LAW: Final = "39"
_BODIES: Final = {
    "1": Phrase("it is paid through review body 1 (SSK)", "支払基金（１）に請求する保険者です"),
    "2": Phrase("it is paid through review body 2 (NHI federation)", "国保連合会（２）に請求する保険者です"),
}
_BY_TYPE: Final = Phrase("the type says so, the insurer does not", "種別は後期高齢者、保険者番号は法別３９以外")
_BY_INSURER: Final = Phrase("the insurer says so, the type does not", "保険者番号は法別３９、種別は後期高齢者以外")
_ELDERLY_FROM: Final = 75
_EARLIEST_ELDERLY: Final = 65
_PAYER_CHARS: Final = 8
_NHI_FORM: Final = re.compile("  [0-9]{6}")
#: Law numbers of municipal schemes that the table leaves out; 42136011 is in use as a special number (provider:6.4).
_MUNICIPAL: Final = frozenset(str(number) for number in range(40, 50))


@rule(
    code="L2187",
    title="the public payer number is malformed",
    title_ja="公費負担者番号が正しくありません",
    passes=_KO,
    fails=("KO,8099001,0000018,,1,291", "KO,  991018,0000018,,1,291", "KO,991018,0000018,,1,291"),
    on="KO",
    when=[("KO.payer_number", "digits padded")],
)
def public_number(payer: Record) -> Iterator[Place]:
    """Nobody can be charged. Right are 8 digits; only NHI numbers are shorter."""
    number = payer["payer_number"]
    if number and _NHI_FORM.fullmatch(number):
        yield payer.at("payer_number")


def _public(payer: Record) -> PublicPayerNumber | None:
    """Return the number of a KO, None unless it is 8 digits."""
    number = payer["payer_number"]
    return PublicPayerNumber(number) if number and number.isdigit() and len(number) == _PAYER_CHARS else None


@rule(
    code="X3001",
    title="insurer number fails its check digit",
    title_ja="保険者番号の検証番号が一致しません",
    source="number-guide:check-digit",
    passes=(_HO, _NHI),
    fails=("HO,06990015,見本,1,1,291", "HO,  991019,見本,1,1,291"),
    on="HO",
)
def insurer_check_digit(payer: Record) -> Iterator[Place]:
    """A slip of one key shows here; unseen, the claim comes back a month later."""
    number = payer["insurer_number"]
    if number and not number.check_digit_ok:
        digits = number.digits
        yield payer.at("insurer_number", found=digits[-1], expected=check_digit(digits[:-1]))


@rule(
    code="X3005",
    title="public payer number fails its check digit",
    title_ja="公費負担者番号の検証番号が一致しません",
    source="number-guide:check-digit",
    passes=_KO,
    fails="KO,80990014,0000018,,1,291",
    on="KO",
)
def public_check_digit(payer: Record) -> Iterator[Place]:
    """A slip of one key shows here; unseen, the claim comes back a month later."""
    number = _public(payer)
    if number and not number.check_digit_ok:
        yield payer.at("payer_number", found=number[-1], expected=check_digit(number[:-1]))


@rule(
    code="X3007",
    title="recipient number fails its check digit",
    title_ja="受給者番号の検証番号が一致しません",
    source="records:9",
    passes=(_KO, "KO,54990015,1111111,,1,291", "KO,80990013,0000019,,1,291"),
    fails="KO,54990015,0000019,,1,291",
    on="KO",
)
def recipient_check_digit(payer: Record) -> Iterator[Place]:
    """A slip of one key names another person. Schemes of cities and prefectures number their people as they like."""
    number, scheme = payer["recipient_number"], payer["payer_number"]
    law = scheme and table("public_payer_law_numbers").row(scheme.law_number)
    if not law or law["recipient_check"] != "yes":
        return
    if number and len(number) == 7 and not RecipientNumber(number).check_digit_ok:  # noqa: PLR2004  (6 and a check digit)
        yield payer.at("recipient_number")


@rule(
    code="X3002",
    title="the insurer's law number is unknown",
    title_ja="保険者番号の法別番号が正しくありません",
    passes=(_HO, _NHI),
    fails="HO,99990014,見本,1,1,291",
    on="HO",
)
def insurer_law(payer: Record) -> Iterator[Place]:
    """The first two digits say which insurance it is."""
    number = payer["insurer_number"]
    if number and number.law_number and number.law_number not in table("insurer_law_numbers"):
        yield payer.at("insurer_number", found=number.law_number)


@rule(
    code="X3004",
    title="the insurer belongs to the other review body",
    title_ja="保険者番号の審査支払機関が異なります",
    source="records:8",
    passes=(_HO, f"IR,2,99,1,0112342,,見本診療所,202609,00,\n{_NHI}"),
    fails=(_NHI, f"IR,2,99,1,0112342,,見本診療所,202609,00,\n{_HO}"),
    on="HO",
)
def insurer_of_other_body(claim: Claim) -> Iterator[Place]:
    """Employees' insurers are paid for by one body, NHI and the elderly by the other."""
    number = claim.insurer_number
    row = table("insurer_law_numbers").row(number.law_number) if number else None
    if row is None or claim.review_body is None or claim.insurer is None:
        return
    if row["review_body"] != claim.review_body[0]:
        yield claim.insurer.at("insurer_number", note=_BODIES[row["review_body"]])


@rule(
    code="X3006",
    title="the public payer's law number is unknown",
    title_ja="公費負担者番号の法別番号が正しくありません",
    passes=(_KO, "KO,42136011,0000018,,1,291"),
    fails="KO,01990012,0000018,,1,291",
    on="KO",
)
def public_law(payer: Record) -> Iterator[Place]:
    """The first two digits say under which law it pays."""
    number = _public(payer)
    if number and number.law_number not in {*table("public_payer_law_numbers"), *_MUNICIPAL}:
        yield payer.at("payer_number", found=number.law_number)


@rule(
    code="X3009",
    title="the public payers are not in the order of priority",
    title_ja="公費の記録順が優先順位のとおりではありません",
    passes=f"KO,54990015,0000018,,1,291\n{_KO}",
    fails=f"{_KO}\nKO,54990015,0000018,,1,291",
    on="KO",
)
def priority(claim: Claim) -> Iterator[Place]:
    """Who comes first pays first; the share of all others hangs on it."""
    laws = table("public_payer_law_numbers")
    last = 0
    for payer in claim.public_payers:
        number = _public(payer)
        row = laws.row(number.law_number) if number else None
        if number and row:
            if int(row["priority"]) < last:
                yield payer.at("payer_number", found=number.law_number)
            last = max(last, int(row["priority"]))


@rule(
    code="X3011",
    title="late-stage elderly by the type or by the insurer, not by both",
    title_ja="後期高齢者医療のレセプト種別と保険者番号（法別３９）が一致しません",
    passes=_RE.format(1318, 19400101) + "\nHO,39990015,,1,1,291",
    fails=(_RE.format(1318, 19400101) + "\n" + _HO, _RE.format(1112, 19400101) + "\nHO,39990015,,1,1,291"),
    on="HO",
)
def elderly_scheme(claim: Claim) -> Iterator[Place]:
    """Two schemes with two payers; the claim can belong to one."""
    number, row = claim.insurer_number, claim.type_row
    if number and row and claim.insurer and row["scheme"] != "public only":
        by_type, by_number = _elderly(claim), number.law_number == _ELDERLY_LAW
        if by_type != by_number:
            yield claim.insurer.at("insurer_number", note=_BY_TYPE if by_type else _BY_INSURER)


def _elderly(claim: Claim) -> bool:
    """True if the type of the claim is one of the late-stage elderly."""
    return claim.type_row is not None and claim.type_row["scheme"] == "late-stage elderly"


@rule(
    code="X3012",
    title="75 or older and not insured with the late-stage elderly",
    title_ja="７５歳以上ですが、後期高齢者医療の保険者番号ではありません",
    passes=(_RE.format(1118, 19510815), _RE.format(1318, 19400101) + "\nHO,39990015,,1,1,291"),
    fails=_RE.format(1118, 19500731),
    on="HO",
)
def should_be_elderly(claim: Claim) -> Iterator[Place]:
    """From the 75th birthday another insurer pays; in the month of the birthday both may.

    Where type and insurer contradict each other another rule says so.
    """
    number, born, month = claim.insurer_number, claim.birth_date, claim.service_month
    if not (number and born and month and claim.insurer) or number.law_number == _ELDERLY_LAW or _elderly(claim):
        return
    if (born.year + _ELDERLY_FROM, born.month) < (month.year, month.month):
        yield claim.insurer.at("insurer_number")


@rule(
    code="X3013",
    title="under 65 and insured with the late-stage elderly",
    title_ja="６５歳未満ですが、後期高齢者医療の保険者番号です",
    passes=_RE.format(1318, 19610831) + "\nHO,39990015,,1,1,291",
    fails=_RE.format(1318, 19611001) + "\nHO,39990015,,1,1,291",
    on="HO",
)
def too_young_for_elderly(claim: Claim) -> Iterator[Place]:
    """65 is the age from which the disabled may join."""
    number, born, month = claim.insurer_number, claim.birth_date, claim.service_month
    if not (number and born and month and claim.insurer) or number.law_number != _ELDERLY_LAW or not _elderly(claim):
        return
    first_day_after = month.plus(1).first_day
    if (born.year + _EARLIEST_ELDERLY, born.month, born.day) > (first_day_after.year, first_day_after.month, 1):
        yield claim.insurer.at("insurer_number")


RULES: Final[tuple[Rule, ...]] = (
    public_number,
    insurer_check_digit,
    public_check_digit,
    recipient_check_digit,
    insurer_law,
    insurer_of_other_body,
    public_law,
    priority,
    elderly_scheme,
    should_be_elderly,
    too_young_for_elderly,
)
