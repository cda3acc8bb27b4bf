"""What the official lists say, in the words of the comparison."""

from seikyu.rules.reports import verdicts
from seikyu.rules.reports.reading import ReadList, read_list
from seikyu.rules.shadow import Fate, Official

_RESULT_HEAD = "受付・事務点検ＡＳＰ結果リスト\r\n令和　８年　８月,,社会保険診療報酬支払基金,医科,０１,０１１２３４２,見本診療所,,　　１\r\n"
_FATE_HEAD = "1,50809,20260910,1,99,1,0112342,,001,001\r\n"


def _read(text: str) -> ReadList:
    return read_list(text.encode("cp932"))


def test_results_become_codes_of_claims() -> None:
    """Numbers of either width and with serials; a row without a code says nothing, one without a number the file."""
    rows = [
        "１,００００１２,,,,,,,,３００１" + "," * 10,
        "２,００００１３－００００,,,,,,,,Ｘ３０２０" + "," * 10,
        "３,,,,,,,,,１１０２" + "," * 10,
        "４,００００１４,,,,,,,," + "," * 11,
    ]
    read = _read(_RESULT_HEAD + "\r\n".join(rows) + "\r\n")

    assert [Official(12, "L3001"), Official(13, "X3020"), Official(None, "L1102")] == list(verdicts.officials(read))
    assert "0112342" == verdicts.institution(read)


def test_what_is_no_code_is_masked() -> None:
    """Columns that slipped put names and numbers where codes stand; a comparison prints codes."""
    values = ("見本　花子", "７７３００２８", "ＱＸ００", "令和　８．　８", "L12345", "ＸＲ００２")
    rows = [f"{no},０００００１,,,,,,,,{value}" + "," * 10 for no, value in enumerate(values)]

    found = [each.code for each in verdicts.officials(_read(_RESULT_HEAD + "\r\n".join(rows) + "\r\n"))]

    assert {"XR002"} == {code for code in found if not set(code) <= {"*", "＊"}}
    assert len(values) == len(found)


def test_fates_are_read_from_the_list_of_confirmed_claims() -> None:
    """Points of the insurer, else of the first public payer; a row whose number cannot be read is let go."""
    insured = "2,000001,1112,202608,,1,,,06990014,,,291" + "," * 16 + ",1,,"
    public = "2,000002,1212,202608,,1,,," + "," * 7 + ",80990013,0000018,120" + "," * 9 + ",2,L3,"
    broken = "2,x,1112" + "," * 28
    read = _read(_FATE_HEAD + f"{insured}\r\n{public}\r\n{broken}\r\n")

    assert [Fate(1, claimed=True, level="", points=291), Fate(2, claimed=False, level="L3", points=120)] == list(
        verdicts.fates(read)
    )


def test_tallies_are_added_up() -> None:
    """Inpatient and outpatient come in two lists; other rows are parts of the total."""
    head = "送信データ集計表\r\n令和　８年　８月,,,医科,０１,０１１２３４２,見本診療所,,　　１,入院外\r\n"
    text = head + "医保単独・本人,2,2,582,0\r\n合計,2,2,582,0\r\n受付不能,1\r\n"
    read = _read(text)

    assert {"claims": 4, "points": 1164, "refused": 2} == verdicts.totals([read, read])
    assert verdicts.totals([_read(_FATE_HEAD)]) is None
