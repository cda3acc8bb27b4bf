"""What is known before anything is looked at: the files of the site, network and client, and the user's word."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from seikyu.apps.doctor import memory
from seikyu.apps.doctor.options import URL, Options, WrongUsage
from seikyu.apps.doctor.probing import Blind, Look
from seikyu.apps.doctor.tools import run
from seikyu.apps.doctor.words import say
from seikyu.lines import network as networks
from seikyu.lines import site as sites
from seikyu.lines.facts import Value, take
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.site import Site
from seikyu.lines.wrong import BadFile

#: A file that people write by hand has a few KB.
FILE_BYTES: Final = 1024 * 1024

_CLIENT_FILE: Final = "client.toml"
_SYSTEMS: Final = {"win32": "windows", "darwin": "macos"}


@dataclass(frozen=True, slots=True)
class Given:
    """What probes are given, and what could not be used of it."""

    look: Look
    blind: tuple[Blind, ...]


def given(options: Options, *, beside: Path | None, platform: str, now: Callable[[], datetime]) -> Given:
    """Return what is known. A file that was named must be good; one that lies there by chance may be left out.

    Shape: `beside` is the folder in which files are looked for besides the client's, such as the stick that the doctor
    came on. Errors: WrongUsage.
    """
    blind: list[Blind] = []
    folder = _folder(options, blind)
    places = [each for each in (folder, beside) if each is not None]
    network = _file(
        options.network, networks.FILE_NAME, networks.read_network, places=places, blind=blind, options=options
    )
    site = _file(options.site, sites.FILE_NAME, sites.read_site, places=places, blind=blind, options=options)
    if network and network.example:
        blind.append(Blind("", "example", networks.FILE_NAME))
    facts = _facts(options, site)
    if folder and (prefix := memory.recall(folder).prefix):
        take(facts, "ipv6.prefix_remembered", prefix)
    look = Look(
        system=_SYSTEMS.get(platform, platform),
        run=run,
        now=now,
        site=site,
        network=network,
        folder=folder,
        url=options.url or _url_of(folder, blind) or _url_by_name(network),
        error=options.error,
        symptoms=options.symptom,
        sweep=options.sweep,
        pppoe_user_file=options.pppoe_user_file,
        facts=facts,
    )
    return Given(look, tuple(blind))


def _facts(options: Options, site: Site | None) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    take(facts, "said.symptoms", options.symptom)
    take(facts, "said.error", options.error)
    if site:
        take(facts, "line.kind", site.kind or None)
        take(facts, "line.area", site.area or None)
        take(facts, "line.telephone", site.telephone)
        take(facts, "line.eligibility", site.eligibility)
    return facts


def _folder(options: Options, blind: list[Blind]) -> Path | None:
    """Return the client's own folder: the one that is named, or the only one there is."""
    home = options.home or Path(os.environ.get("SEIKYU_HOME") or "seikyu-home")
    if options.as_:
        folder = home / "clients" / options.as_
        if not os.path.isfile(folder / _CLIENT_FILE):  # noqa: PTH113  (false also where nobody may look)
            raise WrongUsage("file", what=str(folder / _CLIENT_FILE), why=say("wrong.no_file", options.lang))
        return folder.absolute()
    try:
        if options.home:
            home.stat()  # One that was named and is not there is told, not passed over.
        known = sorted(path.parent for path in home.glob(f"clients/*/{_CLIENT_FILE}"))
    except OSError as reason:
        blind.append(Blind("", "bad_file", f"{home} ({why_not(reason, options.lang)})"))
        return None
    if len(known) > 1:
        blind.append(Blind("", "several", ", ".join(each.name for each in known)))
    return known[0].absolute() if len(known) == 1 else None


def _file(
    named: Path | None,
    name: str,
    read: Callable[[str], Any],
    *,
    places: list[Path],
    blind: list[Blind],
    options: Options,
) -> Any:
    paths = [named] if named else [each / name for each in places if (each / name).is_file()]
    for path in paths[:1]:
        try:
            return read(file_text(path))
        except (OSError, ValueError) as reason:
            why = why_not(reason, options.lang)
            if named:
                raise WrongUsage("file", what=str(named), why=why) from None
            blind.append(Blind("", "bad_file", f"{path.name} ({why})"))
    return None


def file_text(path: Path) -> str:
    """Return what stands in a file, cut to what a person writes. Errors: OSError, UnicodeDecodeError."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES).decode("utf-8-sig")


def why_not(reason: Exception, lang: str) -> str:
    """Say what is wrong with a file. Nothing that stands in it is repeated but the names of its items."""
    if isinstance(reason, BadFile):
        told = (
            f"{each.place}: {say(f'wrong.{each.why}', lang, value='', known=', '.join(each.known))}"
            for each in reason.wrong
        )
        return "; ".join(each.removeprefix(": ") for each in told)
    if isinstance(reason, OSError):
        return (reason.strerror or type(reason).__name__).lower()
    return say("wrong.line_of_text", lang) if isinstance(reason, UnicodeDecodeError) else type(reason).__name__


def _url_of(folder: Path | None, blind: list[Blind]) -> str:
    if folder is None:
        return ""
    try:
        url = str(tomllib.loads(file_text(folder / _CLIENT_FILE)).get("url", "")).rstrip("/")
    except (OSError, ValueError):
        url = ""
    if not URL.match(url):
        blind.append(Blind("", "bad_file", _CLIENT_FILE))
        return ""
    return url


def _url_by_name(network: ClaimsNetwork | None) -> str:
    name = network.names.get("portal", "") if network else ""
    return f"https://{name}" if name else ""
