"""The settings of an office: one TOML file in its home, every key documented where it stands."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from seikyu.limits import LIMITS
from seikyu.office.outcome import choices
from seikyu.ports.errors import SeikyuError
from seikyu.ports.objects import CLASSES


class BadSettings(SeikyuError):
    """The settings file cannot be understood; nothing has been started."""

    code = "bad_settings"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file. Shape: `default` says the type; `choices` limits a text, `least` and `most` a number."""

    section: str
    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 1
    most: int | None = None

    @property
    def place(self) -> str:
        """The key as one writes it about the file: `faces.desk.port`."""
        return f"{self.section}.{self.name}"


#: Days that objects of a class are kept; 0 keeps them for ever.
_KEPT: Final = MappingProxyType(
    {
        "files": (1827, "what was sent: five years, as claims may be asked back and struck out for so long"),
        "indexes": (1827, "the claim indexes of the files"),
        "findings": (400, "the lists of findings: one year and the month's work after it"),
        "deliveries": (1827, "what payers fetch"),
        "provenance": (1827, "from which file and place each delivered claim came"),
    }
)

#: The front server that is made for.
NGINX: Final = "nginx"

_HOST: Final = "host name or address that the {} face listens on"
_PORT: Final = "port of the {} face; 0 takes a free one at the first start and keeps it in the home"
_PORTS: Final = 65535

KEYS: Final = (
    Key("office", "bodies", ["1"], "the review bodies of this office: 1, or 2- and a prefecture (2-99 in a sandbox)"),
    Key("office", "calendar", "national", "when sending is allowed: the national calendar, or a sandbox that is always "
        "open and has a clock that moves", choices=("national", "sandbox")),
    Key("office", "hosts", ["localhost"], "the host names and addresses that the server certificate is made out for"),
    Key("office", "public_url", "", "the address by which others reach the public face, plain HTTP if a front server "
        "has it (`http://pki.example.jp`): new client certificates say that their state is to be asked there; empty: "
        "they do not say"),
    *(Key("policy", one.key, one.value, one.en, choices=one.choices) for one in choices()),
    Key("faces.desk", "host", "localhost", _HOST.format("desk's (client certificate)")),
    Key("faces.desk", "port", 0, _PORT.format("desk's"), least=0, most=_PORTS),
    Key("faces.public", "host", "localhost", _HOST.format("public (no certificate)")),
    Key("faces.public", "port", 0, _PORT.format("public"), least=0, most=_PORTS),
    Key("faces.inside", "host", "localhost", _HOST.format("inside (metrics; keep it to this machine)")),
    Key("faces.inside", "port", 0, _PORT.format("inside"), least=0, most=_PORTS),
    Key("acme", "url", "", "the address by which servers that ask for certificates by ACME reach the public face, if a "
        "front server has it (`https://office.example.jp`); empty: as they ask, under a name of `hosts`"),
    Key("acme", "http_port", 80, "port at which the office asks servers for the proof of their names (http-01)",
        most=_PORTS),
    Key("acme", "addresses", [], "where the office has no DNS: the addresses of servers that ask by ACME, each as "
        "`gw.example.jp=192.0.2.10`", least=0),
    Key("front", "server", "none", "who ends TLS: `none`, the office itself listens on the ports of its faces; "
        "`nginx`, set up by `seikyu deploy nginx`, listens there, and the office only on Unix sockets in its home",
        choices=("none", NGINX)),
    Key("front", "plain_port", 0, "port on which nginx gives `/pki/` in plain HTTP, as certificates name it "
        "(`public_url`); 0 as for the faces", least=0, most=_PORTS),
    Key("front", "ocsp", "off", "whether nginx asks the office's responder in every handshake, besides its list: "
        "`leaf` locks everybody out while the responder is silent", choices=("off", "leaf")),
    Key("admission", "mode", "off", "what becomes of a party that comes by another line than its registered one: "
        "`off`, nothing; `tell`, it passes and is counted; `enforce`, it is refused and told which notice to file",
        choices=("off", "tell", "enforce")),
    Key("admission", "rules", "admission.toml", "the file beside this one that says which addresses are which line's"),
    Key("webhooks", "networks", [], "networks whose addresses may be told of events although they are not public, such "
        "as those of a closed line: `10.1.0.0/16`", least=0),
    Key("webhooks", "ca", "", "a file beside this one with root certificates (PEM) that the addresses of webhooks may "
        "have beside those of the machine; empty: only those"),
    Key("work", "at_once", 2, "how many sendings are checked, or months closed, at the same time; they share "
        "one core, and a small one need not wait for a large one"),
    Key("work", "kept_days", 30, "how long the record of finished background work is kept"),
    *(Key("retention", name, _KEPT[name][0], f"days kept, 0 for ever: {_KEPT[name][1]}", least=0) for name in CLASSES),
    *(Key("limits", one.name, one.number, f"{one.unit}: {one.reason}") for one in LIMITS if one.adjustable),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """Where one face listens. Port 0: any free one, kept from then on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class AcmeSettings:
    """How ACME meets the outside. Shape: `addresses` by host, in small letters."""

    url: str = ""
    http_port: int = 80
    addresses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Front:
    """Who stands before the faces. Shape: `plain_port` is for `/pki/` in plain HTTP; 0 as for a face."""

    server: str = "none"
    plain_port: int = 0
    ocsp: str = "off"

    @property
    def nginx(self) -> bool:
        """True if TLS ends there and the office listens on Unix sockets."""
        return self.server == NGINX


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where events may be told. Shape: `ca` is a file beside the settings, or empty."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca: str = ""


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """Whether lines are looked at, and by which file."""

    mode: str = "off"
    rules: str = "admission.toml"


def _defaults(section: str) -> Mapping[str, Any]:
    """Return the defaults of a section."""
    return MappingProxyType({key.name: key.default for key in KEYS if key.section == section})


@dataclass(frozen=True)
class Settings:
    """What an operator decides. Each field stands for keys of `office.toml`; see `docs/reference/settings.md`."""

    bodies: tuple[str, ...] = ("1",)
    calendar: str = "national"
    hosts: tuple[str, ...] = ("localhost",)
    public_url: str = ""
    policy: Mapping[str, str] = field(default_factory=lambda: _defaults("policy"))
    desk: Face = Face("localhost", 0)
    public: Face = Face("localhost", 0)
    inside: Face = Face("localhost", 0)
    acme: AcmeSettings = field(default_factory=AcmeSettings)
    front: Front = Front()
    admission: AdmissionSettings = AdmissionSettings()
    webhooks: WebhookSettings = WebhookSettings()
    at_once: int = 2
    kept_days: int = 30
    retention_days: Mapping[str, int] = field(default_factory=lambda: _defaults("retention"))
    limits: Mapping[str, int] = field(default_factory=lambda: _defaults("limits"))

    def limit(self, name: str) -> int:
        """Return a limit: the operator's number, or the table's. Errors: KeyError for an unknown name (a bug)."""
        return self.limits[name] if name in self.limits else _TABLE[name]


_TABLE: Final = {one.name: one.number for one in LIMITS}


def settings_from(text: str) -> Settings:
    """Read settings. Errors: BadSettings, naming the key and what is wrong with it."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"office.toml: {error}") from None
    found = dict(_flat(tree))
    known = {(key.section, key.name): key for key in KEYS}
    for place in found:
        if place not in known:
            key = ".".join(place).lstrip(".")
            raise BadSettings(f"office.toml: there is no setting {key}", key=key)
    got = {place: _checked(key, found.get(place, key.default)) for place, key in known.items()}
    return Settings(
        bodies=got["office", "bodies"],
        calendar=got["office", "calendar"],
        hosts=got["office", "hosts"],
        public_url=got["office", "public_url"],
        policy=_section(got, "policy"),
        desk=Face(got["faces.desk", "host"], got["faces.desk", "port"]),
        public=Face(got["faces.public", "host"], got["faces.public", "port"]),
        inside=Face(got["faces.inside", "host"], got["faces.inside", "port"]),
        acme=AcmeSettings(got["acme", "url"], got["acme", "http_port"], _addresses(got["acme", "addresses"])),
        front=Front(got["front", "server"], got["front", "plain_port"], got["front", "ocsp"]),
        admission=AdmissionSettings(got["admission", "mode"], got["admission", "rules"]),
        webhooks=WebhookSettings(_networks(got["webhooks", "networks"]), got["webhooks", "ca"]),
        at_once=got["work", "at_once"],
        kept_days=got["work", "kept_days"],
        retention_days=_section(got, "retention"),
        limits=_section(got, "limits"),
    )


def read_settings(path: Path) -> Settings:
    """Read the settings file; without one, everything is as by default. Errors: BadSettings."""
    try:
        return settings_from(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except UnicodeDecodeError:
        raise BadSettings("office.toml: the file is not UTF-8") from None


def settings_text(changed: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Return a settings file: every key, its meaning and its default, those of `changed` (`office.calendar`) set.

    Keys that are not changed stay commented out, so that later defaults still reach this office.
    """
    lines = ["# The settings of this office. A line that begins with # shows the default."]
    section = None
    for key in KEYS:
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        value = _checked(key, changed[key.place]) if key.place in changed else key.default
        mark = "" if key.place in changed else "# "
        lines += [f"# {key.meaning}", f"{mark}{key.name} = {toml_value(value)}"]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """Write a text, number or list of texts as TOML."""
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return str(value)


def _addresses(entries: tuple[str, ...]) -> Mapping[str, str]:
    """Return the addresses of hosts, written `host=address`. Errors: BadSettings."""
    found: dict[str, str] = {}
    for entry in entries:
        host, _, address = (part.strip() for part in entry.partition("="))
        try:
            found[host.lower()] = str(ip_address(address))
        except ValueError:
            host = ""
        if not host:
            key = "acme.addresses"
            raise BadSettings(f"office.toml: {key} must be a list of host=address", key=key)
    return MappingProxyType(found)


def _networks(entries: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that may be told of events. Errors: BadSettings."""
    try:
        return tuple(ip_network(entry.strip()) for entry in entries)
    except ValueError:
        key = "webhooks.networks"
        raise BadSettings(f"office.toml: {key} must be a list of networks such as 10.1.0.0/16", key=key) from None


def _section(got: Mapping[tuple[str, str], Any], section: str) -> Mapping[str, Any]:
    """Return the values of one section by name."""
    return MappingProxyType({name: value for (of, name), value in got.items() if of == section})


def _flat(tree: Mapping[str, Any], above: str = "") -> list[tuple[tuple[str, str], Any]]:
    """Return every (section, name) of nested tables with its value."""
    found: list[tuple[tuple[str, str], Any]] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            found += _flat(value, f"{above}.{name}" if above else name)
        else:
            found.append(((above, name), value))
    return found


def _checked(key: Key, value: Any) -> Any:
    """Return `value` if it is of the key's type and range. Errors: BadSettings."""
    wrong = _wrong(key, value)
    if wrong:
        raise BadSettings(f"office.toml: {key.place} must be {wrong}", key=key.place)
    return tuple(value) if isinstance(value, list) else value


def _wrong(key: Key, value: Any) -> str | None:
    """Return what `value` must be and is not, or None if it will do."""
    if isinstance(key.default, list):
        filled = isinstance(value, list | tuple) and (value or not key.least)
        texts = filled and all(isinstance(one, str) for one in value)
        return None if texts else "a list of texts"
    if isinstance(key.default, str):
        if not isinstance(value, str):
            return "a text"
        return f"one of {', '.join(key.choices)}" if key.choices and value not in key.choices else None
    if type(value) is not int:  # True is an int to Python, but nobody means it.
        return "a number"
    if value < key.least:
        return f"at least {key.least}"
    return f"at most {key.most}" if key.most is not None and value > key.most else None
