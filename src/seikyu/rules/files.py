"""Rules of the file's bytes and lines: can it be read at all, and what stands in it besides claims."""

from collections.abc import Iterator, Mapping
from typing import Final

from seikyu.limits import limit
from seikyu.records import is_usual_name, kind_ja, usual_name_of
from seikyu.rules.claims import type_kind
from seikyu.rules.context import Context
from seikyu.rules.example import WHOLE
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import File, Phrase, Place, at_most

_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_TOO_MANY_UNREADABLE: Final = 1000

_END_NAMES: Final[Mapping[bytes, str | Phrase]] = {
    b"\r\n": "CR LF",
    b"\n": "LF",
    b"\r": "CR",
    b"": Phrase("none", "なし"),
}


@rule(
    code="X1001",
    title="the file's name is not the usual one of its kind",
    title_ja="ファイル名が規定のものと異なります",
    passes=WHOLE,
    fails=WHOLE.replace(b"IR,1", b"IR,2"),
    context=Context(file_name="RECEIPTD.UKE"),
)
def unusual_name(file: File) -> Iterator[Place]:
    """Another name often means another file: the month before, or the dental one."""
    usual = usual_name_of(file.kind or "")
    name = file.context.file_name
    if name is None and is_usual_name(file.name) and not (file.kind_stated or (file.returned and file.sent_as_claims)):
        name = file.name  # Before it is sent a file may be called anything but what files of another kind are.
    if usual and name is not None and name.upper() != usual:
        yield file.here(found=name, expected=usual)


@rule(
    code="X1002",
    title="the file is empty",
    title_ja="ファイルが空です",
    passes=WHOLE,
    fails=(b"", b"\x1a", b"\r\n\r\n"),
)
def empty(file: File) -> Iterator[Place]:
    """An empty file is a failed export, and silence would look like a month without patients."""
    if file.empty:
        yield file.here()


@rule(
    code="X1003",
    title="the file is larger than the office takes",
    title_ja="ファイルが大きすぎます",
    passes=(),
    fails=WHOLE,
    context=Context(max_bytes=100),
)
def too_large(file: File) -> Iterator[Place]:
    """What does not fit must be told before somebody waits for it."""
    most = file.context.max_bytes
    if most is not None and file.bytes_read > most:
        yield file.here(found=_bytes(file.bytes_read), expected=at_most(most))


def _bytes(count: int) -> Phrase:
    return Phrase(f"{count} bytes", f"{count}バイト")


@rule(
    code="X1004",
    title="the file is not written in Shift_JIS",
    title_ja="文字コードがシフトＪＩＳではありません",
    passes=WHOLE,
    fails=(WHOLE.decode("cp932").encode("utf-8"), b"\xff\xd8\xff\xe0\x00\x10JFIF", "IR,1".encode("utf-16")),
)
def wrong_characters(file: File) -> Iterator[Place]:
    """Names and comments would be unreadable in the whole file."""
    if file.signature:
        yield file.here(found=file.signature, expected="Shift_JIS")
    elif file.utf8:
        yield file.here(found="UTF-8", expected="Shift_JIS")


@rule(
    code="X1005",
    title="lines do not end in CR LF",
    title_ja="改行コードがＣＲＬＦではありません",
    passes=WHOLE,
    fails=(WHOLE.replace(b"\r\n", b"\n"), WHOLE.replace(b"\r\n", b"\r")),
)
def other_line_end(file: File) -> Iterator[Place]:
    """Accepted; programs behind us expect the standard."""
    if file.read and file.endings and b"\r\n" not in file.endings:
        end, line = next(iter(file.endings.items()))
        yield Place(line=line, found=_END_NAMES[end], expected="CR LF")


@rule(
    code="X1006",
    title="a control byte, which no text has",
    title_ja="使用できない制御コードがあります",
    passes=WHOLE,
    fails=(WHOLE.replace(b"1,1,291", b"1,\x001,291"), b"\x00" * 5000, WHOLE.replace(b",00,\r", b",00,\x1a\r")),
)
def control_bytes(file: File) -> Iterator[Place]:
    """Zeros and control codes come from broken disks and copies; the file cannot be trusted."""
    yield from file.controls


@rule(
    code="X1007",
    title="there is more behind the end mark",
    title_ja="ＥＯＦの後にデータがあります",
    passes=WHOLE,
    fails=WHOLE + b"GO,1,291,99\r\n",
)
def behind_the_mark(file: File) -> Iterator[Place]:
    """What stands there is not read; it may be the rest of another file."""
    if file.after_mark:
        yield file.here(note=_bytes(file.after_mark))


@rule(
    code="X1013",
    title="there is no claim in the file",
    title_ja="レセプトが１件もありません",
    passes=WHOLE,
    fails=b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,\r\nGO,0,0,99\r\n\x1a",
)
def no_claim(file: File) -> Iterator[Place]:
    """A month without claims is not sent; this is a failed export."""
    if file.read and not file.claims:
        yield file.here()


@rule(
    code="X1030",
    title="an unknown record outside every claim",
    title_ja="レセプト以外の箇所に不明なレコードがあります",
    passes=WHOLE,
    fails="ZZ,1\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def stray_outside(file: File) -> Iterator[Place]:
    """It is kept and nobody reads it. On the first line and behind GO it is another rule's to tell."""
    end = file.trailer.line if file.trailer else None
    if file.read:
        yield from (stray.here() for stray in file.strays if stray.line > 1 and (end is None or stray.line < end))


@rule(
    code="X1032",
    title="CR LF and LF are mixed",
    title_ja="改行コードＣＲＬＦとＬＦが混在しています",
    passes=WHOLE,
    fails=WHOLE.replace(b"\r\nSY", b"\nSY"),
)
def mixed_ends(file: File) -> Iterator[Place]:
    """Two kinds of line ends are two programs at work on one file."""
    kinds = [end for end in file.endings if end]
    if len(kinds) > 1:
        end = max(kinds, key=lambda each: file.endings[each])
        yield Place(line=file.endings[end], found=_END_NAMES[end])


@rule(
    code="X1035",
    title="the file is none that an institution sends or gets back",
    title_ja="医療機関等が送受信する種類のファイルではありません",
    source="records:11",
    passes=WHOLE,
    fails=b"2,1,0,MN,940000030\r\n1,2,0,YK,1,99,4,0140008\r\n",
)
def unknown_kind(file: File) -> Iterator[Place]:
    """Better an honest no than a check that looks at half."""
    if file.other_kind and not file.empty:
        kind = file.kind or ""
        yield file.here(note=Phrase(kind.replace("_", " "), kind_ja(kind)) if kind else None)


@rule(
    code="X1042",
    title="no claim of the file is of the file's kind",
    title_ja="ファイルの種類と、全てのレセプトの種別が一致しません",
    source="records:4",
    passes=(WHOLE, "RE,1,3112,202608,見本　太郎,1,19800101\nRE,2,1112,202608,見本　花子,1,19800101"),
    fails=(
        "RE,1,3112,202608,見本　太郎,1,19800101",
        "kind dental\nRE,1,1112,202608,見本　太郎,1,19800101,,,20260801,1",
    ),
)
def other_content(file: File) -> Iterator[Place]:
    """Its header says one thing and its claims another; read by the header they would be something else."""
    if file.layout and file.kinds_seen and type_kind(file.layout.claim_kind) not in file.kinds_seen:
        kind = next(iter(file.kinds_seen))
        yield file.here(found=_kind(kind), expected=_kind(file.layout.claim_kind))


def _kind(kind: str) -> Phrase:
    return Phrase(kind.replace("_", " "), kind_ja(kind))


@rule(
    code="X1037",
    title="the list of findings was cut",
    title_ja="チェック結果が多すぎるため、一部を表示していません",
    fails=WHOLE.replace(b"SI,11,1,111000110", b"SI,11,1,11100011\r\n" * (limit("findings_per_file") + 1) + b"SI,11"),
)
def list_cut(file: File) -> Iterator[Place]:
    """A list of so many places helps nobody; one fault of the program will be behind them all."""
    if file.findings_left_out:
        more = file.findings_left_out
        yield file.here(note=Phrase(f"there are {more} more", f"ほかに{more}件"))


@rule(
    code="X1038",
    title="a line outside every claim is too long to be read",
    title_ja="レセプト以外の箇所に長すぎる行があります",
    passes=WHOLE,
    fails="ZZ," + "1" * limit("line_bytes") + "\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def long_line_outside(file: File) -> Iterator[Place]:
    """The longest lawful record has under 3 KB; only the beginning of such a line is looked at."""
    yield from (stray.here() for stray in file.cut_lines)


@rule(
    code="X1039",
    title="a record of a claim stands before the first claim",
    title_ja="レセプト共通レコード（ＲＥ）より前にレセプトのレコードがあります",
    passes=WHOLE,
    fails="HO,06990014,見本,1,1,291\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def before_the_first_claim(file: File) -> Iterator[Place]:
    """Its claim has lost its first record, and with it the patient. What caused it elsewhere is told there, once."""
    told = min((stray.line for strays in file.misplaced.values() for stray in strays), default=None)
    yield from (stray.here() for stray in file.early if told is None or stray.line < told)


@rule(
    code="L1920",
    title="too many unreadable places; ask the review body",
    title_ja="受付不能となる記録が多数あります。審査支払機関に照会してください",
    fails="-GO\nRE,1,1112,202608,見本　太郎,1,19800101\n" + "SY,883,20260801,1\n" * _TOO_MANY_UNREADABLE + _SI,
    passes="RE,1,1112,202608,見本　太郎,1,19800101\n" + "SY,883,20260801,1\n" * 9 + _SI,
)
def too_many_unreadable(file: File) -> Iterator[Place]:
    """Not one claim is wrong but the program that wrote the file. The single findings are listed all the same."""
    if file.unreadable_codes >= _TOO_MANY_UNREADABLE:
        count = file.unreadable_codes
        yield file.here(note=Phrase(f"{count} places", f"{count}件"))


@rule(
    code="X8007",
    title="there are empty lines",
    title_ja="空の行があります",
    passes=WHOLE,
    fails=(WHOLE.replace(b"\r\nSY", b"\r\n\r\nSY"), WHOLE[:-1] + b"\r\n\x1a"),
)
def blank_lines(file: File) -> Iterator[Place]:
    """Skipped and accepted: no record stands in them. Told once, at the first."""
    if file.blank:
        yield Place(line=file.blank_line, note=Phrase(f"{file.blank} of them", f"{file.blank}行"))


@rule(
    code="X8001",
    title="the end mark (1A) is missing",
    title_ja="ＥＯＦコード（１Ａ）がありません",
    passes=WHOLE,
    fails=WHOLE[:-1],
)
def no_end_mark(file: File) -> Iterator[Place]:
    """Accepted; GO shows that the file is whole."""
    if file.read and not file.mark:
        yield file.here()


RULES: Final[tuple[Rule, ...]] = (
    unusual_name,
    empty,
    too_large,
    wrong_characters,
    other_line_end,
    control_bytes,
    behind_the_mark,
    no_claim,
    stray_outside,
    mixed_ends,
    unknown_kind,
    other_content,
    list_cut,
    long_line_outside,
    before_the_first_claim,
    too_many_unreadable,
    blank_lines,
    no_end_mark,
)
