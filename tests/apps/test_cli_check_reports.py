"""`seikyu check`: places under a caret, filters, counts by code, and the official lists as files."""

import json
import re
from pathlib import Path

import pytest

import builders
from seikyu.apps.cli import run
from seikyu.rules.reports.reading import read_list

ASKS = [line.replace("06990014", "06990015") for line in builders.claim(1)]
REFUSED = [line.replace(",見本,2,", ",見本,,") for line in builders.claim(2)]
MIXED = builders.uke(ASKS, REFUSED, builders.claim(3))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")


@pytest.fixture
def mixed(tmp_path: Path) -> str:
    """Return a file of three claims: one asks, one is refused, one is right but for notices."""
    path = tmp_path / "RECEIPTC.UKE"
    path.write_bytes(MIXED)
    return str(path)


def codes(out: str) -> list[str]:
    """Return the codes of the findings that a text shows."""
    return re.findall(r"^RECEIPTC\.UKE(?::\d+)?: ([LX]\d{4})", out, re.MULTILINE)


def test_the_place_stands_under_a_caret(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line as it may be shown, the caret below the item."""
    run(["check", mixed])

    out = capsys.readouterr().out
    assert "    HO,06990015,＊＊,*,1,291,,,,,,,,,\n       ^^^^^^^^\n" in out
    assert "見本　太郎" not in out


def test_the_text_ends_with_what_to_do_by_code(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The gravest code first, each once."""
    run(["check", mixed])

    end = capsys.readouterr().out.splitlines()[-8:]
    assert end[0] == "  L2162       1  L2 refuses the claim: the insured person's number is missing"
    assert end[1].strip().startswith("Enter the insured person's number")
    assert end[4] == "  X8003       3  L48 tells: the name in katakana is missing"


def test_the_gravest_comes_first_on_request(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else findings stand as in the file, those outside claims at the top."""
    run(["check", mixed])
    assert ["X8004", "X8003", "X3001", "X8003", "L2162", "X8003"] == codes(capsys.readouterr().out)

    run(["check", "--worst-first", mixed])
    assert ["L2162", "X3001", "X8004", "X8003", "X8003", "X8003"] == sorted(
        codes(capsys.readouterr().out), key=["L2162", "X3001", "X8004", "X8003"].index
    )
    run(["check", "--worst-first", mixed])
    assert ["L2162", "X3001"] == codes(capsys.readouterr().out)[:2]


@pytest.mark.parametrize(
    ("arguments", "shown", "hidden"),
    [
        (["--only", "3001,X3001"], ["X3001"], 5),
        (["--only", "l2162"], ["L2162"], 5),
        (["--level", "L48"], ["X8004", "X8003", "X8003", "X8003"], 2),
        (["--claim", "2"], ["X8003", "L2162"], 4),
        (["--claim", "1,3-9"], ["X8003", "X3001", "X8003"], 3),
        (["--claim", "1-2", "--level", "L2,L3"], ["X3001", "L2162"], 4),
    ],
)
def test_filters_narrow_what_is_shown_and_nothing_else(
    mixed: str, capsys: pytest.CaptureFixture[str], arguments: list[str], shown: list[str], hidden: int
) -> None:
    """Status and totals are those of the whole file; how many are left out is said, in JSON too."""
    assert 2 == run(["check", *arguments, mixed])
    out = capsys.readouterr().out
    assert shown == codes(out)
    assert f"  findings left out by the filters: {hidden}\n" in out
    assert "normal 1, asks 1, refused 1" in out

    assert 2 == run(["check", "--json", *arguments, mixed])
    (told,) = json.loads(capsys.readouterr().out)
    assert (shown, hidden) == ([each["code"] for each in told["findings"]], told["hidden"])
    assert 1 == told["totals"]["refused"]["claims"]


def test_the_list_of_what_is_shown_is_filtered_too(mixed: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """In CSV; how many are left out is said beside it."""
    assert 2 == run(["check", "--format", "csv", "--level", "L2", "--worst-first", mixed])

    captured = capfdbinary.readouterr()
    assert 4 == len(captured.out.splitlines())
    assert b"findings left out by the filters: 5" in captured.err


def test_only_the_counts_on_request(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--by-code`: no finding by itself, also in JSON."""
    run(["check", "--by-code", mixed])
    out = capsys.readouterr().out
    assert [] == codes(out)
    assert "  X8003       3  L48" in out

    run(["check", "--json", "--by-code", mixed])
    (told,) = json.loads(capsys.readouterr().out)
    assert ([], {"L2162": 1, "X3001": 1, "X8003": 3, "X8004": 1}) == (told["findings"], told["by_code"])


def test_lists_are_written_under_their_official_names(
    mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each can be read back; persons are masked unless they may be shown."""
    out = tmp_path / "lists"
    out.mkdir()
    command = ["check", "--list", "hasp,uasp,pjry,fixf,hjry", "--out", str(out), "--sent-on", "20260905", mixed]

    assert 2 == run([*command, "--send-no", "2"])

    names = [
        "RIfixf1991011234250002001.csv", "RIhasp1991011234250002.csv", "RIhjry19910112342502002.csv",
        "RIpjry19910112342502002.csv", "RIuasp1991011234250002.csv",
    ]  # fmt: skip
    assert names == sorted(path.name for path in out.iterdir())
    assert all(f"  written: {out / name}\n" in capsys.readouterr().out for name in names[:1])
    lists = {path.name[2:6]: read_list(path.read_bytes()) for path in out.iterdir()}
    assert {name: name for name in lists} == {name: each.form.id for name, each in lists.items()}
    assert ["X8004", "X8003", "X3001", "X8003", "2162", "X8003"] == [row["code"] for row in lists["hasp"].rows]
    assert ["2162"] == [row["code"] for row in lists["uasp"].rows]
    assert [("医保単独・本人", 2), ("合計", 2), ("受付不能", 1)] == [
        (row["claim_type"], row["claims"]) for row in lists["pjry"].rows
    ]
    assert ["1", "2", "1"] == [row["outcome"] for row in lists["fixf"].rows]
    assert ["＊＊＊＊＊"] * 3 == [row["patient_name"] for row in lists["fixf"].rows]


def test_a_list_that_is_there_is_not_written_over(
    mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be the office's own; nothing else is lost."""
    (tmp_path / "RIhasp1991011234250001.csv").write_text("official")

    assert 3 == run(["check", "--list", "hasp", "--out", str(tmp_path), mixed])

    assert "official" == (tmp_path / "RIhasp1991011234250001.csv").read_text()
    assert 2 == len(capsys.readouterr().err.splitlines())


def test_a_folder_that_is_not_there_is_said(mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line and a hint."""
    assert 3 == run(["check", "--list", "hasp", "--out", str(tmp_path / "none"), mixed])
    assert 2 == len(capsys.readouterr().err.splitlines())


@pytest.mark.parametrize(("confirmed", "outcomes"), [("with", "121"), ("without", "221"), ("automatic", "221")])
def test_confirming_decides_what_the_receipt_counts(
    mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], confirmed: str, outcomes: str
) -> None:
    """エラー分含む, エラー分除く, and 自動確定 which stands in the title."""
    command = [
        "check",
        "--json",
        "--list",
        "fixf,hjry",
        "--confirmed",
        confirmed,
        "--out",
        str(tmp_path),
        "--show-personal",
    ]
    run([*command, mixed])

    (told,) = json.loads(capsys.readouterr().out)
    fixf, hjry = (read_list(Path(path).read_bytes()) for path in told["lists"])
    assert list(outcomes) == [row["outcome"] for row in fixf.rows]
    assert outcomes.count("1") == hjry.rows[-2]["claims"]
    assert ({"automatic"} if confirmed == "automatic" else set()) == hjry.marks
    assert {"見本　太郎"} == {row["patient_name"] for row in fixf.rows}


def test_without_asp_only_what_cannot_be_received_is_judged(
    mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """L1 and L2; the summary is the one for all."""
    assert 2 == run(["check", "--no-asp", "--json", "--list", "pjry", "--out", str(tmp_path), mixed])

    (told,) = json.loads(capsys.readouterr().out)
    assert ["L2162"] == [each["code"] for each in told["findings"]]
    assert [{"claim_type": "合計", "claims": 2, "days": None, "points": 582, "copay_yen": None}] == [
        {key: row[key] for key in ("claim_type", "claims", "days", "points", "copay_yen")}
        for row in read_list(Path(told["lists"][0]).read_bytes()).rows[:1]
    ]


def test_a_file_that_is_no_claim_file_has_lists_too(tmp_path: Path) -> None:
    """They are empty but for what is wrong with the file."""
    path = tmp_path / "x.uke"
    path.write_bytes(b"hello")

    assert 2 == run(["check", "--list", "hasp,kasp,pjry,fixf", "--out", str(tmp_path), str(path)])

    read = {path.name[2:6]: read_list(path.read_bytes()) for path in tmp_path.glob("*.csv")}
    assert ["X1008"] == [row["code"] for row in read["hasp"].rows]
    assert frozenset({"test"}) == read["pjry"].marks


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only", "X9999"],
        ["--level", "L9"],
        ["--claim", "x"],
        ["--list", "zogn"],
        ["--list", "hasp", "--only", "X3001"],
        ["--list", "hasp", "--format", "csv"],
        ["--list", "hasp", "--sent-on", "today"],
        ["--confirmed", "perhaps"],
        ["--send-no", "1000"],
    ],
)
def test_wrong_wishes_end_with_3(mixed: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """One line that says what is taken, and a hint; nothing is checked."""
    assert 3 == run(["check", *arguments, mixed])

    captured = capsys.readouterr()
    assert "" == captured.out
    assert 2 == len(captured.err.splitlines())


def test_several_files_are_one_array(mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when none of them could be read."""
    run(["check", "--json", mixed, mixed])
    assert 2 == len(json.loads(capsys.readouterr().out))

    run(["check", "--json", str(tmp_path / "none")])
    assert [] == json.loads(capsys.readouterr().out)
