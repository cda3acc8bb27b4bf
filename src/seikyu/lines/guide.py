"""Guides for setting a line up: step by step, for the line and the system of one site, with what the network publishes.

Steps are rows of `guides/steps.toml`, each with the conditions under which it is one; what a site does not say leaves a
step in. A guide holds no secret: user ids, passwords and PINs stand in notices that the site has on paper.
Source: mission Q6, Q12; network:1 to network:5, network:10, network:11.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from tomllib import loads
from typing import Any, Final, Literal

from seikyu.lines.filling import Value, fill
from seikyu.lines.kinds import IPSEC, LineKind, desks, line_kinds
from seikyu.lines.network import ClaimsNetwork, Reached
from seikyu.lines.site import Site
from seikyu.lines.wrong import Address, Network

Language = Literal["ja", "en"]

#: What stands in the place of a user id that only the site knows.
USER: Final = "LINE-USER-ID"

#: Names of the files that strongSwan has in its own folders; the card of a site that names none; an unknown name.
_CERT_FILE: Final = "claims.pem"
_CA_FILE: Final = "claims-ca.pem"
_CARD: Final = "eth0"
_UNKNOWN: Final = "―"
_CARRIER: Final = "carrier"
#: A card in a command that is typed as it stands, and what stands there if nothing else can.
_TYPED: Final = re.compile(r"\w(?:[\w .()-]{0,78}[\w)])?")
_NAME: Final = "NAME"
#: So many prefixes stand in a sentence; all of them stand in the files.
_SAID: Final = 8
_IPV4_HEADERS: Final = 40
_IPV6_HEADERS: Final = 60


class UnknownChoice(ValueError):
    """There is no such line, system, browser or area. Shape: `what` is the option; `known` what could be said."""

    code = "no_such_guide"

    def __init__(self, what: str, value: str, known: Sequence[str]) -> None:
        super().__init__(f"{what} is none of {', '.join(known)}")
        self.facts = {"what": what, "value": value[:80], "known": ", ".join(known)}
        self.words_code = self.code if value else "guide_not_said"


@dataclass(frozen=True, slots=True)
class Choice:
    """A system or a browser that a guide may be for. Shape: `fingerprint` is typed to see that of a file."""

    name: str
    ja: str
    en: str
    browser: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a guide is asked for. Shape: `browser` empty for the one that comes with the system.

    `user_space`: ESP by a program instead of the kernel, for machines whose kernel has none.
    """

    line: str
    system: str
    browser: str = ""
    user_space: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step in one language. Shape: `command` is typed as it stands, lines broken; may be empty."""

    text: str
    command: str
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    """Steps that belong together."""

    name: str
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide in one language. Shape: `example` if the network is the one of the documentation."""

    line: LineKind
    system: Choice
    lang: Language
    title: str
    published: str
    example: bool
    sections: tuple[Section, ...]


@cache
def systems() -> Mapping[str, Choice]:
    """Return the systems by name."""
    return {name: Choice(name, **row) for name, row in table("systems.toml").items()}


@cache
def browsers() -> Mapping[str, Choice]:
    """Return the browsers by name."""
    return {name: Choice(name, **row) for name, row in table("browsers.toml").items()}


def chosen(wish: Wish, network: ClaimsNetwork, site: Site) -> tuple[Wish, Site]:
    """Return wish and site with what follows from them: the browser of the system, the area if there is but one.

    Errors: UnknownChoice.
    """
    _known("line", wish.line, tuple(line_kinds()))
    _known("os", wish.system, tuple(systems()))
    browser = wish.browser or systems()[wish.system].browser
    if browser:
        _known("browser", browser, tuple(browsers()))
    areas = tuple(network.areas)
    area = site.area or (areas[0] if len(areas) == 1 else "")
    if areas and (area or wish.line == "ipvpn_ipv6"):
        _known("area", area, areas)
    return replace(wish, browser=browser), replace(site, kind=wish.line, area=area)


def guide_of(wish: Wish, network: ClaimsNetwork, site: Site, *, lang: Language) -> Guide:
    """Return the guide for a line and a system. Errors: UnknownChoice."""
    wish, site = chosen(wish, network, site)
    values = values_of(wish, network, site)
    values |= _words(wish, network, site, values=values, lang=lang)
    rows = table("steps.toml")
    fitting = [
        row
        for row in rows["steps"]
        if fits(row.get("when", {}), wish, site) and not lacking(row.get("needs", ()), values)
    ]
    named = {each["name"]: each for each in rows["sections"]}
    sections = (
        Section(name, named[name][lang], tuple(_step(row, values, lang) for row in fitting if row["section"] == name))
        for name in rows["order"].get(wish.line, tuple(named))
    )
    line, system = line_kinds()[wish.line], systems()[wish.system]
    return Guide(
        line, system, lang,
        title=f"{getattr(line, lang)} - {getattr(system, lang)}",
        published=network.published_on.isoformat(),
        example=network.example,
        sections=tuple(each for each in sections if each.steps),
    )  # fmt: skip


def fits(when: Mapping[str, Any], wish: Wish, site: Site) -> bool:
    """True if all conditions hold, or are not known not to."""
    said: dict[str, str | bool | None] = {
        "line": wish.line, "os": wish.system, "browser": wish.browser, "area": site.area,
        "telephone": site.telephone, "eligibility": site.eligibility, "printer": site.printer is not None,
        "interface": bool(site.interface),
    }  # fmt: skip
    return all(_holds(said[name], asked) for name, asked in when.items())


def lacking(needs: Sequence[str], values: Mapping[str, Value]) -> tuple[str, ...]:
    """Return which of the values that are needed are not known."""
    return tuple(name for name in needs if not values[name] or values[name] == _UNKNOWN)


def values_of(wish: Wish, network: ClaimsNetwork, site: Site) -> dict[str, Value]:
    """Return what templates may name. Shape: a number, a text or a list of texts; empty where it is not known."""
    found = network.resolvers(wish.line, site.area)
    addresses = network.ipsec.addresses
    printer = site.printer
    kind = line_kinds()[wish.line]
    # Resolvers may lie outside the prefixes, and without them no name is found. Overlaps are an error to nftables.
    carried = (*network.prefixes, *(ip_network(each) for each in found))
    v4 = _texts(tuple(collapse_addresses(each for each in carried if isinstance(each, IPv4Network))))
    v6 = _texts(tuple(collapse_addresses(each for each in carried if isinstance(each, IPv6Network))))
    # What a closed line of this kind can reach.
    reached = {"ipvpn_ipv6": v6, "ipvpn_ipv4": v4, IPSEC: (*v6, *v4) if addresses else ()}
    return {
        "line_ja": kind.ja,
        "line_en": kind.en,
        "ipoe": wish.line == "ipvpn_ipv6",
        "pppoe": wish.line == "ipvpn_ipv4",
        "ipsec": wish.line == IPSEC,
        "user_space": wish.user_space,
        "interface": site.interface,
        "nic": f"nic-{site.interface or _CARD}",
        "card": site.interface if _TYPED.fullmatch(site.interface) else _NAME,
        "mtu": network.mtu,
        "mss_v4": network.mtu - _IPV4_HEADERS,
        "mss_v6": network.mtu - _IPV6_HEADERS,
        "realm": network.pppoe.realm,
        "pppoe_user": f"{USER}@{network.pppoe.realm}" if network.pppoe.realm else USER,
        "resolvers": _texts(found),
        "resolvers_v4": _texts(found, 4),
        "resolvers_v6": _texts(found, 6),
        "domains": network.domains,
        "namespaces": tuple(f".{each}" for each in network.domains),
        "search": tuple(f"~{each}" for each in network.domains),
        "prefixes": (*v6, *v4),
        "reached": reached.get(wish.line, ()),
        "prefixes_v4": v4,
        "prefixes_v6": v6,
        "gateway": network.ipsec.gateway,
        "gateway_addresses": _texts(addresses),
        "gateway_address": str(addresses[0]) if addresses else "",
        "gateway_v4": _texts(addresses, 4),
        "gateway_v6": _texts(addresses, 6),
        "printer": printer.address if printer else "",
        "printer_v4": (printer.address,) if printer and ":" not in printer.address else (),
        "printer_v6": (printer.address,) if printer and ":" in printer.address else (),
        "printer_port": printer.port if printer else 0,
        # Apple's profile says by number what stays outside of the tunnel: a printer in the house has to.
        "local_outside": int(printer is not None),
        "cert_file": _CERT_FILE,
        "key_file": _CERT_FILE,
        "ca_file": _CA_FILE,
    }


def table(name: str) -> Mapping[str, Any]:
    """Return a file of the guides."""
    return loads(read(name))


@cache
def read(name: str) -> str:
    """Return the text of a file of the guides."""
    return (files("seikyu.lines") / "guides" / name).read_text(encoding="utf-8")


def _known(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UnknownChoice(what, value, known)


def _holds(said: object, asked: Any) -> bool:
    if said is None:
        return True
    return said in asked if isinstance(asked, list) else said is asked


def _texts(several: Sequence[Address | Network], version: int = 0) -> tuple[str, ...]:
    return tuple(str(each) for each in several if version in {0, each.version})


def _step(row: Mapping[str, Any], values: Mapping[str, Value], lang: Language) -> Step:
    command = fill(row.get("command", "").strip("\n"), values, "text")
    return Step(" ".join(fill(row[lang], values, "text").split()), command, row["source"])


def _words(
    wish: Wish, network: ClaimsNetwork, site: Site, *, values: Mapping[str, Value], lang: Language
) -> dict[str, Value]:
    """Return what sentences name besides: names of the network, and desks with how they are reached."""
    kind, said = line_kinds()[site.kind], table("steps.toml")["words"]
    names = {role: network.names.get(role, "") for role in ("portal", "certificates", "line_authentication")}
    words: dict[str, Value] = {role: name or _UNKNOWN for role, name in names.items()}
    words |= {
        "time_host": network.names.get("time", _UNKNOWN),
        "user_id": said["user_id"][lang]
        + (said["realm"][lang].format(realm=network.pppoe.realm) if network.pppoe.realm else ""),
        "gateway_said": _some(values["gateway_addresses"], lang) or network.ipsec.gateway or _UNKNOWN,
        "prefixes_said": _some(values["prefixes"], lang),
        "fingerprint": systems()[wish.system].fingerprint,
        "line": getattr(kind, lang),
        "contract": table("steps.toml")["contracts"][kind.contract][lang],
    }
    numbers = {"customer_id": site.customer_id, "contract_id": site.contract_id}
    if number := numbers.get(kind.contract):
        words["contract"] = f"{words['contract']} {number}"
    own = {"desk": kind.desk, _CARRIER: _CARRIER, "help_desk": "help_desk", "review_body": "review_body"}
    for name, desk in own.items():
        words[name] = getattr(desks()[desk], lang)
        words[f"{name}_reached"] = _reached(network.desks.get(desk, Reached()), lang)
    if site.provider and kind.name == IPSEC:
        words["desk"] = f"{words['desk']} ({site.provider})"
    if site.carrier:
        words[_CARRIER] = f"{words[_CARRIER]} ({site.carrier})"
    return words


def _some(texts: Value, lang: Language) -> str:
    several = tuple(texts) if isinstance(texts, Sequence) else ()
    more = (
        [table("steps.toml")["words"]["more"][lang].format(count=len(several) - _SAID)] if len(several) > _SAID else []
    )
    return ", ".join((*several[:_SAID], *more))


def _reached(desk: Reached, lang: Language) -> str:
    hours = desk.hours_ja if lang == "ja" else desk.hours_en
    return " ".join(filter(None, (desk.phone, f"({hours})" if hours else "")))
