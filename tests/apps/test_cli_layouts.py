"""`seikyu layouts`: editions, records, items, in words and as JSON."""

import json
from typing import Any

import pytest

from seikyu.apps.cli import run
from seikyu.apps.layout_rows import rows_of
from seikyu.apps.reference_layouts import layouts_page
from seikyu.records import Month, layout_for, layouts


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what the command prints."""
    assert 0 == run(["layouts", *words])
    return capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return the object that the command prints."""
    return json.loads(told(capsys, *words, "--json"))


def test_without_words_it_lists_every_edition(capsys: pytest.CaptureFixture[str]) -> None:
    """With its months, and a mark where the month of the change is to be confirmed."""
    text = told(capsys)

    assert "medical  medical\n  medical-era-2012  claim months through 202004\n" in text
    assert "  dental-western-2020  claim months from 202005?\n" in text
    assert [layout.name for layout in layouts()] == [each["name"] for each in as_json(capsys)]


def test_a_kind_lists_its_records_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The header first, the trailer last, then what stands in history only."""
    lines = told(capsys, "--kind", "dental").splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]

    assert "dental-western-2020  歯科 西暦（令和2年以降）" == lines[0]
    assert ["UK", "IR", "RE", "HO"] == listed[:4]
    assert listed.index("GO") + 1 == listed.index("MN?")
    assert "  MF  0-1  claim  窓口負担額レコード  service months from 202109" in lines
    (layout,) = as_json(capsys, "--kind", "dpc")
    assert ["IR", "RE"] == [record["id"] for record in layout["records"]][:2]
    assert {"dpc", "summary", "dpc_detail", "medical_detail"} == {each["name"] for each in layout["variants"]}
    assert 30 == layout["records"][1]["items"]
    assert ["data_id", "line_no", "branch_no"] == [each["name"] for each in layout["prefix"]]


def test_the_claim_month_picks_the_edition(capsys: pytest.CaptureFixture[str]) -> None:
    """Of one kind, or of all."""
    assert ["medical-era-2012"] == [e["name"] for e in as_json(capsys, "--kind", "medical", "--month", "201904")]
    assert {("202005", "202004")} == {
        (e["until"], e["last"]) for e in as_json(capsys, "--month", "201904") if "home" not in e["kind"]
    }
    assert "KH?" in told(capsys, "--kind", "medical", "--month", "201904")


def test_a_record_lists_its_items(capsys: pytest.CaptureFixture[str]) -> None:
    """Each form of it once, with the editions that have it; whatever case it is typed in."""
    forms = as_json(capsys, "ho")

    assert 5 == len(forms)
    assert {"dental-western-2020"} == {name for form in forms for name in form["layouts"] if "dental" in name}
    (pharmacy,) = as_json(capsys, "RE", "--kind", "pharmacy")
    assert {
        "no": 15, "name": "doctor_name_01", "ja": "保険医氏名1", "kind": "text", "width": 40, "fixed": False,
        "need": "conditional", "codes": None, "code_width": None, "decimals": None, "signed": False, "personal": True,
        "since": None, "until": None, "last": None, "confidence": "M", "source": "pharmacy-layout:RE.15", "note": "width to confirm",
    } == pharmacy["record"]["items"][14]  # fmt: skip
    text = told(capsys, "RE", "--kind", "pharmacy")
    line = next(line for line in text.splitlines() if "doctor_name" in line)
    assert ["15-34", "doctor_name_01", "..", "doctor_name_20", "text", "40?", "conditional", "personal"] == (
        line.split()[:8]
    )
    assert "(to be confirmed: M)  [width to confirm]" in line


def test_a_record_of_return_files_and_history_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """HI is no record of a claim file, MN of none at all."""
    assert 10 == len(as_json(capsys, "HI")[0]["layouts"])
    assert "medical-western-2020" in as_json(capsys, "MN")[0]["layouts"]
    assert None is as_json(capsys, "ON")[0]["record"]["items"][1]["width"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ZZ"], "there is no record ZZ"),
        (["SS", "--kind", "medical"], "there is no record SS"),
        (["--kind", "veterinary"], "the kind is one of dental, dental_reexamination"),
        (["--month", "202613"], "a claim month has the form YYYYMM"),
    ],
)
def test_what_is_not_there_is_wrong_usage(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what there is."""
    assert 3 == run(["layouts", *words])
    assert said in capsys.readouterr().err


def test_it_speaks_japanese(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As every command does."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")

    assert "  medical-era-2012  請求年月 202004 まで\n  medical-western-2020  請求年月 202005 から?\n" in told(capsys)
    assert "（令和2年以降）\n単位：点\n" in told(capsys, "--kind", "medical")
    assert "（要確認" not in told(capsys, "SN", "--kind", "medical")
    assert "(要確認: M)" in told(capsys, "GA")


def test_items_that_repeat_are_one_row() -> None:
    """Pairs and triples as well; every place stands in exactly one row."""
    for layout in layouts():
        for record in layout.records.values():
            places: list[int] = []
            for row in rows_of(record.items):
                places += range(row.item.no, row.last.no + 1, row.step)
            assert sorted(places) == list(range(1, len(record.items) + 1)), (layout.name, record.id)
    home = [row.name for row in rows_of(layout_for("home_nursing", None).records["RJ"].items)]
    assert "place_1" in home, "a number that is no counter is a name of its own"
    dental = [row.no for row in rows_of(layout_for("dental", Month(2026, 9)).records["SS"].items)]
    assert ["7-75/2", "8-76/2", "77", "78", "79-109"] == dental[6:]


def test_the_page_tells_every_record_once() -> None:
    """A record that several kinds share stands at the first of them, and the others point there."""
    page = layouts_page()
    headings = [line for line in page.splitlines() if line.startswith("### ")]

    assert len(headings) == len(set(headings))
    assert "### medical SN" in headings
    assert "### dpc SN" not in headings
    assert "[SN](#medical-sn)" in page.split("## ＤＰＣ (dpc)")[1].split("###")[0]
    for layout in layouts():
        for record in (*layout.records.values(), *layout.history.values()):
            assert f" {record.id}" in page
            assert all(f"`{row.name}`" in page for row in rows_of(record.items)), (layout.name, record.id)
