"""Structured logs: one JSON object a line, in `HOME/logs/*.jsonl`; what goes wrong is on stderr as well.

The last processor lets through the keys of one list and nothing else, and of each only a short ASCII value. So a name,
a birth date or a line of a UKE file has no way into a log, whoever wrote the call and whatever a library says. Library
loggers go the same way: of theirs only the logger, the level and the place in the source remain.
"""

import logging
import secrets
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

import structlog
from structlog.typing import Processor

from seikyu.limits import MIB

#: Keys that may stand in a log. Their values are ids, numbers, states and words of the program, never a user's words.
ALLOWED: Final = frozenset(
    [
        *("at", "level", "logger", "event", "act", "number", "error", "frames", "reason", "stage", "source"),
        *("face", "method", "route", "status", "ms", "bytes_in", "bytes_out", "serial", "party", "payer", "kind"),
        *("sending", "delivery", "file", "file_no", "upload", "body", "line", "month", "volume", "send_no", "state"),
        *("states", "code", "decision", "repeat", "claims", "findings", "refused", "files", "lines", "count", "rows"),
        *("size_bytes", "postings", "waiting", "wait_s", "work", "workers", "subject", "pid", "port", "ports", "host"),
        *("home", "url", "urls", "exit_status", "balanced", "swept", "paused", "names"),
        *("order", "many", "notice", "why", "until"),
    ]
)

#: Longer texts are cut: nothing that the program itself says is as long.
TEXT_CHARS: Final = 200

#: The server's log; the worker writes one of its own, because two processes cannot turn one file over.
FILE_NAME: Final = "server.jsonl"

_FILE_BYTES: Final = 16 * MIB
_FILES_KEPT: Final = 9

#: Libraries whose lines are wanted from this level on; the rest speaks from WARNING on.
_LIBRARIES: Final = {"uvicorn": logging.INFO, "dbos": logging.WARNING, "alembic": logging.WARNING}


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every key that is not on the list, and every value that is not short and simple."""
    return {key: _plain(value) for key, value in event.items() if key in ALLOWED}


def foreign(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Reduce a library's line to where it came from, without the values filled in. Our own rooms say no such values."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and not record.name.startswith("seikyu"):
        event["event"] = f"{Path(record.pathname).name}:{record.lineno}"
        event["logger"] = record.name
        if record.exc_info and record.exc_info[0] is not None:
            event["error"] = record.exc_info[0].__qualname__
    return event


def set_up(
    folder: Path | None = None, *, to_stderr: bool = True, level: int = logging.INFO, file_name: str = FILE_NAME
) -> None:
    """Route every logger of the process through the redacting processor."""
    # A log that cannot be written (a full disk) is no reason to print what was not redacted yet.
    logging.raiseExceptions = False
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, foreign],
        processors=[redact, structlog.processors.JSONRenderer(ensure_ascii=False)],
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers = list(_handlers(folder, file_name, to_stderr=to_stderr))
    for handler in handlers:
        handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.handlers = handlers
    root.setLevel(logging.WARNING)
    logging.getLogger("seikyu").setLevel(level)
    for name, from_level in _LIBRARIES.items():
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(from_level)


def report_bug(error: BaseException) -> str:
    """Log where it happened, and return the number it stands under.

    The message of the exception is not logged: it may quote what it choked on, and that may be a claim.
    """
    number = secrets.token_hex(5)
    frames = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-12:]]
    structlog.get_logger("seikyu.bugs").error("bug", number=number, error=type(error).__qualname__, frames=frames)
    return number


def _handlers(folder: Path | None, file_name: str, *, to_stderr: bool) -> list[logging.Handler]:
    handlers: list[logging.Handler] = []
    if to_stderr:
        # Whoever started us may not read what we say: a full pipe must not stop the office, so only little goes there.
        warnings = logging.StreamHandler(sys.stderr)
        warnings.setLevel(logging.WARNING)
        handlers.append(warnings)
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(
                folder / file_name, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8", delay=True
            )
        )
    return handlers


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in list(value)[:20]]
    if isinstance(value, Mapping):
        return {str(_plain(str(key))): _plain(each) for key, each in list(value.items())[:20]}
    text = str(value)
    return text[:TEXT_CHARS] if text.isascii() else "(not shown)"
