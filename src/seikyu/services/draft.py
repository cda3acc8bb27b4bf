"""Objects that are committed before the row that will speak of them."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Self

from seikyu.ports.errors import AlreadyThere
from seikyu.ports.objects import ObjectWriter, Stored
from seikyu.ports.store import ReadTx
from seikyu.services.office import Office

if TYPE_CHECKING:
    from types import TracebackType

#: Tells, from the rows, whether they speak of any of these names.
SpokenOf = Callable[[ReadTx, AbstractSet[str]], object]


class Draft:
    """The objects of one act, kept or removed together. Use it in a `with` around the transaction, and `keep` after it.

    Leaving without `keep` removes them all. A commit may raise and yet have happened (the answer of the database was
    lost), so `spoken_of` asks the rows first: if they speak of these objects, the objects stay. If even that cannot be
    asked, they stay too; the next start sweeps what is an orphan. So a row without its object never comes to be.
    """

    def __init__(self, office: Office, *, spoken_of: SpokenOf) -> None:
        self._office = office
        self._spoken_of = spoken_of
        self._writers: list[tuple[str, ObjectWriter]] = []
        self._names: set[str] = set()
        self._kept: AbstractSet[str] | None = None

    def name(self, kind: str, file_id: str) -> str:
        """Return a fresh object name of a class for what belongs to a file; whoever commits it, it is the draft's."""
        name = f"{kind}/{file_id}.{self._office.ids.new()}"
        self._names.add(name)
        return name

    def writer(self, name: str, *, limit_bytes: int) -> ObjectWriter:
        """Begin an object of this draft. Errors: NoSpace."""
        writer = self._office.objects.writer(name, limit_bytes=limit_bytes)
        self.take(name, writer)
        return writer

    def take(self, name: str, writer: ObjectWriter) -> None:
        """Take over an object that was begun elsewhere: from now on it is this draft's to commit or to discard."""
        self._writers.append((name, writer))

    def commit(self) -> list[Stored]:
        """Make the objects begun so far durable, in their order. Errors: NoSpace; none is kept then."""
        stored = []
        while self._writers:
            name, writer = self._writers[0]
            # Noted before it is tried: a commit that raises may have happened all the same.
            self._names.add(name)
            try:
                stored.append(writer.commit())
            except AlreadyThere:
                self._names.discard(name)  # It is another's; names are never used twice, so this is a bug of ours.
                raise
            self._writers.pop(0)
        return stored

    def keep(self, names: AbstractSet[str] | None = None) -> None:
        """Say that the transaction has committed, and which objects its rows speak of (None: all of them)."""
        self._kept = self._names if names is None else names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, reason: object, trace: "TracebackType | None") -> None:
        for _, writer in self._writers:
            writer.discard()
        if self._kept is None and reason is not None and self._names:
            with self._office.store.read() as tx:
                if self._spoken_of(tx, self._names):
                    return
        self._office.forget(self._names - (self._kept or set()))
