"""`seikyu compare`: an institution's own file beside the lists that the office printed of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import builders
from seikyu.apps.cli import run

_NAME = "架空　花子"


@pytest.fixture
def sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a folder with a file and the lists that an office of our rules would print of it."""
    refused = [line.replace("HO,06990014,見本,2,", "HO,06990014,見本,,") for line in builders.claim(2, name=_NAME)]
    asks = [line for line in builders.claim(3, name=_NAME) if not line.startswith("SY")]
    (tmp_path / "RECEIPTC.UKE").write_bytes(builders.uke(builders.claim(1), refused, asks))
    run(["check", str(tmp_path / "RECEIPTC.UKE"), "--list", "hasp,uasp,pjry,fixf", "--out", str(tmp_path)])
    capsys.readouterr()
    return tmp_path


def _lists(folder: Path, *names: str) -> list[str]:
    return sorted(str(path) for name in names for path in folder.glob(f"RI{name}*.csv"))


def _changed(path: str, change: Callable[[str], str]) -> None:
    file = Path(path)
    before = file.read_bytes().decode("cp932")
    after = change(before)
    assert before != after
    file.write_bytes(after.encode("cp932"))


def _report(capsys: pytest.CaptureFixture[str], folder: Path, *lists: str) -> tuple[int, dict[str, object]]:
    status = run(["compare", str(folder / "RECEIPTC.UKE"), *lists, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_lists_of_our_own_rules_agree(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What we print ourselves is read back and is our verdict."""
    status, told = _report(capsys, sent, *_lists(sent, "hasp", "uasp", "pjry", "fixf"))

    assert (0, 3, 3, 0) == (status, told["claims"], told["alike"], told["false_refusals"])
    assert all(figure["agrees"] for figure in told["figures"])  # type: ignore[attr-defined]
    assert 5 <= len(told["figures"])  # type: ignore[arg-type]


def test_a_claim_that_the_office_took_is_a_false_refusal(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The remark is not on the office's list; the report begins with it, and the exit status says refused."""
    lists = _lists(sent, "hasp")
    _changed(lists[0], lambda text: "\r\n".join(line for line in text.split("\r\n") if "２１６２" not in line))

    status = run(["compare", str(sent / "RECEIPTC.UKE"), *lists])
    lines = capsys.readouterr().out.splitlines()

    assert 2 == status
    assert lines[1].startswith("FALSE REFUSALS")
    assert "  L2162: 1, claims 2" == lines[2]


def test_a_code_that_we_lack_is_told_with_the_row_that_would_add_it(
    sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The office's own number for our X2028."""
    lists = _lists(sent, "hasp")
    _changed(lists[0], lambda text: text.replace("Ｘ２０２８", "４２９９"))

    status, told = _report(capsys, sent, *lists)

    assert (1, ["L4299"]) == (status, told["unknown"])
    assert ["L4299,X2028,,L,shadow month,seen together 1 of 1 times"] == [each["row"] for each in told["pairs"]]  # type: ignore[attr-defined]
    run(["compare", str(sent / "RECEIPTC.UKE"), *lists])
    text = capsys.readouterr().out
    assert "official L4299 = our X2028?" in text
    assert "a code that is not in our table" in text


def test_a_row_that_nobody_judges_is_told_with_the_reason(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A known code that we do not judge is no surprise."""
    lists = _lists(sent, "hasp")
    _changed(lists[0], lambda text: text.replace("Ｘ２０２８", "３６３９"))

    run(["compare", str(sent / "RECEIPTC.UKE"), *lists])

    assert "L3639: 1, claims 3 (not judged: " in capsys.readouterr().out


def test_figures_that_differ_ask(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tallies of the office against ours; claims are not compared by them."""
    lists = _lists(sent, "pjry")
    _changed(lists[-1], lambda text: text.replace("合計,2,", "合計,9,"))

    status, told = _report(capsys, sent, *lists)

    assert (1, 0) == (status, told["claims"])
    assert [False, True, True] == [figure["agrees"] for figure in told["figures"]]  # type: ignore[attr-defined]
    run(["compare", str(sent / "RECEIPTC.UKE"), *lists])
    assert "claims taken (tallies): official 9, ours 2  <- differs" in capsys.readouterr().out


def test_the_report_holds_nothing_personal(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a name nor a number of a card, and of the claims only their numbers: it can be passed on."""
    lists = _lists(sent, "hasp", "fixf")
    _changed(lists[-1], lambda text: "\r\n".join(line for line in text.split("\r\n") if "Ｘ２０２８" not in line))
    for form in ([], ["--json"]):
        run(["compare", str(sent / "RECEIPTC.UKE"), *lists, *form])
        text = capsys.readouterr().out
        assert "X2028" in text
        assert not [word for word in (_NAME, "花子", "見本", "19800101", "06990014") if word in text]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "none of the lists"),
        (b"hello\r\n", "none of the lists"),
        (b"PK\x03\x04\x00\x00", "none of the lists"),
        (None, "is not there"),
    ],
)
def test_what_is_no_list_is_said_in_one_line(
    sent: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, words: str
) -> None:
    """With the file's name, what to do, and the status of what could not run."""
    path = sent / "list.csv"
    if content is not None:
        path.write_bytes(content)

    status = run(["compare", str(sent / "RECEIPTC.UKE"), str(path)])
    told = capsys.readouterr().err.splitlines()

    assert (3, 2) == (status, len(told))
    assert words in told[0]


def test_the_list_of_another_institution_is_turned_away(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Comparing two strangers would tell nothing."""
    lists = _lists(sent, "fixf")
    _changed(lists[0], lambda text: text.replace(",0112342,", ",0112359,", 1))

    assert 3 == run(["compare", str(sent / "RECEIPTC.UKE"), *lists])
    assert "another institution" in capsys.readouterr().err


def test_a_folder_or_a_missing_file_is_said(sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For the claim file as well as for lists; a folder is none."""
    (listed,) = _lists(sent, "hasp")

    assert 3 == run(["compare", str(sent / "NOTHING.UKE"), listed])
    assert 3 == run(["compare", str(sent), listed])
    assert 3 == run(["compare", str(sent / "RECEIPTC.UKE"), str(sent)])
    assert 6 == len(capsys.readouterr().err.splitlines())
