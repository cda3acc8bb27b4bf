"""Rules of return files (返戻, 再審査等返戻) and of claims that are sent again with their history.

A return file is written by the review body and is read, not claimed: of the rules of claim files only those hold for it
that ask whether it can be read.
"""

from collections.abc import Iterator
from typing import Final

from seikyu.records import Month
from seikyu.rules.context import Context
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Phrase, Place

#: The rules that ask whether a file can be read.
_OF_READING: Final = frozenset(
    {f"X10{number:02d}" for number in (*range(1, 8), 11, 12, 13, 14, 19, 30, 31, 32, 35, 37, 38, 39, 41)}
    | {"X2002", "X2003", "X2004", "X2008", "X2009", "X2057", "X2058", "X2064", "X8001", "X8002", "X8007", "XR004"}
)
_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_SEARCH: Final = _RE + "," * 12 + "29915080700000001"
_SECOND: Final = _SEARCH.replace("RE,1,", "RE,2,").replace("見本　太郎", "見本　花子")
_HO_2: Final = "HO,06990014,見本,2,1,291"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_SY: Final = "SY,8833421,20260801,1,,,01,"
_OLD: Final = "1,1,0,IR,1,99,1,0112342,,見本診療所,{},00,"
_REST: Final = f"HO,06990014,見本,1,1,291\n{_SY}\n{_SI}"
_RETURN: Final = "kind medical_return"
_HI: Final = "HI,1,202608,99,1,0112342,,00"
_REASON: Final = "HR,202608,1,,L1234,見本,,,,29915080700000001"
_HISTORY: Final = "1,1,0,MN,1"
_SENT: Final = Context(claim_months=frozenset({Month(2026, 8)}))


def holds(code: str) -> bool:
    """True if a rule is judged in return files too."""
    return code in _OF_READING or only(code)


def only(code: str) -> bool:
    """True if a rule is judged in return files only."""
    return code.startswith("XH")


def _misplaced(file: File, code: str) -> Iterator[Place]:
    yield from (stray.here() for stray in file.misplaced.get(code, ()))


@rule(
    code="XH001",
    title="the return file does not begin with its header (HI)",
    title_ja="返戻ファイルの先頭が返戻医療機関レコード（ＨＩ）ではありません",
    source="provider:7",
    passes=_RETURN,
    fails=f"{_RETURN}\n-HI",
    context=Context(kind="medical_return"),
)
def no_return_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims came back."""
    if file.read and not file.signature and (file.first != "HI" or not file.headers):
        yield Place(line=1, record=file.first)


@rule(
    code="XH002",
    title="a returned claim begins before the one before it has ended with its history",
    title_ja="返戻レセプトの開始レコードの前に履歴管理ブロックがありません",
    source="provider:7",
    passes=_RETURN,
    fails=f"as it is\n{_HI}\n{_RE}\n{_REST}\n{_REASON}\n{_RE}\n{_REST}\n{_REASON}\n{_HISTORY}\nHG,2,582,99",
)
def claim_without_history_before(file: File) -> Iterator[Place]:
    """Somewhere before it lines are missing."""
    yield from _misplaced(file, "XH002")


@rule(
    code="XH003",
    title="a return reason (HR) without its claim",
    title_ja="返戻理由レコード（ＨＲ）の前にレセプトのレコードがありません",
    source="provider:7",
    passes=_RETURN,
    fails=f"as it is\n{_HI}\n{_RE}\n{_REST}\n{_REASON}\n{_HISTORY}\n{_REASON}\n{_HISTORY}\nHG,1,291,99",
)
def reason_without_claim(file: File) -> Iterator[Place]:
    """It says of nobody why he came back."""
    yield from _misplaced(file, "XH003")


@rule(
    code="XH004",
    title="a history block without a return reason (HR) before it",
    title_ja="履歴管理ブロックの前に返戻理由レコード（ＨＲ）がありません",
    source="provider:7",
    passes=_RETURN,
    fails=f"{_RETURN}\n-HR",
)
def history_without_reason(file: File) -> Iterator[Place]:
    """The reason is what must be put right."""
    yield from _misplaced(file, "XH004")


@rule(
    code="XH005",
    title="the return file ends (HG) before the last claim's history",
    title_ja="返戻合計レコード（ＨＧ）の前に履歴管理ブロックがありません",
    source="provider:7",
    passes=_RETURN,
    fails=f"as it is\n{_HI}\n{_RE}\n{_REST}\n{_REASON}\nHG,1,291,99",
)
def end_without_history(file: File) -> Iterator[Place]:
    """The last claim is not whole."""
    yield from _misplaced(file, "XH005")


@rule(
    code="XH006",
    title="the totals of the return file are not those of its claims",
    title_ja="返戻合計レコード（ＨＧ）の件数又は点数が一致しません",
    source="provider:7",
    passes=_RETURN,
    fails=(f"{_RETURN}\nHG,2,291,99", f"{_RETURN}\nHG,1,290,99"),
)
def return_totals(file: File) -> Iterator[Place]:
    """Claims may have been lost on the way. Whether HG counts claims or cases is not sure; both are taken."""
    if len(file.trailers) != 1 or not file.claims or file.unsure or file.early:
        return
    trailer = file.trailers[0]
    count, points = trailer["claim_count"], trailer["total_points"]
    if count is not None and count not in {file.claims, file.cases}:
        yield trailer.at("claim_count", found=count, expected=file.cases)
    if points is not None and points != file.points and not file.points_unsure:
        yield trailer.at("total_points", found=points, expected=file.points)


@rule(
    code="X1041",
    title="a return file stands where claims are to be sent",
    title_ja="請求するファイルの内容が、返戻ファイルです",
    source="provider:7",
    fails=_RETURN,
    context=_SENT,
)
def return_sent(file: File) -> Iterator[Place]:
    """What comes back is put right in the receipt computer and rides in an ordinary file."""
    if file.returned and file.sent_as_claims:
        yield Place(line=1, record=file.first)


@rule(
    code="XR002",
    title="a search number without a history block",
    title_ja="検索番号が記録されていますが、履歴管理ブロックがありません",
    passes=(_RE, f"{_SEARCH}\n{_REST}\n1,1,0,RE,1,1112,202607"),
    fails=_SEARCH,
)
def no_history(claim: Claim) -> Iterator[Place]:
    """A claim that comes again brings its history; a first claim has no search number."""
    number = claim.head["search_no"]
    if number and not claim.history:
        yield claim.at("search_no")


@rule(
    code="XR004",
    title="the history block is not numbered on, or has an unknown kind of data",
    title_ja="履歴管理ブロックの行番号が連続していない、又はデータ識別が正しくありません",
    source="provider:7",
    passes=f"{_SEARCH}\n{_REST}\n2,1,0,MN,1\n1,2,0,RE,1\n1,2,1,JY,2\n2,3,0,RC,1",
    fails=(f"{_SEARCH}\n{_REST}\n1,1,0,MN,1\n1,3,0,RE,1", f"{_SEARCH}\n{_REST}\n77,1,0,MN,1"),
)
def damaged_history(claim: Claim) -> Iterator[Place]:
    """It goes back byte for byte; a line that was lost or changed is noticed there."""
    yield from (stray.here() for stray in claim.history_faults)


@rule(
    code="XR007",
    title="the search number stands on more than one claim",
    title_ja="同じ検索番号が複数のレセプトに記録されています",
    source="provider:7",
    passes=f"{_SEARCH}\n{_REST}\n{_HISTORY}\n{_SECOND.replace('00001', '00002')}\n{_HO_2}\n{_SY}\n{_SI}\n{_HISTORY}",
    fails=f"{_SEARCH}\n{_REST}\n{_HISTORY}\n{_SECOND}\n{_HO_2}\n{_SY}\n{_SI}\n{_HISTORY}",
)
def search_number_twice(claim: Claim) -> Iterator[Place]:
    """Where one return is split, only one part is the claim that came back; the others are first claims."""
    if claim.search_repeats:
        yield claim.at("search_no")


@rule(
    code="XR011",
    title="a claim that came back is sent under the month of its first claim",
    title_ja="再請求レセプトが当初の請求年月のまま請求されています",
    source="provider:7",
    passes=(
        f"{_SEARCH}\n{_REST}\n{_OLD.format(202607)}\n{_OLD.format(202606)}",
        f"{_SEARCH}\n{_REST}\n{_OLD.format(202613)}\n1,2,0,IR",
    ),
    fails=f"{_SEARCH}\n{_REST}\n{_OLD.format(202609)}",
)
def old_month(claim: Claim) -> Iterator[Place]:
    """It rides with the current month's claims; the month in its history is the one before the return."""
    before, now = claim.history_month, claim.claim_month
    if before and now and now <= before:
        expected = Phrase(f"a claim month after {before}", f"{before}より後の請求年月")
        yield claim.here(found=str(now), expected=expected)


RULES: Final[tuple[Rule, ...]] = (
    no_return_header,
    claim_without_history_before,
    reason_without_claim,
    history_without_reason,
    end_without_history,
    return_totals,
    return_sent,
    no_history,
    damaged_history,
    search_number_twice,
    old_month,
)
