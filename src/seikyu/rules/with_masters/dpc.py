"""Rules of DPC claims and of teeth against their tables: classes, diseases, operations, and what is paid apart."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record
from seikyu.rules.with_masters.lookup import kind_of, lines_that_say

_KIND: Final = "kind dpc"
_CODES: Final = frozenset({"s", "y", "t"})
#: The disease that took most resources decides the class; those that may be defining co-diseases. Source:
#: code-tables:dpc 23.
RESOURCE: Final = "01"
BESIDE: Final = frozenset({"02", "31", "41", "42", "43", "44", "51", "52", "53", "54"})
#: Places in a class of 14 characters: the disease, the operation, the co-disease.
_DISEASE: Final = slice(0, 6)
_OPERATION: Final = slice(8, 10)
_BESIDE_AT: Final = 12
_NO_BESIDE: Final = "0"
_CHARS: Final = 14
#: Operation characters of a class without an operation, and of one that does not ask.
_NO_OPERATION: Final = frozenset({"99", "xx"})
_TOOTH_CHARS: Final = 4
_WITHOUT_CONDITION: Final = "00"


def _classes(claim: Claim) -> Iterator[tuple[Record, str]]:
    """Yield the classes of a stay that could be read, in lower case."""
    for record in claim.records("BU"):
        code = record["dpc_code"]
        if code and len(code) == _CHARS:
            yield record, code.lower()


def _resource(claim: Claim) -> Iterator[tuple[Record, str]]:
    """Yield the disease that took most resources with its ICD-10 code."""
    for record in claim.records("SB"):
        if record["disease_class"] == RESOURCE and record["icd10"]:
            yield record, record["icd10"]


@rule(
    code="L2252",
    title="the class is not one of those that are bundled",
    title_ja="包括評価の対象となる診断群分類番号ではありません",
    on="BU",
    tables=("dpc_classes.bundled", "dpc_classes.whole"),
    passes=_KIND,
    fails=(f"{_KIND}\nBU,180010XX0XXX0X,20260801,,,", f"{_KIND}\nBU,990010XX0XXX0X,20260801,,,"),
)
def not_bundled(claim: Claim) -> Iterator[Place]:
    """Only classes of the table have a fee of a day; all others are paid act by act."""
    masters, month = claim.masters, claim.service_month
    for record, code in _classes(claim):
        row = masters.row("dpc_classes", code, month)
        if (row and row["bundled"] == 0) or (row is None and masters.sure("dpc_classes", month)):
            yield record.at("dpc_code")


@rule(
    code="L2455",
    title="a code of the coding data is in no master",
    title_ja="コーディングデータのコードがマスターにありません",
    on="CD",
    tables=("s.whole", "y.whole", "t.whole"),
    passes=_KIND,
    fails=f"{_KIND}\nCD,20260801,11,1,1,199999990,,1,,1,",
)
def unknown_coding(claim: Claim) -> Iterator[Place]:
    """The coding data tell what was done within the bundle; a code that stands for nothing tells nothing."""
    masters, month = claim.masters, claim.service_month
    sure = {kind for kind in _CODES if masters.sure(kind, month)}
    for record in claim.records("CD"):
        code = record["code"] or ""
        kind = kind_of(code) if code else None
        if kind in sure and not masters.knows(kind, code):
            yield record.at("code")


@rule(
    code="L3413",
    title="a procedure that cannot stand on a DPC claim",
    title_ja="ＤＰＣレセプトに記録できない診療行為です",
    on="SI",
    tables=("dpc_procedures.usable",),
    passes=_KIND,
    fails=f"{_KIND}\nSI,40,1,199000020,,52,1,,,,,,,1",
)
def not_on_dpc(claim: Claim) -> Iterator[Place]:
    """It excludes the bundle: the stay is of another sort, or the code is wrong."""
    for record in _told(claim, "SI", "dpc_procedures", column="usable", value=0):
        yield record.at("procedure_code")


@rule(
    code="L4485",
    title="a procedure that the bundle pays already",
    title_ja="包括評価に含まれる診療行為が記録されています",
    on="SI",
    tables=("dpc_procedures.bundled",),
    passes=_KIND,
    fails=f"{_KIND}\nSI,40,1,199000310,,52,1,,,,,,,1",
)
def bundled_procedure(claim: Claim) -> Iterator[Place]:
    """It would be paid twice."""
    for record in _told(claim, "SI", "dpc_procedures", column="bundled", value=1):
        yield record.at("procedure_code")


@rule(
    code="L4246",
    title="a drug that the bundle pays already",
    title_ja="ＤＰＣレセプトで出来高請求できない医薬品です",
    on="IY",
    tables=("dpc_drugs.by_item",),
    passes=f"{_KIND}\nIY,33,1,699000001,3,4,1,,,,,,,1",
    fails=f"{_KIND}\nIY,33,1,699000002,1,25,1,,,,,,,1",
)
def bundled_drug(claim: Claim) -> Iterator[Place]:
    """Only the drugs of a list are paid apart."""
    for record in _told(claim, "IY", "dpc_drugs", column="by_item", value=0):
        yield record.at("drug_code")


def _told(claim: Claim, record_id: str, kind: str, *, column: str, value: int) -> Iterator[Record]:
    """Yield the lines of which a table of DPC says so; those of a medical claim under a summary are let be."""
    return lines_that_say(claim, record_id, kind, column=column, value=value) if claim.records("BU") else iter(())


@rule(
    code="L4230",
    title="the ICD-10 code is defined in no class",
    title_ja="ＩＣＤ１０コードがどの診断群分類にも定義されていません",
    on="SB",
    tables=("dpc_diseases.whole",),
    passes=_KIND,
    fails=f"{_KIND}\nSB,8833421,,,Z99,11,,\nSB,8833421,,,Z99,01,,\nSB,8833421,,,J00,21,,",
)
def undefined_disease(claim: Claim) -> Iterator[Place]:
    """The class of a stay follows from the disease; without one there is no class."""
    for record, icd10 in _resource(claim):
        if not any(version.rows(icd10) for version in claim.masters.every("dpc_diseases")):
            yield record.at("icd10")


@rule(
    code="L4231",
    title="the ICD-10 code belongs to another class",
    title_ja="ＩＣＤ１０コードが診断群分類番号の上６桁と一致しません",
    on="BU",
    tables=("dpc_diseases",),
    passes=_KIND,
    fails=f"{_KIND}\nBU,180010XX0XXX0X,20260801,,,",
)
def disease_of_another_class(claim: Claim) -> Iterator[Place]:
    """Either the disease or the class was picked wrongly, and with it the fee of every day."""
    version = claim.master("dpc_diseases")
    for _, code in _classes(claim):
        for record, icd10 in _resource(claim) if version else ():
            homes = [row["dpc_disease"].lower() for row in version.rows(icd10)] if version else []
            if homes and code[_DISEASE] not in homes:
                yield record.at("icd10", found=icd10, expected=Phrase(*(f"{', '.join(homes)}",) * 2))


@rule(
    code="L4232",
    title="a class without co-disease, though one is recorded",
    title_ja="「定義副傷病なし」の診断群分類に、定義副傷病が記録されています",
    on="BU",
    tables=("dpc_comorbidities",),
    passes=(f"{_KIND}\nBU,040080XX99X00X,20260801,,,", _KIND),
    fails=f"{_KIND}\nBU,040080XX99X00X,20260801,,,\nSB,8833421,,,J00,11,,\nSB,8833421,,,J00,01,,\n"
    "SB,8833421,,,J00,21,,\nSB,8833421,,,E10,41,,",
)
def co_disease_recorded(claim: Claim) -> Iterator[Place]:
    """The class with the co-disease has another fee."""
    version = claim.master("dpc_comorbidities")
    for _, code in _classes(claim) if version else ():
        for record in claim.records("SB") if code[_BESIDE_AT] == _NO_BESIDE else ():
            beside, icd10 = record["disease_class"] in BESIDE, record["icd10"]
            if beside and icd10 and version and version.row(icd10, code[_DISEASE]):
                yield record.at("icd10")


@rule(
    code="L4235",
    title="a class with an operation, of which none is recorded",
    title_ja="「手術あり」の診断群分類ですが、該当する手術が記録されていません",
    on="BU",
    tables=("dpc_operations",),
    passes=(
        f"{_KIND}\nBU,040080XX01X0XX,20260801,,,\nSK,199001010,K000,20260802,,,",
        f"{_KIND}\nBU,040080XX97X0XX,20260801,,,",
    ),
    fails=(
        f"{_KIND}\nBU,040080XX01X0XX,20260801,,,",
        f"{_KIND}\nBU,040080XX01X0XX,20260801,,,\nSK,199000310,K999,20260802,,,",
    ),
)
def operation_missing(claim: Claim) -> Iterator[Place]:
    """Each class names the operations that lead to it; without one of them another class holds."""
    version = claim.master("dpc_operations")
    for record, code in _classes(claim) if version else ():
        operation = code[_OPERATION]
        known = {
            row["operation_code"]
            for row in (version.rows(code[_DISEASE]) if version else ())
            if row["operation_class"].lower() == operation
        }
        done = {each["procedure_code"] for each in claim.records("SK", "SI")}
        if operation not in _NO_OPERATION and known and known.isdisjoint(done):
            yield record.at("dpc_code")


@rule(
    code="L4224",
    title="the section number is not that of the operation",
    title_ja="区分番号がマスターの点数表区分番号と一致しません",
    on="SK",
    tables=("s.section_number",),
    passes=f"{_KIND}\nSK,199001010,K000,20260802,,,",
    fails=f"{_KIND}\nSK,199001010,K999,20260802,,,",
)
def other_section(claim: Claim) -> Iterator[Place]:
    """Code and section number name one operation; where they differ, one of them was picked wrongly."""
    version = claim.master("s", "section_number")
    for record in claim.records("SK") if version else ():
        code, section = record["procedure_code"], record["section_no"]
        row = version.row(code) if version and code else None
        wanted = plain(row["section_number"] or "") if row else ""
        if section and wanted and not (wanted.startswith(plain(section)) or plain(section).startswith(wanted)):
            yield record.at("section_no", expected=row["section_number"] if row else None)


def plain(section: str) -> str:
    """Return a section number without what is written in many ways: hyphens and blanks."""
    return "".join(char for char in section.upper() if char.isalnum())


@rule(
    code="X3041",
    title="a tooth code is in no master",
    title_ja="歯式コードが歯式マスターにありません",
    on="HS",
    tables=("f.whole",),
    passes=("kind dental", "kind dental\nHS,,,101600101610,5250001,,,,,,,,"),
    fails="kind dental\nHS,,,101600999900,5250001,,,,,,,,",
)
def unknown_tooth(claim: Claim) -> Iterator[Place]:
    """What was treated must be a tooth, or a part of the mouth."""
    masters = claim.masters
    for record in claim.records("HS") if masters.sure("f", claim.service_month) else ():
        for code in record["teeth"] or ():
            whole = code[:_TOOTH_CHARS] + _WITHOUT_CONDITION
            if not (masters.knows("f", code) or masters.knows("f", whole)):
                yield record.at("teeth", found=code)
                break


RULES: Final[tuple[Rule, ...]] = (
    not_bundled,
    unknown_coding,
    not_on_dpc,
    bundled_procedure,
    bundled_drug,
    undefined_disease,
    disease_of_another_class,
    co_disease_recorded,
    operation_missing,
    other_section,
    unknown_tooth,
)
