"""`seikyu admin news …` and `seikyu admin prefectures …`, as the operator types them."""

import io
import json
from datetime import date
from pathlib import Path

import pytest

from seikyu.adapters.prefectures_folder import PrefecturesFolder
from seikyu.apps.cli import run
from seikyu.apps.wiring import init_home
from seikyu.office.prefectures import known_facts, read_table


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.delenv("SEIKYU_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an office without anything."""
    init_home(tmp_path / "home", settings={})
    return tmp_path / "home"


def typed(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0) -> str:
    """Type a command; return what it prints, and after an error what it says."""
    assert status == run([str(word) for word in words])
    told = capsys.readouterr()
    return told.out if status in {0, 2} and told.out else told.err


def test_news_are_published_listed_and_withdrawn(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server, on the home itself; the text may come from elsewhere."""
    at = ("--home", home)
    assert "there is no announcement" in typed(capsys, "admin", "news", "list", *at)

    first = json.loads(typed(capsys, "admin", "news", "publish", "保守のお知らせ", "本文", *at, "--json"))
    again = typed(capsys, "admin", "news", "publish", "保守のお知らせ", "本文", *at)
    assert f"the same one holds already: {first['id']}" in again
    more = ("--title-en", "Extended", "--text-en", "Until noon", "--importance", "urgent", "--for", "payer")
    typed(capsys, "admin", "news", "publish", "延長", "本文", *more, "--until", "2099-01-01T00:00+09:00", *at)
    listed = typed(capsys, "admin", "news", "list", *at).splitlines()
    assert [True, True] == ["urgent Extended" in listed[0], listed[1].startswith(first["id"])]
    assert "withdrawn" in typed(capsys, "admin", "news", "withdraw", first["id"], "--reason", "誤り", *at)
    assert 1 == len(typed(capsys, "admin", "news", "list", *at).splitlines())
    every = json.loads(typed(capsys, "admin", "news", "list", "--all", "--json", *at))["items"]
    assert ["published", "withdrawn"] == [each["state"] for each in every]


def test_a_text_may_come_from_input(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its lines."""
    monkeypatch.setattr("sys.stdin", io.StringIO("一行目\n二行目\n"))

    told = json.loads(typed(capsys, "admin", "news", "publish", "お知らせ", "-", "--home", home, "--json"))

    assert "一行目\n二行目" == told["body_ja"]


def test_what_cannot_be_announced_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the field; an instant without its offset is wrong usage; nothing is published."""
    at = ("--home", home)

    assert "kind" in typed(capsys, "admin", "news", "publish", "件名", "本文", "--kind", "gossip", *at, status=3)
    assert "--until" in typed(capsys, "admin", "news", "publish", "件名", "本文", "--until", "soon", *at, status=3)
    typed(capsys, "admin", "news", "withdraw", "0nothing", "--reason", "x", *at, status=2)
    assert "there is no announcement" in typed(capsys, "admin", "news", "list", "--all", *at)


def test_a_table_of_prefectures_goes_out_is_edited_and_comes_in(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """First it is said what changes; with --apply it is taken in, from its day on."""
    at, file = ("--home", home), Path("table.csv")
    typed(capsys, "admin", "prefectures", "export", "--out", file, "--heading", "ja", *at)
    text = file.read_text("utf-8-sig")
    assert known_facts() == read_table(text)
    assert 49 == len(text.splitlines())
    assert "no table was taken in" in typed(capsys, "admin", "prefectures", "history", *at)

    row = "2-20,長野県長野市,,026-000-0000,,,,,,,,own:desk,確実,2026-11-26"
    file.write_text(text.replace("2-20,,,,,,,,,,,,,", row), "utf-8-sig")
    dry = typed(capsys, "admin", "prefectures", "import", file, "--from", "2026-12-01", *at)
    assert ("added 2-20" in dry, "not taken in yet" in dry) == (True, True)
    assert [] == list(PrefecturesFolder(home / "prefectures").tables())
    done = typed(capsys, "admin", "prefectures", "import", file, "--from", "2026-12-01", "--apply", *at)
    assert "taken in as number 1, from 2026-12-01 on" in done
    assert "number 1 from 2026-12-01" in typed(capsys, "admin", "prefectures", "history", *at)
    (taken,) = PrefecturesFolder(home / "prefectures").tables()
    assert (date(2026, 12, 1), 1 + len(known_facts())) == (taken.from_on, len(taken.rows))
    later = typed(capsys, "admin", "prefectures", "export", "--on", "2026-12-01", "--heading", "en", *at)
    assert "026-000-0000" in later


def test_a_wrong_cell_is_named_with_row_and_column(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every one of them, and nothing is taken in; what is no table is refused with why."""
    at, file = ("--home", home), Path("table.csv")
    file.write_text("body,phone,source,confidence,checked_on\n2-20,ask,,sure,2026-11-26\n", "utf-8")

    said = typed(capsys, "admin", "prefectures", "import", file, "--from", "2026-12-01", "--apply", *at, status=2)
    assert "line 2, Telephone: not a telephone number (ask)" in said
    assert "line 2, Source: must not be empty" in said
    assert "nothing was taken in" in said
    told = json.loads(
        typed(capsys, "admin", "prefectures", "import", file, "--from", "2026-12-01", "--json", *at, status=2)
    )
    assert [("phone", "phone"), ("source", "missing")] == [(each["column"], each["why"]) for each in told["wrong"]]
    file.write_text("colour\n", "utf-8")
    no = typed(capsys, "admin", "prefectures", "import", file, "--from", "2026-12-01", *at, status=2)
    assert "no column is called colour" in no
    assert [] == list(PrefecturesFolder(home / "prefectures").tables())
