"""What is kept in the client's folder (`doctor.json`): the IPv6 prefix that last worked, and what was warned of."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from seikyu.apps.doctor.writing import put_whole

FILE_NAME: Final = "doctor.json"

_FILE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept. Shape: `…_at` as ISO 8601; `warned` by the id of a fault that warns, since when it is there."""

    prefix: str = ""
    worked_at: str = ""
    warned: tuple[tuple[str, str], ...] = ()


def recall(folder: Path) -> Memory:
    """Return what was kept; nothing if there is no file or not a sound one."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            read = json.loads(file.read(_FILE_BYTES))
        warned = tuple((str(id_), str(at)) for id_, at in dict(read["warned"]).items())
        return Memory(str(read["prefix"]), str(read["worked_at"]), warned)
    except (OSError, ValueError, KeyError, TypeError):
        return Memory()


def next_memory(
    before: Memory, *, at: str, works: bool, prefix: str, found: tuple[str, ...], undecided: tuple[str, ...]
) -> Memory:
    """Return what is kept after a look: the prefix only if it worked, and each warning since it was first given.

    A warning that could not be looked at again stays.
    """
    since = dict(before.warned)
    warned = {id_: since.get(id_, at) for id_ in found} | {id_: since[id_] for id_ in undecided if id_ in since}
    kept = replace(before, warned=tuple(sorted(warned.items())))
    return replace(kept, prefix=prefix or before.prefix, worked_at=at) if works else kept


def keep(folder: Path, memory: Memory) -> None:
    """Write it, as a whole or not at all. Errors: OSError."""
    text = json.dumps(asdict(memory) | {"warned": dict(memory.warned)}, ensure_ascii=False, indent=1) + "\n"
    put_whole(folder / FILE_NAME, text.encode())
