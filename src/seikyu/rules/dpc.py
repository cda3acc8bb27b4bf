"""Rules of DPC claims: the institution's phone, numbering, and what a bundled stay must say (BU, SB)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from seikyu.rules.claims import out_of_sequence
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, Scope

_KIND: Final = "kind dpc"
_IR: Final = "IR,1,99,1,0112342,,見本病院,202609,00,"
_RE: Final = "RE,{},1111,202608,見本　太郎,1,{},,20260801,,,{}" + "," * 18
_SB: Final = "SB,8833421,,,J00,{},,"
_BU: Final = "BU,040080XX99X0XX,{},{},{},"
_SUMMARY: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801" + "," * 10 + "1,{}\nHO,06990014,見本,1,31,291\n"
_DETAIL: Final = (
    "RE,1,1111,202608,見本　太郎,1,19800101,,20260801" + "," * 10 + "2\n"
    "HO,06990014,見本,1,31,291\nBU,040080XX99X0XX,20260801,,,\nSI,11,1,111000110,,291,1,,,,,,,1"
)

#: Main disease, the one that took most resources, the one that led to the stay. Source: code-tables:dpc 23.
_NEEDED: Final = {"11": "主傷病名", "01": "医療資源を最も投入した傷病名", "21": "入院の契機となった傷病名"}
_DEAD: Final = frozenset({"6", "7"})
_MEDICATION_NOTE: Final = "11"
_NEWBORN: Final = timedelta(days=7)


@rule(
    code="L1070",
    title="the phone number is missing or wrong",
    title_ja="電話番号が記録されていない、又は正しくありません",
    passes=(_KIND, f"{_KIND}\n{_IR}(099)000-0000"),
    fails=(f"{_KIND}\n{_IR}", f"{_KIND}\n{_IR}03-0000-0000-000", f"{_KIND}\n{_IR}０３"),
    on="IR",
    when=[("IR.phone", "long width mixed")],
)
def phone(header: Record) -> Iterator[Place]:
    """It is the number that the office calls."""
    if header.plan.layout.scope is Scope.FILE and not header.raw("phone"):
        yield header.at("phone")


@rule(
    code="L1908",
    title="the claim numbers do not run 1, 2, 3",
    title_ja="レセプト番号が１からの連番になっていません",
    passes=_KIND,
    fails=f"{_KIND}\n{_RE.format(2, 19800101, '')}",
)
def numbering(claim: Claim) -> Iterator[Place]:
    """A gap is a lost claim, a repetition a doubled one. Details of a summary claim are let be."""
    yield from out_of_sequence(claim)


@rule(
    code="L3110",
    title="special note 11 on a DPC claim",
    title_ja="ＤＰＣレセプトに特記事項１１（薬治）が記録されています",
    passes=_KIND,
    fails=f"{_KIND}\n{_RE.format(1, 19800101, '11')}",
    on="BU",
)
def medication_note(claim: Claim) -> Iterator[Place]:
    """It belongs to claims that are paid act by act."""
    if _MEDICATION_NOTE in (claim.head["special_notes"] or ()):
        yield claim.at("special_notes", found=_MEDICATION_NOTE)


@rule(
    code="L3240",
    title="the main, the most costly or the leading disease is missing",
    title_ja="主傷病名・医療資源を最も投入した傷病名・入院の契機となった傷病名のいずれかが記録されていません",
    passes=_KIND,
    fails=(f"{_KIND}\n{_SB.format('11')}\n{_SB.format('01')}", f"{_KIND}\n-SB"),
    on="BU",
)
def diseases_of_the_stay(claim: Claim) -> Iterator[Place]:
    """The class of the stay, and with it the fee of a day, follows from them. Details of a summary are let be."""
    records = claim.records("SB")
    if claim.part_of or any(record.bad("disease_class") for record in records):
        return
    there = {record["disease_class"] for record in records}
    for code, name in _NEEDED.items():
        if code not in there:
            yield claim.here(expected=Phrase(f"SB with class {code}", f"ＳＢ傷病名区分{code}（{name}）"))


@rule(
    code="L3740",
    title="a stay that is not bundled: death on the day of admission, or of a newborn within seven days",
    title_ja="包括評価の対象とならない入院です（入院当日の死亡、又は生後７日以内の新生児の死亡）",
    passes=(
        f"{_KIND}\n{_BU.format(20260801, 20260801, 1)}",
        f"{_KIND}\n{_BU.format(20260801, 20260803, 6)}",
        f"{_KIND}\n{_RE.format(1, 20260801, '')}\n{_BU.format(20260801, 20260808, 6)}",
    ),
    fails=(
        f"{_KIND}\n{_BU.format(20260801, 20260801, 6)}",
        f"{_KIND}\n{_RE.format(1, 20260801, '')}\n{_BU.format(20260801, 20260807, 6)}",
    ),
    on="BU",
)
def not_bundled(claim: Claim) -> Iterator[Place]:
    """Such stays are paid act by act, on a medical claim."""
    born = claim.birth_date
    for stay in claim.records("BU")[:1]:
        admitted, left = stay["admission_date"], stay["discharge_date"]
        if stay["dpc_outcome"] not in _DEAD or not left:
            continue
        newborn = born is not None and born <= left < born + _NEWBORN
        if admitted == left or newborn:
            yield stay.at("dpc_outcome")


@rule(
    code="L3820",
    title="the day of discharge is missing",
    title_ja="今回退院年月日が記録されていません",
    passes=(_KIND, f"{_KIND}\n{_BU.format(20260801, '', '')}"),
    fails=f"{_KIND}\n{_BU.format(20260801, '', 6)}",
    on="BU",
)
def no_discharge(claim: Claim) -> Iterator[Place]:
    """Days are paid until it. Told where the patient has died, for then there is one."""
    for stay in claim.records("BU")[:1]:
        if stay["dpc_outcome"] in _DEAD and not stay.raw("discharge_date"):
            yield stay.at("discharge_date")


@rule(
    code="X2063",
    title="a detail claim that follows no summary claim, or another number of them than it says",
    title_ja="総括レセプトのない総括対象レセプト、又は総括レセプトの記録と異なる件数です",
    source="records:4",
    passes=(_KIND, f"{_KIND}\n{_SUMMARY.format(1)}{_DETAIL}"),
    fails=(f"{_KIND}\n{_DETAIL}", f"{_KIND}\n{_SUMMARY.format(2)}{_DETAIL}"),
)
def details_of_the_summary(claim: Claim) -> Iterator[Place]:
    """The summary is what is paid, the details say for what; one was lost."""
    if claim.form.endswith("_detail") and claim.part_of is None:
        yield claim.at("summary_class")
    stated = claim.head["detail_count"] if claim.is_summary else None
    if stated is not None and stated != len(claim.details):
        yield claim.at("detail_count", found=stated, expected=len(claim.details))


RULES: Final[tuple[Rule, ...]] = (
    phone,
    numbering,
    medication_note,
    diseases_of_the_stay,
    not_bundled,
    no_discharge,
    details_of_the_summary,
)
