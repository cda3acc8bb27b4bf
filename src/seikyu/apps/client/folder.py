"""A client's own folder: where its office is, who it is there, and with which certificate."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seikyu.apps.client.errors import ClientNotNamed, NoClient

_FILE: Final = "client.toml"
_URL: Final = re.compile(r"https://[^/?#\s]+\Z")
_ID: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class ClientFolder:
    """HOME/clients/ID.

    Shape: `url` has scheme, host and port only; `kind` is institution, payer or operator; `public` is the address of
    the office's face that needs no certificate, empty if nobody has said it; `pair` is the folder below in which
    certificate and key lie, if not beside the rest.
    """

    path: Path
    url: str
    party: str
    kind: str
    public: str = ""
    pair: str = ""

    @property
    def certificate(self) -> Path:
        """The certificate and its issuer (PEM)."""
        return self.path / self.pair / "cert.pem"

    @property
    def key(self) -> Path:
        """The private key (PEM, 0600)."""
        return self.path / self.pair / "key.pem"

    @property
    def ca(self) -> Path:
        """The root that the office's certificate must come from (PEM)."""
        return self.path / "ca.pem"


def home_of(option: Path | None) -> Path:
    """Return the folder that holds all state: the option, SEIKYU_HOME, or ./seikyu-home."""
    return (option or Path(os.environ.get("SEIKYU_HOME") or "seikyu-home")).absolute()


def open_client(home: Path, client_id: str | None) -> ClientFolder:
    """Return the client folder of that id, or the only one there is.

    Errors: NoClient, ClientNotNamed.
    """
    clients = home / "clients"
    if client_id is None:
        known = sorted(path.parent.name for path in clients.glob(f"*/{_FILE}"))
        if not known:
            raise NoClient(closer="no_clients", folder=str(clients))
        if len(known) > 1:
            raise ClientNotNamed(known=", ".join(known), folder=str(clients))
        client_id = known[0]
    path = clients / client_id
    if not _ID.match(client_id) or not (path / _FILE).is_file():
        raise NoClient(id=client_id, folder=str(clients))
    try:
        said = tomllib.loads((path / _FILE).read_text("utf-8"))
        url = str(said["url"]).rstrip("/")
        if not _URL.match(url):
            raise ValueError(f'url = "{url}"')  # noqa: TRY301  (told like what TOML itself finds wrong)
        return ClientFolder(path, url, str(said["party"]), str(said["kind"]), str(said.get("public", "")).rstrip("/"))
    except OSError as reason:
        raise _unreadable(path, (reason.strerror or "?").lower()) from reason
    except KeyError as reason:
        raise _unreadable(path, f"{reason.args[0]} = ?") from reason
    except ValueError as reason:
        raise _unreadable(path, str(reason)[:1].lower() + str(reason)[1:]) from reason


def _unreadable(path: Path, reason: str) -> NoClient:
    return NoClient(closer="client_unreadable", file=str(path / _FILE), reason=reason)


def is_url(text: str) -> bool:
    """True for the address of an office: scheme, host and port only."""
    return _URL.match(text) is not None


def is_client_id(text: str) -> bool:
    """True if a client folder may be called so."""
    return _ID.match(text) is not None


def client_toml(*, url: str, party: str, kind: str, public: str = "") -> str:
    """Return the text of a client folder's own file."""
    return f'url = "{url}"\nparty = "{party}"\nkind = "{kind}"\n' + (f'public = "{public}"\n' if public else "")
