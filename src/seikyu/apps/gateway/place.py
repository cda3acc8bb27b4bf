"""What a gateway keeps between two runs: who has which address, and the lists it has seen.

| in the folder | what |
|---|---|
| `addresses.json` | the address of each terminal, and since when; never lost, or an address would change hands |
| `terminals.csv` | who may come, as the office said last |
| `lists/` | the newest revocation list of each authority |
| `charon.*`, `strongswan.conf` | the daemon of our own: socket, log, process number, settings |
| `lock` | held while a supervisor works |
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from seikyu.adapters.charon import Charon
from seikyu.adapters.home import sweep, write_private
from seikyu.lines.gateway import Gateway, Lease, gateway_from
from seikyu.lines.wrong import BadFile, WrongItem
from seikyu.ports.errors import SeikyuError

STATE: Final = "gateway-state"
_ADDRESSES: Final = "addresses.json"


class BadGatewayFile(SeikyuError):
    """The gateway's file describes none; nothing was applied. Shape: `wrong` are all faults, for `seikyu gateway`."""

    code = "bad_gateway_file"

    def __init__(self, file: Path, wrong: tuple[WrongItem, ...]) -> None:
        from seikyu.apps.gateway.told import told_wrong

        self.wrong = wrong
        super().__init__(file=str(file), many=len(wrong), what="; ".join(map(told_wrong, wrong)))


class NoGatewayFile(SeikyuError):
    """The gateway's file is not there or cannot be read."""

    code = "no_gateway_file"


class GatewayRunning(SeikyuError):
    """Another supervisor works on this folder."""

    code = "gateway_running"


class AddressesDamaged(SeikyuError):
    """What is written of who has which address cannot be read; nobody was given one. Shape: `file`, `why`."""

    code = "gateway_addresses_damaged"


@dataclass(frozen=True, slots=True)
class Place:
    """A gateway's file and its folder."""

    file: Path
    state: Path

    @property
    def charon(self) -> Charon:
        """The daemon of our own."""
        return Charon(self.state)

    @property
    def lists(self) -> Path:
        """Where the revocation lists are kept."""
        return self.state / "lists"

    def beside(self, path: str) -> Path:
        """Return a path of the gateway's file."""
        return self.file.parent / path

    def gateway(self) -> Gateway:
        """Read the file. Errors: NoGatewayFile, BadGatewayFile."""
        try:
            return gateway_from(self.file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as odd:
            raise NoGatewayFile(file=str(self.file), reason=getattr(odd, "strerror", None) or str(odd)) from odd
        except BadFile as bad:
            raise BadGatewayFile(self.file, bad.wrong) from bad

    def socket(self, gateway: Gateway) -> Path:
        """Return where the daemon is spoken to."""
        return Path(gateway.vici) if gateway.vici else self.charon.socket

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other supervisors off the folder; the lock dies with the process. Errors: GatewayRunning."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.state / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise GatewayRunning(folder=str(self.state)) from None
            sweep(self.state)
            yield

    def leases(self) -> list[Lease]:
        """Return who had which address. Errors: AddressesDamaged, also if an address stands there twice."""
        file = self.state / _ADDRESSES
        try:
            return _leases(json.loads(file.read_bytes()))
        except FileNotFoundError:
            return []
        except KeyError as odd:
            raise AddressesDamaged(file=str(file), why=f"no {odd}") from odd
        except (OSError, ValueError, TypeError, RecursionError) as odd:
            raise AddressesDamaged(file=str(file), why=str(odd)) from odd

    @property
    def keeps(self) -> bool:
        """Whether it stands written who has which address."""
        return (self.state / _ADDRESSES).exists()

    @property
    def heard(self) -> Path:
        """What the office said last of who may come: a start without it does not throw everybody out."""
        return self.state / "terminals.csv"

    def keep(self, leases: Mapping[Any, Lease]) -> None:
        """Write down who has which address, before anybody is given it."""
        rows = [_row(each) for each in leases.values()]
        write_private(self.state / _ADDRESSES, json.dumps(rows, ensure_ascii=False, indent=0).encode())


def place_at(file: Path, state: Path | None) -> Place:
    """Return the place of a gateway's file; its folder is beside it unless another is named."""
    file = file.absolute()
    return Place(file, (state or file.parent / STATE).absolute())


def _row(lease: Lease) -> dict[str, Any]:
    return {
        "party": lease.party,
        "terminal": lease.terminal,
        "addresses": [str(each) for each in lease.addresses],
        "since": lease.since.isoformat(),
        "released_at": lease.released_at and lease.released_at.isoformat(),
    }


def _leases(rows: Any) -> list[Lease]:
    if not isinstance(rows, list):
        raise TypeError("not a list")
    found = [_lease(each) for each in rows]
    given = [address for each in found for address in each.addresses]
    if len(set(given)) < len(given) or len({each.whose for each in found}) < len(found):
        raise ValueError("an address, or a terminal, stands there twice")
    return found


def _lease(row: Mapping[str, Any]) -> Lease:
    return Lease(
        party=str(row["party"]),
        terminal=str(row["terminal"]),
        addresses=tuple(ip_address(str(each)) for each in row["addresses"]),
        since=_instant(row["since"]),
        released_at=_instant(row["released_at"]) if row["released_at"] else None,
    )


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"not an instant: {text}")
    return found
