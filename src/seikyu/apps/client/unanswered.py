"""The key of a sending whose answer has not come yet, kept in the client's folder.

If the program ends before the answer (the line stayed broken, the machine was switched off), the next try of the same
files on the same terms bears the same key. So the office knows it as the same sending, even when it takes nothing new
any more: the first answer may have been lost a second before the office closed.

Beside a key stands whether the line broke before the last byte had gone: then the office has nothing of it. The doctor
tells the two apart, and nobody else needs it.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from seikyu.apps.client.outgoing import Outgoing

_FOLDER: Final = "unanswered"

#: What a key's file is called with after it, if the line broke while sending.
BROKEN: Final = ".broken"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A key and where it is kept. `old`: an earlier try has borne it already."""

    key: str
    path: Path
    old: bool

    @classmethod
    def of(cls, client: Path, files: Sequence[Outgoing], params: Mapping[str, str]) -> Self:
        """Return the key of these files on these terms, kept from now on: the one that is unanswered, or a new one.

        A folder that cannot be written keeps nothing; then the key lives as long as the program.
        """
        said = json.dumps([sorted(file.sha256 for file in files), sorted(params.items())])
        path = client / _FOLDER / sha256(said.encode()).hexdigest()
        with suppress(OSError, ValueError):
            return cls(str(uuid.UUID(path.read_text("ascii"))), path, old=True)
        key = str(uuid.uuid4())
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_text(key, "ascii")
        return cls(key, path, old=False)

    def broke(self, *, before_end: bool) -> None:
        """Keep whether the line broke before the last byte, of which nothing stays at the office, or after it."""
        with suppress(OSError):
            if before_end:
                self._note.touch()
            else:
                self._note.unlink(missing_ok=True)

    def forget(self) -> None:
        """The answer is there: the same files are another sending from now on."""
        for each in (self._note, self.path):
            with suppress(OSError):
                each.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}{BROKEN}")
