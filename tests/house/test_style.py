"""The measures of the house style that a program can take."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src").rglob("*.py"))
NEVER = {"manager", "helper", "helpers", "utils", "util", "data", "info", "handle", "process", "misc", "common"}


def tracked() -> list[Path]:
    """Return the files of the project as git lists them."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body and function.end_lineno else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_and_no_function_grows_past_the_stop(path: Path) -> None:
    """A module stops at 800 lines, a function's body at 60 (style, section 1)."""
    text = path.read_text(encoding="utf-8")

    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    if "versions" in path.parts or path.match("rules/kernel/jitted/scan.py"):
        return  # A migration lists tables; the compiled pass is one file and one loop, and says why at its head.
    assert len(text.splitlines()) <= 800
    assert [] == [function.name for function in functions if body_lines(function) > 60]


def test_no_module_has_a_name_that_says_nothing() -> None:
    """Modules are nouns that say what they hold (style, section 2)."""
    assert [] == [path for path in MODULES if path.stem in NEVER]


def test_nothing_of_a_machine_or_a_registry_is_in_the_tree() -> None:
    """No path of a machine, no registry address, no token stands in any file."""
    words = re.compile(
        rb"/(?:work|root|home/[a-z])/|/tmp/[a-z]+\d|//[a-z.]*pypi[a-z.]*/|files\.pythonhosted|BEGIN [A-Z ]*PRIVATE KEY"
    )
    own = Path(__file__).resolve()

    found = [str(path.relative_to(ROOT)) for path in tracked() if path != own and words.search(path.read_bytes())]

    assert [] == found


def test_locks_carry_hashes_and_no_address() -> None:
    """Every library is pinned and hashed, and no lock says where it came from."""
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")

        assert "http:" not in text
        assert "https:" not in text
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"^[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+", block), block.splitlines()[0]
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_core_lock_is_part_of_the_test_lock() -> None:
    """One environment serves both: the same version of every library in both locks."""
    core, test = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements" / name).read_text("utf-8"), re.MULTILINE))
        for name in ("core.txt", "test.txt")
    )

    assert core == {name: version for name, version in test.items() if name in core}


def test_locks_hold_what_the_project_declares() -> None:
    """The ranges of pyproject.toml and of the lock's source are the same."""
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    lines = (ROOT / "requirements" / "core.in").read_text("utf-8").splitlines()

    assert set(declared) <= {line.strip() for line in lines}
