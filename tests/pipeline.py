"""What `./run test` runs: lint, types, the import contract, and the tests with the coverage of the domain."""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DOMAIN = ("records", "rules", "office", "trust")


def step(name: str, *command: str) -> None:
    """Run one step; a failing one ends the whole."""
    began = time.monotonic()
    print(f"== {name}", flush=True)
    status = subprocess.run(command, cwd=HERE, check=False).returncode
    print(f"== {name}: {'ok' if status == 0 else f'FAILED ({status})'}, {time.monotonic() - began:.0f} s", flush=True)
    if status:
        sys.exit(status)


def tool(name: str) -> str:
    """Return the path of a tool of our own environment."""
    return str(BIN / name)


def fast(words: list[str]) -> None:
    """Run all but the slow tests. The domain runs by itself, because its coverage has to be whole."""
    step("lint", tool("ruff"), "check", ".")
    step("format", tool("ruff"), "format", "--check", ".")
    step("types", tool("mypy"))
    step("import contract", tool("lint-imports"), "--no-cache")
    pytest = [tool("python"), "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not slow"]
    domain = [f"tests/{room}" for room in DOMAIN] + ["tests/conformance"]
    (HERE / ".coverage").mkdir(exist_ok=True)
    measured = [tool("python"), "-m", "coverage", "run", "-m", "pytest", "-q", "-m", "not slow", *domain]
    step("domain", *measured)
    included = ",".join(f"src/seikyu/{room}/*" for room in DOMAIN)
    step("coverage of the domain", tool("coverage"), "report", f"--include={included}", "--fail-under=100")
    step("tests", *pytest, *(f"--ignore={room}" for room in domain), "tests", *words)


def slow(words: list[str]) -> None:
    """Run the slow tests."""
    step("slow tests", tool("python"), "-m", "pytest", "-q", "-m", "slow", "tests", *words)


def main(words: list[str]) -> None:
    """Run what was asked for; words that are not ours go to pytest alone."""
    os.environ.pop("SEIKYU_HOME", None)
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if "--slow" in words:
        slow([word for word in words if word != "--slow"])
    elif words:
        step("tests", tool("python"), "-m", "pytest", *words)
    else:
        fast([])
    print("all passed")


if __name__ == "__main__":
    main(sys.argv[1:])
