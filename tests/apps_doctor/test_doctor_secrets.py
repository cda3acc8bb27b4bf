"""Nothing secret leaves the doctor, wherever it was planted."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps.doctor import main
from seikyu.apps.doctor.given import Given
from seikyu.apps.doctor.masking import masked, secrets_of
from seikyu.apps.doctor.options import read_options
from seikyu.apps.doctor.probes import every_probe
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe
from seikyu.apps.doctor.told import account, text_of
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.facts import Facts
from seikyu.lines.network import example_network
from seikyu.lines.site import example_site

OUTPUTS = Path(__file__).parent / "outputs"
NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)

PLANTED = "hunter2-secret"
KEY = f"-----BEGIN {'PRIVATE'} KEY-----\n{PLANTED}\n-----END {'PRIVATE'} KEY-----\n"

#: What tools print of a wireless LAN when they are asked for its key, and what else has a secret in it.
TALKATIVE = f"""
    Key Content            : {PLANTED}
802-11-wireless-security.psk: {PLANTED}
psk={PLANTED}
password: {PLANTED}
http_proxy=http://user:{PLANTED}@proxy.example:8080
  ProxyServer    REG_SZ    user:{PLANTED}@proxy.example:8080
{KEY}
"""


def planted_folder(home: Path) -> Path:
    """Make a client's folder with a secret in every place that may have one."""
    folder = home / "clients" / "clinic"
    folder.mkdir(parents=True)
    (folder / "client.toml").write_text(
        f'url = "https://127.0.0.1:9"\nparty = "1319999999"\nkind = "institution"\npassword = "{PLANTED}"\n'
        f'public = "https://user:{PLANTED}@127.0.0.1:9"\n'
    )
    (folder / "key.pem").write_text(KEY)
    (folder / "cert.pem").write_text(f"{PLANTED}\n")
    (folder / "ca.pem").write_text(f"{PLANTED}\n")
    (folder / "password.txt").write_text(PLANTED + "\n")
    return folder


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_no_output_has_a_secret_of_any_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    """Credentials, client's files, keys, proxies: not on the screen, in the JSON, in the report, in what is kept."""
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://user:{PLANTED}@proxy.example:8080")
    folder = planted_folder(tmp_path / "home")
    (tmp_path / "login").write_text(f"clinic@line.example\n{PLANTED}\n")

    words = ["--home", "home", "--pppoe-user-file", "login", "--report", "report.txt", "--sweep", *form]
    main.run(read_options(words, program="doctor"), program="doctor", now=lambda: NOW)

    printed = capsys.readouterr()
    kept = (folder / "doctor.json").read_text()
    assert "certificate" in printed.out
    assert PLANTED not in printed.out + printed.err + Path("report.txt").read_text("utf-8") + kept
    assert "clinic@line.example" not in printed.out + Path("report.txt").read_text("utf-8")


@pytest.mark.parametrize("system", ["linux", "windows", "macos"])
def test_tools_that_print_secrets_tell_none(system: str, tmp_path: Path) -> None:
    """Whatever a tool of the system prints beside what it was asked for."""
    printed = "\n".join(each.read_text("utf-8") for each in sorted(OUTPUTS.rglob("*.txt"))) + TALKATIVE

    def run(argv: Sequence[str], limit_s: float = 0.0, /) -> Ran:
        return Ran(0, printed, TALKATIVE)

    probes = [each for each in every_probe() if system in each.on]
    look = Look(
        system, run, lambda: NOW, site=example_site(), network=example_network(), folder=planted_folder(tmp_path)
    )

    seen = main.see(Given(look, ()), probes)
    told = account(seen, "en")

    assert PLANTED not in json.dumps(told) + text_of(told, "en")


def test_what_a_probe_lets_through_is_masked_at_the_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last look at what leaves: known secrets and whatever has the form of one."""
    login = tmp_path / "login"
    login.write_text(f"clinic@line.example\n{PLANTED}\n")

    def leaks(_: Look) -> Facts:
        texts = (f"is {PLANTED}", "https://user:other-secret@portal.example/", "password=another-secret", KEY)
        raise CouldNotLook("tool", f"a {PLANTED}", {"dns.missing": texts})

    asked = read_options(["--json", "--pppoe-user-file", str(login)], program="doctor")
    main.run(asked, program="doctor", probes=[Probe("names", leaks, ("dns.missing",))], now=lambda: NOW)

    told: Any = json.loads(capsys.readouterr().out)
    assert ["is ***", "https://***@portal.example/", "password=***", "***?"] == told["facts"]["dns.missing"]
    assert "a ***" == told["could_not"][0]["what"]


def test_secrets_are_known_from_files_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of a file, and a proxy's login in both spellings; what is too short would mask every word."""
    (tmp_path / "login").write_text("clinic@line.example\nabc\n")
    monkeypatch.setenv("https_proxy", "http://user:p%40ssword@proxy.example")

    found = secrets_of([tmp_path / "login", tmp_path / "none"])

    assert {"clinic@line.example", "user", "p%40ssword", "p@ssword"} == set(found)


def test_a_mask_leaves_what_is_no_text() -> None:
    """Numbers and truth are what a desk needs."""
    assert {"a": [1, True, None, "***"]} == masked({"a": (1, True, None, "hush")}, ("hush",))
