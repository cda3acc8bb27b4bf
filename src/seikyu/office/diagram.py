"""The page of states, drawn from the transition table; `docs/reference/states.md` is this page."""

from typing import Final

from seikyu.office.sending import (
    FINAL,
    TRANSITIONS,
    ChecksFinished,
    ClaimsCorrected,
    CorrectionFinished,
    DeadlinePassed,
    Event,
    EveryFileRefused,
    InstitutionCancelled,
    InstitutionConfirmed,
    MonthClosed,
    ReviewBodyUndid,
    State,
)

#: State, official word or our own, meaning.
STATES: Final = {
    State.CHECKING: ("処理中", "received, durable, and being checked; nothing is claimed yet"),
    State.TO_DECIDE: ("確定待ち", "checked; the institution confirms, cancels or corrects"),
    State.REFUSED: ("受付不能", "no file of it stands; to be put right and sent again"),
    State.CONFIRMED: ("請求確定", "claimed, with or without the claims that ask"),
    State.CONFIRMED_AUTOMATICALLY: ("自動確定", "claimed because nobody decided in time"),
    State.CANCELLED: ("請求取消", "discarded whole by the institution"),
    State.CORRECTED: ("訂正完了", "every claim was corrected on the screen; new sendings have taken its place"),
    State.HANDED_OVER: ("審査へ", "the month is closed; from here on only withdrawal (取下げ) takes a claim back"),
    State.UNDONE: ("確定取消", "a confirmation that the review body undid at the institution's request"),
}

#: Event, who brings it about, what happened.
EVENTS: Final[dict[type[Event], tuple[str, str]]] = {
    ChecksFinished: ("office", "the check is done and at least one file stands"),
    EveryFileRefused: ("office", "the check is done and no file stands"),
    InstitutionConfirmed: ("institution", "confirms (請求確定), エラー分含む or エラー分除く"),
    InstitutionCancelled: ("institution", "cancels (請求取消)"),
    CorrectionFinished: ("institution", "finishes correcting on the screen, and no claim is left (訂正完了)"),
    ClaimsCorrected: ("institution", "finishes correcting some claims on the screen (訂正完了)"),
    DeadlinePassed: ("calendar", "the 10th 24:00 passes, for corrections the 12th 21:00 (自動請求確定)"),
    MonthClosed: ("office", "the month of the review body closes"),
    ReviewBodyUndid: ("review body", "undoes a confirmation on request"),
}


def states_page() -> str:
    """Return the page: a diagram, then every state and every transition."""
    return "\n".join([*_HEAD, *_diagram(), *_states(), *_transitions(), ""])


_HEAD: Final = (
    "# States of a sending (送信)",
    "",
    "Generated from `seikyu.office.sending`; a test fails if it is not up to date.",
    "",
)


def _diagram() -> list[str]:
    return [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {State.CHECKING}",
        *(f"    {state} --> {after}: {event.__name__}" for (state, event), after in TRANSITIONS.items()),
        *(f"    {state} --> [*]" for state in State if state in FINAL),
        "```",
        "",
    ]


def _states() -> list[str]:
    rows = (f"| `{state}` | {ja} | {meaning} |" for state, (ja, meaning) in STATES.items())
    return ["| state | 日本語 | meaning |", "|---|---|---|", *rows, ""]


def _transitions() -> list[str]:
    rows = (
        f"| `{state}` | {event.__name__} | {EVENTS[event][0]} | {EVENTS[event][1]} | `{after}` |"
        for (state, event), after in TRANSITIONS.items()
    )
    return [
        "| from | event | by | what happened | to |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "Every other pair of state and event is turned away as not allowed, and changes nothing.",
    ]
