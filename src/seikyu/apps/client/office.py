"""One object for a program that works with an office: `Client`. The commands are written with it too.

Under its stable name it is `seikyu.client.Client`. It blocks, and belongs to one thread at a time. What it returns is
what the API answers (`docs/reference/api.md`); what goes wrong is an exception with a stable `code`, and `words_of`
tells it in Japanese or English.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from seikyu.apps.client import acts, events
from seikyu.apps.client import lists as official
from seikyu.apps.client.errors import BadSignature, OfficeSaid
from seikyu.apps.client.fetch import Fetched, Offered, fetch, offered
from seikyu.apps.client.folder import home_of, open_client
from seikyu.apps.client.line import Line, Note
from seikyu.apps.client.lists import Taken
from seikyu.apps.client.lookout import Certain
from seikyu.apps.client.outgoing import Outgoing, look_at
from seikyu.apps.client.send import Terms, send, wait_for_check
from seikyu.apps.words import ErrorWords, Language, error_words, language
from seikyu.ports.errors import SeikyuError
from seikyu.trust.webhooks import WebhookRefused, verify

#: The headers of a webhook, as they are looked for whatever their case.
_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")

Told = Callable[[int], None]


def nobody(_: object) -> None:
    """Take no notice."""


class Client:
    """An institution or a payer at its office. Use it in a `with`.

    Whatever may pass is tried again by itself: a line that breaks, an office that is busy. Sending twice is safe: until
    there is an answer, the same files on the same terms bear the same key, also over the end of the program.
    """

    def __init__(self, line: Line) -> None:
        self.line = line

    @classmethod
    def open(
        cls,
        client: str | None = None,
        *,
        home: Path | None = None,
        tries: int | None = None,
        note: Note = nobody,
        acts_for: str | None = None,
    ) -> Self:
        """Return a client by its folder: the one of that id, or the only one there is (`seikyu cert …` makes it).

        `note` is told what is waited for; `acts_for` is the institution that is acted for, by a mandate.
        Errors: NoClient, ClientNotNamed, BadClientFile.
        """
        return cls(Line(open_client(home_of(home), client), tries=tries, note=note, principal=acts_for))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.__exit__(kind, reason, trace)

    def send(
        self,
        files: Path | Sequence[Path | Outgoing],
        *,
        body: str | None = None,
        test: bool = False,
        asp: bool = True,
        told: Told = nobody,
        certain: Certain = nobody,
    ) -> dict[str, Any]:
        """Send one file or several as one sending, all or none; return the sending as it was recorded.

        `repeat` in the answer says that the office had it already. `told` gets the bytes that have gone (negative:
        those of a broken try), `certain` each file that is certain to be refused while it is still arriving.
        Errors: FileUnusable, BrokeWhileSending (nothing is kept), AnswerLost (send again), LineFailed, OfficeSaid.
        """
        paths = [files] if isinstance(files, Path) else files
        outgoing = [each if isinstance(each, Outgoing) else look_at(each) for each in paths]
        return send(self.line, outgoing, Terms(body, test, asp), told=told, certain=certain)

    def wait_for_check(self, sending: Mapping[str, Any], *, longest_s: float = 600.0) -> dict[str, Any]:
        """Return a sending once it is checked, or as it is after `longest_s`. Errors: LineFailed, OfficeSaid."""
        return wait_for_check(self.line, sending, longest_s=longest_s)

    def sending(self, sending_id: str) -> dict[str, Any]:
        """Return one sending with its files. Errors: LineFailed, OfficeSaid."""
        return acts.sending(self.line, sending_id)

    def newest_sendings(self, *, month: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Return the newest sendings. Errors: LineFailed, OfficeSaid."""
        return acts.sendings(self.line, month=month, limit=limit)

    def sendings(self, **narrowed: str) -> Iterator[dict[str, Any]]:
        """Yield all sendings, newest first; narrowed by body, month, line or state. Errors: LineFailed, OfficeSaid."""
        return acts.all_sendings(self.line, **narrowed)

    def findings(self, sending_id: str, *, most: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the findings of a sending. Errors: LineFailed, OfficeSaid."""
        return acts.findings(self.line, sending_id, most=most)

    def claims(self, sending_id: str) -> Iterator[dict[str, Any]]:
        """Yield the claims of a sending and what became of each. Errors: LineFailed, OfficeSaid."""
        return acts.claims(self.line, sending_id)

    def confirm(self, sending_id: str, *, errors: Literal["with", "without"]) -> dict[str, Any]:
        """Say yes (請求確定), with or without the claims that ask. Errors: LineFailed, OfficeSaid."""
        return acts.confirm(self.line, sending_id, errors)

    def cancel(self, sending_id: str) -> dict[str, Any]:
        """Say no (請求取消). Errors: LineFailed, OfficeSaid."""
        return acts.cancel(self.line, sending_id)

    def lists(self, sending_id: str) -> list[dict[str, Any]]:
        """Return the official lists (帳票) of a sending, there or not. Errors: LineFailed, OfficeSaid."""
        return official.lists(self.line, sending_id)

    def take_list(
        self, sending_id: str, item: dict[str, Any], *, to: Path, form: Literal["csv", "pdf", "spreadsheet"] = "csv"
    ) -> list[Taken]:
        """Take one of the lists into a folder, all its parts. Errors: LineFailed, OfficeSaid, FileUnusable."""
        return official.take_list(self.line, sending_id, item, form=form, folder=to)

    def take_month(self, month: str, *, to: Path, line: Literal["real", "test"] | None = None) -> Taken:
        """Take the lists of a month as one archive. Errors: LineFailed, OfficeSaid, FileUnusable."""
        return official.take_month(self.line, month, office_line=line, folder=to)

    def deliveries(self, *, month: str | None = None) -> list[Offered]:
        """Return what waits or waited for this payer, oldest first. Errors: LineFailed, OfficeSaid."""
        return offered(self.line, month=month)

    def fetch(self, one: Offered, *, to: Path, told: Told = nobody) -> Fetched:
        """Bring a delivery into a folder, whole and verified, and say that it was received; goes on after any break.

        Errors: LineFailed, OfficeSaid, DiskFull (what is there stays), DeliveryDamaged, FetchRunning, FileUnusable.
        """
        return fetch(self.line, one, to=to, told=told)

    def events_page(self, *, after: str | None = None, types: Sequence[str] = (), wait_s: int = 0) -> dict[str, Any]:
        """Return a part of the feed and where to go on. Errors: LineFailed, OfficeSaid."""
        return events.events_page(self.line, after=after, types=types, wait_s=wait_s)

    def events(
        self, *, after: str | None = None, types: Sequence[str] = (), until: Callable[[], bool] = lambda: False
    ) -> Iterator[dict[str, Any]]:
        """Yield events as they happen, over every break. Errors: OfficeSaid (`events_gone`)."""
        return events.follow(self.line, after=after, types=types, until=until)

    def webhooks(self) -> list[dict[str, Any]]:
        """Return this party's webhooks. Errors: LineFailed, OfficeSaid."""
        return events.list_webhooks(self.line)

    def webhook(self, webhook_id: str) -> dict[str, Any]:
        """Return one webhook with its last tries. Errors: LineFailed, OfficeSaid."""
        return events.show_webhook(self.line, webhook_id)

    def add_webhook(self, address: str, *, types: Sequence[str] = (), key: str | None = None) -> dict[str, Any]:
        """Enter an address that is told of events; the answer holds the secret, this once.

        Errors: LineFailed, OfficeSaid (`bad_webhook`, `too_many_webhooks`).
        """
        return events.add_webhook(self.line, address, types=types, key=key)

    def test_webhook(self, webhook_id: str) -> dict[str, Any]:
        """Tell a webhook now that this is a test; return what became of that. Errors: LineFailed, OfficeSaid."""
        return events.act_on_webhook(self.line, webhook_id, "test")

    def rotate_webhook(self, webhook_id: str) -> dict[str, Any]:
        """Give a webhook a new secret, shown this once. Errors: LineFailed, OfficeSaid."""
        return events.act_on_webhook(self.line, webhook_id, "rotate")

    def pause_webhook(self, webhook_id: str) -> dict[str, Any]:
        """Tell a webhook nothing for now. Errors: LineFailed, OfficeSaid."""
        return events.act_on_webhook(self.line, webhook_id, "pause")

    def resume_webhook(self, webhook_id: str, *, from_now: bool = False) -> dict[str, Any]:
        """Go on telling a webhook, from where it stopped or from now on. Errors: LineFailed, OfficeSaid."""
        return events.act_on_webhook(self.line, webhook_id, "resume", from_now=from_now)

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook. Errors: LineFailed, OfficeSaid."""
        events.remove_webhook(self.line, webhook_id)


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime | None = None) -> None:
    """Return if a webhook was signed with the secret, just now. `body` is the bytes as they came, before any parsing.

    Errors: BadSignature; nothing of the message may be used then.
    """
    said = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (said.get(name, "") for name in _HEADERS)
    try:
        verify(
            secret, message_id=message_id, timestamp=timestamp, signatures=signatures, body=body,
            now=now or datetime.now(UTC),
        )  # fmt: skip
    except WebhookRefused as refused:
        raise BadSignature(refused.why, why=refused.why) from None


def words_of(error: SeikyuError, lang: Language | None = None) -> ErrorWords:
    """Return what is wrong, in Japanese or English: what kind, this case, and what to do."""
    if isinstance(error, OfficeSaid) and lang in {None, language()}:
        return error.words
    code: str = getattr(error, "words_code", error.code)
    return error_words(code, lang, **{"message": str(error), **error.facts})
