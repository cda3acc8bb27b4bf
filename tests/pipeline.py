"""What `./run test` runs: lint, types, the import contract, and the tests with the coverage of the domain."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

HERE = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DOMAIN = ("records", "rules", "office", "trust", "lines")
#: The folders whose tests hold the domain.
ROOMS = (*DOMAIN, "conformance")
#: As many as the smallest machine that we test on has cores.
WORKERS = 2
#: A worker that died would be replaced, and the new one would begin with the test that killed it.
SHARED = ("-n", str(WORKERS), "--max-worker-restart", "0", "--dist", "loadfile", "--no-loadscope-reorder")
PYTEST = ("-m", "pytest", "-q", *SHARED)
#: Finds all tests, runs none, and keeps them as pytest rewrites them; else each of four workers would, for seconds.
FIND = """
import sys, pytest
sys.dont_write_bytecode = False
sys.exit(pytest.main(["-q", "--deselect", "tests/", "tests"]) != pytest.ExitCode.NO_TESTS_COLLECTED)
"""


class Running(NamedTuple):
    """A step under way: its name, its process, and when it began."""

    name: str
    process: "subprocess.Popen[bytes]"
    began: float


def begin(name: str, *command: str, output: IO[bytes] | None = None) -> Running:
    """Start a step; what it says goes to `output`, or at once to ours."""
    aside = {} if output is None else {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=HERE, **aside)
    return Running(name, process, time.monotonic())


def finish(running: Running) -> tuple[int, str]:
    """Wait for a step; return its status, and how it ended: clock, and processor time of it and all that it started."""
    _, how, used = os.wait4(running.process.pid, 0)
    status = running.process.returncode = os.waitstatus_to_exitcode(how)
    clock_s, cpu_s = time.monotonic() - running.began, used.ru_utime + used.ru_stime
    word = "ok" if status == 0 else f"FAILED ({status})"
    return status, f"== {running.name}: {word}, {clock_s:.0f} s ({cpu_s:.0f} s of processor)"


def step(name: str, *command: str) -> None:
    """Run one step; a failing one ends the whole."""
    print(f"== {name}", flush=True)
    status, ended = finish(begin(name, *command))
    print(ended, flush=True)
    leave(status)


def leave(status: int) -> None:
    """End the whole if a step has failed; one that a signal has ended has no status that we could pass on."""
    if status:
        sys.exit(max(status, 1))


def together(steps: dict[str, tuple[str, ...]]) -> None:
    """Run steps at the same time, and tell of one after the other; all are told before a failing one ends the whole."""
    print(f"== at the same time: {', '.join(steps)}", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        outputs = [(Path(folder) / str(no)).open("w+b") for no in range(len(steps))]
        started = [begin(name, *command, output=to) for (name, command), to in zip(steps.items(), outputs, strict=True)]
        with ThreadPoolExecutor(len(started)) as waiting:
            for running, output, end in zip(started, outputs, waiting.map(finish, started), strict=True):
                output.seek(0)
                print(f"== {running.name}\n{output.read().decode(errors='replace')}{end[1]}", flush=True)
                output.close()
                failed = failed or end[0]
    leave(failed)


def tool(name: str) -> str:
    """Return the path of a tool of our own environment."""
    return str(BIN / name)


def fast(words: list[str]) -> None:
    """Run all but the slow tests. The domain runs by itself, because its coverage has to be whole."""
    # Two workers that find no compiled kernel would both compile it, and programs that the tests start our modules:
    # so this is done before. By content and not by date, so that no old code is ever taken for new.
    bytecode = ("-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "src")
    step("bytecode", tool("python"), *bytecode)
    for kept in (HERE / "tests").rglob("__pycache__"):
        shutil.rmtree(kept)  # Here it goes by date; what this run keeps is of this run.
    together(
        {
            "lint": (tool("ruff"), "check", "."),
            "format": (tool("ruff"), "format", "--check", "."),
            "import contract": (tool("lint-imports"), "--no-cache"),
            "types": (tool("mypy"),),
            "compiled kernel": (tool("python"), "-m", "seikyu.rules.kernel.warm"),
            "tests are found": (tool("python"), "-c", FIND),
        }
    )
    shutil.rmtree(HERE / ".coverage", ignore_errors=True)  # What an interrupted run left would be counted.
    (HERE / ".coverage").mkdir()
    measured = (tool("python"), "-m", "coverage", "run", *PYTEST, "-m", "not slow and not unmeasured")
    step("domain", *measured, *(f"tests/{room}" for room in ROOMS))
    step("measurements of all workers", tool("coverage"), "combine", "--quiet")
    included = ",".join(f"src/seikyu/{room}/*" for room in DOMAIN)
    step("coverage of the domain", tool("coverage"), "report", f"--include={included}", "--fail-under=100")
    # Programs that these tests start are waited for a quarter of the time: one worker more than cores fills the gaps.
    more = ("-n", str(WORKERS + 1))
    step("tests", tool("python"), *PYTEST, *more, "-m", "not slow and (unmeasured or not domain)", "tests", *words)


def slow(words: list[str]) -> None:
    """Run the slow tests."""
    step("slow tests", tool("python"), *PYTEST, "-m", "slow", "tests", *words)


def main(words: list[str]) -> None:
    """Run what was asked for; words that are not ours go to pytest alone."""
    os.environ.pop("SEIKYU_HOME", None)
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    began = time.monotonic()
    if "--slow" in words:
        slow([word for word in words if word != "--slow"])
    elif words:
        step("tests", tool("python"), "-m", "pytest", *words)
    else:
        fast([])
    print(f"all passed, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
