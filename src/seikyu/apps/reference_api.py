"""The page of the API: every route with its parameters and answers, and every error code with what it means outside."""

from collections.abc import Iterator
from typing import Any

from seikyu.adapters.clock import SystemClock
from seikyu.adapters.memory import MemoryStore
from seikyu.apps.api.app import ROOT, described
from seikyu.apps.outcomes import OUTCOMES, Outcome
from seikyu.apps.words import error_words

_TEXT = """\
The desk's programming face, under `{root}`. Its whole description is OpenAPI 3.1 at `{root}/openapi.json`.

- Every request shows the client certificate of a party that is in the register. Without one, or with one that was
  revoked, the answer says so.
- What belongs to another party is not found, exactly as what never was.
- A file is its own bytes (`application/octet-stream`), neither compressed nor wrapped. Its sender may state
  `Content-Digest` or `Repr-Digest` (`sha-256`, RFC 9530) and is held to it, and an `Idempotency-Key`.
- Lists are `{{"items": […], "next": cursor or null}}`, newest first, with `limit` from 1 to 200 and `cursor`.
- The bytes of a delivery come with a strong `ETag` (its SHA-256) and `Repr-Digest`, in parts by `Range` and `If-Range`.
- Errors are problems (RFC 9457) in Japanese or English by `Accept-Language`, with `code` and `hint`; the facts of the
  case stand beside them. Instants are in Japan time."""


def api_page() -> str:
    """Return the page."""
    told = described(MemoryStore(), SystemClock())
    parts = ["# API", "Drawn from `seikyu.apps.api`; a test fails if it is not up to date.", _TEXT.format(root=ROOT)]
    parts += _routes(told)
    rows = "\n".join(_error(outcome) for outcome in OUTCOMES.values())
    parts += [
        "## Codes",
        "Server and commands mean the same by a code. `retry`: the same request may succeed later, unchanged.",
        f"| code | HTTP | exit | retry | what it says |\n|---|---|---|---|---|\n{rows}",
    ]
    return "\n\n".join(parts) + "\n"


def _routes(told: dict[str, Any]) -> Iterator[str]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"## {method.upper()} {path}"
            yield operation["description"]
            asked = [each for each in operation.get("parameters", []) if each["in"] == "query"]
            if asked:
                rows = "\n".join(_parameter(each) for each in asked)
                yield f"| parameter | may be | |\n|---|---|---|\n{rows}"
            yield "Answers: " + ", ".join(sorted(operation["responses"])) + "."


def _parameter(told: dict[str, Any]) -> str:
    text = told.get("description", "")
    return f"| `{told['name']}`{' (needed)' if told.get('required') else ''} | {may_be(told['schema'])} | {text} |"


def may_be(schema: dict[str, Any]) -> str:
    """Return in a few words what a parameter may be."""
    if "anyOf" in schema:
        return " or ".join(may_be(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "maximum" in schema:
        return f"{schema.get('minimum', 0)} to {schema['maximum']}"
    if "pattern" in schema:
        return f"`{schema['pattern']}`".replace("|", "\\|")
    return {"boolean": "`true`, `false`", "string": "a text"}.get(str(schema["type"]), "a number")


def _error(outcome: Outcome) -> str:
    words = error_words(outcome.code, "en")
    retry = "yes" if outcome.retry else ""
    return f"| `{outcome.code}` | {int(outcome.status)} | {int(outcome.exit_status)} | {retry} | {words.title} |"
