"""Official lists through the API: what there is, each as a file, all at once."""

import subprocess
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

import builders
from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab
from seikyu.apps.drawing import list_paper
from seikyu.limits import limit
from seikyu.ports.errors import Busy
from seikyu.rules.reports.reading import read_list
from services.office_lab import make_lab, with_limits

ASKS = [text.replace("06990014", "06990015") for text in builders.claim(1)]
FILE = builders.uke(ASKS, builders.claim(2, publics=[builders.CITY], name="=1+2"))
MONTH = "202609"


@pytest.fixture
def sent(desk: DeskLab) -> str:
    """Return a sending that is confirmed."""
    sending = desk.send(FILE).json()["id"]
    desk.lab.work()
    assert desk.ask("POST", f"/sendings/{sending}/confirm?errors=with").status_code == 200
    return str(sending)


def pdf_text(data: bytes, folder: Path) -> str:
    """Return what stands in a PDF."""
    (folder / "list.pdf").write_bytes(data)
    command = ["pdftotext", "-layout", str(folder / "list.pdf"), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_lists_of_a_sending_say_what_they_are(desk: DeskLab, sent: str) -> None:
    """Name, title, formats and where each is; the numbers beside them."""
    told = desk.ask("GET", f"/sendings/{sent}/lists").json()

    assert ["hasp", "pjry", "hjry", "fixf"] == [each["form"] for each in told["items"]]
    receipt = told["items"][2]
    assert ("RIhjry19910112342502001.csv", "オンライン受領書", "outpatient", True, None, 1) == (
        receipt["name"], receipt["title"], receipt["in_out"], receipt["available"], receipt["reason"], receipt["parts"],
    )  # fmt: skip
    assert receipt["url"].endswith(f"/api/v1/sendings/{sent}/lists/hjry?in_out=outpatient")
    assert {
        "trailer": 3, "cases": 3, "more_payers": 1, "claims": 2, "refused": 0, "left_out": 0, "claimed": 2,
    } == told["counts"]  # fmt: skip
    assert told["archive_url"].endswith(f"/sendings/{sent}/lists/archive")


def test_what_is_not_there_says_why(desk: DeskLab) -> None:
    """And a list that is asked for all the same is a conflict, in words."""
    sending = desk.send(FILE).json()["id"]
    told = desk.ask("GET", f"/sendings/{sending}/lists").json()

    assert {"checking", "not_confirmed"} == {each["reason"] for each in told["items"]}
    assert (None, None) == (told["archive_url"], told["counts"])
    answer = desk.ask("GET", f"/sendings/{sending}/lists/hjry", headers={"accept-language": "ja"})
    assert (409, "list_not_there", "not_confirmed") == (
        answer.status_code, answer.json()["code"], answer.json()["why"],
    )  # fmt: skip
    assert "請求を確定するとできます" in answer.json()["detail"]
    assert 409 == desk.ask("GET", f"/sendings/{sending}/lists/archive").status_code


def test_a_list_comes_as_official_file(desk: DeskLab, sent: str) -> None:
    """Under its official name, to be kept by nobody on the way."""
    answer = desk.ask("GET", f"/sendings/{sent}/lists/hjry")

    assert "text/csv; charset=Shift_JIS" == answer.headers["content-type"]
    assert 'attachment; filename="RIhjry19910112342502001.csv"' == answer.headers["content-disposition"]
    assert "no-store" == answer.headers["cache-control"]
    assert "hjry" == read_list(answer.content).form.id


def test_a_list_comes_for_spreadsheets(desk: DeskLab, sent: str) -> None:
    """Nothing of what a file says is run; the official file says it as it stands."""
    table = desk.ask("GET", f"/sendings/{sent}/lists/fixf?format=spreadsheet")
    official = desk.ask("GET", f"/sendings/{sent}/lists/fixf").content.decode("cp932")

    assert table.content.startswith(b"\xef\xbb\xbf")
    assert ",'=1+2," in table.text
    assert ",=1+2," in official
    assert 'filename="RIfixf1991011234250001001-table.csv"' in table.headers["content-disposition"]


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("hasp", ["受付・事務点検ＡＳＰ結果リスト", "Ｘ３００１", "社会保険診療報酬支払基金", "見本診療所"]),
        ("pjry", ["送信データ集計表", "医保１公併・本人", "合計", "受付不能"]),
        (
            "hjry",
            ["オンライン受領書", "見本診療所", "社会保険診療報酬支払基金", "合計", "582", "電子署名は付いていません"],
        ),
        ("fixf", ["請求確定状況", "06990014", "1122"]),
    ],
)
def test_a_list_comes_on_paper(desk: DeskLab, sent: str, tmp_path: Path, form: str, texts: list[str]) -> None:
    """With what stands in the official file; the same list makes the same bytes."""
    answer = desk.ask("GET", f"/sendings/{sent}/lists/{form}?format=pdf")

    assert "application/pdf" == answer.headers["content-type"]
    text = pdf_text(answer.content, tmp_path)
    assert [] == [each for each in texts if each not in text]
    assert answer.content == desk.ask("GET", f"/sendings/{sent}/lists/{form}?format=pdf").content


def test_a_long_list_comes_in_parts(sent: str, desk: DeskLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says that more follow; what is behind the last is not there."""
    monkeypatch.setattr(list_paper, "limit", lambda name: 1 if name == "list_part_rows" else limit(name))

    first = pdf_text(desk.ask("GET", f"/sendings/{sent}/lists/fixf?format=pdf").content, tmp_path)
    second = desk.ask("GET", f"/sendings/{sent}/lists/fixf?format=pdf&part=2")

    assert "つづきは第2分冊" in first
    assert 'filename="RIfixf1991011234250001001-2.pdf"' in second.headers["content-disposition"]
    assert "つづき" not in pdf_text(second.content, tmp_path)
    assert 404 == desk.ask("GET", f"/sendings/{sent}/lists/fixf?format=pdf&part=3").status_code


def test_the_test_line_says_so_on_paper(desk: DeskLab, tmp_path: Path) -> None:
    """Also where the official title has no place for it."""
    sending = desk.send(FILE, line="test").json()["id"]
    desk.lab.work()
    desk.ask("POST", f"/sendings/{sending}/confirm?errors=with")

    for form in ("kasp", "fixf", "hjry"):
        answer = desk.ask("GET", f"/sendings/{sending}/lists/{form}?format=pdf")
        assert "確認試験" in pdf_text(answer.content, tmp_path)
        assert ("TEST" in answer.headers["content-disposition"]) == (form != "kasp")


def test_documents_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when all places are taken is asked to come again."""
    places = list_paper._places()
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    try:
        with pytest.raises(Busy):
            list_paper.in_turn(lambda: b"")
    finally:
        for _ in range(taken):
            places.release()
    assert taken == limit("list_papers_at_once") + limit("list_papers_waiting")
    assert b"set" == list_paper.in_turn(lambda: b"set")
    monkeypatch.setattr(list_paper.os, "setpriority", _refused)
    list_paper._step_back()


def _refused(*asked: object) -> None:
    raise PermissionError(asked)


def test_lists_that_are_being_made_are_few() -> None:
    """Past the limit a party is asked to come again, and a list that is whole gives its place back."""
    desk = DeskLab.make(with_limits(make_lab(calendar="sandbox"), lists_per_party=1))
    sending = desk.send(FILE).json()["id"]
    desk.lab.work()

    with desk.lab.office.paper_place_for(_first(desk)):
        answer = desk.ask("GET", f"/sendings/{sending}/lists/hasp")
    assert (503, "busy") == (answer.status_code, answer.json()["code"])
    for _ in range(3):
        assert 200 == desk.ask("GET", f"/sendings/{sending}/lists/hasp").status_code


def _first(desk: DeskLab) -> object:
    """Return who asks, as far as places are concerned."""
    del desk
    from services.office_lab import institution

    return institution(FIRST)


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return what stands in an archive."""
    with ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_lists_come_at_once(desk: DeskLab, sent: str) -> None:
    """Those of a sending under their own names, those of a month under bulk names; the bytes are the same."""
    told = desk.ask("GET", f"/sendings/{sent}/lists").json()["items"]
    single = {each["name"]: desk.ask("GET", f"/{each['url'].partition('/api/v1/')[2]}").content for each in told}

    one = desk.ask("GET", f"/sendings/{sent}/lists/archive")
    month = desk.ask("GET", f"/lists/archive?month={MONTH}&line=real&kind=medical&body=1")

    assert "application/zip" == one.headers["content-type"]
    assert single == unpacked(one.content)
    assert sorted(single.values()) == sorted(unpacked(month.content).values())
    assert "RIhasp1991011234220260906100000.csv" in unpacked(month.content)
    assert "no-store" == month.headers["cache-control"]
    assert 404 == desk.ask("GET", "/lists/archive?month=202607").status_code


def test_a_month_is_told_by_claim_type(desk: DeskLab, sent: str) -> None:
    """As the page shows it."""
    del sent
    told = desk.ask("GET", f"/lists/month?month={MONTH}").json()

    assert (MONTH, 1, 0, 0) == (told["month"], told["sendings"], told["undecided"], told["unreadable"])
    (table,) = told["tables"]
    assert ("medical", "outpatient") == (table["kind"], table["in_out"])
    assert ["医保単独・本人", "医保１公併・本人", "合計", "受付不能"] == [row["claim_type"] for row in table["rows"]]
    assert 582 == table["rows"][2]["points"]


@pytest.mark.parametrize("path", ["lists", "lists/archive", "lists/hasp", "lists/zogn"])
def test_foreign_lists_are_not_found(desk: DeskLab, sent: str, path: str) -> None:
    """Another institution's, a payer's: they are nobody's."""
    for party in (SECOND, PAYER):
        assert 404 == desk.ask("GET", f"/sendings/{sent}/{path}", party=party).status_code
    for party in (PAYER, OPERATOR):
        assert 404 == desk.ask("GET", f"/lists/archive?month={MONTH}", party=party).status_code
        assert 404 == desk.ask("GET", f"/lists/month?month={MONTH}", party=party).status_code
    assert 404 == desk.ask("GET", f"/lists/archive?month={MONTH}", party=SECOND).status_code


@pytest.fixture
def delivered(desk: DeskLab) -> DeskLab:
    """Return a desk with a delivery for a payer."""
    desk.put_delivery(b"sealed")
    return desk


def test_a_payer_has_a_list_of_deliveries(delivered: DeskLab, tmp_path: Path) -> None:
    """Official look, for spreadsheets, and on paper."""
    (one,) = delivered.ask("GET", "/deliveries", party=PAYER).json()["items"]
    path = f"/deliveries/list?month={one['month']}"

    official = delivered.ask("GET", path, party=PAYER)
    assert "配信一覧" == official.content.decode("cp932").splitlines()[0]
    assert one["sha256"] in official.content.decode("cp932")
    table = delivered.ask("GET", f"{path}&format=spreadsheet&body={one['body']}", party=PAYER)
    assert one["sha256"] in table.content.decode("utf-8-sig")
    paper = delivered.ask("GET", f"{path}&format=pdf", party=PAYER)
    assert "配信一覧" in pdf_text(paper.content, tmp_path)
    assert 404 == delivered.ask("GET", path, party=FIRST).status_code
