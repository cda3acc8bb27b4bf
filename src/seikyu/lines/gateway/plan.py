"""The connections of a gateway: one for each terminal, with its own address, and nothing that fits anybody else.

A terminal says who it is with the name in its certificate (O, serialNumber, CN): the party stands in the second part,
the terminal in the third, and the first is the party's name, which may change and decides nothing. A connection asks
for the two and takes any name, so a renewed certificate has the same address, and a certificate of another terminal
finds no connection. The name is matched as it is encoded (`asn1dn:#…`), because a name as text is ambiguous.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from seikyu.lines.gateway.addresses import Leases
from seikyu.lines.gateway.config import Gateway
from seikyu.lines.wrong import Address

#: A section of the daemon's configuration: keys with a text, a list of texts or another section.
Section: TypeAlias = "dict[str, str | list[str] | Section]"

#: How often keys are made anew; the tunnel goes on meanwhile.
IKE_REKEY_S: Final = 4 * 3600
CHILD_REKEY_S: Final = 3600

#: What the names of our connections begin with; a daemon of the system's may have others.
OURS: Final = "t-"

#: The child of every connection: what of the claims network is reached through it.
CHILD: Final = "claims"

#: Tags of DER, and the parts of a name (X.520).
_UTF8: Final = 0x0C
_PRINTABLE: Final = 0x13
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OID: Final = 0x06
_ORGANISATION: Final = b"\x55\x04\x0a"
_SERIAL_NUMBER: Final = b"\x55\x04\x05"
_COMMON_NAME: Final = b"\x55\x04\x03"
_LONG_FORM: Final = 0x80

#: What stands for every name in a name that the daemon is given.
_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Connection:
    """What the daemon knows of one terminal. Shape: `name` is of letters that any program takes, and says no name."""

    name: str
    party: str
    terminal: str
    addresses: tuple[Address, ...]

    @property
    def identity(self) -> str:
        """The name that its certificate must have, in the daemon's own form."""
        return f"asn1dn:#{_subject(self.party, self.terminal).hex()}"

    @property
    def pools(self) -> dict[str, str]:
        """Its pools by name, each of one address."""
        return {f"{self.name}-{each.version}": f"{each}/{each.max_prefixlen}" for each in self.addresses}


def connections(leases: Leases) -> dict[str, Connection]:
    """Return the connections of all that have an address, by name.

    A terminal that is called `*` gets none: in the daemon's configuration that stands for every name.
    """
    held = (lease for lease in leases.held.values() if lease.terminal != _ANY)
    made = (Connection(name_of(*lease.whose), *lease.whose, lease.addresses) for lease in held)
    return {each.name: each for each in made}


def name_of(party: str, terminal: str) -> str:
    """Return the name of a terminal's connection; it stays the same.

    >>> name_of("9911000015", "受付 1号機")
    't-9911000015-74bc399a9fe1'
    """
    return f"{OURS}{party}-{hashlib.sha256(f'{party}/{terminal}'.encode()).hexdigest()[:12]}"


def connection_section(gateway: Gateway, connection: Connection, *, certificates: Iterable[str]) -> Section:
    """Return a connection as the daemon reads it, but for the certificates' own bytes.

    Shape: `certificates` are the gateway's, as files or bytes in PEM, whichever the reader takes.
    """
    return {
        "version": "2",
        "proposals": list(gateway.proposals),
        "pools": list(connection.pools),
        "unique": "replace",
        "mobike": "yes",
        "fragmentation": "yes",
        "encap": "yes",
        "send_cert": "always",
        "send_certreq": "yes",
        "dpd_delay": f"{gateway.dpd_s}s",
        "rekey_time": f"{IKE_REKEY_S}s",
        "local": {"auth": "pubkey", "id": gateway.name, "certs": list(certificates)},
        "remote": {"auth": "pubkey", "id": connection.identity, "revocation": "strict"},
        "children": {
            CHILD: {
                "local_ts": [str(each) for each in gateway.prefixes],
                "remote_ts": ["dynamic"],
                "esp_proposals": list(gateway.esp_proposals),
                "rekey_time": f"{CHILD_REKEY_S}s",
                "dpd_action": "clear",
                "start_action": "none",
            }
        },
    }


def pool_sections(gateway: Gateway, connection: Connection) -> dict[str, Section]:
    """Return the pools of a connection as the daemon reads them, with the resolvers that clients are told."""
    only = len(connection.addresses) == 1
    sections: dict[str, Section] = {}
    for (name, addresses), own in zip(connection.pools.items(), connection.addresses, strict=True):
        # A client that has addresses of one kind only is told all resolvers: the tunnel may carry to them even so.
        told = [str(each) for each in gateway.resolvers if only or each.version == own.version]
        sections[name] = {"addrs": addresses, "dns": list(told)} if told else {"addrs": addresses}
    return sections


def swanctl_text(gateway: Gateway, planned: Mapping[str, Connection]) -> str:
    """Return the plan as a `swanctl.conf`, to be looked at, or to be used without the supervisor."""
    whole: Section = {
        "connections": {
            name: connection_section(gateway, each, certificates=[gateway.certificate])
            for name, each in planned.items()
        },
        "pools": {name: pool for each in planned.values() for name, pool in pool_sections(gateway, each).items()},
        "secrets": {"private-gateway": {"file": gateway.key}},
    }
    return "\n".join(_lines(whole, "")) + "\n"


def _lines(section: Section, margin: str) -> Iterable[str]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield f"{margin}{name} {{"
            yield from _lines(value, margin + "  ")
            yield f"{margin}}}"
        else:
            text = ", ".join(value) if isinstance(value, list) else value
            yield f"{margin}{name} = {text}" if "#" not in text else f'{margin}{name} = "{text}"'


def _subject(party: str, terminal: str) -> bytes:
    """Return the subject of a terminal's certificate (DER); the party's name is any (`*`)."""
    return _der(
        _SEQUENCE,
        _name(_ORGANISATION, _UTF8, _ANY)
        + _name(_SERIAL_NUMBER, _PRINTABLE, party)
        + _name(_COMMON_NAME, _UTF8, terminal),
    )


def _name(oid: bytes, form: int, text: str) -> bytes:
    return _der(_SET, _der(_SEQUENCE, _der(_OID, oid) + _der(form, text.encode())))


def _der(tag: int, content: bytes) -> bytes:
    """Return a value of DER; none here is longer than 255 bytes."""
    length = len(content)
    return bytes([tag, length] if length < _LONG_FORM else [tag, _LONG_FORM | 1, length]) + content
