"""The probe of names: each name of the claims network asked for at the resolvers that are set and at the closed ones.

It asks as an old system does, as a new one does and by TCP, so that an answer that only gets lost because it is big is
told from a name that is not known. Source: network:2 (EDNS0), network:11 (V03, V04, V05).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from seikyu.apps.doctor import names_wire as wire
from seikyu.apps.doctor.names_ask import ANSWER_S, DNS_PORT, Tried, ways
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.apps.doctor.wire import LOOK_UP_S, addresses_of, together
from seikyu.lines.facts import Facts, Value
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.site import Site

#: How many resolvers of each kind are asked.
MOST_SET: Final = 3
MOST_CLOSED: Final = 4

#: A round of questions: one answer's time, and a little for the threads.
ROUND_S: Final = ANSWER_S + 0.3

#: By (resolver, name): what came of asking.
Asked = Mapping[tuple[str, str], Tried]

#: Which addresses a kind of line needs.
_KINDS: Final = {"ipvpn_ipv6": (wire.AAAA,), "ipvpn_ipv4": (wire.A,), "ipsec_ike": (wire.A,)}


def look(look: Look, *, port: int = DNS_PORT) -> Facts:
    """Find out which names are found where, and how answers get through."""
    if not look.network:
        raise CouldNotLook("network_file")
    names = look.network.names
    if not names:
        raise CouldNotLook("nothing", "names", {})
    first = names.get("portal") or next(iter(names.values()))
    set_ = _texts(look.facts.get("dns.resolvers"))[:MOST_SET]
    closed = closed_resolvers(look.network, look.site)
    kinds = _KINDS.get(look.site.kind if look.site else "", (wire.AAAA, wire.A))
    by_system, tried = _first_round(dict.fromkeys((*set_, *closed)), first, kinds, port=port)
    # Then one resolver of each kind, of those that answer, is asked for the other names.
    answering = [next((each for each in row if tried[each, first].all), "") for row in (set_, closed)]
    others = [(each, name) for each in dict.fromkeys(answering) if each for name in names.values() if name != first]
    tried |= _ask(others, kinds, port=port)
    by_resolver = any(tried[each, first].whole for each in set_)
    found: dict[str, Value | None] = {
        "dns.portal_found": by_system or by_resolver,
        "dns.large_fails": large_fails(tried, set_, closed),
        "dns.resolver_area": area_of_resolvers(look.network, set_),
        **_of_closed([tried[each, first] for each in closed]),
        **_of_set(tried, answering[0], names.values(), closed=answering[1]),
    }
    return {name: value for name, value in found.items() if value is not None}


def closed_resolvers(network: ClaimsNetwork, site: Site | None) -> tuple[str, ...]:
    """Return the resolvers of the closed network for a site; all that there are if the site does not say its line."""
    own = network.resolvers(site.kind, site.area) if site and site.kind else ()
    every = [each for area in network.areas.values() for each in area.resolvers]
    both = own or (*every, *network.pppoe.resolvers, *network.ipsec.resolvers)
    return tuple(dict.fromkeys(str(each) for each in both))[:MOST_CLOSED]


def area_of_resolvers(network: ClaimsNetwork, resolvers: Iterable[str]) -> str | None:
    """Return the area of the first resolver that belongs to one; None if none does."""
    areas = {str(each): name for name, area in network.areas.items() for each in area.resolvers}
    return next((areas[each] for each in resolvers if each in areas), None)


def large_fails(tried: Asked, set_: Iterable[str], closed: Iterable[str]) -> bool | None:
    """Return whether answers get lost because they are big, at the resolvers that are set; None if none was big.

    Lost: an answer was cut and could not be had in another way; or nothing usable came for a name though the same
    resolver answers others, and it has not both EDNS0 and TCP.
    """
    own = tuple(set_)
    rows = {key: each for key, each in tried.items() if key[0] in own}
    alive = {resolver for (resolver, _), each in rows.items() if _sound(each)}
    limited = edns_of(rows.values()) is False or tcp_of(rows.values()) is False
    elsewhere = {name for (at, name), each in tried.items() if at in closed and each.whole and _big(each)}
    for (resolver, name), each in rows.items():
        if each.whole or resolver not in alive:
            continue
        if each.cut or name in elsewhere or (limited and not _sound(each)):
            return True
    if any(each.whole and _big(each) for each in rows.values()):
        return False
    return False if edns_of(rows.values()) and tcp_of(rows.values()) else None


def edns_of(rows: Iterable[Tried]) -> bool | None:
    """Return whether answers come with EDNS0; None if no answers come at all."""
    answered = [each for each in rows if each.all]
    return any(each.edns and each.edns.edns for each in answered) if answered else None


def tcp_of(rows: Iterable[Tried]) -> bool | None:
    """Return whether answers come by TCP; None if no answers come at all."""
    answered = [each for each in rows if each.all]
    return any(each.tcp for each in answered) if answered else None


def _first_round(
    resolvers: Iterable[str], name: str, kinds: tuple[int, ...], *, port: int
) -> tuple[bool, dict[tuple[str, str], Tried]]:
    """Ask every resolver for one name, and the system itself, as programs do."""
    pairs = [(each, name) for each in resolvers]
    calls: dict[str, Callable[[], object]] = {
        "system": lambda: addresses_of(name),
        "resolvers": lambda: _ask(pairs, kinds, port=port),
    }
    came = together(calls, limit_s=max(ROUND_S, LOOK_UP_S) + 0.3)
    tried = came.get("resolvers")
    nothing = {pair: Tried(None, None, None) for pair in pairs}
    return bool(came.get("system")), tried if isinstance(tried, dict) else nothing


def _of_closed(rows: list[Tried]) -> dict[str, Value | None]:
    if not rows:
        return {}
    return {
        "dns.closed_answers": any(each.all for each in rows),
        "dns.found_at_closed": any(each.whole for each in rows),
    }


def _of_set(tried: Asked, resolver: str, names: Iterable[str], *, closed: str) -> dict[str, Value | None]:
    rows = {name: each for (at, name), each in tried.items() if at == resolver}
    if not rows:
        return {}
    return {
        "dns.edns": edns_of(rows.values()),
        "dns.tcp": tcp_of(rows.values()),
        "dns.missing": tuple(
            name
            for name in dict.fromkeys(names)
            # What the closed network itself does not know is no resolver's fault.
            if (name not in rows or not rows[name].whole) and not _is_unknown(tried.get((closed, name)))
        ),
    }


def _is_unknown(tried: Tried | None) -> bool:
    return tried is not None and _sound(tried) and tried.whole is None


def _sound(tried: Tried) -> bool:
    """True if the resolver knew what to say."""
    return any(each.code in {wire.NO_ERROR, wire.NO_SUCH_NAME} and not each.cut for each in tried.all)


def _big(tried: Tried) -> bool:
    return any(each.size_bytes > wire.PLAIN_BYTES for each in tried.all)


def _texts(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _ask(pairs: Iterable[tuple[str, str]], kinds: tuple[int, ...], *, port: int) -> dict[tuple[str, str], Tried]:
    wanted = list(pairs)
    calls = {
        (pair, kind, way): call
        for pair in wanted
        for kind in kinds
        for way, call in ways(*pair, kind, port=port).items()
    }
    got = together(calls, limit_s=ROUND_S)
    found = {}
    for pair in wanted:
        rows = [Tried(*(got.get((pair, kind, way)) for way in ("plain", "edns", "tcp"))) for kind in kinds]
        found[pair] = next((each for each in rows if each.whole or each.cut), rows[0])
    return found


PROBES: Final = (
    Probe(
        "names",
        look,
        (
            "dns.portal_found", "dns.found_at_closed", "dns.closed_answers", "dns.missing", "dns.large_fails",
            "dns.edns", "dns.tcp", "dns.resolver_area",
        ),
        stage=Stage.LINE,
        limit_s=6.0,
    ),
)  # fmt: skip
