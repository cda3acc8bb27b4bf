"""The packet filter of the machine, through `nft`: a table goes in as a whole, in one step, or not at all."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from seikyu.ports.errors import SeikyuError

#: Where it lies on machines whose users do not look there.
_PLACES: Final = "/usr/sbin:/sbin"

#: A table is in the kernel by then, also on a busy machine.
_WAIT_S: Final = 30.0


class NoNft(SeikyuError):
    """There is no program nft; nothing was changed."""

    code = "no_nftables"


class NftRefused(SeikyuError):
    """The packet filter does not take a table; what was there stays. `facts["why"]` is what nft says."""

    code = "nftables_refused"


def program() -> str:
    """Return where nft is. Errors: NoNft."""
    found = shutil.which("nft") or shutil.which("nft", path=_PLACES)
    if found is None:
        raise NoNft(missing="nft", package="nftables")
    return found


def apply(text: str) -> None:
    """Put tables in. Errors: NoNft, NftRefused."""
    _run("-f", "-", text=text)


def check(text: str) -> None:
    """See whether tables would be taken; nothing changes. Errors: NoNft, NftRefused (without root, of any table)."""
    _run("--check", "-f", "-", text=text)


def remove(table: str) -> None:
    """Take a table of the family inet away; one that is not there is well. Errors: NoNft, NftRefused."""
    _run("-f", "-", text=f"table inet {table}\ndelete table inet {table}\n")


def listed(table: str) -> str:
    """Return a table of the family inet as it is there, without what was counted; empty if it is not. Errors: NoNft."""
    try:
        return _run("--stateless", "list", "table", "inet", table)
    except NftRefused:
        return ""


def counted(table: str) -> Mapping[str, int]:
    """Return how many packets each named counter of a table has seen. Errors: NoNft, NftRefused."""
    told = json.loads(_run("--json", "list", "counters", "table", "inet", table))
    rows = (each["counter"] for each in told["nftables"] if "counter" in each)
    return {row["name"]: int(row["packets"]) for row in rows}


def _run(*words: str, text: str = "") -> str:
    line = [program(), *words]
    try:
        done = subprocess.run(  # noqa: S603  (the system's own, by its full path)
            line, input=text, capture_output=True, text=True, check=False, timeout=_WAIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as odd:
        raise NftRefused(why=str(odd)) from odd
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise NftRefused(why=said[0] if said else str(done.returncode))
    return done.stdout
