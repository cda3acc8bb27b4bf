"""`seikyu lines list | show | advise` and `seikyu admin lines …`, as people and programs type them."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.home import open_home
from seikyu.adapters.sql.open import open_store
from seikyu.apps.cli import run
from seikyu.lines.advice import notes, questions
from seikyu.lines.kinds import line_kinds
from seikyu.ports.register import Party
from seikyu.trust.notices import connections, kinds, midnight

CLINIC = ("--party", "clinic", "--area", "east", "--line", "ftth", "--eligibility", "none")


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.delenv("SEIKYU_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an office without anything."""
    open_home(tmp_path / "home")
    return tmp_path / "home"


def typed(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0) -> str:
    """Type a command; return what it prints, and after an error what it says."""
    assert status == run([str(word) for word in words])
    told = capsys.readouterr()
    return told.out if status in {0, 2} and told.out else told.err


def as_json(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0) -> Any:
    """Return what a command tells programs."""
    return json.loads(typed(capsys, *words, "--json", status=status))


def test_without_an_office_the_example_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Clearly as one; what cannot be ordered any more only if it is asked for."""
    text = typed(capsys, "lines", "list")
    assert text.startswith("this is an example; its carriers and numbers are made up\n")
    assert "見本ISDN" not in text
    assert "見本ISDN" in typed(capsys, "lines", "list", "--all")

    told = as_json(capsys, "lines", "list", "--area", "kyushu", "--kind", "ipvpn_ipv4", "--system", "claims")
    assert (True, None, ["見本光九州"]) == (
        told["example"],
        told["number"],
        [each["service"] for each in told["items"]],
    )
    assert {"carrier", "areas", "kind", "access", "systems", "provider_contract", "contact", "phone", "hours", "url",
            "since", "until", "note", "service", "status"} == set(told["items"][0])  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [("--area", "north"), ("--kind", "radio"), ("--system", "both"), ("--on", "tomorrow"), ("--home", "nowhere")],
)
def test_a_word_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str], words: tuple[str, str]) -> None:
    """With the words that are known; a home that is not there is no reason to show the example."""
    assert "seikyu: error:" in typed(capsys, "lines", "list", *words, status=3)


def test_one_offer_is_shown_with_whom_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    """By carrier, service, or both; one that is not there is told with those that are."""
    text = typed(capsys, "lines", "show", "見本セキュア/見本レセプト接続")
    assert "  contact: 見本セキュア 接続窓口\n  phone: 0120-000-016\n" in text
    assert "  provider contract: needed\n" in text
    assert "見本医療VPN" in as_json(capsys, "lines", "show", "見本データ")["items"][0]["service"]
    assert 2 == run(["lines", "show", "見本無し"])
    assert "見本東通信/見本光東" in capsys.readouterr().err


def test_a_list_is_looked_at_published_and_listed(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    """Taken out, edited in a spreadsheet, looked at, published with a day; every one is in the history."""
    file = tmp_path / "list.csv"
    at = ("--home", home)
    assert "nothing is published yet" in typed(capsys, "admin", "lines", "history", *at)
    typed(capsys, "admin", "lines", "export", "--heading", "en", "--out", file, *at)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfcarrier,service,areas,")

    text = typed(capsys, "admin", "lines", "import", file, "--from", "2020-01-01", *at)
    assert "10 rows (10 added, 0 changed, 0 removed)\nnothing is published yet; add --apply to publish it\n" in text
    assert as_json(capsys, "lines", "list", *at)["example"]

    rows = file.read_text("utf-8-sig").splitlines()
    file.write_text("\n".join(rows[:3]), "cp932")
    words = ("admin", "lines", "import", file, "--from", "2020-01-01", "--apply", "--by", "hanako", *at)
    assert "published as number 1, in force from 2020-01-01 on" in typed(capsys, *words)
    file.write_text("\n".join(rows[:2]), "utf-8")
    told = as_json(capsys, "admin", "lines", "import", file, "--from", "2020-02-01", "--apply", *at)
    assert (2, 1, ["見本東通信/見本光東（IPv4）"]) == (told["published"], told["rows"], told["changes"]["removed"])

    assert "number 2" in typed(capsys, "lines", "list", *at)
    assert 2 == len(as_json(capsys, "lines", "list", "--all", "--on", "2020-01-31", *at)["items"])
    items = as_json(capsys, "admin", "lines", "history", *at)["items"]
    assert [(2, "2020-02-01", 1, "operator"), (1, "2020-01-01", 2, "hanako")] == [
        (each["number"], each["from"], each["rows"], each["by"]) for each in items
    ]
    assert "number 1 from 2020-01-01 on, 2 rows" in typed(capsys, "admin", "lines", "history", *at)


def test_a_wrong_cell_is_named_and_nothing_is_published(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    """With row, column, value and what is known; a wrong column is told with those there are."""
    file = tmp_path / "list.csv"
    at = ("--home", home)
    typed(capsys, "admin", "lines", "export", "--out", file, *at)
    good = file.read_text("utf-8")
    words = ("admin", "lines", "import", file, "--from", "2026-12-01", "--apply", *at)

    file.write_text(good.replace("Kyushu", "moon"), "utf-8")
    text = typed(capsys, *words, status=2)
    assert "line 9: areas: `moon`: nobody knows this word [known are east (East)," in text
    assert "nothing was taken in" in text
    (wrong,) = as_json(capsys, *words, status=2)["wrong"]
    assert (9, "areas", "choice", "moon") == (wrong["line"], wrong["column"], wrong["why"], wrong["value"])

    file.write_text("a,b\n", "utf-8")
    told = as_json(capsys, *words, status=2)["error"]
    assert "lines_list_heading_unknown" == told["code"]
    assert "carrier, service, areas, kind" in told["hint"]
    file.write_text(f"{good}x,y\n", "utf-8")
    assert "line 12: cells: `2`: the row has not as many cells" in typed(capsys, *words, status=2)
    assert [] == as_json(capsys, "admin", "lines", "history", *at)["items"]
    assert "one of" not in typed(capsys, "admin", "lines", "export", "--heading", "fr", *at, status=3)


def test_a_file_that_is_no_list_is_told_as_one(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    """Not as a claim file: empty, blank, too long."""
    file = tmp_path / "list.csv"
    words = ("admin", "lines", "import", file, "--from", "2026-12-01", "--home", home)

    for content, said in (("", "no row under"), ("\n\n", "no row under"), ("x" * (5 << 20), "is longer than")):
        file.write_text(content, "utf-8")
        text = typed(capsys, *words, status=2)
        assert said in text
        assert "claim" not in text


def test_advice_is_given_to_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The best way first; codes for programs."""
    text = typed(capsys, "lines", "advise", *CLINIC)
    assert "1. IP-VPN by IPv6 over the fibre that is there" in text
    told = as_json(capsys, "lines", "advise", *CLINIC, "--pcs", "3", "--first", "2027-05")

    first = told["ways"][0]
    assert ("own_ipv6", "ipvpn_ipv6", "start", False, "2027-05") == tuple(
        first[name] for name in ("way", "kind", "notice", "provider_contract", "first_claims")
    )
    assert [None, "2027-03-20", "2027-04-15", "2027-04-30", "2027-05-10"] == [each["by"] for each in first["dates"]]
    assert "several" == told["answers"]["pcs"]
    assert {"order", "contract", "notice", "certificate", "cut", "setup", "security", "ask"} == set(first["notes"])


def test_desks_have_the_phone_that_the_office_publishes(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    """From its `network.toml`; the example's numbers are nobody's, and a file that is wrong is named."""
    from importlib.resources import files

    network = (files("seikyu.lines") / "example" / "network.toml").read_text("utf-8")
    words = ("lines", "advise", *CLINIC, "--home", home)
    assert "network support desk: when" in typed(capsys, *words)

    (home / "network.toml").write_text(network, "utf-8")
    assert "network support desk 0120-000-001: when" in typed(capsys, *words)
    (home / "network.toml").write_text("mtu = 1", "utf-8")
    assert "network.toml" in typed(capsys, *words, status=3)


@pytest.mark.parametrize(
    "content", ['party = "clinic"\narea = "west"', '{"party": "clinic", "area": "west", "pcs": 2}']
)
def test_answers_come_from_a_file_and_flags_count_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    """TOML or JSON."""
    file = tmp_path / "answers"
    file.write_text(content, "utf-8")

    told = as_json(
        capsys, "lines", "advise", "--answers", file, "--line", "catv", "--eligibility", "none", "--area", "east"
    )

    assert ("clinic", "east", "catv") == tuple(told["answers"][name] for name in ("party", "area", "line"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--party", "shop"), "party `shop` [hospital, clinic"),
        (CLINIC[:-2], "eligibility [none, ipv6, ipv4, ipsec]"),
        ((*CLINIC, "--first", "soon"), "2027-03"),
        (("--answers", "nowhere"), "nowhere"),
        (("--answers", "bad"), "bad"),
        (("--answers", "long"), "long"),
    ],
)
def test_answers_that_mean_nothing_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """With what could be answered; away from a terminal nothing is asked."""
    (tmp_path / "bad").write_text("party = ", "utf-8")
    (tmp_path / "long").write_text("#" * 70_000, "utf-8")

    assert said in typed(capsys, "lines", "advise", *words, status=3)


def test_on_a_terminal_what_is_not_answered_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number or by its code, once more if there is no such answer; an empty line takes the default."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("9\n１\nftth\n\n1\n\n\n\n\n\n\n"))
    assert 0 == run(["lines", "advise", "--party", "clinic", "--json"])
    told = capsys.readouterr()

    answers = json.loads(told.out)["answers"]
    assert ("clinic", "east", "ftth", "unknown", "none") == tuple(
        answers[name] for name in ("party", "area", "line", "telephone", "eligibility")
    )
    assert "kind of party" not in told.err
    assert "type a number from 1 to 4\n" in told.err
    assert "  2. fibre of the regional carrier\n" in told.err


def test_what_means_nothing_on_a_terminal_is_told_in_the_users_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, signs and numbers without end; the question is put again."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("SEIKYU_LANG", "ja")
    rubbish = f"x\n{'😀' * 10_000}\n{'9' * 5_000}\n-1\n\x1b[2J\n"
    monkeypatch.setattr("sys.stdin", Terminal(f"{rubbish}1\n"))
    words = ("--party", "clinic", "--line", "ftth", "--eligibility", "none", "--json")
    given = [f"--{name}={question.default}" for name, question in questions().items() if question.default]

    assert 0 == run(["lines", "advise", *words, *given])

    told = capsys.readouterr().err
    assert 5 == told.count("1 から 4 までの番号を入力してください\n")
    assert "integer" not in told


def test_the_desks_of_the_network_are_told_and_a_file_that_is_wrong_is_named(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for the office in this folder; the list and the desks are those of one office."""
    (home / "network.toml").write_text(
        'published_on = 2026-11-01\nprefixes = ["2001:db8::/32"]\n[desks.network_desk]\nphone = "0120-000-009"\n',
        "utf-8",
    )
    assert "0120-000-009" in typed(capsys, "lines", "advise", *CLINIC, "--home", home)
    home.rename(tmp_path / "seikyu-home")
    assert "0120-000-009" in typed(capsys, "lines", "advise", *CLINIC)
    (tmp_path / "seikyu-home" / "network.toml").write_text("prefixes = 1", "utf-8")

    assert "network.toml cannot be used: published_on: must be there" in typed(
        capsys, "lines", "advise", *CLINIC, status=3
    )


def test_a_way_without_a_service_says_so_on_a_terminal(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    """As the page and the document do; whoever reads it must not look for it in vain."""
    file = tmp_path / "list.csv"
    typed(capsys, "admin", "lines", "export", "--heading", "en", "--out", file, "--home", home)
    rows = file.read_text("utf-8-sig").splitlines()
    file.write_text("\n".join([rows[0], *(row for row in rows if "IPsec" in row)]), "utf-8")
    typed(capsys, "admin", "lines", "import", file, "--from", "2020-01-01", "--apply", "--home", home)

    text = typed(capsys, "lines", "advise", *CLINIC, "--home", home)

    assert "1. an IPsec+IKE service" in text
    assert "   [from whom]\n   - the list has no service that fits; ask the review body\n" in text


def test_a_list_that_another_takes_the_place_of_is_told(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    """A day in the past: what is published holds from then on only until the next list's day."""
    file = tmp_path / "list.csv"
    typed(capsys, "admin", "lines", "export", "--out", file, "--home", home)
    words = ("admin", "lines", "import", file, "--apply", "--home", home)
    assert "number 1 takes its place" not in typed(capsys, *words, "--from", "2026-02-01")

    text = typed(capsys, *words, "--from", "2026-01-01")

    assert "published as number 2, in force from 2026-01-01 on\n" in text
    assert "from 2026-02-01 on number 1 takes its place\n" in text
    assert {"number": 1, "from": "2026-02-01"} == as_json(capsys, *words, "--from", "2026-01-02")["until"]
    assert as_json(capsys, *words, "--from", "2026-03-02")["until"] is None


def test_the_page_and_the_document_stand_alone_and_hold_nothing_personal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """HTML without scripts or other files; PDF; the same answers make the same bytes."""
    page, document = tmp_path / "a.html", tmp_path / "a.pdf"
    words = ("lines", "advise", *CLINIC, "--html", page, "--pdf", document)
    assert f"written to {page}\nwritten to {document}\n" == typed(capsys, *words)
    before = document.read_bytes()
    typed(capsys, *words)

    text = page.read_text("utf-8")
    assert "<h2>1. IP-VPN by IPv6 over the fibre that is there</h2>" in text
    assert not {"<script", "src=", "href="} & {each for each in ("<script", "src=", "href=") if each in text}
    assert before.startswith(b"%PDF-")
    assert before == document.read_bytes()


def test_rules_of_lines_are_tried_before_they_count(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    """What they say of a party that comes from an address, whatever the mode; rules that are wrong are named."""
    store = open_store(home / "office.sqlite")
    with store.write() as tx:
        since = midnight(date(2026, 1, 1))
        tx.put_party(Party("9910000001", "institution", "見本", since, connection="ipvpn_ipv4"))
    store.close()
    words = ("admin", "lines", "try", "9910000001", "2001:db8::1", "--home", home)
    assert "admission.toml: there is no such file" in typed(capsys, *words, status=3)
    rules = '[ranges.a]\nline = "ipvpn_ipv6"\nnetworks = ["2001:db8::/32"]\n'
    (home / "admission.toml").write_text(rules.replace("ipvpn_ipv6", "radio"), "utf-8")
    assert "ranges.a.line `radio`: choice (known: ipvpn_ipv6" in typed(capsys, *words, status=3)
    (home / "admission.toml").write_bytes(b"\xff")
    assert "cannot be read" in typed(capsys, *words, status=3)
    (home / "admission.toml").write_text(rules, "utf-8")

    text = typed(capsys, *words, status=2)
    assert (
        "refused: it is not the registered line (registered IP-VPN by IPv4 (PPPoE), used IP-VPN by IPv6 (IPoE))" in text
    )
    assert "to be filed: change_connection\nadmission.mode in office.toml is off\n" in text
    told = as_json(capsys, *words, status=2)
    assert (False, "other_line", "ipvpn_ipv6") == (told["passes"], told["why"], told["used"])
    assert (
        "party_not_there"
        == as_json(capsys, "admin", "lines", "try", "9", "::1", "--home", home, status=2)["error"]["code"]
    )


def test_lines_and_notices_speak_of_the_same() -> None:
    """Kinds of lines, kinds of notices and the questions of advice: rooms that do not see each other agree."""
    assert set(connections()) == set(line_kinds())
    assert {note.notice for note in notes()} <= {"", *kinds()}
    assert set(questions()["registered"].choices) == {"none", *connections()}
