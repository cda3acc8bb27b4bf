"""What all tests share: the profile of the property tests, and the rule that a skip must have a good reason."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lab.features import missing
from module_lab import make_token
from pipeline import ROOMS

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"

# Shared machines are slow at times: no deadlines. Under CI the same examples every time.
settings.register_profile(
    "seikyu", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("seikyu")

#: A skip is lawful if its reason begins so: the samples folder is not there, or the operating system lacks a feature.
LAWFUL = ("samples:", "os:")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the domain by their folder, and begin with the scenarios.

    These start real programs and take longest; workers that begin with them end at about the same time.
    """
    for item in items:
        if item.path.is_relative_to(ROOT / "tests") and item.path.relative_to(ROOT / "tests").parts[0] in ROOMS:
            item.add_marker("domain")
    items.sort(key=lambda item: "scenarios" not in item.path.parts)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs what this machine has not, before anything is made for it."""
    needed = [feature for marker in item.iter_markers("needs") for feature in marker.args]
    if why := next((why for feature in needed if (why := missing(feature))), None):
        pytest.skip(why)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the folder of real test files, or skip."""
    if not SAMPLES.is_dir():
        pytest.skip("samples: ../shared/samples is not there")
    return SAMPLES


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the settings of a security module with an empty token, or skip."""
    return make_token(tmp_path_factory.mktemp("module"))


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lawful and the unlawful skips; under CI the latter fail the run."""
    skipped = [(report.nodeid, _reason(report)) for report in terminalreporter.stats.get("skipped", [])]
    lawful = [row for row in skipped if row[1].startswith(LAWFUL)]
    unlawful = [row for row in skipped if not row[1].startswith(LAWFUL)]
    for title, rows in (("skipped with a lawful reason", lawful), ("skipped WITHOUT a lawful reason", unlawful)):
        if rows:
            terminalreporter.section(title)
            for name, reason in rows:
                terminalreporter.write_line(f"{name}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under CI an unlawful skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CI" not in os.environ or reporter is None or exitstatus != pytest.ExitCode.OK:
        return
    if any(not _reason(report).startswith(LAWFUL) for report in reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
