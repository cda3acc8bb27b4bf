"""Findings as people and programs read them: lines of text, JSON, and the official list (結果リスト) as CSV."""

from collections.abc import Iterable, Iterator, Mapping
from csv import writer
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any, Final, Literal

from seikyu.records import Month, era_text, layout_for, masked, parse_date, parse_month, table, text_of
from seikyu.rules.catalogue import rule_of
from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.plan import plans
from seikyu.rules.summary import Summary
from seikyu.rules.view import Record

Language = Literal["ja", "en"]

_EFFECTS: Final[Mapping[tuple[str, Language], str]] = {
    ("file", "en"): "refuses the file",
    ("claim", "en"): "refuses the claim",
    ("asks", "en"): "asks",
    ("tells", "en"): "tells",
    ("file", "ja"): "ファイル受付不能",
    ("claim", "ja"): "受付不能",
    ("asks", "ja"): "要確認",
    ("tells", "ja"): "連絡",
}


def effect(finding: Finding) -> str:
    """Return what a finding does: `file` or `claim` (it refuses them), `asks`, or `tells`."""
    if finding.refuses is not None:
        return finding.refuses.value
    return "asks" if finding.asks else "tells"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings as lists show them: those outside every claim at the top, the rest as they came."""
    return sorted(findings, key=lambda finding: finding.claim_index is not None)


def line_of(finding: Finding, file_name: str, language: Language = "en") -> str:
    """Return a finding as one line of text.

    Shape: `RECEIPTC.UKE:412: X3001 (L3, asks): HO item 2 (insurer number): ...`, in Japanese alike.
    """
    place = file_name if finding.line is None else f"{file_name}:{finding.line}"
    done = _EFFECTS[effect(finding), language]
    if language == "ja":
        head = f"{place}: {finding.code}（{finding.level}・{done}）"
        item = f" 項目{finding.item_no}（{finding.item_ja}）" if finding.item_no else ""
    else:
        head = f"{place}: {finding.code} ({finding.level}, {done})"
        item = f" item {finding.item_no} ({_words(finding.item)})" if finding.item_no else ""
    where = f" {finding.record}{item}:" if finding.record else ""
    value = _value(finding, language)
    return f"{head}:{where} {_message(finding, language)}{value}"


def hints_of(findings: Iterable[Finding], language: Language = "en") -> list[str]:
    """Return what to do about these findings, each hint once."""
    rules = [rule_of(code) for code in dict.fromkeys(finding.code for finding in findings)]
    hints = [rule.hint_ja if language == "ja" else rule.hint for rule in rules]
    return [hint for hint in dict.fromkeys(hints) if hint]


def _message(finding: Finding, language: Language) -> str:
    return finding.message_ja if language == "ja" else finding.message


def _value(finding: Finding, language: Language) -> str:
    """Return the offending value behind the message, unless the message tells it or there is none."""
    if not finding.value or f": is {finding.value}," in f"{finding.message},":
        return ""
    return f"［{finding.value}］" if language == "ja" else f" [{finding.value}]"


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding in the types of JSON; its keys are part of the program's face."""
    return {**asdict(finding), "level": finding.level.value, "refuses": finding.refuses and finding.refuses.value}


def from_json(fields: Mapping[str, Any]) -> Finding:
    """Return the finding that `as_json` wrote.

    Errors: KeyError, TypeError or ValueError for anything else.
    """
    refuses = Refuses(fields["refuses"]) if fields["refuses"] else None
    return Finding(**{**fields, "level": Level(fields["level"]), "refuses": refuses})


def file_as_json(summary: Summary, findings: Iterable[Finding], *, file_name: str, sha256: str) -> dict[str, Any]:
    """Return what `seikyu check` says of one file; its keys are part of the program's face."""
    return {
        "file": file_name,
        "kind": summary.kind,
        "claims": summary.claims,
        "points": summary.points,
        "sha256": sha256,
        "ruleset": summary.ruleset,
        "layout": summary.layout,
        "masters": dict.fromkeys(summary.missing) | dict(summary.masters),
        "findings": [as_json(finding) for finding in findings],
        "totals": {name: asdict(totals) for name, totals in summary.totals.items()},
    }


# --- the official list ---

FORM_NAME: Final = "受付・事務点検ＡＳＰ結果リスト"
TITLES: Final = (
    "項番",
    "レセプト番号",
    "カルテ番号等",
    "受容者レセプト番号",
    "受容者カルテ番号等",
    "診療年月",
    "入院・入院外の別",
    "患者氏名",
    "生年月日",
    "エラーコード",
    "エラー又は確認事項（上）",
    "エラー又は確認事項（下）",
    "診療識別",
    "事項名",
    "点数（誤）",
    "点数（正）",
    "請求情報",
    "返戻再請求",
    "再審査再請求",
    "予備",
)
_POINT_TABLES: Final = {"1": "医科", "3": "歯科", "4": "調剤", "6": "訪問看護"}
_UPPER_CHARS: Final = 200
_LOWER_CHARS: Final = 256
_WITH_VALUE: Final = frozenset({Level.L1, Level.L2, Level.L48})
_WITH_MEMO: Final = frozenset({Level.L3, Level.L4, Level.L7})
_CLERICAL: Final = frozenset({Level.L3, Level.L4, Level.L7})


@dataclass(frozen=True, slots=True)
class ClaimLabel:
    """What the list prints of a claim, from its RE; masked already unless it may be shown."""

    chart_no: str = ""
    service_month: str = ""
    in_out: str = ""
    patient_name: str = ""
    birth_date: str = ""
    memo: str = ""
    reclaimed: bool = False


@dataclass(frozen=True, slots=True)
class ListHeader:
    """What the list prints at its head: the institution as its IR names it, and when and as what it was sent."""

    summary: Summary
    institution_name: str = ""
    sent_on: str = ""
    send_no: str = ""


def label_of(line: bytes, *, claim_month: Month | None, show_personal: bool = False) -> ClaimLabel:
    """Return the label of a claim from the bytes of its RE."""
    plan = plans(layout_for("medical", claim_month).name)["RE"]
    record = Record(plan, line.rstrip(b"\r\n").split(b","), line=1)

    def text(name: str) -> str:
        value = text_of(record.raw(name))
        return value if show_personal or not value else masked(value)

    month = parse_month(record.raw("service_month"))
    born = parse_date(record.raw("birth_date"))
    row = table("claim_types").row(text_of(record.raw("claim_type")))
    birth = _era(born.date) if born else text_of(record.raw("birth_date"))
    return ClaimLabel(
        chart_no=text("chart_no"),
        service_month=_era(month.month) if month else "",
        in_out={"inpatient": "入院", "outpatient": "入院外"}.get(row["in_out"], "") if row else "",
        patient_name=text("patient_name"),
        birth_date=birth if show_personal or not birth else masked(birth),
        memo=text("claim_memo"),
        reclaimed=bool(record.raw("search_no")),
    )


def official_list(findings: Iterable[Finding], labels: Mapping[int, ClaimLabel], header: ListHeader) -> Iterator[bytes]:
    """Yield the lines of the official list: form name, header, titles, a row a finding.

    Shape: CSV in Shift_JIS (cp932), lines end in CR LF; `labels` by the claim's position in the file. Official codes
    are printed in their 4 digits, ours whole. Source: provider:6.2.
    """
    yield _row([FORM_NAME])
    yield _row(_header(header))
    yield _row(TITLES)
    for number, finding in enumerate(in_order(findings), start=1):
        label = labels.get(finding.claim_index, ClaimLabel()) if finding.claim_index is not None else ClaimLabel()
        yield _row(_detail(number, finding, label))


def _header(header: ListHeader) -> list[str]:
    summary = header.summary
    body = table("review_bodies").row((summary.body or "")[:1])
    month = Month.parse(summary.claim_month).plus(-1) if summary.claim_month else None
    return [
        _era(month) if month else "",
        header.sent_on,
        body["name_ja"] if body else "",
        _POINT_TABLES.get(summary.point_table, ""),
        summary.institution_code[:2],
        summary.institution_code,
        header.institution_name,
        "",
        header.send_no,
    ]


def _detail(number: int, finding: Finding, label: ClaimLabel) -> list[str]:
    memo = finding.level in _WITH_MEMO
    place = f"{finding.record or ''} {finding.item_ja or ''}".strip()
    return [
        str(number),
        _claim_no(finding),
        label.chart_no,
        "",
        "",
        label.service_month,
        label.in_out,
        label.patient_name,
        label.birth_date,
        finding.code.removeprefix("L"),
        finding.message_ja[:_UPPER_CHARS],
        (finding.value or "")[:_LOWER_CHARS] if finding.level in _WITH_VALUE else "",
        "",
        place,
        "",
        "",
        label.memo if memo else "",
        "1" if memo and label.reclaimed else "",
        "",
        "",
    ]


def _claim_no(finding: Finding) -> str:
    """Return the claim number as printed: 6 digits, for clerical remarks with serials of detail and donor."""
    if finding.claim_no is None:
        return ""
    return f"{finding.claim_no:06d}" + ("-0000" if finding.level in _CLERICAL else "")


def _era(value: Any) -> str:
    try:
        return era_text(value)
    except ValueError:
        return ""


def _row(items: Iterable[str]) -> bytes:
    out = StringIO()
    writer(out, lineterminator="\r\n").writerow(items)
    return out.getvalue().encode("cp932", "replace")
