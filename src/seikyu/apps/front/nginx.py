"""The configuration of nginx: a template that is data, filled from the settings, the limits and the home's files."""

import grp
import ipaddress
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from seikyu.adapters.ca_files import write_public
from seikyu.adapters.front_server import socket_path
from seikyu.adapters.home import Home, Settings
from seikyu.apps.api.problems import problem_document, problem_page
from seikyu.apps.front import DELIVERIES
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.places import PLAIN, bound, faces_of, front_ports
from seikyu.limits import LIMITS
from seikyu.ports.errors import SeikyuError

#: When those come back to whom nginx cannot lead to the office.
RETRY_S: Final = 10

#: Headers of pages that are each answer's own to say: what may be kept.
_OWN: Final = frozenset({"Cache-Control"})

_PLAIN_PATH: Final = re.compile(r"/[A-Za-z0-9_./\-]*")
_PRIVATE_FOLDER: Final = 0o700


class FrontNotSet(SeikyuError):
    """The settings do not say that nginx stands in front; nothing was written."""

    code = "front_not_set"


class FrontPathUnfit(SeikyuError):
    """The name of a folder cannot be written into the configuration; nothing was written."""

    code = "front_path_unfit"


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the configuration of an office's nginx is to lie, and all that it says."""

    out: Path
    conf: str
    problems: Mapping[str, bytes]

    @property
    def conf_file(self) -> Path:
        """What nginx is started with."""
        return self.out / "nginx.conf"

    def write(self) -> None:
        """Write the files, each as a whole: a running nginx may read them at any time. Errors: OSError."""
        folder = self.out / "problems"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.problems.items():
            write_public(folder / name, content)
        write_public(self.conf_file, self.conf.encode())


def deployment(home: Home, out: Path) -> Deployment:
    """Return what nginx needs to stand before the office.

    Errors: FrontNotSet, FrontPathUnfit, PathTooLong, BadSettings; OSError for a host that is none of ours.
    """
    settings = home.settings()
    if not settings.front.nginx:
        raise FrontNotSet
    for path in (home.root, out):
        if not _PLAIN_PATH.fullmatch(str(path)):
            raise FrontPathUnfit(path=str(path))
    for name in faces_of(settings):
        socket_path(home.front, f"{name}.sock")
    return Deployment(out, _conf(home, settings, out), _problems(settings))


def make_folders(home: Home) -> None:
    """Make what nginx wants to be there: it makes the last folder of a path only."""
    for folder in (home.front, home.front / "tmp", home.logs, home.objects, home.objects / "deliveries"):
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)


def _conf(home: Home, settings: Settings, out: Path) -> str:
    text = resources.files(__package__).joinpath("nginx.conf.jinja").read_text("utf-8")
    # The values are paths, numbers and names that have been looked at; nothing here is HTML.
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    ports = front_ports(home)
    owner = home.root.stat()
    return environment.from_string(text).render(
        home=home.root,
        out=out,
        front=home.front,
        logs=home.logs,
        account=_name(pwd.getpwuid, owner.st_uid),
        group=_name(grp.getgrgid, owner.st_gid),
        connections=settings.limit("connections"),
        limit={one.name: settings.limit(one.name) for one in LIMITS},
        hosts=" ".join(_literal(host) for host in settings.hosts),
        host=_literal(settings.hosts[0]),
        ports=ports,
        listen=_listening(settings, ports),
        ocsp=settings.front.ocsp == "leaf",
        said=[(name, name.lower().replace("-", "_"), value) for name, value in HEADERS.items() if name not in _OWN],
        deliveries=DELIVERIES,
        retry_s=RETRY_S,
    )


def _name(look_up: Any, number: int) -> str | None:
    """Return the name of an account or group, or None if the system has none for it."""
    try:
        return str(look_up(number)[0])
    except KeyError:
        return None


def _listening(settings: Settings, ports: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the addresses of every listener; only those that this machine has."""
    hosts = {name: face.host for name, face in faces_of(settings).items()} | {PLAIN: settings.public.host}
    found: dict[str, list[str]] = {}
    for name, host in hosts.items():
        lines = bound(host, 0)
        found[name] = [f"{_literal(line.getsockname()[0])}:{ports[name]}" for line in lines]
        for line in lines:
            line.close()
    return found


def _literal(host: str) -> str:
    """Return a host as addresses write it: IPv6 in brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host  # noqa: PLR2004  (the newer IP)
    except ValueError:
        return host


def _problems(settings: Settings) -> dict[str, bytes]:
    """Return the files that nginx answers with when it has something to say itself."""
    said: dict[str, dict[str, Any]] = {
        "not_http": {},
        "line_broken": {},
        "too_long": {"limit_bytes": settings.limit("file_bytes")},
        "header_too_long": {},
        "front_alone": {"retry_after_s": RETRY_S},
    }
    files: dict[str, bytes] = {}
    for code, facts in said.items():
        files[f"{code}.ja.json"] = problem_document(code, facts, "ja")
        files[f"{code}.en.json"] = problem_document(code, facts, "en")
        files[f"{code}.html"] = problem_page(code, facts).encode()
    return files
