"""What stands on the wire. Names and values are fixed: other programs rely on them."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

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
DeliveryState = Literal["waiting", "fetching", "received"]
DeliveryKind = Literal["medical", "dpc", "dental", "pharmacy", "home_nursing"]

BODY_FORM = r"^(1|2-(0[1-9]|[1-3][0-9]|4[0-7]|99))$"
MONTH_FORM = r"^20[0-9]{2}(0[1-9]|1[0-2])$"
SHA256_FORM = r"^[0-9a-fA-F]{64}$"


NoticeKind = Literal["start", "change_line", "change_connection", "change_address", "stop"]
NoticeState = Literal["filed", "seen", "approved", "sent_back"]


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


class Sums(Wire):
    """Sums over claims. Units: claims, cases, points (home nursing: yen)."""

    claims: int
    cases: int
    points: int


class Totals(Wire):
    """Accepted figures by what the check found."""

    normal: Sums
    ask: Sums
    refused: Sums


class SentFile(Wire):
    """One file of a sending. `claims`, `points` and `totals` are null until the check is done."""

    no: int
    name: str | None
    size_bytes: int
    sha256: str
    refused: bool | None
    damaged: bool
    claims: int | None
    points: int | None
    totals: Totals | None
    left_out: Annotated[bool, Field(description="the whole file is left out of the claim, whatever is decided")]
    claims_left_out: Annotated[list[int], Field(description="positions (from 0) of claims left out one by one")]


class Sending(Wire):
    """A sending. `errors` is the decision: with or without the claims that ask; null until it is made."""

    id: str
    party: str
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
    agent: Annotated[
        str | None, Field(description="the party that sent it by a mandate; null, if the party itself did")
    ]
    mandate: Annotated[str | None, Field(description="the id of that mandate")]
    decided_agent: Annotated[str | None, Field(description="the party that confirmed or cancelled it by a mandate")]
    confirm_no: int | None
    received_at: Instant
    decided_at: Instant | None


class SendingDetail(Sending):
    """A sending with its files.

    `corrects` is the sending whose corrected claims it holds, with its number of finished corrections (訂正完了回);
    `corrected_in` are the sendings that were made of claims of this one.
    """

    files: list[SentFile]
    corrects: str | None = None
    correct_no: int | None = None
    corrected_in: list[str] = []


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


class Verdict(Wire):
    """Why a file is certain to be refused, whatever comes behind: the finding that decides it; values are masked."""

    code: str
    level: str
    line: int | None
    message: str
    message_ja: str


class Course(Wire):
    """How far the check of a file has come while it arrives; it may lag, or not go along at all.

    `findings` counts by level; `refused` is null unless the file is certain to be refused. What counts is the sending's
    own check.
    """

    claims: int
    findings: dict[str, int]
    refused: Verdict | None


class FilePut(Course):
    """One file of an upload is there, and what is known of it so far."""

    upload: str
    no: int
    size_bytes: int
    sha256: str


class Arrival(Course):
    """A file that is arriving; it is no sending yet, and if its line breaks nothing of it stays.

    `upload` and `no` say which file of which upload it is, null for a single file. `stated_bytes` is null unless the
    sender stated the length. `ended`: its last byte is there, and it waits for the other files or for its commit.
    """

    id: str
    party: str
    line: Line
    upload: str | None
    no: int | None
    name: str | None
    idempotency_key: str | None
    stated_bytes: int | None
    received_bytes: int
    ended: bool


class Arrivals(Wire):
    """One page of what is arriving, newest first."""

    items: list[Arrival]
    next: str | None


class Finding(Wire):
    """One remark of a rule. `file_no` counts the files of the sending from 1; personal values are masked."""

    file_no: int
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


class Claim(Wire):
    """One claim and what became of it. `state` is null until the sending is decided."""

    file_no: int
    claim_index: int
    claim_no: int | None
    line: int
    worst: str | None
    refused: bool
    state: Literal["claimed", "unclaimed", "suspended"] | None
    reason: str | None
    points: int


class Claims(Wire):
    """One page of claims, in the order of the files."""

    items: list[Claim]
    next: str | None


class Fate(Sums):
    """How many claims come to the same for the same reason. `worst` is the worst level found on them."""

    state: Literal["claimed", "unclaimed", "suspended"] | None
    reason: str | None
    worst: str | None


class FatedClaim(Claim):
    """One claim and what becomes of it; `left_out` if it, or its file, is left out."""

    cases: int
    left_out: bool


class Forecast(Wire):
    """What a decision would come to, or, if `decided`, has: sums, and a page of claims.

    `seen` is the word to decide with (`?seen=`): a decision is refused if anything has changed since.
    """

    id: str
    state: SendingState
    errors: Decision
    decided: bool
    seen: str
    claimed: Sums
    unclaimed: Sums
    fates: list[Fate]
    items: list[FatedClaim]
    next: str | None


class Delivery(Wire):
    """A sealed object that waits for its payer. `content_url` is absolute.

    `reached_bytes` is how far the payer is known to have come: to where a request went on from, or all of it.
    """

    id: str
    body: str
    month: str
    kind: str
    payer: str
    volume: int
    claims: int
    points: int
    size_bytes: int
    sha256: str
    state: DeliveryState
    reached_bytes: int
    sealed_at: Instant
    fetched_at: Instant | None
    received_at: Instant | None
    content_url: str


class Deliveries(Wire):
    """One page of deliveries, newest first."""

    items: list[Delivery]
    next: str | None


class DeliveryStep(Wire):
    """A line of a delivery's history: the bytes `start` up to `end`, not included, asked for in so many requests.

    `user` is null for a program; `terminal` and `serial` are of the certificate.
    """

    no: int
    what: Literal["fetch", "received", "mismatch"]
    since: Instant
    until: Instant
    start: int
    end: int
    requests: int
    user: str | None
    terminal: str | None
    serial: str | None


class DeliveryHistory(Wire):
    """Who fetched a delivery, in order."""

    items: list[DeliveryStep]


class DeliveryPieces(Wire):
    """The SHA-256 of each piece of a delivery; every piece has `piece_bytes` but the last."""

    piece_bytes: int
    size_bytes: int
    sha256: str
    pieces: list[str]


class PayerMonthName(Wire):
    """A closed month of a review body that has something for the asker."""

    month: str
    body: str


class PayerMonths(Wire):
    """All of them, newest first."""

    items: list[PayerMonthName]


class Measures(Wire):
    """The measures of the claim ledger. Cases are 件数, claims 枚数 (on the main payer only)."""

    claims: int
    main_points: int
    cases: int
    own_points: int
    meals_yen: int


class PayerLedger(Wire):
    """The asker's account: what was claimed, and where it went."""

    claimed: Measures
    delivered: Measures
    suspended: Measures
    difference: Measures


class PayerMonthOfBody(Wire):
    """The asker's part of a review body's month. `balanced`: the deliveries hold what the ledger charges."""

    body: str
    month: str
    closed_at: Instant | None
    deliveries: int
    received: int
    claims: int
    points: int
    size_bytes: int
    balanced: bool
    ledger: PayerLedger
    reasons: dict[str, Measures]


class PayerMonth(Wire):
    """The asker's month, review body by review body."""

    month: str
    balanced: bool
    items: list[PayerMonthOfBody]


class Proof(Wire):
    """The digest that the payer's program computed over what it has."""

    sha256: Annotated[str, Field(pattern=SHA256_FORM)]


class Notice(Wire):
    """A notice (届出). `fields` are the items that its form asks for, by name."""

    id: str
    party: str
    kind: NoticeKind
    state: NoticeState
    filed_at: Instant
    fields: dict[str, str]


class NoticeStep(Wire):
    """One line of the history of a notice; none is ever changed or removed."""

    no: int
    state: NoticeState
    at: Instant
    by: str
    reason: str


class NoticeDetail(Notice):
    """A notice with its history and who filed it."""

    party_name: str
    party_address: str
    history: list[NoticeStep]


class NoticeAnswer(NoticeDetail):
    """What a party is told that files. `repeat`: the same notice was there already."""

    repeat: bool


class Notices(Wire):
    """One page of notices, newest first."""

    items: list[Notice]
    next: str | None


class ListRemark(Wire):
    """Something about a row of a list of parties. `code` is stable."""

    code: str
    facts: dict[str, str]


class ListRow(Wire):
    """A row of a list of parties, and what it comes to. `fields` names what differs from the register."""

    line: int
    id: str
    verdict: Literal["added", "changed", "ended", "unchanged", "refused"]
    fields: list[str]
    refused: list[ListRemark]
    remarks: list[ListRemark]


class ListReport(Wire):
    """What a list of parties comes to. `applied`: the register was brought up to it; it never is if a row is refused.

    `refused`, `changes` and `remarked` are the first 1,000 rows of theirs; `counts` are of all.
    """

    applied: bool
    counts: dict[str, int]
    refused: list[ListRow]
    changes: list[ListRow]
    remarked: list[ListRow]
