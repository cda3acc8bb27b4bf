"""`seikyu gateway example | plan | run | status | terminals`: the role of the IPsec+IKE provider."""

import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.ports.errors import SeikyuError

if TYPE_CHECKING:
    from seikyu.adapters.strongswan import Tunnel
    from seikyu.lines.gateway import Lease

Config = Annotated[Path, typer.Option("--config", help=say("gateway.config"))]
State = Annotated[Path | None, typer.Option("--state", help=say("gateway.state"))]
Vici = Annotated[Path | None, typer.Option("--vici", help=say("gateway.vici"))]
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]

_CONFIG: Final = Path("gateway.toml")


class NeedsRoot(SeikyuError):
    """The act changes the packet filter and the keys of the machine, which only root may; nothing was changed."""

    code = "needs_root"


def register(app: typer.Typer) -> None:
    """Add the command and its subcommands."""
    part = typer.Typer(help=say("gateway.help"), no_args_is_help=True, rich_markup_mode=None)
    for name, act in (("example", example), ("plan", plan), ("run", run), ("status", status), ("terminals", terminals)):
        part.command(name, help=say(f"gateway.{name}"))(act)
    app.add_typer(part, name="gateway")


def example(*, as_json: Json = False) -> int:
    """Print a gateway's file with documentation names and addresses."""
    from seikyu.lines.gateway import example as text

    print(json.dumps({"gateway.toml": text()}, ensure_ascii=False) if as_json else text(), end="\n" if as_json else "")
    return Exit.DONE


def plan(*, config: Config = _CONFIG, state: State = None, as_json: Json = False) -> int:
    """Show what `run` would do: connections and packet filter as text, checked; nothing is changed."""
    from seikyu.adapters import nftables
    from seikyu.adapters.charon import Esp, kernel_has_esp
    from seikyu.apps.gateway.office import OfficeSilent, source_of
    from seikyu.apps.gateway.place import place_at
    from seikyu.lines.gateway import assigned, connections, ruleset, swanctl_text

    place = place_at(config, state)
    gateway = place.gateway()
    now = datetime.now(UTC)
    esp: Esp = "user" if gateway.esp == "user" or (gateway.esp == "auto" and not kernel_has_esp()) else "kernel"
    rules = ruleset(gateway, esp=esp)
    checked = os.geteuid() == 0  # Without root nft takes no table at all.
    if checked:
        nftables.check(rules)
    try:
        issued = source_of(gateway, place).issued() or []
    except OfficeSilent:
        issued = []  # A plan is looked at before the office is there, too.
    good = {(each.party, each.terminal): None for each in issued if not each.revoked and each.not_after > now}
    leases = assigned(place.leases(), good, gateway=gateway, now=now)
    swanctl = swanctl_text(gateway, connections(leases))
    if as_json:
        told = {"esp": esp, "terminals": len(leases.held), "without_address": len(leases.without)}
        print(json.dumps(told | {"checked": checked, "swanctl": swanctl, "nftables": rules}, ensure_ascii=False))
        return Exit.DONE
    print(f"# {say('gateway.planned', terminals=len(leases.held), without=len(leases.without), esp=esp)}")
    print(f"# {say('gateway.checked' if checked else 'gateway.unchecked')}")
    print(f"\n# --- swanctl.conf ---\n{swanctl}\n# --- nftables ---\n{rules}", end="")
    return Exit.DONE


def run(
    *,
    config: Config = _CONFIG,
    state: State = None,
    vici: Vici = None,
    remove_firewall: Annotated[bool, typer.Option("--remove-firewall", help=say("gateway.remove_firewall"))] = False,
    as_json: Json = False,
) -> int:
    """Supervise the gateway in the foreground until SIGTERM."""
    from dataclasses import replace

    from seikyu.adapters import charon, nftables
    from seikyu.apps.gateway import counted
    from seikyu.apps.gateway.place import place_at
    from seikyu.apps.gateway.supervisor import Supervisor
    from seikyu.apps.gateway.told import tell_event

    place = place_at(config, state)
    gateway = place.gateway()
    if vici is not None:
        gateway = replace(gateway, vici=str(vici.absolute()))
    _require_root()
    nftables.program()
    if not gateway.vici:
        charon.found()
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())

    def tell(word: str, **facts: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        tell_event(word, as_json=as_json, at=at, **facts)

    with place.alone():
        supervisor = Supervisor(place, gateway, tell)
        close = counted.serve(gateway.metrics, lambda: counted.text_of(supervisor)) if gateway.metrics else None
        try:
            supervisor.run(stop.is_set)
        except BaseException:
            supervisor.leave()
            raise
        finally:
            if close is not None:
                close()
        supervisor.close()
        if remove_firewall:
            nftables.remove(gateway.table)
        tell("stopped" if not remove_firewall else "stopped_open", table=gateway.table)
    return Exit.DONE


def status(*, config: Config = _CONFIG, state: State = None, vici: Vici = None, as_json: Json = False) -> int:
    """Tell who is connected and since when, by the daemon's own word."""
    from seikyu.adapters.strongswan import Strongswan
    from seikyu.apps.gateway.place import place_at
    from seikyu.lines.gateway.plan import OURS, name_of

    place = place_at(config, state)
    gateway = place.gateway()
    _require_root()
    leases = {name_of(*each.whose): each for each in place.leases()}
    line = Strongswan(vici.absolute() if vici else place.socket(gateway))
    try:
        tunnels = sorted((each for each in line.tunnels() if each.name.startswith(OURS)), key=lambda each: each.name)
    finally:
        line.close()
    rows = [_row(each, leases.get(each.name)) for each in tunnels]
    may = sum(each.released_at is None for each in leases.values())
    if as_json:
        print(json.dumps({"gateway": gateway.name, "terminals": may, "tunnels": rows}, ensure_ascii=False))
        return Exit.DONE
    print(say("gateway.connected", tunnels=len(rows), terminals=may))
    for row in rows:
        print(one_line(say("gateway.row", **row | {"addresses": ", ".join(row["addresses"])})))
    return Exit.DONE


def terminals(
    *,
    home: Annotated[Path, typer.Option("--home", envvar="SEIKYU_HOME", help=say("cli.home"))] = Path("seikyu-home"),
    out: Annotated[Path | None, typer.Option("--out", help=say("gateway.out"))] = None,
    as_json: Json = False,
) -> int:
    """Print who may come, as a gateway elsewhere reads it, or write it to a file that is there as a whole."""
    from seikyu.adapters.ca_files import told, write_public
    from seikyu.apps.gateway.office import as_json as json_of
    from seikyu.apps.gateway.office import issued_in, terminals_text

    found = sorted(issued_in(home.absolute()), key=lambda each: (each.party, each.terminal, each.serial))
    if out is not None:
        with told(out):
            write_public(out.absolute(), terminals_text(found).encode())
        return Exit.DONE
    print(json_of(found) if as_json else terminals_text(found), end="\n" if as_json else "")
    return Exit.DONE


def _require_root() -> None:
    """Errors: NeedsRoot."""
    if os.geteuid() != 0:
        raise NeedsRoot(command=" ".join(["seikyu", *sys.argv[1:]]))


def _row(tunnel: "Tunnel", lease: "Lease | None") -> dict[str, Any]:
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=tunnel.up_s)
    return {
        "party": lease.party if lease else "?",
        "terminal": lease.terminal if lease else "?",
        "addresses": [str(each) for each in tunnel.addresses],
        "since": since.isoformat(),
        "host": tunnel.host,
        "bytes_in": tunnel.bytes_in,
        "bytes_out": tunnel.bytes_out,
        "whole": tunnel.whole,
    }
