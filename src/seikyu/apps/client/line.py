"""The line to the office: one HTTP client with the party's certificate, and errors in words.

Nothing from the environment changes where a request goes or whom it trusts: no proxy, no other CA. A claims line is a
closed line; a proxy on it would be a mistake, and one set for a browser must not catch claims.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2
import stamina
from stamina.instrumentation import set_on_retry_hooks

from seikyu.adapters.tls_client import BadClientFile, client_context
from seikyu.adapters.tls_client import words as line_code
from seikyu.apps.client.errors import AnswerLost, BrokeWhileSending, LineFailed, OddAnswer, OfficeSaid
from seikyu.apps.client.folder import ClientFolder
from seikyu.apps.client.own_files import settle
from seikyu.apps.words import ErrorWords, error_words, language, say
from seikyu.limits import KIB, limit

API: Final = "/api/v1"

#: The office answers a sending after fsync and commit; a busy one may take a while. Longer than its own idle limit.
_TIMEOUT: Final = httpx2.Timeout(60.0, connect=10.0)

#: What the office says when the same request may succeed a moment later.
_PASSING: Final = frozenset({"busy", "unavailable", "stopping", "line_broken"})

#: The system takes no more than this ahead of the line, so that "broke after 3 of 5 MiB" is nearly true.
_AHEAD_BYTES: Final = 32 * KIB
_SOCKET_OPTIONS: Final = (
    [(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _AHEAD_BYTES)] if hasattr(socket, "TCP_NOTSENT_LOWAT") else []
)

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0

#: Line troubles that trying again does not mend: the certificate, the name, what listens there.
_LASTING: Final = ("certificate", "tls_", "not_tls", "name_unknown")

#: Where a party may act for another.
_FOR_OTHERS: Final = ("/sendings", "/arrivals")

Result = TypeVar("Result")
Note = Callable[[str], None]


class Line:
    """A line to the office. Use it in a `with`."""

    def __init__(
        self,
        folder: ClientFolder,
        *,
        tries: int | None = None,
        note: Note = lambda _: None,
        principal: str | None = None,
        root: str = API,
        context: ssl.SSLContext | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Open a line; `principal` is whom the party acts for where it sends.

        `root` is what every path stands below; `context` is another than the party's own;
        `timeout_s` is for who must not wait as long as a busy office may take. Errors: BadClientFile.
        """
        context = context or _own_context(folder)
        self.folder = folder
        self.tries = tries or limit("client_retries")
        self.note = note
        self.principal = principal
        self._http = httpx2.Client(
            base_url=folder.url + root,
            transport=httpx2.HTTPTransport(verify=context, trust_env=False, socket_options=_SOCKET_OPTIONS),
            trust_env=False,
            timeout=_TIMEOUT if timeout_s is None else timeout_s,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Accept-Language": language(),
                "User-Agent": f"seikyu/{version('seikyu')}",
            },
        )
        set_on_retry_hooks([])  # what is tried again is told to the user here, not logged

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: str | int | list[str]) -> dict[str, Any]:
        """Return the answer to a question; asked again by itself while the line is bad.

        Errors: OfficeSaid, LineFailed, OddAnswer.
        """
        return self.again(lambda: self._ask("GET", path, params=params))

    def post(self, path: str, *, repeatable: bool = False, **options: Any) -> dict[str, Any]:
        """Do an act. `repeatable`: doing it twice is the same as once, so that it may be tried again.

        Errors: as `get`.
        """
        if repeatable:
            return self.again(lambda: self._ask("POST", path, **options))
        return self._ask("POST", path, **options)

    def put(self, path: str, **options: Any) -> dict[str, Any]:
        """Put something in its place, which twice is the same as once. Errors: as `get`."""
        return self.again(lambda: self._ask("PUT", path, **options))

    def again(self, act: Callable[[], Result]) -> Result:
        """Do `act`, and again a bounded number of times while what stops it may pass; each wait is told.

        Errors: what the last try raised.
        """
        retries = stamina.retry_context(
            on=_wait, attempts=self.tries, timeout=None, wait_initial=_FIRST_WAIT_S, wait_max=_LONGEST_WAIT_S
        )
        for attempt in retries:
            with attempt:
                try:
                    return act()
                except (LineFailed, OfficeSaid) as trouble:
                    if attempt.num < self.tries and _wait(trouble):
                        told = words_of(trouble).text
                        self.note(say("client.again", trouble=told, number=attempt.num + 1, tries=self.tries))
                    raise
        raise AssertionError

    def send(
        self, method: str, path: str, *, body: "Counted", headers: Mapping[str, str], params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Send a file's bytes once and return the answer.

        Errors: BrokeWhileSending, AnswerLost, OfficeSaid, OddAnswer.
        """
        try:
            return self._ask(method, path, content=iter(body), headers=dict(headers), params=params)
        except LineFailed as trouble:
            if not body.begun:
                raise
            kind = AnswerLost if body.sent >= body.size_bytes else BrokeWhileSending
            raise kind(trouble.line_code, **body.facts()) from trouble
        except OfficeSaid as said:
            if said.words_code == "line_broken":
                raise BrokeWhileSending("line_broken", **body.facts()) from said
            raise

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """Open an answer whose body is read piece by piece. Errors, also while reading: LineFailed, OfficeSaid."""
        try:
            with self._http.stream("GET", path, headers=dict(headers)) as response:
                if response.is_error:
                    response.read()
                    raise _said(response)
                yield response
        except httpx2.TransportError as trouble:
            raise LineFailed(line_code(trouble), url=self.folder.url) from trouble

    def answer(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask once and return the answer as it came. Errors: OfficeSaid, LineFailed, OddAnswer."""
        try:
            response = self._http.request(method, path, **options)
        except httpx2.TransportError as trouble:
            raise LineFailed(line_code(trouble), url=self.folder.url) from trouble
        if response.is_error:
            raise _said(response)
        return response

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        if self.principal is not None and path.startswith(_FOR_OTHERS):
            options["params"] = {**options.get("params", {}), "for": self.principal}
        response = self.answer(method, path, **options)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise OddAnswer(url=self.folder.url, status=response.status_code)
        return answer


def _own_context(folder: ClientFolder) -> ssl.SSLContext:
    """Return the context with the party's certificate; another program may just be putting a new one in its place.

    Errors: BadClientFile.
    """
    for last in (False, True):
        settle(folder.path)
        try:
            return client_context(folder.ca, certificate=folder.certificate, key=folder.key)
        except BadClientFile:
            if last:
                raise
    raise AssertionError


class Counted:
    """The bytes of something that is sent, counted as they leave. One object is one try."""

    def __init__(self, pieces: Iterator[bytes], *, size_bytes: int, before: int = 0, total: int | None = None) -> None:
        self._pieces = pieces
        self.size_bytes = size_bytes
        self.sent = 0
        self.begun = False
        self._before = before
        self._total = size_bytes if total is None else total

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.begun = True
            yield piece
            self.sent += len(piece)

    def facts(self) -> dict[str, str]:
        """Return how far it came, in words: `3` of `5 MiB`."""
        name, unit = next(((n, u) for n, u in _UNITS if self._total >= u), ("bytes", 1))
        done = (self._before + self.sent) // unit
        return {"sent": str(done), "total": f"{-(-self._total // unit)} {name}"}


def words_of(trouble: LineFailed | OfficeSaid) -> ErrorWords:
    """Return what is wrong, for the user."""
    if isinstance(trouble, OfficeSaid):
        return trouble.words
    return error_words(trouble.words_code, **trouble.facts)


def _wait(trouble: Exception) -> bool | float:
    """Say whether `trouble` may pass, and how long to wait if the office said it."""
    if isinstance(trouble, OfficeSaid) and trouble.words_code in _PASSING:
        seconds = trouble.facts.get("retry_after_s")
        return min(float(seconds), _LONGEST_WAIT_S) if isinstance(seconds, int | float) and seconds > 0 else True
    return isinstance(trouble, LineFailed) and not any(part in trouble.line_code for part in _LASTING)


def _said(response: httpx2.Response) -> OfficeSaid:
    """Return the office's problem as an error; of an answer that is none, what its status says."""
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):
        reason = f"{response.status_code} {response.reason_phrase}"
        raise OddAnswer(url=str(response.url.copy_with(path="/", query=None)), status=reason)
    words = ErrorWords(*(str(problem.get(name, "")) for name in ("title", "detail", "hint")))
    return OfficeSaid(problem["code"], status=response.status_code, words=words, facts=problem)


_UNITS: Final = (("MiB", 1024 * 1024), ("KiB", 1024))
