"""Rules of insurers, public payers and the institution against their registers."""

from collections.abc import Iterator
from typing import Any, Final

from seikyu.records import InsurerNumber
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Phrase, Place
from seikyu.rules.view import claim_month_of as month_of_header

_CHARS: Final = 8
_KO: Final = "RE,1,1122,202608,見本　太郎,1,19800101\nHO,06990014,見本,1,1,291\nKO,{number},1111111,,1,291"


def _padded(number: InsurerNumber | None) -> str:
    """Return a payer's number as registers write it: 8 digits, with zeros before one of 6."""
    return str(number or "").strip().zfill(_CHARS)


def _insurer_row(claim: Claim) -> Any:
    return claim.masters.row("insurers", _padded(claim.insurer_number), claim.service_month)


@rule(
    code="L3080",
    title="a number of the old government-managed insurance",
    title_ja="旧政府管掌健康保険の保険者番号です",
    on="HO",
    tables=("insurers.old_government",),
    passes="HO,06990014,見本,1,1,291",
    fails="HO,01999018,見本,1,1,291",
)
def old_government_insurer(claim: Claim) -> Iterator[Place]:
    """The government's own health insurance ended in September 2008; nobody pays for its numbers."""
    row = _insurer_row(claim) if claim.insurer else None
    if row and row["old_government"] and claim.insurer:
        yield claim.insurer.at("insurer_number")


@rule(
    code="L3087",
    title="there is no insurer of that number",
    title_ja="該当する保険者がありません",
    on="HO",
    tables=("insurers.whole",),
    passes="HO,06990014,見本,1,1,291",
    fails="HO,06999999,見本,1,1,291",
)
def no_such_insurer(claim: Claim) -> Iterator[Place]:
    """A claim that nobody can be asked to pay comes back a month later."""
    number, masters = claim.insurer_number, claim.masters
    if claim.insurer is None or number is None or not masters.sure("insurers", claim.service_month):
        return
    if not masters.knows("insurers", _padded(number)):
        yield claim.insurer.at("insurer_number")


@rule(
    code="L3089",
    title="there is no public payer of that number",
    title_ja="第１公費の公費負担者番号に該当する公費実施機関がありません",
    on="KO",
    tables=("public_payers.whole",),
    passes=_KO.format(number="12990018"),
    fails=_KO.format(number="12999999"),
)
def no_such_public_payer(claim: Claim) -> Iterator[Place]:
    """The public fund's share can be sent to nobody."""
    first = next(iter(claim.public_payers), None)
    if first is None or first["payer_number"] is None:
        return
    masters = claim.masters
    known = masters.knows("public_payers", _padded(first["payer_number"]))
    if masters.sure("public_payers", claim.service_month) and not known:
        yield first.at("payer_number")


@rule(
    code="X3003",
    title="the insurer was not there in the service month",
    title_ja="診療年月に存在しない保険者です",
    on="HO",
    tables=("insurers.since", "insurers.until"),
    passes="HO,06990014,見本,1,1,291",
    fails=("HO,06990022,見本,1,1,291", "HO,06990030,見本,1,1,291"),
)
def insurer_of_another_time(claim: Claim) -> Iterator[Place]:
    """Insurers merge and dissolve; claims of later months belong to whoever took over."""
    row, month = (_insurer_row(claim) if claim.insurer else None), claim.service_month
    if row is None or month is None or claim.insurer is None:
        return
    since, until = row["since"], row["until"]
    if until and until < month.first_day:
        ended = Phrase(f"it ended on {until.isoformat()}", f"{until.isoformat()}で消滅")
        yield claim.insurer.at("insurer_number", note=ended)
    elif since and since > month.last_day:
        begun = Phrase(f"it begins on {since.isoformat()}", f"{since.isoformat()}に設立")
        yield claim.insurer.at("insurer_number", note=begun)


@rule(
    code="X3008",
    title="the symbol is missing",
    title_ja="この保険者の資格には記号が必要です",
    on="HO",
    tables=("insurers.symbol_used",),
    passes=("HO,06990014,見本,1,1,291", "HO,39990015,,1,1,291"),
    fails="HO,06990014,,1,1,291",
)
def symbol_missing(claim: Claim) -> Iterator[Place]:
    """Where an insurer gives symbols, the number alone may belong to several people."""
    row = _insurer_row(claim) if claim.insurer else None
    if row and row["symbol_used"] and claim.insurer and not claim.insurer.raw("card_symbol"):
        yield claim.insurer.at("card_symbol")


@rule(
    code="L4892",
    title="the institution's name is not the registered one",
    title_ja="医療機関名称が台帳の名称と異なります",
    tables=("institutions",),
    passes="IR,1,99,1,0112342,,見本診療所,202609,00,",
    fails="IR,1,99,1,0112342,,見本医院,202609,00,",
)
def other_institution_name(file: File) -> Iterator[Place]:
    """The claim is taken as it is; papers bear the registered name."""
    for header in file.headers:
        version = file.masters.at("institutions", month_of_header(header))
        code = "".join(header[name] or "" for name in ("prefecture", "point_table", "institution_code"))
        row = version.row(code) if version else None
        name = header["institution_name"]
        if row and row.name and name and _plain(name) != _plain(row.name):
            yield header.at("institution_name", expected=row.name)


def _plain(name: str) -> str:
    return name.replace("　", "").replace(" ", "")


RULES: Final[tuple[Rule, ...]] = (
    old_government_insurer,
    no_such_insurer,
    no_such_public_payer,
    insurer_of_another_time,
    symbol_missing,
    other_institution_name,
)
