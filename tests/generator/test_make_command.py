"""`seikyu make`: every kind, its damage, its answers, and no half of a file."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from seikyu.apps import cli, generator
from seikyu.apps.generator import DAMAGES, FORMS

FIRST = {"medical": b"IR", "dpc": b"IR", "dental": b"UK", "pharmacy": b"YK", "home_nursing": b"HM"}


@pytest.mark.parametrize("kind", FORMS)
def test_make_writes_every_kind(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file has the first record of its kind and as many claims as asked for; the answer says what it amounts to."""
    path = tmp_path / "RECEIPT.UKE"

    assert 0 == cli.run(["make", "--kind", kind, "--claims", "12", "--out", str(path), "--json"])

    told = json.loads(capsys.readouterr().out)
    data = path.read_bytes()
    assert FIRST[kind] == data[:2]
    assert 12 == told["claims"] == sum(line.startswith(b"RE,") for line in data.split(b"\r\n"))
    assert (kind, str(path)) == (told["kind"], told["file"])
    assert kind == "home_nursing" or f"GO,{told['cases']},{told['points']},99".encode() in data
    assert [path] == list(tmp_path.iterdir())


def test_make_writes_returns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A return file begins with HI and ends with HG."""
    path = tmp_path / "RECEIPTC.HEN"

    assert 0 == cli.run(["make", "--returns", "--claims", "3", "-o", str(path), "--json"])

    assert "medical_return" == json.loads(capsys.readouterr().out)["kind"]
    assert path.read_bytes().startswith(b"HI,1,202610,99,1,")
    assert b"\r\nHG," in path.read_bytes()


def test_make_shows_its_damage(capsys: pytest.CaptureFixture[str]) -> None:
    """The catalogue is told in words and as JSON."""
    assert 0 == cli.run(["make", "--damage", "list"])
    text = capsys.readouterr().out
    assert 0 == cli.run(["make", "--damage", "list", "--json"])
    rows = json.loads(capsys.readouterr().out)

    assert list(DAMAGES) == [row["kind"] for row in rows] == [line.split()[0] for line in text.splitlines()]


def test_make_does_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rates by kind are done and told."""
    path = tmp_path / "RECEIPTC.UKE"
    damage = ["--damage", "nul=0.5", "--damage", "no_trailer=1"]

    assert 0 == cli.run(["make", "-o", str(path), "--claims", "5", "--json", *damage])

    assert {"nul": 0.5, "no_trailer": 1.0} == json.loads(capsys.readouterr().out)["damage"]
    assert b"\x00" in path.read_bytes()
    assert b"\r\nGO," not in path.read_bytes()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--kind", "nonsense"],
        ["--damage", "nonsense=0.1"],
        ["--damage", "nul"],
        ["--damage", "nul=2"],
        ["--damage", "nul=x"],
        ["--reclaims", "1.5"],
        ["--kind", "dental", "--institution", "9910110015"],
    ],
)
def test_wrong_usage_is_told(wrong: list[str], tmp_path: Path) -> None:
    """What cannot be made is told before anything is written."""
    assert 3 == cli.run(["make", "-o", str(tmp_path / "x"), *wrong])
    assert [] == list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that breaks off is not there, and an older one of the name is untouched."""

    def full(*_: object) -> Iterator[bytes]:
        yield b"IR"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "RECEIPTC.UKE"
    path.write_bytes(b"older")
    monkeypatch.setattr(generator.files, "stream", full)

    assert 4 == cli.run(["make", "-o", str(path)])

    said = capsys.readouterr().err
    assert "cannot be written: the disk is full" in said
    assert "Traceback" not in said
    assert [path] == list(tmp_path.iterdir())
    assert b"older" == path.read_bytes()


def test_totals_that_fit_nowhere_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many claims for one last record are wrong usage, and leave no file."""
    monkeypatch.setattr(generator.files, "_MOST_CASES", 3)

    assert 3 == cli.run(["make", "-o", str(tmp_path / "x"), "--claims", "5"])
    assert [] == list(tmp_path.iterdir())


def test_a_device_is_written_to_as_it_is() -> None:
    """What is no file has no half of one to hide, and stays what it is."""
    assert 0 == cli.run(["make", "-o", os.devnull, "--claims", "2"])
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_standard_output_has_the_file_alone(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Without a name the file goes to standard output, its JSON beside it."""
    assert 0 == cli.run(["make", "--claims", "2", "--json"])

    out, err = capfdbinary.readouterr()
    assert out.startswith(b"IR,")
    assert out.endswith(b"\x1a")
    assert 2 == json.loads(err)["claims"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What the link leads to is written, not the link itself."""
    (tmp_path / "real").write_bytes(b"older")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")

    assert 0 == cli.run(["make", "-o", str(link), "--claims", "2"])

    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes().startswith(b"IR,")


def test_an_error_that_no_claim_can_have_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which one, and what to do; no half of a file is left."""
    assert 3 == cli.run(["make", "--kind", "pharmacy", "--claims", "8", "--errors", "6", "-o", str(tmp_path / "a.UKE")])

    error, hint = capsys.readouterr().err.splitlines()
    assert "day_sum" in error
    assert "--fault" in error
    assert hint
    assert [] == list(tmp_path.iterdir())
