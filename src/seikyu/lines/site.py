"""What one site says of its line: which kind, whose, and what stands beside it. Nothing of it is secret.

The doctor and the guides need no such file; with one they know more. Source: network:9 (what a line is known by).
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from tomllib import TOMLDecodeError, loads
from typing import Any, Final

from seikyu.lines.kinds import line_kinds
from seikyu.lines.wrong import BadFile, Reading, WrongItem

#: The file of a site, in its client's folder.
FILE_NAME: Final = "site.toml"

#: The port of a network printer that nothing is said of.
PRINTER_PORT: Final = 9100

#: How many addresses may be swept: the look at a closed line has its limit too.
MOST_CANARIES: Final = 16

_TEXT_CHARS: Final = 80
_LAST_PORT: Final = 65535
_ENDPOINT: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Site:
    """A site and its line. Shape: an empty text or None says that it is not known."""

    kind: str = ""
    area: str = ""
    carrier: str = ""
    service: str = ""
    customer_id: str = ""
    contract_id: str = ""
    provider: str = ""
    telephone: bool | None = None
    eligibility: bool | None = None
    interface: str = ""
    printer: Endpoint | None = None
    canaries: tuple[Endpoint, ...] = ()


def read_site(text: str) -> Site:
    """Return what a file says of a site. Errors: BadFile."""
    try:
        top = Reading(loads(text))
    except TOMLDecodeError as error:
        raise BadFile([WrongItem("", "not_toml", str(error))]) from None
    line, local = top.inner("line"), top.inner("local")
    canaries = local.texts("canaries", lambda text: endpoint(text, port=None), "endpoint")
    if len(canaries) > MOST_CANARIES:
        local.say("canaries", "too_many", len(canaries), known=(str(MOST_CANARIES),))
    site = Site(
        kind=line.choice("kind", tuple(line_kinds())),
        area=_text(line, "area"),
        carrier=_text(line, "carrier"),
        service=_text(line, "service"),
        customer_id=_text(line, "customer_id"),
        contract_id=_text(line, "contract_id"),
        provider=_text(line, "provider"),
        telephone=_known(line, "telephone"),
        eligibility=_known(line, "eligibility"),
        interface=_text(local, "interface"),
        printer=_printer(local),
        canaries=canaries,
    )
    line.end()
    local.end()
    top.end()
    top.done()
    return site


@cache
def example_site() -> Site:
    """Return the site of the documentation."""
    return read_site((files("seikyu.lines") / "example" / "site.toml").read_text(encoding="utf-8"))


def endpoint(text: str, *, port: int | None) -> Endpoint:
    """Return what `192.0.2.1:443`, `[2001:db8::1]:443` or an address alone says; `port` is for what names none.

    >>> endpoint("192.0.2.1:443", port=None), str(endpoint("2001:db8::1", port=80))
    (Endpoint(address='192.0.2.1', port=443), '[2001:db8::1]:80')

    Errors: ValueError.
    """
    found = _ENDPOINT.fullmatch(text)
    address, said = (found[1] or found[2], found[3]) if found else (text, None)
    number = int(said) if said else port
    if number is None or not 0 < number <= _LAST_PORT:
        raise ValueError(text)
    return Endpoint(str(ip_address(address)), number)


def _text(table: Reading, name: str) -> str:
    text: str = table.item(name, "")
    if len(text) > _TEXT_CHARS or not text.isprintable():
        table.say(name, "line_of_text", text)
        return ""
    return text.strip()


def _known(table: Reading, name: str) -> bool | None:
    said: Any = table.item(name, False)
    return said if name in table.table else None


def _printer(table: Reading) -> Endpoint | None:
    text = _text(table, "printer")
    if not text:
        return None
    try:
        return endpoint(text, port=PRINTER_PORT)
    except ValueError:
        table.say("printer", "endpoint", text)
        return None
