"""`seikyu ca init | issue | crl | renew | rollover`: the office's certificates on the command line.

Everything works beside a running server: rows go through the database, and the server looks at them on every request.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.ports.errors import SeikyuError
from seikyu.ports.register import Party
from seikyu.trust.party import PARTY_IDS, BadHolder, Holder

if TYPE_CHECKING:
    from seikyu.adapters.home import Home
    from seikyu.adapters.sql import SqlStore
    from seikyu.adapters.x509_ca import CA

HomeOption = Annotated[Path | None, typer.Option("--home", help=say("cli.home"))]
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
OfflineRoot = Annotated[Path | None, typer.Option("--offline-root", "--root-out", help=say("ca.root_out"))]
RootKey = Annotated[Path | None, typer.Option("--offline-root", "--root-key", help=say("ca.root_key"))]
Encrypt = Annotated[bool, typer.Option("--encrypt", help=say("ca.encrypt"))]
Module = Annotated[str | None, typer.Option("--pkcs11", metavar="URI", help=say("ca.pkcs11"))]


class NoOffice(SeikyuError):
    """There is no office in that folder; nothing was made."""

    code = "no_home"


class PartyNotThere(SeikyuError):
    """The party is not in the register, and its name was not given; nothing was issued."""

    code = "party_not_there"


class PartyDiffers(SeikyuError):
    """The register has the party under another kind or name; nothing was issued."""

    code = "party_differs"


def register(app: typer.Typer) -> None:
    """Add the command and its subcommands."""
    from seikyu.apps.cli_certificates import list_issued, revoke  # they need what stands below

    part = typer.Typer(help=say("ca.help"), no_args_is_help=True, rich_markup_mode=None)
    for name, act in (
        ("init", init),
        ("issue", issue),
        ("revoke", revoke),
        ("list", list_issued),
        ("crl", crl),
        ("renew", renew),
        ("rollover", rollover),
    ):
        part.command(name, help=say(f"ca.{name}.help"))(act)
    app.add_typer(part, name="ca")


def init(
    *,
    name: Annotated[str, typer.Option("--name", help=say("ca.organisation"))] = "Seikyu",
    root_out: OfflineRoot = None,
    encrypt: Encrypt = False,
    pkcs11: Module = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Make root and issuing authority."""
    from cryptography.hazmat.primitives.hashes import SHA256

    from seikyu.adapters.keys import Keep
    from seikyu.adapters.x509_ca import create_ca

    place = home_at(home)
    keep = Keep(encrypted=encrypt, module=pkcs11)
    out = root_out.absolute() if root_out else None
    ca = create_ca(place, organisation=name, now=now(), root_out=out, keep=keep)
    root_key = (out or place.secrets / "ca") / "root.key"
    told: dict[str, Any] = {
        "folder": str(place.ca),
        "root": str(place.ca / "root.pem"),
        "chain": str(place.ca / "chain.pem"),
        "fingerprint": ca.root.fingerprint(SHA256()).hex(),
        "root_key": str(root_key),
        "not_after": ca.root.not_valid_after_utc.isoformat(),
    }
    if as_json:
        print_json(told)
        return Exit.DONE
    print(say("ca.init.done", **told))
    print(say("ca.init.fingerprint", **told))
    print(say("ca.init.root_key", file=root_key))
    print(say("ca.init.take_away"))
    return Exit.DONE


def issue(
    party: Annotated[str, typer.Argument(help=say("ca.party"))],
    *,
    terminal: Annotated[str, typer.Option(help=say("ca.terminal"))],
    kind: Annotated[str | None, typer.Option(help=say("ca.kind"))] = None,
    name: Annotated[str | None, typer.Option(help=say("ca.name"))] = None,
    out: Annotated[Path | None, typer.Option(help=say("ca.out"))] = None,
    csr: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True, help=say("ca.csr"))] = None,
    url: Annotated[str | None, typer.Option(help=say("ca.url"))] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Issue a client certificate, and enter the party if it is new."""
    from seikyu.adapters.x509_ca import enrol
    from seikyu.apps.revoking import certificate_on_wire

    with opened(home) as (place, ca, store):
        with store.read() as tx:
            known = tx.party(party)
        whose, newcomer = _whose(party, known, kind=kind, name=name)
        row, paths = enrol(
            ca,
            store,
            Holder(whose.kind, whose.id, whose.name, terminal),
            folder=(out or place.clients / party).absolute(),
            now=now(),
            request=csr.read_bytes() if csr else None,
            newcomer=newcomer,
        )
        address = _write_client_toml(place, paths["cert"].parent, whose, url=url)
    files = {name: str(path) for name, path in paths.items()}
    told = certificate_on_wire(row) | {"kind": whose.kind, "url": address} | files
    if as_json:
        print_json(told)
        return Exit.DONE
    print(say("ca.issue.done", **told | {"not_after": row.not_after}))
    print(say("ca.issue.folder", folder=paths["cert"].parent))
    if address is None:
        print(say("ca.issue.no_url"))
    return Exit.DONE


def crl(
    *,
    out: Annotated[Path | None, typer.Option(help=say("ca.crl_out"))] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Write the list of the revoked anew."""
    from seikyu.adapters.x509_list import copy_public

    with opened(home) as (_, ca, store):
        told = write_list(ca, store)
    if out is not None:
        copy_public(Path(told["file"]), out.absolute())
        told["file"] = str(out.absolute())
    if as_json:
        print_json(told)
    else:
        print(say("ca.crl.done", **told | {"next_update": told["next_update"][:16].replace("T", " ")}))
    return Exit.DONE


def renew(
    *,
    root_key: RootKey = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Let the root certify the issuing authority anew."""
    from seikyu.adapters.x509_ca import renew_issuing

    ca = renew_issuing(home_at(home), now=now(), root_key=root_key.absolute() if root_key else None)
    until = ca.issuing.certificate.not_valid_after_utc
    if as_json:
        print_json({"not_after": until.isoformat()})
    else:
        print(say("ca.renew.done", not_after=until))
    return Exit.DONE


def rollover(
    *,
    root_key: RootKey = None,
    encrypt: Encrypt = False,
    pkcs11: Module = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Give the issuing authority a new key; what the old one issued stays good."""
    from seikyu.adapters.keys import Keep
    from seikyu.adapters.x509_ca import roll_over
    from seikyu.trust.certificates import key_id

    place = home_at(home)
    keep = Keep(encrypted=encrypt, module=pkcs11)
    ca = roll_over(place, now=now(), root_key=root_key.absolute() if root_key else None, keep=keep)
    with store_at(place) as store:
        write_list(ca, store)
    until, left = ca.issuing.certificate.not_valid_after_utc, len(ca.retired)
    if as_json:
        told = {"not_after": until.isoformat(), "key_id": key_id(ca.issuing.certificate), "retired": left}
        print_json(told)
    else:
        print(say("ca.rollover.done", not_after=until))
        print(say("ca.rollover.restart"))
    return Exit.DONE


def _whose(party: str, known: Party | None, *, kind: str | None, name: str | None) -> tuple[Party, Party | None]:
    """Return the party as the register has it, and itself once more if it is to be entered.

    Errors: PartyNotThere, PartyDiffers, BadHolder.
    """
    if known is not None:
        if (kind or known.kind, name or known.name) != (known.kind, known.name):
            raise PartyDiffers(party=party, kind=known.kind, name=known.name)
        return known, None
    kind = kind or next((each for each, form in PARTY_IDS.items() if form.fullmatch(party)), None)
    if kind is None:
        raise BadHolder("party", party)
    if name is None:
        raise PartyNotThere(party=party)
    fresh = Party(party, kind, name, since=now())
    return fresh, fresh


def _write_client_toml(home: "Home", folder: Path, party: Party, *, url: str | None) -> str | None:
    """Write where the desk is, unless that is known there already; return the address, or None if nobody knows it."""
    from seikyu.apps.client.folder import client_toml

    address = url or _desk_url(home)
    path = folder / "client.toml"
    if address is not None and (url is not None or not path.exists()):
        path.write_text(client_toml(url=address, party=party.id, kind=party.kind), "utf-8")
    return address


def _desk_url(home: "Home") -> str | None:
    """Return the desk's address as the settings or the last start of the server have it."""
    settings = home.settings()
    port = settings.desk.port
    if port == 0:
        try:
            port = int(json.loads((home.run / "ports.json").read_text("ascii"))["desk"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
    host = settings.hosts[0]
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"


def write_list(ca: "CA", store: "SqlStore") -> dict[str, Any]:
    """Write the revocation list; return what it says."""
    from seikyu.adapters.x509_list import list_revoked

    made = list_revoked(ca, store, now=now())
    next_update = made.next_update.isoformat()
    return {"file": str(made.path), "number": made.number, "revoked": made.many, "next_update": next_update}


def home_at(option: Path | None) -> "Home":
    """Return the office's home. Errors: NoOffice."""
    from seikyu.adapters.home import open_home

    root = (option or Path(os.environ.get("SEIKYU_HOME") or "seikyu-home")).absolute()
    if not (root / "office.toml").is_file():
        raise NoOffice(home=str(root))
    return open_home(root)


@contextmanager
def store_at(home: "Home") -> Iterator["SqlStore"]:
    """Open the rows of a home, beside a running server too."""
    from seikyu.adapters.sql import open_store

    store = open_store(home.database)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened(option: Path | None) -> Iterator[tuple["Home", "CA", "SqlStore"]]:
    """Open the home, its authority and its rows. Errors: NoOffice, NoCA, Damaged, and those of the store."""
    from seikyu.adapters.x509_ca import open_ca

    home = home_at(option)
    ca = open_ca(home)
    with store_at(home) as store:
        yield home, ca, store


def now() -> datetime:
    """Return the machine's time, also in a sandbox: certificates are looked at with real clocks."""
    from seikyu.adapters.clock import SystemClock

    return SystemClock().now()


def print_json(told: Any) -> None:
    """Print what programs read."""
    print(json.dumps(told, ensure_ascii=False))
