"""Rules of the file's first and last record (IR, GO): is it whole, whose is it, and is it meant for this office."""

from collections.abc import Iterator
from typing import Final

from seikyu.records import InstitutionCode, Month, Years, parse_month
from seikyu.rules.context import Context, body_of
from seikyu.rules.example import WHOLE
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import FIRST_VOLUME, File, Phrase, Place, Record, Scope, claim_month_of

_LAST_VOLUME: Final = "99"
_MOST_PHARMACIES: Final = 999
_ALONE: Final = (None, FIRST_VOLUME)
_HEADERS: Final = "IR UK YK HM"
#: The point table of each header, and where the numbers of its institutions lie. Source: provider:5.4, X1016 and X1020.
_TABLES_OF_HEADER: Final = {"IR": "1", "UK": "3", "YK": "4", "HM": "6"}
_NUMBERS: Final = {"1": range(1000, 3000), "3": range(3000, 4000), "4": range(4000, 5000)}
_CUT: Final = Phrase("it is missing, and the last line breaks off", "ありません。最後の行も途中で切れています")
_NO_CLAIM_FILE: Final = Phrase(
    "no record of a claim file was found, reading stopped", "レセプト電算ファイルのレコードがないため読み取りを中止"
)


@rule(
    code="X1008",
    title="the file does not begin with the institution's record (IR)",
    title_ja="先頭のレコードが医療機関情報レコード（ＩＲ）ではありません",
    passes=WHOLE,
    fails=("-IR", b"hello\r\n", b"\r\n" + WHOLE, WHOLE.replace(b"IR,", b"IR", 1)),
)
def no_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims these are, of which month and for whom."""
    yield from _header_missing(file)


@rule(
    code="X1009",
    title="the dental file does not begin with its own record (UK)",
    title_ja="先頭のレコードが受付情報レコード（ＵＫ）ではありません",
    passes="kind dental",
    fails="kind dental\n-UK",
)
def no_dental_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims these are, of which month and for whom."""
    yield from _header_missing(file)


@rule(
    code="X1010",
    title="the pharmacy file does not begin with the pharmacy's record (YK)",
    title_ja="先頭のレコードが薬局情報レコード（ＹＫ）ではありません",
    passes="kind pharmacy",
    fails=(WHOLE, "kind pharmacy\n-YK"),
    context=Context(kind="pharmacy"),
)
def no_pharmacy_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims these are, of which month and for whom."""
    yield from _header_missing(file)


@rule(
    code="X1040",
    title="the home nursing file does not begin with the station's record (HM)",
    title_ja="先頭のレコードが訪問看護ステーション情報レコード（ＨＭ）ではありません",
    source="records:1",
    passes="kind home_nursing",
    fails=(WHOLE, "kind home_nursing\n-HM"),
    context=Context(kind="home_nursing"),
)
def no_station_header(file: File) -> Iterator[Place]:
    """Without it nobody knows whose claims these are, of which month and for whom."""
    yield from _header_missing(file)


def _header_missing(file: File) -> Iterator[Place]:
    """Yield the first line unless it is the header of the file's kind."""
    expected = file.layout.header if file.layout else None
    if file.signature or file.empty or file.other_kind or (file.first == expected and file.headers):
        return
    if not file.stopped:
        yield Place(line=1, record=file.first)
    elif not file.controls:  # A disk image is told by its control bytes.
        yield Place(line=1, record=file.first, note=_NO_CLAIM_FILE)


@rule(
    code="X1011",
    title="a second header of the file",
    title_ja="医療機関情報レコード（歯科は受付情報レコード、調剤は薬局情報レコード）が複数あります",
    passes=WHOLE,
    fails="IR,1,99,1,0112342,,見本診療所,202609,00,\nIR,1,99,1,0112342,,見本診療所,202609,00,",
)
def second_header(file: File) -> Iterator[Place]:
    """Two headers are two files glued together; whose claims follow is not certain."""
    if not file.read or file.headers_seen <= _MOST_PHARMACIES:  # Of more another rule speaks.
        yield from (record.here() for record in file.headers[1:])


@rule(
    code="X1012",
    title="the last record (GO, of returns HG) is missing, repeated, or not the last",
    title_ja="請求書レコード（ＧＯ、返戻はＨＧ）がない、複数ある、又は最終レコードではありません",
    passes=WHOLE,
    fails=("-GO", "GO,1,291,99\nGO,1,291,99", WHOLE.replace(b"GO,1,291,99\r\n", b"GO,1,291,99\r\nSJ,01,\r\n")),
)
def misplaced_trailer(file: File) -> Iterator[Place]:
    """A file without its last record was cut on the way, and claims may be missing."""
    if not file.read:
        return
    if not file.trailers:
        yield file.here(note=_CUT if b"" in file.endings else Phrase("it is missing", "ありません"))
    own = max(1, len(file.headers))  # Files that were glued together bring a GO each; their headers are told.
    yield from (record.here(note=Phrase("it is repeated", "複数あります")) for record in file.trailers[own:])
    line, rid = file.last
    if file.trailer and rid != file.trailer.id.encode():
        yield Place(line=line, note=Phrase("a record follows it", "後に別のレコードがあります"))


@rule(
    code="X1014",
    title="the file is meant for another review body",
    title_ja="他の審査支払機関あてのファイルです",
    passes=(),
    fails=WHOLE,
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
    passes=WHOLE,
    fails=(
        "IR,1,99,4,0112342,,見本診療所,202609,00,",
        "IR,1,99,9,0112342,,見本診療所,202609,00,",
        "IR,1,99,,0112342,,見本診療所,202609,00,",
    ),
    on=_HEADERS,
    when=[(f"{rid}.point_table", "missing digits length negative code") for rid in _HEADERS.split()],
)
def point_table(header: Record) -> Iterator[Place]:
    """Points of another table are worth something else."""
    layout = header.plan.layout
    expected = _TABLES_OF_HEADER.get(layout.id)
    if layout.scope is Scope.FILE and header["point_table"] not in (None, expected):
        yield header.at("point_table", expected=expected)


@rule(
    code="X1018",
    title="the institution code fails its check digit",
    title_ja="医療機関コードの検証番号が一致しません",
    source="provider:5.6",
    passes=WHOLE,
    fails=("IR,1,99,1,0112343,,見本診療所,202609,00,", "kind pharmacy\nYK,1,99,4,0140009,見本薬局,202609,00,"),
    on=_HEADERS,
)
def institution_check_digit(header: Record) -> Iterator[Place]:
    """A slip of one key names another institution. Some old and all test codes break the rule, so it only asks."""
    parts = [header[name] for name in ("prefecture", "point_table", "institution_code")]
    if header.plan.layout.scope is not Scope.FILE or None in parts:
        return
    expected = _TABLES_OF_HEADER.get(header.id)
    if parts[1] == expected and not InstitutionCode("".join(parts)).check_digit_ok:
        yield header.at("institution_code")


@rule(
    code="X1019",
    title="the file is another institution's",
    title_ja="他の医療機関のファイルです",
    passes=(),
    fails=WHOLE,
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
    title_ja="医療機関コードの機関番号が医科（１０００～２９９９）・歯科（３０００～）・薬局（４０００～）の範囲にありません",
    passes=("IR,1,99,1,0110004,,見本診療所,202609,00,", "kind dental", "kind home_nursing"),
    fails=("IR,1,99,1,0130004,,見本診療所,202609,00,", "kind pharmacy\nYK,1,99,4,0130008,見本薬局,202609,00,"),
    on=_HEADERS,
)
def number_range(header: Record) -> Iterator[Place]:
    """Told only: old and test codes are outside."""
    code, numbers = header["institution_code"], _NUMBERS.get(_TABLES_OF_HEADER.get(header.id, ""))
    if header.plan.layout.scope is Scope.FILE and code and numbers and int(code[2:6]) not in numbers:
        yield header.at("institution_code")


@rule(
    code="X1021",
    title="the claim month is not one that the office takes now",
    title_ja="請求年月が受付中の処理月ではありません",
    passes=(),
    fails=WHOLE,
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
    passes=WHOLE,
    fails=("IR,1,99,1,0112342,,見本診療所,202609,01,", "IR,1,99,1,0112342,,見本診療所,202609,,"),
    on=_HEADERS,
    when=[(f"{rid}.volume_id", "missing digits length negative") for rid in ("IR", "UK", "YK")],
)
def first_volume(header: Record) -> Iterator[Place]:
    """Only discs come in several volumes; another number means that a part is missing."""
    if header["volume_id"] not in (None, FIRST_VOLUME):
        yield header.at("volume_id", found=header["volume_id"])


@rule(
    code="X1023",
    title="the last volume's number is not 99",
    title_ja="診療報酬請求書レコードのマルチボリューム識別情報が９９ではありません",
    passes=WHOLE,
    fails=("GO,1,291,01", "GO,1,291,"),
    on="GO",
    when=[("GO.volume_id", "missing digits length negative short")],
)
def last_volume(trailer: Record) -> Iterator[Place]:
    """Another number promises a further volume."""
    if trailer["volume_id"] not in (None, _LAST_VOLUME):
        yield trailer.at("volume_id", found=trailer["volume_id"])


@rule(
    code="X1024",
    title="the total count is not that of the claims",
    title_ja="総件数がレセプトの件数の合計と一致しません",
    source="records:6",
    passes=(WHOLE, WHOLE.replace(b",00,\r", b",01,\r").replace(b"GO,1,", b"GO,8,")),
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
    passes=WHOLE,
    fails=("GO,1,292,99", "GO,1,,99"),
)
def point_total(file: File) -> Iterator[Place]:
    """Our sum stands beside theirs: claims may have been lost or changed."""
    if not file.points_unsure:
        yield from _total(file, "total_points", file.points)


def _total(file: File, name: str, ours: int) -> Iterator[Place]:
    """Compare a figure of the only GO with ours.

    Of several volumes the last one's GO speaks of all. What could not be read is told at its place. The papers do not
    say how a summary claim and its details count, and home nursing has no figures.
    """
    if file.details or (file.trailer and name not in file.trailer.plan.index):
        return
    if len(file.trailers) != 1 or not file.claims or file.unsure or file.early:
        return
    trailer, header = file.trailers[0], file.header
    alone = trailer["volume_id"] in (None, _LAST_VOLUME) and not (header and header["volume_id"] not in _ALONE)
    if alone and not trailer.bad(name) and (trailer[name] or 0) != ours:
        yield trailer.at(name, found=trailer[name], expected=ours)


@rule(
    code="L4800",
    title="a date or month in Japanese years, taken as the western one",
    title_ja="年月（日）が和暦で記録されています（西暦に変換して受け付けます）",
    passes=WHOLE,
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
    yield from _in_japanese_years(header)


def _in_japanese_years(header: Record) -> Iterator[Place]:
    read = parse_month(header.raw("claim_month"))
    if read and read.years is header.plan.years is Years.ERA:
        yield header.at("claim_month")


@rule(
    code="X8008",
    title="a date or month in Japanese years, taken as the western one",
    title_ja="年月（日）が和暦で記録されています（西暦に変換して受け付けます）",
    source="records:3",
    passes="kind pharmacy",
    fails=(
        "kind pharmacy\nYK,1,99,4,0140008,見本薬局,50809,00,",
        "kind dental\nUK,1,99,3,0130001,,見本歯科医院,43012,,00",
    ),
    on="UK YK HM",
    when=[("*", "era")],
)
def japanese_years_elsewhere(header: Record) -> Iterator[Place]:
    """Converted and accepted. In an edition with Japanese years it is told of the claim month only."""
    yield from _in_japanese_years(header)


@rule(
    code="X8004",
    title="the phone number is missing",
    title_ja="電話番号が記録されていません",
    passes="IR,1,99,1,0112342,,見本診療所,202609,00,03-0000-0000",
    fails=(WHOLE, "kind home_nursing\nHM,1,99,6,0190008,見本訪問看護ステーション,202609,"),
    on="IR HM",
)
def no_phone(header: Record) -> Iterator[Place]:
    """Accepted; the office has nobody to call. DPC and pharmacy have rules of their own."""
    if header.plan.layout.scope is Scope.FILE and not header.raw("phone"):
        yield header.at("phone")


RULES: Final[tuple[Rule, ...]] = (
    no_header,
    no_dental_header,
    no_pharmacy_header,
    no_station_header,
    second_header,
    misplaced_trailer,
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
    japanese_years,
    japanese_years_elsewhere,
    no_phone,
)
