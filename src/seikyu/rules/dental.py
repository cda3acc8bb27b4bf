"""Rules of dental claims (歯科): the institution's record before each claim, and the diseases with their teeth."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Phrase, Place, claim_month_of

_KIND: Final = "kind dental"
_IR: Final = "IR,1,99,3,0130001,,202609,,"
_RE: Final = "RE,1,3112,202608,見本　太郎,1,19800101,,,20260801,1"
_HS: Final = "HS,,,101600,5250001,,,,,,"
_MOST_DISEASES: Final = 99
_ATTRIBUTED: Final = ("prefecture", "point_table", "institution_code")
_BODY: Final = "review_body"
_CHECKED_ELSEWHERE: Final = Phrase("the claim's IR, then RE", "各レセプトの先頭はＩＲ、次にＲＥ")


@rule(
    code="L1704",
    title="a claim does not begin with the institution's record (IR) and the claim's (RE)",
    title_ja="医療機関情報レコード（ＩＲ）の次がレセプト共通レコード（ＲＥ）ではない、又はＲＥの前にＩＲがありません",
    passes=(_KIND, f"{_KIND}\n{_IR}\n{_RE}"),
    fails=(f"{_KIND}\n-IR", f"{_KIND}\n-RE", f"{_KIND}\n{_IR}\n{_HS}\n{_RE}"),
)
def opened_by_both(file: File) -> Iterator[Place]:
    """In dental files each claim says whose it is; without that it belongs to nobody."""
    for stray in file.misplaced.get("L1704", ()):
        yield stray.here(expected=_CHECKED_ELSEWHERE)


@rule(
    code="X1043",
    title="a claim's institution is not that of the file",
    title_ja="レセプトの医療機関情報（ＩＲ）が受付情報（ＵＫ）の医療機関と一致しません",
    source="records:4",
    passes=_KIND,
    fails=(f"{_KIND}\n{_IR.replace('0130001', '0130010')}", f"{_KIND}\n{_IR.replace('1,99', '1,13')}"),
    on="IR",
)
def other_institutions_claim(claim: Claim) -> Iterator[Place]:
    """The file is one institution's; nobody knows whom to pay."""
    yield from _differing(claim, _ATTRIBUTED)


@rule(
    code="X1044",
    title="a claim's review body or claim month is not that of the file",
    title_ja="レセプトの医療機関情報（ＩＲ）の審査支払機関又は請求年月が受付情報（ＵＫ）と一致しません",
    source="records:4",
    passes=_KIND,
    fails=(f"{_KIND}\n{_IR.replace('IR,1', 'IR,2')}", f"{_KIND}\n{_IR.replace('202609', '202608')}"),
    on="IR",
)
def other_month_of_claim(claim: Claim) -> Iterator[Place]:
    """The file says it once for all its claims."""
    yield from _differing(claim, (_BODY,))
    for record in claim.records("IR")[:1]:
        month = claim_month_of(record)
        if month and claim.claim_month and month != claim.claim_month:
            yield record.at("claim_month", found=month, expected=claim.claim_month)


def _differing(claim: Claim, names: tuple[str, ...]) -> Iterator[Place]:
    """Yield the first item of the claim's IR that is another one in the file's header."""
    header = claim.header
    for record in claim.records("IR")[:1] if header else ():
        for name in names:
            own, of_file = record[name], header[name] if header else None
            if own is not None and of_file is not None and own != of_file:
                yield record.at(name, found=own, expected=of_file)
                return


@rule(
    code="X2029",
    title="no disease (HS), or a hundred and more",
    title_ja="傷病名部位レコード（ＨＳ）がない、又は１００件以上あります",
    passes=(_KIND, "\n".join([_KIND, *[_HS] * _MOST_DISEASES])),
    fails=(f"{_KIND}\n-HS", "\n".join([_KIND, *[_HS] * (_MOST_DISEASES + 1)])),
)
def diseases_of_teeth(claim: Claim) -> Iterator[Place]:
    """What was done was done for something."""
    found = claim.records("HS")
    if not found:
        yield claim.here()
    yield from (record.here() for record in found[_MOST_DISEASES : _MOST_DISEASES + 1])


RULES: Final[tuple[Rule, ...]] = (opened_by_both, other_institutions_claim, other_month_of_claim, diseases_of_teeth)
