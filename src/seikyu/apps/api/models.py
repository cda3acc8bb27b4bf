"""What stands on the wire. Names and values are fixed: other programs rely on them."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from seikyu.ports import store

_JAPAN = ZoneInfo("Asia/Tokyo")

#: An instant, in Japan time, to the second or finer: `2026-10-05T08:00:00+09:00`.
Instant = Annotated[datetime, PlainSerializer(lambda at: at.astimezone(_JAPAN).isoformat(), return_type=str)]

Line = Literal["real", "test"]
Decision = Literal["with", "without"]
SendingState = Literal[
    "checking",
    "to_decide",
    "refused",
    "confirmed",
    "confirmed_automatically",
    "cancelled",
    "corrected",
    "handed_over",
    "undone",
]
DeliveryState = Literal["sealing", "waiting", "fetching", "received"]

BODY_FORM = r"^(1|2-[0-9]{2})$"
MONTH_FORM = r"^[0-9]{4}(0[1-9]|1[0-2])$"
SHA256_FORM = r"^[0-9a-f]{64}$"


class Wire(BaseModel):
    """The base of all of them: what is not named is not taken."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What went wrong (RFC 9457). The facts of the case stand beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str


class SentFile(Wire):
    """One file of a sending."""

    no: int
    name: str | None
    size_bytes: int
    sha256: str
    refused: bool | None


class Sending(Wire):
    """A sending. `errors` is the decision: with or without the claims that ask; null until it is made."""

    id: str
    body: str
    line: Line
    kind: str | None
    month: str | None
    send_no: int
    state: SendingState
    asp: bool
    errors: Decision | None
    claims: int | None
    refused: int | None
    ask: int | None
    findings: int | None
    claimed: int | None
    unclaimed: int | None
    confirm_no: int | None
    received_at: Instant
    decided_at: Instant | None


class SendingDetail(Sending):
    """A sending with its files."""

    files: list[SentFile]


class SendingAnswer(SendingDetail):
    """What a sender is told. `repeat`: the same sending was there already."""

    repeat: bool


class Sendings(Wire):
    """One page of sendings, newest first."""

    items: list[Sending]
    next: str | None


class UploadBegun(Wire):
    """A sending of several files may be put in, one by one."""

    upload: str
    expires_at: Instant


class FilePut(Wire):
    """One file of an upload is there."""

    upload: str
    no: int
    size_bytes: int
    sha256: str


class Finding(Wire):
    """One remark of a rule. `file` counts the files of the sending from 1; personal values are masked."""

    file: int
    code: str
    level: str
    refuses: str | None
    line: int | None
    claim_no: int | None
    claim_index: int | None
    record: str | None
    item_no: int | None
    item: str | None
    item_ja: str | None
    value: str | None
    message: str
    message_ja: str
    source: str


class Findings(Wire):
    """One page of findings, in the order of the files and their lines."""

    items: list[Finding]
    next: str | None
    state: SendingState


class Delivery(Wire):
    """A sealed object that waits for its payer. `content_url` is absolute."""

    id: str
    body: str
    month: str
    line: Line
    kind: str
    volume: int
    claims: int
    points: int
    size_bytes: int
    sha256: str
    state: DeliveryState
    sealed_at: Instant
    received_at: Instant | None
    content_url: str


class Deliveries(Wire):
    """One page of deliveries, newest first."""

    items: list[Delivery]
    next: str | None


class Proof(Wire):
    """The digest that the payer's program computed over what it has."""

    sha256: Annotated[str, Field(pattern=SHA256_FORM)]


def sending_on_wire(row: store.Sending) -> Sending:
    """Return a sending as the wire shows it."""
    return Sending.model_validate(_sending(row))


def detail_on_wire(row: store.Sending, files: list[store.File]) -> SendingDetail:
    """Return a sending with its files."""
    return SendingDetail.model_validate(_sending(row) | {"files": _files(files)})


def answer_on_wire(row: store.Sending, files: list[store.File], *, repeat: bool) -> SendingAnswer:
    """Return what a sender is told."""
    return SendingAnswer.model_validate(_sending(row) | {"files": _files(files), "repeat": repeat})


def delivery_on_wire(row: store.Delivery, *, content_url: str) -> Delivery:
    """Return a delivery as its payer sees it."""
    names = Delivery.model_fields.keys() - {"content_url"}
    return Delivery.model_validate({name: getattr(row, name) for name in names} | {"content_url": content_url})


def _sending(row: store.Sending) -> dict[str, object]:
    fields: dict[str, object] = {name: getattr(row, name) for name in Sending.model_fields.keys() - {"errors"}}
    return fields | {"errors": "without" if row.decision == "automatic" else row.decision}


def _files(files: list[store.File]) -> list[SentFile]:
    return [
        SentFile(no=file.no, name=file.name, size_bytes=file.size_bytes, sha256=file.sha256, refused=file.refused)
        for file in files
    ]
