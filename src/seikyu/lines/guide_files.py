"""The configuration files that come with a guide: rows of `guides/files.toml`, filled from network and site.

A file whose facts the network does not publish is left out and said so. None holds a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from seikyu.lines.filling import Value, fill
from seikyu.lines.guide import Language, Wish, chosen, fits, lacking, read, table, values_of
from seikyu.lines.kinds import IPSEC
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.site import Site

_PLAIN_MODE: Final = 0o644
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SetUpFile:
    """A file to carry. Shape: `content` as it is written; `apply` and `undo` what is typed, may be empty."""

    name: str
    content: bytes
    mode: int
    ja: str
    en: str
    apply: str
    undo: str
    source: str

    def purpose(self, lang: Language) -> str:
        """Return what the file is for."""
        return self.ja if lang == "ja" else self.en

    def text(self) -> str:
        """Return its text, ends of lines as ours."""
        return self.content.decode("utf-8-sig").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class SetUpFiles:
    """The files of a guide. Shape: `left_out` has names of files and of what the network does not publish for them."""

    files: tuple[SetUpFile, ...]
    left_out: Mapping[str, tuple[str, ...]]


def files_of(wish: Wish, network: ClaimsNetwork, site: Site) -> SetUpFiles:
    """Return the files for a line and a system. Errors: UnknownChoice, BadValue."""
    wish, site = chosen(wish, network, site)
    values = {**values_of(wish, network, site), **_numbers(network)}
    made, left_out = [], {}
    for row in table("files.toml")["files"]:
        if not fits(row["when"], wish, site):
            continue
        if missing := lacking(row.get("needs", ()), values):
            left_out[row["name"]] = tuple(_place(name, wish, site) for name in missing)
        else:
            made.append(_made(row, values))
    return SetUpFiles(tuple(made), left_out)


def _place(name: str, wish: Wish, site: Site) -> str:
    """Return where a fact stands in the network's file, as its operator knows it."""
    table = {"ipvpn_ipv6": f"areas.{site.area or '…'}", "ipvpn_ipv4": "pppoe", IPSEC: "ipsec"}[wish.line]
    family = {"v4": " (IPv4)", "v6": " (IPv6)"}.get(name[-2:], "")
    if name == "reached":
        return {"ipvpn_ipv6": "prefixes (IPv6)", "ipvpn_ipv4": "prefixes (IPv4)", IPSEC: "ipsec.addresses"}[wish.line]
    if name.startswith("resolvers"):
        return f"{table}.resolvers{family}"
    return {"gateway": "ipsec.gateway", "gateway_addresses": "ipsec.addresses"}.get(
        name, name.partition("_")[0] + family
    )


def _made(row: Mapping[str, Any], values: Mapping[str, Value]) -> SetUpFile:
    text = fill(read(f"files/{row['template']}"), values, row["form"])
    form = row.get("text", "")
    if form:
        text = text.replace("\n", "\r\n")
    content = (_MARK if form == "windows" else b"") + text.encode()
    return SetUpFile(
        name=row["name"], content=content, mode=row.get("mode", _PLAIN_MODE), ja=row["ja"], en=row["en"],
        apply=row.get("apply", ""), undo=row.get("undo", ""), source=row["source"],
    )  # fmt: skip


def _numbers(network: ClaimsNetwork) -> dict[str, Value]:
    """Return numbers that name a connection: the same for one network, so that a second file replaces the first."""
    names = ("uuid", "uuid_carrier", "uuid_vpn", "uuid_certificate")
    return {name: _number(f"{name}:{','.join(network.domains)}") for name in names}


def _number(text: str) -> str:
    """Return a UUID made from a text (version 8: of our own making, RFC 9562).

    >>> _number("claims")
    'a61808fe-40fe-88b3-8337-78bbc2ececca'
    """
    raw = bytearray(sha256(text.encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
