"""`seikyu doctor`: what it is asked, what it tells, what it keeps, and how it ends."""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps import cli
from seikyu.apps.doctor import main, memory
from seikyu.apps.doctor.options import OPTIONS, Options, WrongUsage, read_options
from seikyu.apps.doctor.probing import Probe
from seikyu.apps.doctor.told import STATUSES, _shown
from seikyu.apps.doctor.words import language, say, texts
from seikyu.apps.outcomes import Exit
from seikyu.lines.diagnosis import Verdict, faults
from seikyu.lines.facts import known_facts

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
SITE = '[line]\nkind = "ipvpn_ipv6"\narea = "east"\ncustomer_id = "CAF0000000000"\ntelephone = false\n'
EXAMPLE = Path(cli.__file__).parents[1] / "lines" / "example"
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in an empty folder, in English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEIKYU_HOME", raising=False)
    monkeypatch.setenv("SEIKYU_LANG", "en")


def finding(facts: Mapping[str, Any]) -> list[Probe]:
    """Return the one probe that finds these facts on every system."""
    return [Probe("printer", lambda _: facts, tuple(facts))]


def doctor(*words: str, facts: Mapping[str, Any] | None = None, beside: Path | None = None) -> int:
    """Run the doctor with these arguments; all that probes find is `facts`."""
    try:
        asked = read_options(words, program="doctor")
    except WrongUsage as wrong:
        return main.tell_wrong(wrong, "doctor", as_json="--json" in words)
    return main.run(asked, program="doctor", beside=beside, probes=finding(facts or {}), now=lambda: NOW)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the JSON that was printed, and nothing else was."""
    return json.loads(capsys.readouterr().out)


def a_client(home: Path, *, url: str = "https://portal.claims.example", name: str = "clinic") -> Path:
    """Make a client's folder."""
    folder = home / "clients" / name
    folder.mkdir(parents=True)
    (folder / "client.toml").write_text(f'url = "{url}"\nparty = "1319999999"\nkind = "institution"\n')
    return folder


@pytest.mark.parametrize(
    ("facts", "verdict", "status"),
    [
        ({"portal.answers": True}, Verdict.CONNECTS, Exit.DONE),
        ({"portal.answers": True, "printer.answers": False}, Verdict.CONNECTS_BUT, Exit.ASKS),
        ({"link.carrier": False}, Verdict.DOES_NOT_CONNECT, Exit.REFUSED),
        ({}, Verdict.NOT_KNOWN, Exit.COULD_NOT_RUN),
    ],
)
def test_the_exit_status_is_the_verdict(
    facts: dict[str, Any], verdict: Verdict, status: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    """The numbers are those of every command; the JSON says both."""
    assert status == doctor("--json", facts=facts)

    said = told(capsys)
    assert (verdict, status) == (said["verdict"], said["exit_status"])
    assert set(Verdict) == set(STATUSES)


def test_the_text_has_the_verdict_first_then_what_is_wrong_and_what_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    """In this order, for people."""
    Path("site.toml").write_text(SITE)

    doctor(
        "--site",
        "site.toml",
        "--network",
        str(EXAMPLE / "network.toml"),
        facts={"link.carrier": False, "portal.answers": False},
    )

    lines = capsys.readouterr().out.splitlines()
    assert "result: does not connect" == lines[0]
    assert "1. [P01] nothing answers at all, or error 651  <stops>" == lines[3]
    assert "   call: the carrier of the line" in lines
    assert "   shown by: a cable with a signal = no" in lines
    assert "== desk of this line: network support desk (0120-000-001, weekdays 9:00-17:00)" in lines
    tell = lines[lines.index("== what to tell the desk") + 1 :]
    assert "  customer's id: CAF0000000000" in tell
    assert "  time: 2026-11-26 15:00 (JST)" in tell
    assert "  the portal answers: no" in tell


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"portal.answers": True}, "nothing wrong was found"),
        ({"portal.answers": False}, "nothing on this PC and its line explains it; see whether the portal is up"),
        ({}, "nothing wrong was found in what could be looked at"),
    ],
)
def test_that_nothing_was_found_is_good_news_only_if_it_connects(
    facts: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it says what to do now."""
    doctor(facts=facts)

    assert capsys.readouterr().out.splitlines()[2].startswith(said)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"portal.refused": True}, "the portal's machine refuses the connection: the line carries as far as that"),
        ({"portal.status": 503}, "the line carries as far as the portal, which cannot work now (status 503)"),
    ],
)
def test_a_portal_that_is_down_is_not_the_lines_fault(
    facts: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where its machine answers, that is said first, and what else is found comes below it."""
    down = {"portal.answers": False} | facts

    assert 2 == doctor(facts=down)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith(said)
    assert "nothing on this PC and its line explains it" not in "\n".join(lines)

    doctor(facts=down | {"clock.off_s": 900})
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith(said)
    assert "== what was found, most important first" == lines[4]

    doctor(facts=facts | {"portal.answers": True})
    assert said not in capsys.readouterr().out


def test_what_connects_is_not_said_to_be_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    """A fault that would stop it is something to see to then."""
    doctor(facts={"portal.answers": True, "proxy.set": True, "proxy.bypasses": False})

    text = capsys.readouterr().out
    assert "[T03] pages do not open, with an error of a proxy  <see to it>" in text
    assert "<stops>" not in text


@pytest.mark.parametrize(
    ("off_s", "said"),
    [
        (34560001, "about 400 d ahead"),
        (-259199, "about 2 d behind"),
        (7260, "about 2 h ahead"),
        (-600, "about 10 min behind"),
    ],
)
def test_a_wrong_clock_is_told_as_people_say_it(off_s: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And the desk, which looks into its own records, is told the right time."""
    doctor(facts={"clock.off_s": off_s})

    lines = capsys.readouterr().out.splitlines()
    assert f"   shown by: how far the clock is off = {said}" in lines
    right = (NOW - timedelta(seconds=off_s)).astimezone(timezone(timedelta(hours=9)))
    assert f"  time: {right:%Y-%m-%d %H:%M} (JST)" in lines


@pytest.mark.parametrize(("off_s", "said"), [(2, "2 s ahead"), (0, "0")])
def test_a_small_difference_of_clocks_is_told_in_seconds(off_s: int, said: str) -> None:
    """None has no way."""
    assert said == _shown("clock.off_s", off_s, "en")


def test_the_json_holds_what_the_text_says_and_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    """A program has all of it."""
    doctor("--json", "--error", "691", "--lang", "ja", facts={"portal.answers": False})

    said = told(capsys)
    assert {
        "verdict", "exit_status", "text", "found", "proved", "desk", "could_not", "undecided", "facts", "took_s",
        "version", "server",
    } == set(said)  # fmt: skip
    (found,) = said["found"]
    assert ("L01", False, "network_desk") == (found["id"], found["certain"], found["call"]["name"])
    assert [{"fact": "said.error", "label": known_facts()["said.error"].ja, "value": 691}] == found["because"]
    assert {"portal.answers": False, "said.error": 691, "said.symptoms": []} == said["facts"]
    assert ["link.carrier", "router.answers", "portal.connects"] == said["undecided"]["P01"][:3]


def test_symptoms_are_listed_and_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """Each key that the list tells may be given; another is refused with where the list is."""
    assert 0 == doctor("--symptoms", "--json")
    listed = told(capsys)
    assert {each.said for each in faults().values() if each.said} == set(listed)

    assert 0 == doctor("--symptoms")
    assert f"onu_lamp_off{' ' * 21}{faults()['P02'].symptom.en}" in capsys.readouterr().out

    doctor("--json", "--symptom", "onu_lamp_off", "--symptom", "buttons_dead")
    assert ["P02", "T07"] == [each["id"] for each in told(capsys)["found"]]

    assert Exit.COULD_NOT_RUN == doctor("--symptom", "tired")
    assert "seikyu: hint: `doctor --symptoms` lists them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--error", "x"], "an error number has digits only"),
        (["--url", "https://user:hunter2@portal.example"], "the portal's address has the form https://name:port"),
        (["--url", "http://portal.example"], "the portal's address has the form https://name:port"),
        (["--lang", "fr"], "wrong usage: --lang ja|en"),
        (["--colour"], "wrong usage: unrecognized arguments: --colour"),
        (["--network", "none.toml"], "none.toml cannot be used: no such file or directory"),
        (["--as", "nobody"], "is not there"),
        (["--as", "../x"], "is not there"),
        (["--report", "no/folder/report.txt"], "there is no folder no/folder"),
        (["--report", "."], ". is there already and is not the doctor's; it is left as it is"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_3(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the user's words, on standard error, with a hint; with `--json` also as an object."""
    assert Exit.COULD_NOT_RUN == doctor("--json", *words)

    printed = capsys.readouterr()
    assert why in printed.err
    assert "seikyu: hint: " in printed.err
    assert "hunter2" not in printed.err + printed.out
    assert {"code", "detail", "hint", "exit_status", "retry"} == set(json.loads(printed.out)["error"])


def test_a_named_file_that_is_wrong_names_each_item_and_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in a file is not told back: it may be a password in the wrong place."""
    Path("site.toml").write_text('[line]\nkind = "hunter2"\npassword = "hunter2"\n')

    assert Exit.COULD_NOT_RUN == doctor("--site", "site.toml")

    error = capsys.readouterr().err
    assert "line.kind: is one of ipvpn_ipv6, ipvpn_ipv4, isdn, ipsec_ike; line.password: no such item" in error
    assert "hunter2" not in error


def test_a_wrong_file_that_lies_there_is_left_out_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who needs the doctor most has broken files; it goes on without them."""
    (tmp_path / "site.toml").write_text("kind = \n")
    (tmp_path / "network.toml").write_bytes(b"\xff\xfe")

    doctor("--json", beside=tmp_path)

    could_not = told(capsys)["could_not"]
    assert ["bad_file", "bad_file"] == [each["why"] for each in could_not]
    assert ["network.toml (is not one short line of text)", "site.toml (not TOML ())"] == [
        each["what"] for each in could_not
    ]


def test_files_beside_the_doctor_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a stick they lie in its folder; those of the client come first."""
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "site.toml").write_text(SITE)
    (stick / "network.toml").write_text((EXAMPLE / "network.toml").read_text("utf-8"), encoding="utf-8")

    doctor("--json", beside=stick)
    assert "ipvpn_ipv6" == told(capsys)["facts"]["line.kind"]

    (a_client(tmp_path / "home") / "site.toml").write_text('[line]\nkind = "ipsec_ike"\n')
    doctor("--json", "--home", "home", beside=stick)
    said = told(capsys)
    assert "ipsec_ike" == said["facts"]["line.kind"]
    assert "ipsec_provider" == said["desk"]["call"]["name"]


def test_a_home_that_cannot_be_looked_into_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be another user's; here its name is longer than any. The rest is looked at all the same."""
    home = tmp_path / ("x" * 300)

    doctor("--home", str(home), "--json")

    assert [("bad_file", str(home))] == [(each["why"], each["what"].split()[0]) for each in told(capsys)["could_not"]]


def test_an_example_of_a_network_is_told_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Who forgot to put in the real one would look for a fault of the line for long."""
    doctor("--json", "--network", str(EXAMPLE / "network.toml"))

    assert ["example"] == [each["why"] for each in told(capsys)["could_not"]]


def test_of_several_clients_one_must_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor goes on without any, and says how to choose."""
    for name in ("a", "b"):
        a_client(tmp_path / "home", name=name)

    doctor("--json", "--home", "home")
    assert [("several", "a, b")] == [(each["why"], each["what"]) for each in told(capsys)["could_not"]]

    doctor("--json", "--home", "home", "--as", "b")
    assert [] == told(capsys)["could_not"]


def test_a_client_without_a_sound_address_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A login in it is none to use, and is not told."""
    a_client(tmp_path / "home", url="https://user:hunter2@portal.example")

    doctor("--json", "--home", "home")

    printed = capsys.readouterr().out
    assert ["client.toml"] == [each["what"] for each in json.loads(printed)["could_not"]]
    assert "hunter2" not in printed


def test_the_report_is_readable_and_machine_readable(capsys: pytest.CaptureFixture[str]) -> None:
    """One file: text as on the screen, and below it the JSON."""
    doctor("--report", "report.txt", facts={"link.carrier": False})
    printed = capsys.readouterr().out

    text, _, machine = Path("report.txt").read_text("utf-8").partition("== for programs (JSON)\n")
    assert printed.startswith(text.rstrip("\n"))
    assert "written to report.txt" in printed
    assert "P01" == json.loads(machine)["found"][0]["id"]


def test_a_report_takes_the_place_of_an_earlier_one_and_of_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of typing must not cost a claim file; that is found before anything is looked at."""
    doctor("--report", "report.txt", "--lang", "ja")
    doctor("--report", "report.txt", facts={"link.carrier": False})
    Path("RECEIPTC.UKE").write_text("IR,")
    capsys.readouterr()

    assert Exit.COULD_NOT_RUN == doctor("--report", "RECEIPTC.UKE", facts={"link.carrier": False})
    assert Exit.COULD_NOT_RUN == cli.run(["doctor", "--write-zipapp", "RECEIPTC.UKE"])
    assert Exit.COULD_NOT_RUN == cli.run(["doctor", "--write-powershell", "RECEIPTC.UKE"])

    assert "" == capsys.readouterr().out
    assert "IR," == Path("RECEIPTC.UKE").read_text()
    assert "P01" in Path("report.txt").read_text("utf-8")
    assert ["RECEIPTC.UKE", "report.txt"] == sorted(each.name for each in Path.cwd().iterdir())


def test_what_was_found_is_told_though_the_report_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The file comes last, and leaves nothing half."""
    report = "r" * 250  # fits by itself, and no longer with what it is called before it takes its name

    assert Exit.COULD_NOT_RUN == doctor("--report", report, facts={"link.carrier": False})

    printed = capsys.readouterr()
    assert "[P01]" in printed.out
    assert f"{report} cannot be written: file name too long" in printed.err
    assert [] == list(Path.cwd().iterdir())


def test_what_lies_beside_a_report_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it is called; and a pipe that nobody writes to keeps nobody waiting."""
    for name in ("report.txt.new", ".report.txt"):
        Path(name).write_text("mine")
    os.mkfifo("pipe")

    doctor("--report", "report.txt")

    assert "mine" == Path("report.txt.new").read_text() == Path(".report.txt").read_text()
    assert [".report.txt", "pipe", "report.txt", "report.txt.new"] == sorted(each.name for each in Path.cwd().iterdir())
    assert Exit.COULD_NOT_RUN == doctor("--report", "pipe")
    assert "pipe is there already" in capsys.readouterr().err


def test_a_folder_that_was_named_and_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of typing is not told as a folder that was not given."""
    doctor("--home", "nowhere", "--json")
    assert [("bad_file", "nowhere (no such file or directory)")] == [
        (each["why"], each["what"]) for each in told(capsys)["could_not"]
    ]

    assert Exit.COULD_NOT_RUN == doctor("--as", "nobody")
    assert "client.toml cannot be used: is not there, or may not be looked at" in capsys.readouterr().err


def test_the_prefix_that_worked_is_remembered_and_one_that_did_not_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a change of prefix is seen (V08)."""
    folder = a_client(tmp_path / "home")
    (folder / "site.toml").write_text(SITE)

    doctor("--home", "home", facts={"portal.answers": True, "ipv6.prefix": "2001:db8:e000::/64"})
    assert memory.Memory("2001:db8:e000::/64", "2026-11-26T06:00:00+00:00") == memory.recall(folder)
    capsys.readouterr()

    doctor("--home", "home", "--json", facts={"portal.answers": False, "ipv6.prefix": "2001:db8:e001::/64"})
    assert ["V08"] == [each["id"] for each in told(capsys)["found"]]
    assert "2001:db8:e000::/64" == memory.recall(folder).prefix


def test_a_warning_is_recorded_since_it_is_there(tmp_path: Path) -> None:
    """It stays while it cannot be looked at, and goes when it is seen to be gone."""
    folder = a_client(tmp_path / "home")
    bare: dict[str, Any] = {"wlan.used": True, "wlan.encryption": "none"}

    doctor("--home", "home", facts=bare)
    assert {"P05": "2026-11-26T06:00:00+00:00"} == dict(memory.recall(folder).warned)

    doctor("--home", "home", facts={})
    assert {"P05"} == set(dict(memory.recall(folder).warned))

    doctor("--home", "home", facts=bare | {"wlan.encryption": "wpa2"})
    assert {} == dict(memory.recall(folder).warned)


@pytest.mark.parametrize("bad", ["", "[]", '{"prefix": "", "worked_at": "", "warned": [1]}', "\x00"])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, bad: str) -> None:
    """It is only a help."""
    (tmp_path / memory.FILE_NAME).write_text(bad)

    assert memory.Memory() == memory.recall(tmp_path)


def test_what_cannot_be_kept_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that nothing can be written to is told of."""
    folder = a_client(tmp_path / "home")
    (folder / memory.FILE_NAME).mkdir()

    assert 0 == doctor("--home", "home", "--json", facts={"portal.answers": True})

    assert ["not_kept"] == [each["why"] for each in told(capsys)["could_not"]]
    assert ["client.toml", "doctor.json"] == sorted(each.name for each in folder.iterdir())


def test_a_system_that_nothing_can_look_at_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Still useful: the user's word is judged."""
    asked = read_options(["--json", "--symptom", "onu_lamp_off"], program="doctor")

    main.run(
        asked, program="doctor", probes=[Probe("windows", lambda _: {}, ("link.mtu",), on=("plan9",))], now=lambda: NOW
    )

    said = told(capsys)
    assert (["no_probe"], ["P02"]) == (
        [each["why"] for each in said["could_not"]],
        [each["id"] for each in said["found"]],
    )


def test_both_faces_take_the_same_options() -> None:
    """What a guide says to type works installed and alone; only what writes files to carry needs the installed one."""
    command = cli.command().get_command(None, "doctor")
    installed = {opt for each in command.params for opt in each.opts} - {
        "--write-zipapp",
        "--write-powershell",
        "--help",
    }

    assert {f"--{name.replace('_', '-')}" for name in OPTIONS} == installed
    assert {"as_" if name == "as" else name for name in OPTIONS} == set(Options.__dataclass_fields__)


def test_the_installed_command_tells_what_the_other_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, the same status, errors included."""
    assert 0 == cli.run(["doctor", "--symptoms", "--json"])
    assert set(told(capsys)) == {each.said for each in faults().values() if each.said}

    assert Exit.COULD_NOT_RUN == cli.run(["doctor", "--error", "x", "--json"])
    assert "usage" == told(capsys)["error"]["code"]

    assert 0 == cli.run(["doctor", "--write-zipapp", "doctor.pyz"])
    assert "written to doctor.pyz" in capsys.readouterr().out
    for kind in ("zipapp", "powershell"):
        assert 0 == cli.run(["doctor", f"--write-{kind}", kind, "--json"])
        assert {"written": kind} == told(capsys)
    assert Exit.COULD_NOT_RUN == cli.run(["doctor", "--write-zipapp", "none/doctor.pyz"])


def test_help_is_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the locale, or of `--lang`."""
    assert 0 == main.run_line(["--help", "--lang", "ja"], program="doctor.pyz")

    printed = capsys.readouterr().out
    assert say("help.report", "ja") in re.sub(r"\s+", "", printed) or JAPANESE.search(printed)
    assert "--report" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ({"SEIKYU_LANG": "ja"}, "ja"), ({"LC_ALL": "ja_JP.UTF-8"}, "ja"), ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"SEIKYU_LANG": "en", "LANG": "ja_JP.UTF-8"}, "en"), ({"LANG": "fr_FR"}, "en"), ({}, "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_users(world: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Japanese or, for all others, English."""
    for name in ("SEIKYU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in world.items():
        monkeypatch.setenv(name, value)

    assert expected == language()


def test_nothing_that_is_told_plays_tricks_with_a_terminal() -> None:
    """Whatever a name on the net holds."""
    assert "a?[2J?b\u3000" == main.one_line("a\x1b[2J\nb\u3000")


@pytest.mark.parametrize("key", texts())
def test_a_text_of_the_doctor_is_in_one_language_and_ends_open(key: str) -> None:
    """As all texts of the program are."""
    text = texts()[key]

    assert {"ja", "en"} == set(text)
    assert not JAPANESE.search(text["en"])
    assert not text["en"].endswith((".", "!"))
    assert not text["ja"].endswith(("。", "．"))
    assert set(re.findall(r"{(\w+)}", text["ja"])) == set(re.findall(r"{(\w+)}", text["en"]))
