"""The PowerShell version by its form: it parses, only looks, says only known facts, and judges by Python's own table."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from seikyu.apps import cli
from seikyu.apps.doctor import powershell
from seikyu.apps.doctor.options import WrongUsage
from seikyu.apps.doctor.pc.windows_asked import command, questions
from seikyu.apps.doctor.powershell import data, embedded, script
from seikyu.apps.doctor.told import STATUSES
from seikyu.apps.doctor.words import texts
from seikyu.apps.outcomes import Exit
from seikyu.lines.diagnosis import BY_LINE, DOES, Condition, Fault, Text, Way, faults
from seikyu.lines.facts import known_facts
from seikyu.lines.kinds import desks, line_kinds

#: Every command of Windows PowerShell 5.1 that the file may use, and where it is documented. All of them only look.
DOCUMENTED = {
    **dict.fromkeys(
        ("Get-NetAdapter", "Get-NetAdapterBinding", "Get-NetAdapterPowerManagement", "Get-NetAdapterStatistics"),
        "https://learn.microsoft.com/powershell/module/netadapter/",
    ),
    **dict.fromkeys(
        ("Get-NetIPAddress", "Get-NetIPInterface", "Get-NetNeighbor", "Get-NetRoute", "Get-NetTCPConnection"),
        "https://learn.microsoft.com/powershell/module/nettcpip/",
    ),
    "Get-DnsClientServerAddress": "https://learn.microsoft.com/powershell/module/dnsclient/",
    "Get-NetConnectionProfile": "https://learn.microsoft.com/powershell/module/netconnection/",
    "Get-NetFirewallProfile": "https://learn.microsoft.com/powershell/module/netsecurity/",
    "Get-VpnConnection": "https://learn.microsoft.com/powershell/module/vpnclient/",
    "Get-WinEvent": "https://learn.microsoft.com/powershell/module/microsoft.powershell.diagnostics/",
    **dict.fromkeys(
        ("Get-ChildItem", "Get-Content", "Get-ItemProperty"),
        "https://learn.microsoft.com/powershell/module/microsoft.powershell.management/",
    ),
    **dict.fromkeys(
        ("ConvertFrom-Json", "ConvertTo-Json", "Select-Object", "Sort-Object", "Write-Output"),
        "https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/",
    ),
    **dict.fromkeys(
        ("ForEach-Object", "Where-Object"), "https://learn.microsoft.com/powershell/module/microsoft.powershell.core/"
    ),
    "netsh.exe": "https://learn.microsoft.com/windows-server/administration/windows-commands/netsh-wlan",
    "powercfg.exe": "https://learn.microsoft.com/windows-hardware/design/device-experiences/powercfg-command-line-options",
}

#: The parameters that are given to them, as the pages above have them (PowerShell 5.1, Windows Server 2025).
PARAMETERS = {
    "ConvertFrom-Json": {"-InputObject"},
    "ConvertTo-Json": {"-InputObject", "-Depth"},
    "Get-ChildItem": {"-Path"},
    "Get-Content": {"-LiteralPath", "-Encoding", "-Raw", "-TotalCount"},
    "Get-ItemProperty": {"-Path"},
    "Get-NetAdapterBinding": {"-ComponentID"},
    "Get-NetFirewallProfile": {"-PolicyStore"},
    "Get-NetTCPConnection": {"-State"},
    "Get-VpnConnection": {"-AllUserConnection"},
    "Get-WinEvent": {"-FilterHashtable", "-MaxEvents"},
    "Select-Object": {"-Property", "-ExpandProperty", "-First", "-Skip", "-Unique"},
    "Sort-Object": {"-Property", "-Descending"},
    "Write-Output": {"-InputObject"},
}

#: Verbs that look or work on what is at hand, of https://learn.microsoft.com/powershell/scripting/developer/cmdlet/approved-verbs-for-windows-powershell-commands.
VERBS = {"Get", "Select", "Sort", "Where", "ForEach", "ConvertFrom", "ConvertTo", "Write"}

#: Methods of .NET that change something. The report is the only thing that is written, where the user says.
CHANGES = re.compile(
    r"(?i)\b(?:Delete|Move|Copy|SetAccess|SetValue|DeleteValue|Kill|Start|WriteAllBytes|AppendAllText)\("
)

#: What takes a fact, by its type.
TAKERS = {"takeFlag": "true_or_false", "takeNumber": "number", "takeText": "text", "takeList": "list"}


def example(name: str) -> str:
    """Return an example file of the documentation."""
    return (files("seikyu.lines") / "example" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["bare", "with files"])
def written(request: pytest.FixtureRequest) -> bytes:
    """Return the file's bytes, without and with a network and a site in it."""
    return script() if request.param == "bare" else script(example("network.toml"), example("site.toml"))


def text_of(content: bytes) -> str:
    """Return the file's text, which must begin with a byte order mark."""
    assert content.startswith(b"\xef\xbb\xbf")
    return content.decode("utf-8-sig")


def tree(text: str) -> tree_sitter.Tree:
    """Return the tree of a PowerShell text."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    return parser.parse(text.encode())


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield a node and all below it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def called(text: str) -> set[str]:
    """Return the names of all that is called as a command."""
    found = [node for node in nodes(tree(text).root_node) if node.type == "command_name"]
    return {node.text.decode() for node in found}


def here_string(text: str) -> str:
    """Return the data that stands in the file."""
    found = re.findall(r"@'\r?\n(.*?)\r?\n'@", text, re.DOTALL)
    assert len(found) == 1
    return found[0]


def test_the_file_parses(written: bytes) -> None:
    """The grammar of PowerShell finds no error and nothing missing in it."""
    found = [node for node in nodes(tree(text_of(written)).root_node) if node.type == "ERROR" or node.is_missing]

    assert [] == [(node.start_point, node.text) for node in found]


def test_a_broken_file_would_not_parse() -> None:
    """The test above can fail: one brace less is an error."""
    text = text_of(script()).replace("function judge($fault) {", "function judge($fault) ", 1)

    assert tree(text).root_node.has_error


def test_the_command_of_the_python_probe_parses() -> None:
    """What Python runs on Windows is of the same form."""
    assert not tree(command(questions())[-1]).root_node.has_error


def test_every_command_is_documented_and_only_looks(written: bytes) -> None:
    """Nothing is called but commands of the list, which look, and functions of the file itself."""
    text = text_of(written)
    own = set(re.findall(r"(?m)^function ([A-Za-z]+)", text))

    foreign = called(text) - own

    assert foreign == set(DOCUMENTED)
    assert {each.partition("-")[0] for each in foreign if "-" in each} <= VERBS
    assert not {each for each in own if "-" in each}
    assert not CHANGES.search(text)
    # The one file that it writes is the report, after it has looked what lies there.
    looks = ["[IO.File]::Exists($path))", "[IO.File]::ReadAllText($path)", "[IO.Directory]::Exists($path)"]
    assert [*looks, "[IO.File]::WriteAllText($path,"] == re.findall(r"\[IO\.\S+", text)


def test_commands_are_given_documented_parameters_only(written: bytes) -> None:
    """A parameter that a command does not have would end the question without an answer."""
    given: dict[str, set[str]] = {}
    for node in nodes(tree(text_of(written)).root_node):
        if node.type == "command":
            name = next((each.text.decode() for each in node.children if each.type == "command_name"), "")
            parts = [part for each in node.children if each.type == "command_elements" for part in each.children]
            given.setdefault(name, set()).update(p.text.decode() for p in parts if p.type == "command_parameter")

    assert {name: each for name, each in given.items() if each} == PARAMETERS


def test_aliases_and_powershell_7_are_not_used(written: bytes) -> None:
    """Windows PowerShell 5.1 has no ternary, no `??`, no `&&`; aliases may be anything on a PC."""
    text = text_of(written).replace(here_string(text_of(written)), "")

    assert not re.search(
        r"\?\?|\?\.|&&|\|\||(?m:^\s*(?:gci|gc|sort|select|echo|iex|icm|foreach-object\s+-parallel)\b)", text
    )
    assert not [node.type for node in nodes(tree(text).root_node) if "ternary" in node.type or "coalesc" in node.type]
    assert "Invoke-Expression" not in text


def test_every_fact_that_it_takes_is_known_with_its_type(written: bytes) -> None:
    """A fact of another name or type would be lost, or break a rule."""
    taken = re.findall(r"\b(take\w+) '([^']+)'", text_of(written))

    assert len(taken) > 60
    assert [] == [(taker, name) for taker, name in taken if known_facts()[name].type != TAKERS[taker]]
    assert [] == [name for _, name in taken if not {"windows", "any", "said", "file"} & set(known_facts()[name].on)]


def test_every_fact_that_it_reads_is_known(written: bytes) -> None:
    """A slip in a name would never be seen: an unknown fact is only not there."""
    text = text_of(written)
    read = re.findall(r"\$facts(?:\[|\.ContainsKey\()'([^']+)'", text)

    assert read
    assert set(read) <= set(known_facts())


def test_every_word_that_it_says_is_there(written: bytes) -> None:
    """Each text has its key in the data, in both languages."""
    text = text_of(written)
    words = json.loads(here_string(text))["words"]
    said = set(re.findall(r"say '([a-z_.]+)'", text)) | {
        f"could_not.{each}" for each in re.findall(r"couldNot \S+ '(\w+)'", text)
    }
    said |= {f"verdict.{each}" for each in STATUSES} | {f"effect.{each.effect}" for each in faults().values()}
    said |= {f"probe.{each}" for each in re.findall(r"couldNot '(\w+)'", text)}
    said |= {f"proved.{each}" for each in re.findall(r"proves '(\w+)'", text)}
    said |= {f"item.{each}" for each in re.findall(r"\btold '(\w+)'", text)}

    assert said - set(words) == set()
    assert all(set(each) == {"ja", "en"} and texts()[key] == each for key, each in words.items())


def test_every_question_stands_in_it(written: bytes) -> None:
    """The file asks Windows exactly what the Python probe asks."""
    text = text_of(written)

    assert [] == [name for name, each in questions().items() if f"  {name} = {{ {each.run} }}" not in text]


def test_its_table_is_the_very_table_of_python(written: bytes) -> None:
    """What stands in the file, read back, is what Python judges by, to the last condition and text."""
    rows = json.loads(here_string(text_of(written)))["faults"]

    def condition(row: Mapping[str, Any]) -> Condition:
        value = tuple(row["value"]) if isinstance(row["value"], list) else row["value"]
        return Condition(row["fact"], row["does"], value)

    def fault(row: Mapping[str, Any]) -> Fault:
        text = {name: Text(**row[name]) for name in ("symptom", "cause", "fix")}
        lists = {name: tuple(row[name]) for name in ("lines", "after", "source")}
        when = tuple(Way(tuple(condition(each) for each in way["all"]), way["likely"]) for way in row["when"])
        kept = {name: row[name] for name in ("id", "rank", "call", "said", "confidence")}
        effect = next(iter(faults().values())).effect.__class__(row["effect"])
        return Fault(**kept, **text, **lists, effect=effect, unless=tuple(map(condition, row["unless"])), when=when)

    assert list(faults().values()) == [fault(each) for each in rows]
    assert len(rows) == 71


def test_it_knows_every_kind_desk_and_status(written: bytes) -> None:
    """Whom to call and how it ends are Python's."""
    table = json.loads(here_string(text_of(written)))

    assert {name: each.desk for name, each in line_kinds().items()} == {
        n: each["desk"] for n, each in table["kinds"].items()
    }
    assert set(desks()) == set(table["desks"])
    assert {each.value: status for each, status in STATUSES.items()} == table["statuses"]
    assert set(known_facts()) == set(table["facts"])
    assert BY_LINE in text_of(written)


def test_its_evaluator_knows_every_way_of_asking(written: bytes) -> None:
    """A condition that Python learns must be learnt here too."""
    text = text_of(written)
    body = text[text.index("function holds") : text.index("function byWays")]

    assert set(DOES) == set(re.findall(r"(?m)^    '(\w+)' \{ \$held =", body))


def test_values_can_be_compared_as_powershell_compares() -> None:
    """`-ceq` of a list compares its members, and of a number with a text changes its type: no rule asks for that."""
    for fault in faults().values():
        for one in [*fault.unless, *(each for way in fault.when for each in way.all)]:
            type_ = known_facts()[one.fact].type
            if one.does in {"is", "is_not", "same", "differs"}:
                assert type_ in {"true_or_false", "number", "text"}
            if one.does in {"is", "is_not"}:
                assert isinstance(one.value, {"true_or_false": bool, "number": int, "text": str}[type_])


@pytest.mark.parametrize("name", ["network", "site"])
def test_the_files_stand_in_it_as_they_are(name: str) -> None:
    """Dates become texts; all else is the file's."""
    table = json.loads(here_string(text_of(script(example("network.toml"), example("site.toml")))))

    expected = tomllib.loads(example(f"{name}.toml"))
    expected |= {"published_on": expected["published_on"].isoformat()} if "published_on" in expected else {}
    assert expected == table[name]


def test_no_line_of_data_can_end_the_here_string() -> None:
    """A text from a file may hold anything: quotes, line ends of any kind, the very end of a here-string."""
    evil = "x\n'@\r\nRemove-Item C:\\ \u2028'@\u0085'@\u2019@"

    written = embedded(data(network={"desks": {"network_desk": {"hours_ja": evil}}}, site=None))

    assert not [
        line
        for line in re.split(r"[\r\n\u2028\u2029\u0085\v\f]", written)
        if line.lstrip().startswith(("'@", "\u2019@"))
    ]
    assert evil == json.loads(written)["network"]["desks"]["network_desk"]["hours_ja"]


def test_the_same_gives_the_same_bytes() -> None:
    """Two who wrote the file can compare; every line ends as Windows has it."""
    one, other = (script(example("network.toml"), example("site.toml")) for _ in range(2))

    assert one == other
    assert one.count(b"\n") == one.count(b"\r\n")


def test_waits_have_limits_and_come_to_less_than_15_s(written: bytes) -> None:
    """What may wait waits for a time that is named: the sum of all is what a dead line costs."""
    text = text_of(written)
    limits = [int(each) for each in re.findall(r"(?:AddMilliseconds|WaitOne)\((\d+)\)", text)]

    assert len(re.findall(r"\.WaitOne\(", text)) == 5
    beside = 4500  # names are asked for before the questions, and waited for from then on
    assert sum(limits) - beside <= 12_000
    assert "-Parallel" not in text


def test_writing_says_how_to_run_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is there, and the user is told the one line to type."""
    status = powershell.write(tmp_path / "seikyu-doctor.ps1", lang="ja")

    assert status == 0
    assert script() == (tmp_path / "seikyu-doctor.ps1").read_bytes()
    assert "-ExecutionPolicy Bypass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"), [("network", "published_on = 1"), ("site", "[line]\nkind = 'fax'"), ("site", None)]
)
def test_a_bad_file_is_refused(tmp_path: Path, name: str, content: str | None) -> None:
    """What is wrong is said now, and not on the PC that has no line."""
    path = tmp_path / f"{name}.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(WrongUsage) as caught:
        powershell.write(tmp_path / "x.ps1", **{name: path})

    assert caught.value.key == "file"
    assert not (tmp_path / "x.ps1").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The user learns which file and why."""
    with pytest.raises(WrongUsage) as caught:
        powershell.write(tmp_path / "no" / "x.ps1")

    assert caught.value.key == "no_folder"


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`seikyu doctor --write-powershell` takes the files that are named into it; a bad place ends with 3."""
    monkeypatch.chdir(tmp_path)
    for name in ("network", "site"):
        Path(f"{name}.toml").write_text(example(f"{name}.toml"), encoding="utf-8")
    files_ = ["--network", "network.toml", "--site", "site.toml"]

    assert 0 == cli.run(["doctor", "--write-powershell", "doctor.ps1", *files_])
    assert script(example("network.toml"), example("site.toml")) == Path("doctor.ps1").read_bytes()
    assert Exit.COULD_NOT_RUN == cli.run(["doctor", "--write-powershell", "none/doctor.ps1"])
