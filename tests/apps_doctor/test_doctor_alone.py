"""The doctor as one file on a PC that has nothing installed and no Internet."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from seikyu.apps import cli
from seikyu.apps.doctor import zipped

#: Without the user's own environment, site-packages or startup files.
BARE = (sys.executable, "-I", "-S")


def bare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the bare interpreter in a folder with an empty environment."""
    return subprocess.run([*BARE, *words], cwd=folder, env={}, capture_output=True, text=True, encoding="utf-8", check=False)  # fmt: skip


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """Return the doctor's file in an empty folder."""
    assert 0 == cli.run(["doctor", "--write-zipapp", str(tmp_path / "doctor.pyz")])
    return tmp_path / "doctor.pyz"


def test_the_file_runs_without_anything_else(alone: Path) -> None:
    """It looks, judges and tells; what it could not look at it names, with the file or option that would help."""
    ran = bare(alone.parent, alone.name, "--json", "--symptom", "onu_lamp_off", "--lang", "ja")

    told = json.loads(ran.stdout)
    assert "" == ran.stderr
    assert (3, "not_known") == (ran.returncode, told["verdict"])
    assert "P02" in [each["id"] for each in told["found"]]
    assert [] == [each for each in told["could_not"] if each["why"] == "bug"]
    assert {"network_file", "folder", "url", "option"} <= {each["why"] for each in told["could_not"]}
    assert ["doctor.pyz"] == [each.name for each in alone.parent.iterdir()]


def test_the_file_tells_people_in_their_language(alone: Path) -> None:
    """The texts are in it."""
    ran = bare(alone.parent, alone.name, "--lang", "ja")

    assert ran.stdout.startswith("診断結果：つながるかどうか確認できませんでした\n")
    assert 3 == bare(alone.parent, alone.name, "--error", "x").returncode
    assert 0 == bare(alone.parent, alone.name, "--help").returncode


@pytest.mark.parametrize("stream", [1, 2])
def test_nobody_has_to_listen(alone: Path, stream: int) -> None:
    """A stream that is closed, or that was read no further, is nothing that the doctor stumbles over."""
    words = [*BARE, str(alone), "--symptoms", "--json"]
    closed = subprocess.run(["/bin/sh", "-c", f'exec "$@" {stream}>&-', "sh", *words], capture_output=True, check=False)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout
        ran.stdout.close()
        said = ran.stderr.read() if ran.stderr else b"-"

    assert (0, b"") == (closed.returncode, closed.stderr)
    assert (141, b"") == (ran.returncode, said)


def test_the_files_of_a_stick_are_found_beside_it(alone: Path) -> None:
    """The site's file lies in the same folder, wherever it is run from."""
    (alone.parent / "site.toml").write_text('[line]\nkind = "ipsec_ike"\n')
    elsewhere = alone.parent / "elsewhere"
    elsewhere.mkdir()

    told = json.loads(bare(elsewhere, str(alone), "--json").stdout)

    assert "ipsec_provider" == told["desk"]["call"]["name"]


def test_the_same_code_gives_the_same_bytes() -> None:
    """Two who made it can compare; no file in it tells when it was made."""
    assert sha256(zipped.zipapp()).hexdigest() == sha256(zipped.zipapp()).hexdigest()


def test_the_file_holds_the_doctor_and_what_it_needs_of_lines(alone: Path) -> None:
    """No more: guides, advice and the registry are for those who set a line up."""
    with ZipFile(alone) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    rooms = {name.rpartition("/")[0] for name in names}

    folders = {f"seikyu/apps/doctor/{each}" for each in ("folder", "line", "pc", "pppoe")}
    assert {"", "seikyu", "seikyu/apps", "seikyu/apps/doctor", "seikyu/lines", "seikyu/lines/faults"} | folders == rooms
    assert sorted(names) == names
    assert "seikyu/lines/registry.py" not in names
    assert alone.read_bytes().startswith(b"#!/usr/bin/env python3\n")


def test_the_doctor_loads_only_the_standard_library_and_lines() -> None:
    """Importing all of it, every probe included, brings nothing else of ours and nobody else's."""
    root = str(Path(cli.__file__).parents[2])
    code = (
        f"import sys; sys.path.insert(0, {root!r}); before = set(sys.modules)\n"
        "import seikyu.apps.doctor.main as main, seikyu.apps.doctor.zipped\n"
        "main.every_probe()\n"
        "print('\\n'.join(sorted(set(sys.modules) - before)))"
    )

    loaded = bare(Path.cwd(), "-c", code).stdout.split()
    ours = {each for each in loaded if each.split(".")[0] == "seikyu"}

    assert "seikyu.apps.doctor.main" in ours
    assert set() == {each for each in ours if not each.startswith(("seikyu.lines", "seikyu.apps.doctor"))} - {"seikyu", "seikyu.apps"}  # fmt: skip
    assert set() == {each.split(".")[0] for each in loaded} - sys.stdlib_module_names - {"seikyu"}
