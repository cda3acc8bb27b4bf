"""The list of lines and providers as commands, pages and programs show it."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from seikyu.apps.words import Language
from seikyu.lines.registry import Offer, columns, word
from seikyu.ports.lines import LineLists
from seikyu.services.lines import InForce
from seikyu.trust.notices import JAPAN


def lists_at(home: Path | None) -> LineLists | None:
    """Return the lists of an office; None if there is no home, where the example is shown.

    Errors: NoHome, for one that was asked for and is not there.
    """
    from seikyu.apps.cli_admin import HOME

    if home is None and not (HOME / "office.toml").is_file():
        return None
    return office_lists(home or HOME)


def office_lists(home: Path) -> LineLists:
    """Return the lists of an office. Errors: NoHome."""
    from seikyu.adapters.lines_folder import LinesFolder
    from seikyu.apps.wiring import find_home

    return LinesFolder(find_home(home).lines)


def today() -> date:
    """Return the day in Japan."""
    return datetime.now(JAPAN).date()


def offer_on_wire(offer: Offer, on: date) -> dict[str, Any]:
    """Return an offer for programs: codes, days, and its status on a day."""
    told = {name: getattr(offer, name) for name in columns()}
    days = {name: told[name].isoformat() if told[name] else None for name in ("since", "until")}
    return {**told, **days, "areas": list(offer.areas), "access": list(offer.access), "status": offer.status(on)}


def list_on_wire(held: InForce, on: date) -> dict[str, Any]:
    """Return which list it is, for programs."""
    published = held.published
    return {
        "on": on.isoformat(),
        "example": held.example,
        "number": published.number if published else None,
        "from": published.from_on.isoformat() if published else None,
        "published_at": published.at.isoformat() if published else None,
    }


def cell_said(offer: Offer, name: str, lang: Language) -> str:
    """Return a cell of an offer in words."""
    value = getattr(offer, name)
    form = columns()[name]["form"]
    if form in {"code", "many"}:
        return "、".join(label(word(name, each), lang) for each in ((value,) if form == "code" else value))
    return value.isoformat() if isinstance(value, date) else str(value or "")


def label(row: Any, lang: Language) -> str:
    """Return what a row of data is called."""
    return str(row.ja if lang == "ja" else row.en)
