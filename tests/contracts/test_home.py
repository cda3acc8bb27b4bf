"""The home: its layout, its lock, its secrets, and what an operator may set."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.adapters.home import Home, open_home, write_private
from seikyu.adapters.settings import KEYS, BadSettings, Face, Settings, read_settings, settings_from, settings_text
from seikyu.limits import LIMITS, limit
from seikyu.office.outcome import policy
from seikyu.ports.errors import Damaged, HomeLocked
from seikyu.ports.objects import CLASSES


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a new home."""
    return open_home(tmp_path / "home")


def test_a_home_is_private(home: Home) -> None:
    """Folders 0700, files 0600, whatever the mask; opening it again changes nothing."""
    home.identity_key()
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}

    again = open_home(home.root)

    assert home == again
    assert before == {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (home.root, *home.root.rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}


def test_a_secret_is_made_once_and_kept(home: Home) -> None:
    """32 random bytes, another in each home, the same ever after."""
    key = home.identity_key()

    assert len(key) == 32
    assert key == open_home(home.root).identity_key()
    assert key != home.secret("other")


def test_a_secret_that_is_cut_is_not_replaced(home: Home) -> None:
    """A new key would make every stored identity a stranger."""
    home.identity_key()
    (home.secrets / "identity_key").write_bytes(b"half")

    with pytest.raises(Damaged):
        home.identity_key()

    assert (home.secrets / "identity_key").read_bytes() == b"half"


@pytest.mark.parametrize("links", [True, False])
def test_a_secret_that_two_make_at_once_is_one(home: Home, monkeypatch: pytest.MonkeyPatch, *, links: bool) -> None:
    """The second finds the first's and takes it."""
    other = b"o" * 32
    link = os.link

    def other_is_first(arriving: Path, path: Path) -> None:
        path.write_bytes(other)
        if not links:
            raise PermissionError(1, "no links here")
        link(arriving, path)

    monkeypatch.setattr(os, "link", other_is_first)

    assert other == home.identity_key()
    assert [path.name for path in home.secrets.iterdir()] == ["identity_key"]


def test_a_file_system_without_links_holds_secrets(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is renamed there."""

    def no_links(*_paths: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)

    assert home.identity_key() == home.identity_key()


def test_a_private_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure leaves the old content and no remains."""
    path = tmp_path / "key"
    write_private(path, b"old")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_private(path, b"new")

    assert [path] == list(tmp_path.iterdir())
    assert path.read_bytes() == b"old"


HOLD = """
import os, sys, time
from pathlib import Path
from seikyu.adapters.home import open_home
with open_home(Path(sys.argv[1])).lock():
    print(os.getpid(), flush=True)
    time.sleep(60)
"""


def test_two_servers_cannot_work_on_one_home(home: Home) -> None:
    """The second is told who the first is; a kill of the first sets the home free."""
    assert home.locked_by() is None
    with subprocess.Popen([sys.executable, "-c", HOLD, str(home.root)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = holder.stdout.readline().strip()

        with pytest.raises(HomeLocked, match=pid) as told, home.lock():
            pass
        assert told.value.facts == {"pid": pid}
        assert home.locked_by() == pid

        holder.send_signal(signal.SIGKILL)
        holder.wait()

    with home.lock():
        assert home.locked_by() == str(os.getpid())
    assert home.locked_by() is None


def test_a_look_at_the_lock_stops_nobody(home: Home) -> None:
    """Whoever only looks holds it for a moment; a server that starts just then waits that long."""
    with (home.run / "lock").open("a") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        threading.Timer(0.05, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()

        with home.lock():
            assert home.locked_by() == str(os.getpid())


def test_a_lock_ends_with_its_block(home: Home) -> None:
    """Also when the block fails."""
    with pytest.raises(ZeroDivisionError), home.lock():
        raise ZeroDivisionError

    with home.lock():
        pass


def test_settings_that_are_not_given_are_the_defaults(home: Home) -> None:
    """The file that a new home gets changes nothing and shows every key with its meaning."""
    text = home.settings_file.read_text("utf-8")

    assert Settings() == home.settings() == settings_from("") == settings_from(settings_text())
    for key in KEYS:
        assert f"# {key.meaning}\n# {key.name} = " in text
    home.settings_file.unlink()
    assert Settings() == home.settings()


def test_every_default_can_be_written_out(home: Home) -> None:
    """A file whose lines are all uncommented says the same."""
    lines = settings_text().splitlines()
    plain = [line.removeprefix("# ") if " = " in line and line.startswith("# ") else line for line in lines]

    assert sum(" = " in line for line in plain) == len(KEYS)
    assert Settings() == settings_from("\n".join(plain))


def test_settings_that_are_given_are_taken() -> None:
    """Of every kind of key."""
    changed: dict[str, Any] = {
        "office.bodies": ["2-99"], "office.calendar": "sandbox", "office.hosts": ["a.example", "::1"],
        "policy.l7_without": "claimed", "faces.desk.host": "0.0.0.0", "faces.desk.port": 8443,
        "work.kept_days": 5, "retention.findings": 0, "limits.idle_s": 3,
    }  # fmt: skip

    got = settings_from(settings_text(changed))

    assert (("2-99",), "sandbox", ("a.example", "::1")) == (got.bodies, got.calendar, got.hosts)
    assert (Face("0.0.0.0", 8443), Settings().public) == (got.desk, got.public)
    assert (5, 0, 1827) == (got.kept_days, got.retention_days["findings"], got.retention_days["files"])
    assert (3, limit("idle_s"), limit("line_bytes")) == (got.limit("idle_s"), 30, got.limit("line_bytes"))
    assert policy(got.policy) != policy() == policy(Settings().policy)
    with pytest.raises(KeyError):
        got.limit("no such limit")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[office]\ncolour = 1", "there is no setting office.colour"),
        ("colour = 1", "there is no setting colour"),
        ("[faces.desk]\nport = 1\n[faces.desc]\nport = 2", "there is no setting faces.desc.port"),
        ("[limits]\nline_bytes = 1", "there is no setting limits.line_bytes"),
        ("[office]\ncalendar = 'always'", "office.calendar must be one of national, sandbox"),
        ("[office]\ncalendar = 3", "office.calendar must be a text"),
        ("[office]\nbodies = '1'", "office.bodies must be a list of texts"),
        ("[office]\nbodies = []", "office.bodies must be a list of texts"),
        ("[office]\nbodies = [1]", "office.bodies must be a list of texts"),
        ("[faces.desk]\nport = '1'", "faces.desk.port must be a number"),
        ("[faces.desk]\nport = true", "faces.desk.port must be a number"),
        ("[faces.desk]\nport = 1.5", "faces.desk.port must be a number"),
        ("[faces.desk]\nport = 65536", "faces.desk.port must be at most 65535"),
        ("[limits]\nidle_s = -1", "limits.idle_s must be at least 1"),
        ("[limits]\nidle_s = 0", "limits.idle_s must be at least 1"),
        ("[retention]\nfiles = -1", "retention.files must be at least 0"),
        ("[work]\nat_once = 0", "work.at_once must be at least 1"),
        ("[policy]\nl7_without = 'perhaps'", "policy.l7_without must be one of claimed, unclaimed"),
        ("[office]\n= 3", "at line 2"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(text: str, line: str) -> None:
    """One line says which key, and what is wrong with it."""
    with pytest.raises(BadSettings) as told:
        settings_from(text)

    assert str(told.value).startswith("office.toml: ")
    assert line in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_settings_in_another_encoding_are_named(tmp_path: Path) -> None:
    """Shift_JIS is for claims."""
    (tmp_path / "office.toml").write_bytes("# 設定".encode("cp932"))

    with pytest.raises(BadSettings, match="UTF-8"):
        read_settings(tmp_path / "office.toml")


@given(
    text=st.text()
    | st.builds("{}{}".format, st.sampled_from([f"[{key.section}]\n{key.name} = " for key in KEYS]), st.text())
)
def test_any_text_gives_settings_or_a_line(text: str) -> None:
    """Never anything else."""
    try:
        read = settings_from(text)
    except BadSettings as told:
        assert len(str(told).splitlines()) == 1  # noqa: PT017  (either way is right)
    else:
        assert read == settings_from(text)


@given(hosts=st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_any_text_can_be_set(hosts: list[str]) -> None:
    """Quotes, backslashes and control characters come back as they were."""
    assert tuple(hosts) == settings_from(settings_text({"office.hosts": hosts})).hosts


def test_every_adjustable_limit_and_every_class_is_a_setting() -> None:
    """And nothing is, that has no meaning."""
    file = tomllib.loads(
        "\n".join(line.removeprefix("# ") for line in settings_text().splitlines() if " = " in line or "[" in line)
    )

    assert {one.name for one in LIMITS if one.adjustable} == set(file["limits"])
    assert set(CLASSES) == set(file["retention"]) == set(Settings().retention_days)
    assert all(key.meaning and "\n" not in key.meaning for key in KEYS)
