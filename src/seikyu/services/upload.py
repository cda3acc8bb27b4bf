"""Sendings of several files (読込継続): gathered in memory, entered at once, all or none.

An upload is nobody's row: it lives in the memory of this server and in objects that are not committed. A file that
breaks off, the end of its life or a restart erases all of it; later calls get NotFound, exactly as for an upload that
is another party's or never was. Only `finish` makes a sending, the same way as a single file does (`receive.enter`).

All functions but the threads they start run on the server's event loop, which is what keeps an upload's state whole. A
file may be sent anew while its old line still hangs: the newer one counts, and what comes of the older is dropped.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from seikyu.limits import limit
from seikyu.ports.errors import BadRequest, Busy, NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services.arrival import Arrived, Stated, check_stated, take_in
from seikyu.services.arrivals import Source, forget
from seikyu.services.errors import UploadIncomplete
from seikyu.services.office import Office
from seikyu.services.receive import Answer, Refusal, Terms, admit, check_terms, enter, to_the_end


@dataclass(slots=True)
class Upload:
    """A sending in the making.

    Shape: `files` by number from 1; `tries` the newest try of each number; `refusal` is why it can only be a repeat.
    """

    id: str
    party: str
    agent: str | None
    terms: Terms
    count: int
    expires_at: datetime
    refusal: Refusal | None = None
    files: dict[int, Arrived] = field(default_factory=dict)
    tries: dict[int, object] = field(default_factory=dict)
    finishing: "asyncio.Future[Answer] | None" = None

    @property
    def missing(self) -> list[int]:
        """The numbers of the files that are not there yet."""
        return [no for no in range(1, self.count + 1) if no not in self.files]


async def begin(office: Office, *, identity: ClientIdentity, terms: Terms, files: int) -> Upload:
    """Begin an upload of so many files.

    Errors: Forbidden, BadRequest, Closed, Busy (the party has its share of uploads), NoSpace.
    """
    most = limit("files_per_sending")
    if not 1 <= files <= most:
        raise BadRequest(f"files is 1 to {most}", parameter="files")
    refusal = await asyncio.to_thread(admit, office, identity, terms=terms, stated=Stated())
    drop_expired(office)
    uploads = office.desk.uploads
    mine = [upload for upload in uploads.values() if _is_of(upload, identity) and upload.finishing is None]
    if len(mine) >= office.limit("uploads_per_party"):
        raise Busy("the party has its share of uploads", retry_after_s=60)
    life = timedelta(seconds=office.limit("upload_life_s"))
    until = office.clock.now() + life
    upload = Upload(office.ids.new(), identity.party, identity.agent, terms, files, expires_at=until, refusal=refusal)
    uploads[upload.id] = upload
    return upload


async def put_file(
    office: Office,
    *,
    identity: ClientIdentity,
    upload_id: str,
    no: int,
    body: AsyncIterator[bytes],
    stated: Stated | None = None,
    file_name: str | None = None,
) -> Arrived:
    """Receive one file of an upload; a file that is there already is replaced.

    Nothing is durable yet. Errors: NotFound, BadRequest, Busy, and those of a body that does not arrive whole
    (LineBroken, TooLong, DigestMismatch, NoSpace); the latter erase the whole upload.
    """
    upload = _upload(office, identity, upload_id)
    stated = stated or Stated()
    if not _is_open(office, upload):
        raise NotFound("the upload is finished")
    if not 1 <= no <= upload.count:
        raise BadRequest(f"files are 1 to {upload.count}", parameter="no")
    check_terms(office, replace(upload.terms, file_name=file_name))
    check_stated(office, stated)
    with office.place_for(identity):
        this_try = upload.tries[no] = object()
        try:
            source = Source(party=identity.party, terms=upload.terms, upload=upload.id, no=no, agent=identity.agent)
            arrived = await take_in(
                office, body, source=source, stated=stated, file_name=file_name, keep=upload.refusal is None
            )
        except BaseException:
            if upload.tries[no] is this_try:
                _erase(office, upload)
            raise
    if upload.tries[no] is not this_try or not _is_open(office, upload):
        _drop(office, arrived)
        raise NotFound("the upload went on without this file")
    if no in upload.files:
        _drop(office, upload.files[no])
    upload.files[no] = arrived
    return arrived


async def finish(office: Office, *, identity: ClientIdentity, upload_id: str, files: int | None = None) -> Answer:
    """Make the sending of an upload whose files are all there.

    Shape: `files` is how many there are, if that showed only at their end.
    Asked again while the server remembers, it gives the first answer as a repeat. Durable when it returns.
    Errors: NotFound; UploadIncomplete (the upload stays); Mixed, Closed, NothingToCorrect, KeyReused, NoSpace,
    Unavailable: the upload is erased, and neither row nor object stays.
    """
    upload = _upload(office, identity, upload_id)
    if files is not None and upload.finishing is None:
        upload.count = files
    if upload.missing:
        raise UploadIncomplete("files are missing", missing=upload.missing)
    if upload.finishing is not None:
        return replace(await asyncio.shield(upload.finishing), repeat=True)
    arrived = [upload.files[no] for no in sorted(upload.files)]
    running = to_the_end(lambda: enter(office, identity, upload.terms, arrived, refusal=upload.refusal))
    upload.finishing = asyncio.ensure_future(running)
    upload.finishing.add_done_callback(lambda ended: _forget_failed(office, upload, ended))
    return await asyncio.shield(upload.finishing)


def abandon(office: Office, upload: Upload) -> None:
    """Erase an upload that will not go on; harmless for one that is being finished, or is gone."""
    if upload.finishing is None:
        _erase(office, upload)


def drop_expired(office: Office) -> int:
    """Erase the uploads whose life is over; return how many. To be called now and then, on the event loop."""
    now = office.clock.now()
    over = [upload for upload in office.desk.uploads.values() if upload.expires_at <= now]
    for upload in over:
        _erase(office, upload)
    return len(over)


def drop_all(office: Office) -> None:
    """Erase every upload, at the end of the server."""
    for upload in list(office.desk.uploads.values()):
        _erase(office, upload)


def _is_of(upload: Upload, identity: ClientIdentity) -> bool:
    """True if that party began it, itself or by that agent: an upload is for nobody else to go on with."""
    return (upload.party, upload.agent) == (identity.party, identity.agent)


def _upload(office: Office, identity: ClientIdentity, upload_id: str) -> Upload:
    upload = office.desk.uploads.get(upload_id)
    if upload is None or not _is_of(upload, identity) or upload.expires_at <= office.clock.now():
        raise NotFound("no such upload")
    return upload


def _is_open(office: Office, upload: Upload) -> bool:
    """Return whether the upload still takes files."""
    return upload.finishing is None and office.desk.uploads.get(upload.id) is upload


def _erase(office: Office, upload: Upload) -> None:
    """Forget an upload and the bytes it holds; those that `enter` has taken over are its own to end."""
    office.desk.uploads.pop(upload.id, None)
    if upload.finishing is None:
        for arrived in upload.files.values():
            _drop(office, arrived)


def _drop(office: Office, arrived: Arrived) -> None:
    """Leave nothing of a file that has arrived."""
    arrived.discard()
    forget(office, [arrived.file_id])


def _forget_failed(office: Office, upload: Upload, ended: "asyncio.Future[Answer]") -> None:
    """Erase an upload that could not be finished; a finished one is remembered for its repeats until it expires."""
    if ended.cancelled() or ended.exception() is not None:
        _erase(office, upload)
