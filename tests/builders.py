"""People, numbers and files for tests: prefecture 99, plainly fictitious.

A file is text: claims are lists of lines, `uke` puts header and trailer around them and adds up what the trailer says.

>>> uke(claim(1)).decode("cp932").splitlines()[0]
'IR,1,99,1,0112342,,見本診療所,202609,00,'
"""

from collections.abc import Sequence
from typing import Final

from seikyu.records import Month, check_digit, layout_for, table

PREFECTURE: Final = "99"
#: The 7 digits of an institution of prefecture 99 with point table 1.
INSTITUTION: Final = "0112342"
#: The institution's party id.
INSTITUTION_ID: Final = f"{PREFECTURE}1{INSTITUTION}"
CLAIM_MONTH: Final = "202609"
SERVICE_MONTH: Final = "202608"

#: Payers: law number, prefecture 99, payer 001, check digit.
SOCIETY: Final = "06990014"
ELDERLY: Final = "39990015"
NHI: Final = "  991018"
CITY: Final = "80990013"
WELFARE: Final = "12990016"
INCURABLE: Final = "54990015"
REHABILITATION: Final = "15990013"

RECIPIENT: Final = "0000018"
CRLF: Final = "\r\n"
END_MARK: Final = b"\x1a"

_ALL_PAYERS: Final = ("insurance", "public_1", "public_2", "public_3", "public_4")


def line(record_id: str, **items: object) -> str:
    """Return a record with its items given by their layout names, every comma written, without line end."""
    record = layout_for("medical", Month.parse(CLAIM_MONTH)).records[record_id]
    unknown = set(items) - set(record.by_name)
    if unknown:
        raise ValueError(f"{record_id} has no {sorted(unknown)}")
    return ",".join([record_id, *(str(items.get(item.name, "")) for item in record.items[1:])])


def header(*, body: str = "1", month: str = CLAIM_MONTH, institution: str = INSTITUTION, **items: object) -> str:
    """Return IR."""
    return line(
        "IR",
        **{
            "review_body": body,
            "prefecture": PREFECTURE,
            "point_table": 1,
            "institution_code": institution,
            "institution_name": "見本診療所",
            "claim_month": month,
            "volume_id": "00",
            **items,
        },
    )


def claim(
    no: int = 1,
    *,
    insurer: str | None = SOCIETY,
    publics: Sequence[str] = (),
    month: str = SERVICE_MONTH,
    points: int = 291,
    count: int = 1,
    name: str = "見本　太郎",
    birth_date: str | None = None,
    claim_type: str | None = None,
    services: Sequence[str] | None = None,
) -> list[str]:
    """Return the lines of an outpatient claim that adds up: RE, HO, KO, SY, and one SI shared by all its payers.

    `services` replaces the SI; then `points` and `count` are what HO and KO say.
    """
    total = points * count
    card = (
        {"card_symbol": "", "card_number": f"{no:08d}"}
        if insurer == ELDERLY
        else {"card_symbol": "見本", "card_number": no}
    )
    lines = [
        line(
            "RE",
            claim_no=no,
            claim_type=claim_type or claim_type_of(insurer=insurer, publics=publics),
            service_month=month,
            patient_name=name,
            sex=1,
            birth_date=birth_date or ("19400101" if insurer == ELDERLY else "19800101"),
            benefit_rate=70 if insurer == NHI else "",
        )
    ]
    if insurer is not None:
        lines.append(line("HO", insurer_number=insurer, **card, actual_days=count, total_points=total))
    lines += [
        line("KO", payer_number=public, recipient_number=RECIPIENT, actual_days=count, total_points=total)
        for public in publics
    ]
    lines.append(line("SY", disease_code="8833421", start_date=f"{month}01", outcome=1, main_disease="01"))
    burden = burden_of(insured=insurer is not None, publics=len(publics))
    lines += services if services is not None else [service(points, burden=burden, count=count)]
    return lines


def service(
    points: int, *, burden: str = "1", count: int = 1, code: str = "111000110", service_class: str = "11"
) -> str:
    """Return an SI of its own calculation unit, done once on each of the first `count` days."""
    days = {f"day_{day:02d}": 1 for day in range(1, count + 1)}
    return line(
        "SI",
        service_class=service_class,
        burden=burden,
        procedure_code=code,
        points=points,
        count=count,
        **days,
    )


def trailer(claims: Sequence[Sequence[str]]) -> str:
    """Return GO with the count and points of the claims: a case per payer, points of the claim's main payer."""
    cases = points = 0
    for lines in claims:
        payers = [text.split(",") for text in lines if text.startswith(("HO,", "KO,"))]
        cases += len(payers)
        points += int(payers[0][5]) if payers else 0
    return line("GO", claim_count=cases, total_points=points, volume_id="99")


def uke_lines(
    *claims: Sequence[str], body: str = "1", month: str = CLAIM_MONTH, institution: str = INSTITUTION
) -> list[str]:
    """Return all lines of a file."""
    first = header(body=body, month=month, institution=institution)
    return [first, *(text for lines in claims for text in lines), trailer(claims)]


def uke(*claims: Sequence[str], body: str = "1", month: str = CLAIM_MONTH, institution: str = INSTITUTION) -> bytes:
    """Return a conforming file of the claims, end mark included."""
    return encoded(uke_lines(*claims, body=body, month=month, institution=institution))


def encoded(lines: Sequence[str], *, ending: str = CRLF, end: bytes = END_MARK) -> bytes:
    """Return lines as the bytes of a file."""
    return "".join(text + ending for text in lines).encode("cp932") + end


def claim_type_of(*, insurer: str | None, publics: Sequence[str]) -> str:
    """Return the claim type (レセプト種別) of an outpatient claim with these payers."""
    if insurer is None:
        return f"12{len(publics)}2"
    if insurer == ELDERLY:
        return f"13{len(publics) + 1}8"
    return f"11{len(publics) + 1}2"


def burden_of(*, insured: bool, publics: int) -> str:
    """Return the burden code (負担区分) that all of these payers share."""
    wanted = [str(int(insured)), *("1" if index < publics else "0" for index in range(4))]
    return next(code for code, row in table("burden_codes").items() if [row[payer] for payer in _ALL_PAYERS] == wanted)


def insurer_number(law: str, payer: int = 1) -> str:
    """Return an 8-digit number of prefecture 99 with its check digit, for an insurer or a public payer."""
    digits = f"{law}{PREFECTURE}{payer:03d}"
    return digits + check_digit(digits)


def institution_code(number: int) -> str:
    """Return the 7 digits of the institution `number` (0 to 999999) of prefecture 99 with point table 1."""
    digits = f"{number:06d}"
    return digits + check_digit(f"{PREFECTURE}1{digits}")
