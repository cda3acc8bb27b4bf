"""The log: no personal byte gets in, whoever writes to it."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from apps.desk_lab import PAYER, DeskLab
from builders import claim, uke
from seikyu.apps import logs

#: What stands in the file that is sent below and is somebody's.
PERSONAL = ("見本", "太郎", "ﾐﾎﾝ", "19500101", "特別秘密", "chart-77")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Set the log up in a folder, and back as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers = []
    logs.set_up(tmp_path, to_stderr=False)
    yield tmp_path / logs.FILE_NAME
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_month_at_the_desk_logs_no_personal_byte(log: Path) -> None:
    """Sending, findings, refusals, a bug, fetching: ids, sizes and states only."""
    desk = DeskLab.make()
    data = uke(claim(1, name="特別秘密太郎", birth_date="19500101"))
    sending = desk.send(data, name="特別秘密太郎.UKE").json()["id"]
    desk.lab.work()
    desk.ask("GET", f"/sendings/{sending}/findings")
    desk.ask("POST", f"/sendings/{sending}/confirm?errors=with")
    desk.ask("GET", "/sendings/特別秘密太郎")
    desk.ask("GET", "//特別秘密太郎?chart-77")
    desk.send(data[:100], headers={"idempotency-key": "chart-77", "user-agent": "chart-77"})
    row = desk.put_delivery(data)
    desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER)

    text = log.read_text("utf-8")

    assert sending in text
    assert [word for word in PERSONAL if word in text] == []
    assert all(line.keys() <= logs.ALLOWED for line in _lines(log))
    assert {"ms", "status", "route", "bytes_in", "party"} <= set().union(*_lines(log))


def test_a_bug_is_logged_with_its_place_and_without_its_words(log: Path) -> None:
    """An exception may quote what it choked on."""
    try:
        int("特別秘密太郎")
    except ValueError as error:
        number = logs.report_bug(error)

    (line,) = _lines(log)
    assert (line["event"], line["number"], line["error"]) == ("bug", number, "ValueError")
    assert "test_logs.py" in line["frames"][-1]
    assert "太郎" not in json.dumps(line, ensure_ascii=False)


def test_a_library_is_heard_without_its_values(log: Path) -> None:
    """Of a foreign line only the place and the class of the error remain."""
    logger = logging.getLogger("uvicorn.error")
    try:
        int("特別秘密太郎")
    except ValueError:
        logger.exception("failed on %s", "特別秘密太郎")

    (line,) = _lines(log)
    assert line["event"].startswith("test_logs.py:")
    assert line["error"] == "ValueError"
    assert "太郎" not in log.read_text("utf-8")


@given(key=st.text(max_size=20), value=st.text(max_size=300) | st.binary(max_size=50) | st.lists(st.text(max_size=20)))
def test_whatever_is_logged_stays_short_and_plain(key: str, value: Any) -> None:
    """A key that is not on the list, and a text that is not ASCII, do not pass."""
    event = {"event": "x", key: value, "subject": value}

    passed = logs.redact(None, "info", dict(event))

    assert passed.keys() <= logs.ALLOWED
    text = json.dumps(passed["subject"], ensure_ascii=False)
    assert text.isascii()
    if isinstance(value, str):
        assert len(passed["subject"]) <= max(logs.TEXT_CHARS, len("(not shown)"))


def test_who_was_revoked_and_refused_can_be_told_from_the_log(log: Path) -> None:
    """Ids of orders and notices, how many, until when, and the program's word for why; a user's name is not there."""
    said = {"order": "o-1", "notice": "n-1", "many": 3, "why": "password_wrong", "until": "2026-11-26 10:00:00+00:00"}
    structlog.get_logger("seikyu.test").info("told", **said, by="taro", user="taro")
    (line,) = _lines(log)
    assert said == {key: line[key] for key in said}
    assert {"by", "user"}.isdisjoint(line)
