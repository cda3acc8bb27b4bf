"""`seikyu lines guide`: printed, as JSON, as documents, and as a folder to carry; refusals in one line."""

import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from lines.guide_cases import BOTH
from seikyu.apps.cli import command, run
from seikyu.lines.guide import table

SITE = """
[line]
kind = "ipvpn_ipv6"
area = "west"
customer_id = "CAF0000000001"
telephone = true
[local]
interface = "enp3s0"
printer = "192.0.2.77"
"""


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no home of this machine say anything."""
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.delenv("SEIKYU_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Return what the command says to programs."""
    assert run(["lines", "guide", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_guide_is_printed_and_says_that_it_is_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The guide on standard output, the note beside it."""
    assert run(["lines", "guide", "--line", "ipvpn_ipv4", "--os", "windows"]) == 0

    said = capsys.readouterr()
    assert "PPPoE" in said.out
    assert "network support desk 0120-000-001" in said.out
    assert "example" in said.err


def test_the_folder_to_carry_holds_all_that_is_needed_without_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Guide three times, files with their modes, README, and what it was made from; nothing from outside, no secret."""
    site = tmp_path / "site.toml"
    site.write_text(SITE, "utf-8")
    folder = tmp_path / "stick" / "claims"

    assert run(["lines", "guide", "--os", "linux", "--site", str(site), "--out", str(folder)]) == 0

    names = {each.name for each in folder.iterdir()}
    assert {"README.txt", "guide.html", "guide.pdf", "guide.txt", "network.toml", "site.toml"} <= names
    assert {"claims-ipoe.nmconnection", "closed.nft", "claims-dnsmasq.conf"} <= names
    assert stat.S_IMODE((folder / "claims-ipoe.nmconnection").stat().st_mode) == 0o600
    page = (folder / "guide.html").read_text("utf-8")
    assert not re.search(r"<script|<link|<img|src=|url\(", page)
    assert "CAF0000000001" in page
    assert "c1a0:f::53:1" in (folder / "claims-ipoe.nmconnection").read_text("utf-8")
    assert "192.0.2.77" in (folder / "closed.nft").read_text("utf-8")
    assert (folder / "guide.pdf").read_bytes().startswith(b"%PDF-")
    assert "claims-ipoe.nmconnection" in (folder / "README.txt").read_text("utf-8-sig")
    assert str(folder) in capsys.readouterr().out

    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert run(["lines", "guide", "--os", "linux", "--site", str(site), "--out", str(folder)]) != 0
    assert before == {each.name: each.read_bytes() for each in folder.iterdir()}


def test_a_program_is_told_steps_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    """Sections, steps with sources, files with their texts and digests, whom to call."""
    said = told(capsys, "--line", "ipsec_ike", "--os", "linux", "--user-space", "--lang", "ja")

    assert ("ipsec_ike", "linux", "ja", "ipsec_provider", True) == tuple(
        said[name] for name in ("line", "os", "lang", "desk", "example")
    )
    files: dict[str, dict[str, str]] = {each["name"]: each for each in said["files"]}  # type: ignore[attr-defined]
    swanctl = files["swanctl.conf"]
    assert "encap = yes" in swanctl["text"]
    assert hashlib.sha256(swanctl["text"].encode()).hexdigest() == swanctl["sha256"]
    sections = [each["name"] for each in said["sections"]]  # type: ignore[attr-defined]
    assert (sections[0], sections[-1]) == ("before", "desk")


def test_documents_are_written_where_they_are_wished(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """PDF and page, told by name."""
    pdf, page = tmp_path / "a.pdf", tmp_path / "a.html"
    said = told(capsys, "--line", "ipvpn_ipv4", "--os", "router", "--pdf", str(pdf), "--html", str(page))

    assert said["written"] == [str(pdf), str(page)]
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "</html>" in page.read_text("utf-8")


def test_the_network_is_the_offices_own_if_there_is_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the home, or the file that is named; then it is no example."""
    (tmp_path / "network.toml").write_text(BOTH, "utf-8")
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path))
    from_home = told(capsys, "--line", "ipvpn_ipv6", "--os", "windows")
    named = told(capsys, "--line", "ipvpn_ipv6", "--os", "windows", "--network", str(tmp_path / "network.toml"))

    assert from_home == named
    assert from_home["example"] is False


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--line", "adsl"], "no guide for `adsl`; --line is one of ipvpn_ipv6, ipvpn_ipv4, isdn, ipsec_ike"),
        (["--line", "isdn", "--os", "beos"], "no guide for `beos`; --os is one of windows, macos, linux, router"),
        (["--line", "ipvpn_ipv6", "--os", "linux"], "say --area: one of east, west"),
        (["--os", "linux"], "say --line: one of ipvpn_ipv6"),
        (["--line", "isdn", "--lang", "la"], "no guide for `la`; --lang is one of ja, en"),
        (["--line", "isdn", "--browser", "lynx"], "--browser is one of edge"),
        (["--line", "isdn", "--network", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what there is; to programs as an object; the status says that it could not run."""
    assert run(["lines", "guide", *words]) == 3
    first, *_ = capsys.readouterr().err.splitlines()
    assert error in first

    assert run(["lines", "guide", *words, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["exit_status"] == 3


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"mtu = 9\n", "published_on: must be there"),
        (b"mtu = 9\n", "mtu: an MTU is from 1280 to 1500, not 9"),
        (b"prefix = 1\n", "prefix: nobody knows this item"),
        (b"\xff", "not UTF-8"),
        (b"= =", "not TOML"),
        (b"#" * 300_000, "too long"),
        (b'prefixes = ["198.51.100.1/24", 5]\n', "prefixes[0]: `198.51.100.1/24` is no network"),
    ],
)
def test_a_wrong_file_is_refused_with_every_item(
    content: bytes, error: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each by its name."""
    (tmp_path / "n.toml").write_bytes(content)

    assert run(["lines", "guide", "--line", "isdn", "--network", "n.toml"]) == 3
    assert error in capsys.readouterr().err


def test_a_wrong_site_and_a_name_that_fits_no_file_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The item of the file; or the value, which then is in no file."""
    (tmp_path / "site.toml").write_text(SITE.replace("192.0.2.77", "printer"), "utf-8")
    assert run(["lines", "guide", "--os", "linux", "--site", "site.toml"]) == 3
    assert "local.printer: `printer` is no address with a port" in capsys.readouterr().err

    (tmp_path / "site.toml").write_text(SITE.replace("enp3s0", "a'b"), "utf-8")
    assert run(["lines", "guide", "--os", "windows", "--site", "site.toml", "--out", "f"]) == 0
    assert "'a''b'" in (tmp_path / "f" / "ipoe.ps1").read_text("utf-8-sig")


def commands() -> set[str]:
    """Return every command of ours that a step or a file tells to type."""
    rows = [*table("steps.toml")["steps"], *table("files.toml")["files"]]
    typed = "\n".join(each.get(name, "") for each in rows for name in ("command", "apply", "undo"))
    return set(re.findall(r"^seikyu (.+)$", typed, re.MULTILINE))


@pytest.mark.parametrize("line", sorted(commands()))
def test_what_a_guide_tells_to_type_exists(line: str) -> None:
    """Each command and each of its options is one of the program's."""
    here: Any = command()
    rest = line.split()
    while rest and hasattr(here, "get_command") and not rest[0].startswith("-"):
        here = here.get_command(None, rest.pop(0))
        assert here is not None, line
    known = {option for each in here.params for option in each.opts}

    assert {word for word in rest if word.startswith("--")} <= known


def test_the_folder_is_refused_where_it_cannot_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Below a file; nothing is written."""
    (tmp_path / "file").write_text("x", "utf-8")

    assert run(["lines", "guide", "--line", "isdn", "--out", str(tmp_path / "file" / "f")]) == 3
    assert "cannot be written" in capsys.readouterr().err
