"""Statements about sendings and their files."""

from collections.abc import Iterator

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, replace, values
from seikyu.adapters.sql.schema import files, sendings
from seikyu.ports.store import File, Sending

_SENDING = sa.select(*columns(sendings, Sending))
_FILE = sa.select(*columns(files, File))
_OVER = ("cancelled", "refused", "undone")  # States in which the same bytes are no repeat but a new try.


def sending_by_id(connection: sa.Connection, sending_id: str) -> Sending | None:
    """Find one sending."""
    return first(connection, Sending, _SENDING.where(sendings.c.id == sending_id))


def sendings_page(  # noqa: PLR0913 - one argument per filter of the port
    connection: sa.Connection,
    *,
    party: str | None,
    body: str | None,
    month: str | None,
    line: str | None,
    kind: str | None,
    states: tuple[str, ...],
    after: str | None,
    limit: int | None,
) -> list[Sending]:
    """List sendings newest first, one page at a time."""
    wanted = narrowed(_SENDING, sendings, party=party, body=body, month=month, line=line, kind=kind)
    if states:
        wanted = wanted.where(sendings.c.state.in_(states))
    return every(connection, Sending, page(wanted, sendings.c.id, after=after, limit=limit))


def sending_by_key(connection: sa.Connection, party: str, idempotency_key: str) -> Sending | None:
    """Find what a party's idempotency key made before."""
    wanted = narrowed(_SENDING, sendings, party=party, idempotency_key=idempotency_key)
    return first(connection, Sending, wanted)


def newest_with_digest(connection: sa.Connection, party: str, digest: str) -> Sending | None:
    """Find the sending that the same bytes would repeat."""
    wanted = narrowed(_SENDING, sendings, party=party, digest=digest).where(sendings.c.state.not_in(_OVER))
    return first(connection, Sending, wanted.order_by(sendings.c.id.desc()))


def has_file(connection: sa.Connection, party: str, sha256: str) -> bool:
    """Tell whether a party's file of that digest is in a sending that the same bytes may repeat."""
    of_party = sa.and_(sendings.c.id == files.c.sending, sendings.c.party == party, sendings.c.state.not_in(_OVER))
    found = sa.exists().where(files.c.sha256 == sha256, of_party)
    return bool(connection.execute(sa.select(found)).scalar_one())


def add_sending(connection: sa.Connection, sending: Sending, of_it: list[File]) -> None:
    """Enter a sending that has wholly arrived, with its files."""
    connection.execute(sendings.insert(), values(sending))
    if of_it:
        connection.execute(files.insert(), [values(file) for file in of_it])


def replace_sending(connection: sa.Connection, sending: Sending) -> None:
    """Write the next state of a sending."""
    replace(connection, sendings, sending)


def files_of(connection: sa.Connection, sending_id: str) -> list[File]:
    """List a sending's files in their order."""
    return every(connection, File, _FILE.where(files.c.sending == sending_id).order_by(files.c.no))


def file_by_id(connection: sa.Connection, file_id: str) -> File | None:
    """Find one file."""
    return first(connection, File, _FILE.where(files.c.id == file_id))


def replace_file(connection: sa.Connection, file: File) -> None:
    """Write what the check or the confirmation found out about a file."""
    replace(connection, files, file)


def object_names(connection: sa.Connection) -> Iterator[str]:
    """Tell which objects the files' rows speak of."""
    named = sa.select(files.c.id, files.c.index_object, files.c.findings_object)
    for file_id, index, findings in connection.execute(named):
        yield f"files/{file_id}"
        yield from (name for name in (index, findings) if name is not None)
