"""The pages of `docs/reference` that are drawn from the code, so that they cannot tell anything else.

`python -m seikyu.apps.reference docs` writes them; a test compares them.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final

from seikyu.adapters.settings import KEYS, Key, toml_value
from seikyu.apps.reference_api import api_page
from seikyu.apps.reference_cli import exit_page, help_page
from seikyu.apps.reference_enrolment import enrolment_page
from seikyu.apps.reference_faults import faults_page
from seikyu.apps.reference_layouts import layouts_page
from seikyu.apps.reference_masters import masters_page
from seikyu.apps.reference_revocation import revocation_page
from seikyu.limits import LIMITS, Limit

_BINARY: Final = (("GiB", 30), ("MiB", 20), ("KiB", 10))


def settings_page() -> str:
    """Return the page of every key of `office.toml`."""
    parts = [
        "# Settings",
        "Drawn from `seikyu.adapters.settings`; a test fails if it is not up to date.",
        (
            "The settings of an office are one file, `office.toml`, in its home. A new home gets it with every key as "
            "a comment. A key that is not set has its default; a key that does not exist, or a value that cannot be "
            "meant, stops the start with one line that says which. Changes count from the next start."
        ),
    ]
    for section, keys in groupby(KEYS, key=lambda key: key.section):
        rows = "\n".join(
            f"| `{key.name}` | `{toml_value(key.default)}` | {_may_be(key)} | {key.meaning} |" for key in keys
        )
        parts += [f"## [{section}]", f"| key | default | may be | meaning |\n|---|---|---|---|\n{rows}"]
    return "\n\n".join(parts) + "\n"


def limits_page() -> str:
    """Return the page of every limit, with the reason for its number."""
    rows = "\n".join(
        f"| `{one.name}` | {_amount(one)} | {'yes' if one.adjustable else ''} | {one.reason} |" for one in LIMITS
    )
    parts = [
        "# Limits",
        "Drawn from `seikyu.limits`; a test fails if it is not up to date.",
        (
            "Every size, count, wait and queue has a limit, and all of them stand here. One that may be set is a key "
            "of the same name under `[limits]` in [`office.toml`](settings.md)."
        ),
        f"| limit | number | may be set | reason |\n|---|---|---|---|\n{rows}",
    ]
    return "\n\n".join(parts) + "\n"


def _may_be(key: Key) -> str:
    """Say what a key takes."""
    if isinstance(key.default, list):
        return "a list of texts"
    if isinstance(key.default, str):
        return ", ".join(f"`{choice}`" for choice in key.choices) or "a text"
    return f"a number from {key.least}" if key.most is None else f"a number from {key.least} to {key.most}"


def _amount(one: Limit) -> str:
    """Say a limit's number with its unit; bytes in the largest unit that fits evenly."""
    if one.unit == "bytes":
        for unit, bits in _BINARY:
            if one.number >> bits and not one.number & ((1 << bits) - 1):
                return f"{one.number >> bits} {unit}"
    return f"{one.number:,} {one.unit}"


#: Where each page lies under `docs`, and who draws it.
PAGES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "reference/settings.md": settings_page,
        "reference/limits.md": limits_page,
        "reference/api.md": api_page,
        "reference/layouts.md": layouts_page,
        "reference/masters.md": masters_page,
        "reference/revocation.md": revocation_page,
        "reference/enrolment.md": enrolment_page,
        "reference/faults.md": faults_page,
        "reference/exit-statuses.md": exit_page,
        "reference/cli.md": partial(help_page, "en"),
        "reference/cli.ja.md": partial(help_page, "ja"),
    }
)


def write_pages(docs: Path) -> None:
    """Write every page that is drawn from the code."""
    for name, page in PAGES.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
