"""Rules of the whole file: can it be read at all, is it whole, and is it meant for this office."""

from collections.abc import Iterator
from typing import Final

from seikyu.limits import limit
from seikyu.records import InstitutionCode, Month, Years, parse_month
from seikyu.rules.context import Context, body_of
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import File, Place, Record, claim_month_of

_WHOLE: Final = (
    b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,\r\n"
    b"RE,1,1112,202608,\x8c\xa9\x96{,1,19800101\r\n"
    b"HO,06990014,,1,1,291\r\n"
    b"SY,8833421,20260801,1\r\n"
    b"SI,11,1,111000110,,291,1,,,,,,,1\r\n"
    b"GO,1,291,99\r\n\x1a"
)
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_LAST_VOLUME: Final = "99"
_FIRST_VOLUME: Final = "00"
_MEDICAL_TABLE: Final = "1"
_MEDICAL_NUMBERS: Final = range(1000, 3000)
_TOO_MANY_UNREADABLE: Final = 1000

#: The names under which files of a kind are sent. Source: provider:6.1.
_FILE_NAMES: Final = {"medical": "RECEIPTC.UKE"}
_END_NAMES: Final = {b"\r\n": "CR LF", b"\n": "LF", b"\r": "CR", b"": "none"}


@rule(
    code="X1001",
    title="the file's name is not the usual one of its kind",
    title_ja="ファイル名が規定のものと異なります",
    passes=_WHOLE,
    fails=_WHOLE.replace(b"IR,1", b"IR,2"),
    context=Context(file_name="RECEIPTD.UKE"),
)
def unusual_name(file: File) -> Iterator[Place]:
    """Another name often means another file: the month before, or the dental one."""
    usual = _FILE_NAMES.get(file.kind or "")
    name = file.context.file_name
    if usual and name is not None and name.upper() != usual:
        yield file.here(found=name, expected=usual)


@rule(
    code="X1002",
    title="the file is empty",
    title_ja="ファイルが空です",
    passes=_WHOLE,
    fails=(b"", b"\x1a"),
    hint="export the file again and look at its size before sending",
    hint_ja="もう一度ファイルを出力し、大きさを確かめてください",
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
    fails=_WHOLE,
    context=Context(max_bytes=100),
)
def too_large(file: File) -> Iterator[Place]:
    """What does not fit must be told before somebody waits for it."""
    most = file.context.max_bytes
    if most is not None and file.bytes_read > most:
        yield file.here(found=f"{file.bytes_read} bytes", expected=f"at most {most}")


@rule(
    code="X1004",
    title="the file is not written in Shift_JIS",
    title_ja="文字コードがシフトＪＩＳではありません",
    passes=_WHOLE,
    fails=(_WHOLE.decode("cp932").encode("utf-8"), b"\xff\xd8\xff\xe0\x00\x10JFIF", "IR,1".encode("utf-16")),
    hint="export the file again as a claim file (Shift_JIS), not through an editor or a spreadsheet",
    hint_ja="レセプトコンピュータから電算ファイルを出力し直してください（エディタや表計算で保存し直さないこと）",
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
    passes=_WHOLE,
    fails=(_WHOLE.replace(b"\r\n", b"\n"), _WHOLE.replace(b"\r\n", b"\r")),
)
def other_line_end(file: File) -> Iterator[Place]:
    """Accepted; programs behind us expect the standard."""
    if file.read and b"\r\n" not in file.endings:
        end, line = next(iter(file.endings.items()))
        yield Place(line=line, found=_END_NAMES[end], expected="CR LF")


@rule(
    code="X1006",
    title="a byte that no text has",
    title_ja="使用できない制御コードがあります",
    passes=_WHOLE,
    fails=(_WHOLE.replace(b"1,1,291", b"1,\x001,291"), b"\x00" * 5000, _WHOLE.replace(b",00,\r", b",00,\x1a\r")),
    hint="the file was damaged on a disk or in a copy: export it again",
    hint_ja="ファイルが壊れています。レセプトコンピュータから出力し直してください",
)
def control_bytes(file: File) -> Iterator[Place]:
    """Zeros and control codes come from broken disks and copies; the file cannot be trusted."""
    yield from file.controls


@rule(
    code="X1007",
    title="there is more behind the end mark",
    title_ja="ＥＯＦの後にデータがあります",
    passes=_WHOLE,
    fails=_WHOLE + b"GO,1,291,99\r\n",
)
def behind_the_mark(file: File) -> Iterator[Place]:
    """What stands there is not read; it may be the rest of another file."""
    if file.after_mark:
        yield file.here(found=f"{file.after_mark} bytes")


@rule(
    code="X1008",
    title="the file does not begin with the institution's record (IR)",
    title_ja="先頭のレコードが医療機関情報レコード（ＩＲ）ではありません",
    passes=_WHOLE,
    fails=("-IR", b"hello\r\n", b"\x00" * 5000, "IR," + "1" * 70_000),
    hint="choose the claim file that the receipt computer has written (RECEIPTC.UKE)",
    hint_ja="レセプトコンピュータが出力した請求ファイル（RECEIPTC.UKE）を指定してください",
)
def no_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims these are, of which month and for whom."""
    if file.signature or file.empty or file.other_kind or (file.first == "IR" and file.headers):
        return
    yield Place(line=1, record=file.first, expected="IR")


@rule(
    code="X1011",
    title="a second institution's record (IR)",
    title_ja="医療機関情報レコード（ＩＲ）が複数あります",
    passes=_WHOLE,
    fails="IR,1,99,1,0112342,,見本診療所,202609,00,\nIR,1,99,1,0112342,,見本診療所,202609,00,",
    hint="send each file by itself; two files were put into one",
    hint_ja="二つのファイルがつながっています。別々に送信してください",
)
def second_header(file: File) -> Iterator[Place]:
    """Two headers are two files glued together; whose claims follow is not certain."""
    yield from (record.here() for record in file.headers[1:])


@rule(
    code="X1012",
    title="the invoice record (GO) is missing, repeated, or not the last",
    title_ja="診療報酬請求書レコード（ＧＯ）がない、複数ある、又は最終レコードではありません",
    passes=_WHOLE,
    fails=("-GO", "GO,1,291,99\nGO,1,291,99", _WHOLE.replace(b"GO,1,291,99\r\n", b"GO,1,291,99\r\nSJ,01,\r\n")),
    hint="the file was cut, or records were added behind its end: export it again",
    hint_ja="途中で切れたか、末尾に追記されています。出力し直してください",
)
def misplaced_trailer(file: File) -> Iterator[Place]:
    """A file without its last record was cut on the way, and claims may be missing."""
    if not file.read:
        return
    if not file.trailers:
        yield file.here(expected="GO")
    yield from (record.here() for record in file.trailers[1:])
    line, rid = file.last
    if file.trailer and rid != b"GO":
        yield Place(line=line, expected="GO")


@rule(
    code="X1013",
    title="there is no claim in the file",
    title_ja="レセプトが１件もありません",
    passes=_WHOLE,
    fails=b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,\r\nGO,0,0,99\r\n\x1a",
    hint="look whether the right month was exported",
    hint_ja="請求する月が正しいか確かめて、出力し直してください",
)
def no_claim(file: File) -> Iterator[Place]:
    """A month without claims is not sent; this is a failed export."""
    if file.read and not file.claims:
        yield file.here()


@rule(
    code="X1014",
    title="the file is meant for another review body",
    title_ja="他の審査支払機関あてのファイルです",
    passes=(),
    fails=_WHOLE,
    context=Context(body="2-99"),
)
def other_body(file: File) -> Iterator[Place]:
    """The body that should pay would never see these claims."""
    if file.context.body is None or not file.header:
        return
    review_body, prefecture = file.header["review_body"], file.header["prefecture"]
    if review_body and (review_body == "1" or prefecture):
        body = body_of(review_body, prefecture)
        if body != file.context.body:
            yield file.header.at("review_body", found=body, expected=file.context.body)


@rule(
    code="X1016",
    title="the point table is not that of the file's kind",
    title_ja="点数表コードが正しくありません",
    passes=_WHOLE,
    fails=("IR,1,99,4,0112342,,見本診療所,202609,00,", "IR,1,99,,0112342,,見本診療所,202609,00,"),
    on="IR",
    when=[("IR.point_table", "missing digits length negative")],
)
def point_table(header: Record) -> Iterator[Place]:
    """Points of another table are worth something else."""
    if header["point_table"] not in (None, _MEDICAL_TABLE):
        yield header.at("point_table", expected=_MEDICAL_TABLE)


@rule(
    code="X1018",
    title="the institution code fails its check digit",
    title_ja="医療機関コードの検証番号が一致しません",
    source="provider:5.6",
    passes=_WHOLE,
    fails="IR,1,99,1,0112343,,見本診療所,202609,00,",
    on="IR",
)
def institution_check_digit(header: Record) -> Iterator[Place]:
    """A slip of one key names another institution. Some old and all test codes break the rule, so it only asks."""
    parts = [header[name] for name in ("prefecture", "point_table", "institution_code")]
    if None not in parts and not InstitutionCode("".join(parts)).check_digit_ok:
        yield header.at("institution_code")


@rule(
    code="X1019",
    title="the file is another institution's",
    title_ja="他の医療機関のファイルです",
    passes=(),
    fails=_WHOLE,
    context=Context(institution="9910000000"),
)
def other_institution(file: File) -> Iterator[Place]:
    """Nobody hands in another's claims with his own certificate."""
    if file.context.institution is None or not file.header:
        return
    parts = [file.header[name] for name in ("prefecture", "point_table", "institution_code")]
    if None not in parts and "".join(parts) != file.context.institution:
        yield file.header.at("institution_code", found="".join(parts), expected=file.context.institution)


@rule(
    code="X1020",
    title="the institution's number is outside the range of its kind",
    title_ja="医療機関コードの機関番号が医科の範囲（１０００～２９９９）にありません",
    passes="IR,1,99,1,0110004,,見本診療所,202609,00,",
    fails="IR,1,99,1,0130004,,見本診療所,202609,00,",
    on="IR",
)
def number_range(header: Record) -> Iterator[Place]:
    """Told only: old and test codes are outside."""
    code = header["institution_code"]
    if code and int(code[2:6]) not in _MEDICAL_NUMBERS:
        yield header.at("institution_code")


@rule(
    code="X1021",
    title="the claim month is not one that the office takes now",
    title_ja="請求年月が受付中の処理月ではありません",
    passes=(),
    fails=_WHOLE,
    context=Context(claim_months=frozenset({Month(2026, 10)})),
)
def other_month(file: File) -> Iterator[Place]:
    """Last month's file sent once more would be paid once more."""
    months = file.context.claim_months
    if months is None or not file.header:
        return
    month = claim_month_of(file.header)
    if month and month not in months:
        yield file.header.at("claim_month", expected=" / ".join(str(each) for each in sorted(months)))


@rule(
    code="X1022",
    title="the volume number is not 00",
    title_ja="マルチボリューム識別情報が００ではありません",
    passes=_WHOLE,
    fails=("IR,1,99,1,0112342,,見本診療所,202609,01,", "IR,1,99,1,0112342,,見本診療所,202609,,"),
    on="IR",
    when=[("IR.volume_id", "missing digits length negative")],
)
def first_volume(header: Record) -> Iterator[Place]:
    """Only discs come in several volumes; another number means that a part is missing."""
    if header["volume_id"] not in (None, _FIRST_VOLUME):
        yield header.at("volume_id", expected=_FIRST_VOLUME)


@rule(
    code="X1023",
    title="the last volume's number is not 99",
    title_ja="診療報酬請求書レコードのマルチボリューム識別情報が９９ではありません",
    passes=_WHOLE,
    fails=("GO,1,291,01", "GO,1,291,"),
    on="GO",
    when=[("GO.volume_id", "missing digits length negative short")],
)
def last_volume(trailer: Record) -> Iterator[Place]:
    """Another number promises a further volume."""
    if trailer["volume_id"] not in (None, _LAST_VOLUME):
        yield trailer.at("volume_id", expected=_LAST_VOLUME)


@rule(
    code="X1024",
    title="the total count is not that of the claims",
    title_ja="総件数がレセプトの件数の合計と一致しません",
    source="records:6",
    passes=_WHOLE,
    fails=("GO,2,291,99", "GO,,291,99"),
)
def count_total(file: File) -> Iterator[Place]:
    """Our count stands beside theirs: claims may have been lost or doubled."""
    yield from _total(file, "claim_count", file.cases)


@rule(
    code="X1025",
    title="the total points are not those of the claims",
    title_ja="総合計点数がレセプトの点数の合計と一致しません",
    source="records:6",
    passes=_WHOLE,
    fails=("GO,1,292,99", "GO,1,,99"),
)
def point_total(file: File) -> Iterator[Place]:
    """Our sum stands beside theirs: claims may have been lost or changed."""
    yield from _total(file, "total_points", file.points)


def _total(file: File, name: str, ours: int) -> Iterator[Place]:
    """Compare a figure of the only GO with ours; totals stand in the last volume only."""
    if len(file.trailers) != 1 or not file.claims:
        return
    trailer = file.trailers[0]
    last = trailer["volume_id"] in (None, _LAST_VOLUME)
    if last and not trailer.bad(name) and (trailer[name] or 0) != ours:
        yield trailer.at(name, found=trailer[name], expected=ours)


@rule(
    code="X1030",
    title="an unknown record outside every claim",
    title_ja="レセプト以外の箇所に不明なレコードがあります",
    passes=_WHOLE,
    fails="ZZ,1\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def stray_outside(file: File) -> Iterator[Place]:
    """It is kept and nobody reads it."""
    if file.read:
        yield from (stray.here() for stray in file.strays)


@rule(
    code="X1032",
    title="CR LF and LF are mixed",
    title_ja="改行コードＣＲＬＦとＬＦが混在しています",
    passes=_WHOLE,
    fails=_WHOLE.replace(b"\r\nSY", b"\nSY"),
)
def mixed_ends(file: File) -> Iterator[Place]:
    """Two kinds of line ends are two programs at work on one file."""
    kinds = [end for end in file.endings if end]
    if len(kinds) > 1:
        end = max(kinds, key=lambda each: file.endings[each])
        yield Place(line=file.endings[end], found=_END_NAMES[end])


@rule(
    code="X1035",
    title="files of this kind cannot be read yet",
    title_ja="この種類のファイルにはまだ対応していません",
    passes=_WHOLE,
    fails=b"UK,1,99,3,0112342,,\x8c\xa9\x96{,202609,,00\r\nIR,1,99,3,0112342,,202609,,\r\n",
    hint="medical claims (RECEIPTC.UKE) can be checked so far",
    hint_ja="現在チェックできるのは医科（RECEIPTC.UKE）のみです",
)
def unknown_kind(file: File) -> Iterator[Place]:
    """Better an honest no than a check that looks at half."""
    if file.other_kind:
        yield file.here(found=file.kind)


@rule(
    code="X1036",
    title="no record of a claim file was found; reading stopped at the beginning",
    title_ja="レセプト電算ファイルのレコードが見つからないため、読み取りを中止しました",
    passes=_WHOLE,
    fails=(b"hello\r\n", b"\x00" * 100_000),
    hint="choose the claim file that the receipt computer has written (RECEIPTC.UKE)",
    hint_ja="レセプトコンピュータが出力した請求ファイル（RECEIPTC.UKE）を指定してください",
)
def not_a_claim_file(file: File) -> Iterator[Place]:
    """A photo or an empty disk image is not worth hours of reading."""
    if file.stopped and not file.signature:
        yield file.here()


@rule(
    code="X1037",
    title="the list of findings was cut: there are more",
    title_ja="チェック結果が多すぎるため、一部を表示していません",
    fails=_WHOLE.replace(b"SI,11,1,111000110", b"SI,11,1,11100011\r\n" * (limit("findings_per_file") + 1) + b"SI,11"),
)
def list_cut(file: File) -> Iterator[Place]:
    """A list of so many places helps nobody; one fault of the program will be behind them all."""
    if file.findings_left_out:
        yield file.here(found=f"{file.findings_left_out} more")


@rule(
    code="X1038",
    title="a line outside every claim is too long to be read",
    title_ja="レセプト以外の箇所に長すぎる行があります",
    passes=_WHOLE,
    fails="ZZ," + "1" * limit("line_bytes") + "\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def long_line_outside(file: File) -> Iterator[Place]:
    """The longest lawful record has under 3 KB; only the beginning of such a line is looked at."""
    yield from (stray.here() for stray in file.cut_lines)


@rule(
    code="X1039",
    title="a record of a claim stands before the first claim",
    title_ja="レセプト共通レコード（ＲＥ）より前にレセプトのレコードがあります",
    passes=_WHOLE,
    fails="HO,06990014,見本,1,1,291\nRE,1,1112,202608,見本　太郎,1,19800101",
)
def before_the_first_claim(file: File) -> Iterator[Place]:
    """Its claim has lost its first record, and with it the patient."""
    yield from (stray.here() for stray in file.early)


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
        yield file.here(found=file.unreadable_codes)


@rule(
    code="L4800",
    title="a Japanese-era date stands in a western-calendar item",
    title_ja="西暦で記録する項目が和暦で記録されています",
    passes=_WHOLE,
    fails=(
        "RE,1,1112,202608,見本　太郎,1,3550101",
        "IR,1,99,1,0112342,,見本診療所,50809,00,",
        "IR,1,99,1,0112342,,見本診療所,43012,00,",
    ),
    on="IR",
    when=[("*", "era")],
)
def japanese_years(header: Record) -> Iterator[Place]:
    """Converted and accepted. In an edition with Japanese years it is told of the claim month only."""
    read = parse_month(header.raw("claim_month"))
    if read and read.years is header.plan.years is Years.ERA:
        yield header.at("claim_month")


@rule(
    code="X8001",
    title="the end mark (1A) is missing",
    title_ja="ＥＯＦコード（１Ａ）がありません",
    passes=_WHOLE,
    fails=_WHOLE[:-1],
)
def no_end_mark(file: File) -> Iterator[Place]:
    """Accepted; GO shows that the file is whole."""
    if file.read and not file.mark:
        yield file.here()


@rule(
    code="X8004",
    title="the phone number is missing",
    title_ja="電話番号が記録されていません",
    passes="IR,1,99,1,0112342,,見本診療所,202609,00,03-0000-0000",
    fails=_WHOLE,
    on="IR",
)
def no_phone(header: Record) -> Iterator[Place]:
    """Accepted; the office has nobody to call."""
    if not header.raw("phone"):
        yield header.at("phone")


RULES: Final[tuple[Rule, ...]] = (
    unusual_name,
    empty,
    too_large,
    wrong_characters,
    other_line_end,
    control_bytes,
    behind_the_mark,
    no_header,
    second_header,
    misplaced_trailer,
    no_claim,
    other_body,
    point_table,
    institution_check_digit,
    other_institution,
    number_range,
    other_month,
    first_volume,
    last_volume,
    count_total,
    point_total,
    stray_outside,
    mixed_ends,
    unknown_kind,
    not_a_claim_file,
    list_cut,
    long_line_outside,
    before_the_first_claim,
    too_many_unreadable,
    japanese_years,
    no_end_mark,
    no_phone,
)
