"""What stands on the wire of forms, the inquiry desk, waits and incidents."""

from typing import Annotated, Any, Literal

from pydantic import Field

from seikyu.apps.api.models import Instant, Wire

InquiryState = Literal["received", "in_hand", "answered", "waiting", "closed"]
InquiryAct = Literal["ask", "write", "solve", "take", "answer", "ask_back", "pass_on", "close"]
Level = Literal["quiet", "usual", "busy", "crowded", "unknown"]


class Inquiry(Wire):
    """An inquiry (お問い合わせ). `report`: a doctor's report is attached. `party` is null for one without a login."""

    id: str
    number: str
    state: InquiryState
    problem: str
    line_kind: str
    body: str
    party: str | None
    desk: str
    reply: Literal["page", "phone", "none"]
    made_at: Instant
    changed_at: Instant
    report: bool


class InquiryStep(Wire):
    """One line of the history of an inquiry. `by` names people of the desk to the desk alone."""

    no: int
    at: Instant
    side: Literal["asker", "desk"]
    by: str
    act: InquiryAct
    state: InquiryState
    desk: str
    text: str


class FaultFound(Wire):
    """A fault that a doctor's report names."""

    id: str
    certain: bool


class Findings(Wire):
    """What is kept of a doctor's report: verdict, faults and facts by our own names."""

    verdict: str
    found: list[FaultFound]
    facts: dict[str, bool | int | str | list[str]]
    version: str


class InquiryDetail(Inquiry):
    """An inquiry with its history."""

    reach: str
    lang: Literal["ja", "en"]
    findings: Findings | None
    history: list[InquiryStep]


class InquiryAnswer(InquiryDetail):
    """What an asker is told. `repeat`: the same inquiry was there already."""

    repeat: bool


class Inquiries(Wire):
    """One page of inquiries, newest first."""

    items: list[Inquiry]
    next: str | None


class AdminInquiries(Inquiries):
    """One page of everybody's inquiries, with how many there are in each state."""

    states: dict[InquiryState, int]


class Queue(Wire):
    """What waits for its check now. Units: bytes, seconds."""

    sendings: int
    files: int
    size_bytes: int
    oldest_s: float


class Pace(Wire):
    """How fast the office checks, measured over its last checks. Units: bytes a second, bytes."""

    bytes_per_s: int
    slowest: int
    fastest: int
    overhead_bytes: int
    checks: int


class Forecast(Wire):
    """How long the check of a file of that size takes if it is sent now. Units: bytes, seconds."""

    size_bytes: int
    expected_s: float
    least_s: float
    most_s: float


class Quarter(Wire):
    """What a quarter of an hour saw. Units: bytes, milliseconds; null where nothing was checked."""

    at: Instant
    arrivals: int
    arrived_bytes: int
    checked: int
    longest_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    busy: Annotated[int, Field(description="bodies that were turned away because every place was taken")]
    queued_files: int
    queued_bytes: int


class IncidentUpdate(Wire):
    """What was told about an incident. English may be empty."""

    no: int
    at: Instant
    text: str
    text_en: str


class Incident(Wire):
    """An incident (障害). `ended_at` is null while it goes on."""

    id: str
    began_at: Instant
    ended_at: Instant | None
    title: str
    title_en: str
    parts: list[str]
    updates: list[IncidentUpdate]


class IncidentList(Wire):
    """Incidents that go on, and those that have ended, newest first."""

    going_on: list[Incident]
    past: list[Incident]


class Status(Wire):
    """How busy the office is. `forecast` and `pace` are null while nothing was measured."""

    at: Instant
    level: Level
    queue: Queue
    workers: int
    pace: Pace | None
    forecast: Forecast | None
    history: list[Quarter]
    incidents: IncidentList


class Forms(Wire):
    """The forms (様式集): each with its fields, in both languages."""

    items: list[dict[str, Any]]


class ContactTable(Wire):
    """Who explains what: desks, problems, and who is asked first about each kind of line."""

    example: Annotated[bool, Field(description="the office has published no telephone numbers")]
    whom: dict[str, dict[str, Any]]
    problems: dict[str, dict[str, Any]]
    first_by_line: dict[str, str]
