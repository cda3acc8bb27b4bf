"""One visit to a page: who asks, what they have typed, and the ways to answer.

A page is a function from a `Visit` to an answer; `Pages.route` puts around it what every page needs: the certificate at
the desk, the form and its token, the login, what has to come first, and the power. It runs in a thread, as everything
does that touches the database. What goes wrong is an error with a code: a page may show its form again with it, and
otherwise it becomes a page of its own.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from seikyu.apps.api.identity import IDENTITY, first_part, peer_address, require_own_page, who_asks
from seikyu.apps.api.problems import Known, facts_of, wants_page
from seikyu.apps.outcomes import outcome_of
from seikyu.apps.pages.forms import MARK_BYTES, check_token, is_mark, read_form, token_for
from seikyu.apps.pages.frame import HEADERS, LANGUAGE_COOKIE, frame_response, page_language
from seikyu.apps.told import told_facts
from seikyu.apps.words import ErrorWords, Language, error_words, say
from seikyu.limits import limit
from seikyu.ports.errors import Busy
from seikyu.ports.lines import LineLists
from seikyu.ports.people import Place
from seikyu.ports.trust import ClientIdentity
from seikyu.services.admission import OtherLine, admit
from seikyu.services.agency import acting_for
from seikyu.services.login import LoginOver, actor_of
from seikyu.services.office import Office
from seikyu.services.people import MandateNotThere, People, act_for
from seikyu.trust.people import Actor, demand, permits

#: Addresses of ours that a visitor may be sent back to: one slash at the front, and nothing that a browser reads anew.
_OWN_PATH: Final = re.compile(r"/(?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]*")

#: Pages that are there whatever line one comes by: where one logs in, files the notice that mends it, and reads why.
ANYWHERE: Final = frozenset(
    {
        "", "login", "logout", "account", "notices", "lines", "news", "calendar", "faq", "prefectures", "for", "forms",
        "contact", "status",
    }
)  # fmt: skip

#: Pages on which an agent works for the party that it has chosen; everywhere else everybody is themselves.
FOR_ANOTHER: Final = frozenset({"", "sendings", "sendings.csv", "lists"})

#: Security keys know hosts by name, not by address.
_HOST: Final = re.compile(r"(?=.*[a-z])[a-z0-9-]+(?:\.[a-z0-9-]+)*")

#: Where a login has to go first, by its duty.
DUTIES: Final = {
    "change_password": "/account/password",
    "second_factor": "/account/second-factor",
    "accept_terms": "/account/terms",
}


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of the menu.

    Shape: `words` is the key of its text. It is shown to all; with `login` to who has logged in; with `powers` to who
    has one of them; with `kinds` to parties of these kinds. `aside` ones stand in the second row.
    """

    path: str
    words: str
    login: bool = False
    powers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    aside: bool = False

    def shown_to(self, actor: Actor | None, kind: str = "") -> bool:
        """True if it stands in the menu of somebody of a party of that kind."""
        if self.kinds and kind not in self.kinds:
            return False
        if actor is None:
            return not self.login and not self.powers
        return not self.powers or any(permits(actor, power) for power in self.powers)


def way_at(path: str, ways: Iterable[Way]) -> Way | None:
    """Return the entry of the menu that a page is below: the one with the longest address."""
    above = [
        way for way in ways if path == way.path or (way.path != "/" and path.startswith(way.path.rstrip("/") + "/"))
    ]
    return max(above, key=lambda way: len(way.path), default=None)


@dataclass(slots=True)
class Visit:
    """One request to a page and what is known of it.

    Shape: `identity` is None on the public face, `actor` without a login.
    """

    pages: "Pages"
    request: Request
    lang: Language
    identity: ClientIdentity | None = None
    actor: Actor | None = None
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def people(self) -> People:
        """What keeping people needs."""
        return self.pages.people

    @property
    def office(self) -> Office:
        """The office."""
        return self.pages.office

    @property
    def session(self) -> str:
        """The token of the login, empty without one."""
        return self.request.cookies.get(self.pages.session_cookie, "")

    @property
    def who(self) -> Actor:
        """Who has logged in; pages that need a login have one."""
        if self.actor is None:
            raise LoginOver
        return self.actor

    @property
    def asker(self) -> ClientIdentity:
        """Who asks, as services that know parties take it: the party that has logged in, or the one it works for.

        Errors: MandateNotThere, if it may no longer.
        """
        who = self.who
        with self.people.store.read() as tx:
            party = tx.party(who.party)
        own = ClientIdentity(
            serial=self.identity.serial if self.identity else "", party=who.party, kind=party.kind if party else "",
            terminal="", user=who.user,
        )  # fmt: skip
        return acting_for(self.office, own, who.acts_for) if who.acts_for else own

    @property
    def named(self) -> str:
        """Who acts, as it stands in a history: party and user id."""
        return f"{self.who.party}/{self.who.user}"

    @property
    def address(self) -> str:
        """The address at the other end of the line."""
        return self.request.client.host if self.request.client else ""

    @property
    def place(self) -> Place:
        """This page as security keys are bound to it; empty, if it has none of our names."""
        return self.pages.place_of(self.request.headers.get("host", ""))

    def done(self, *known: str) -> str:
        """Return what was done before this page, from `?done=`, if it is a word that the page knows."""
        word = self.request.query_params.get("done", "")
        return self.say(f"pages.account.{word}") if word in known else ""

    def say(self, key: str, /, **facts: Any) -> str:
        """Return a text in the language of the page."""
        return say(key, self.lang, **facts)

    def label(self, row: Any) -> str:
        """Return what a row of data is called, in the language of the page."""
        return str(row.ja if self.lang == "ja" else row.en)

    def typed(self, name: str) -> str:
        """Return what was typed into a field; nothing if there was none."""
        return self.form.get(name, "")

    def show(self, template: str, status: int = 200, /, **facts: Any) -> Response:
        """Answer with a page."""
        mark = self.request.cookies.get(self.pages.mark_cookie, "")
        fresh = "" if is_mark(mark) else os.urandom(MARK_BYTES).hex()
        asked: list[str] = []

        ways = self.pages.ways_for(self.actor, self.identity.kind if self.identity else "")

        def token() -> str:
            asked.append("")
            return token_for(self.pages.key, face=self.pages.face, mark=fresh or mark, session=self.session)

        basis = {
            "face": self.pages.face,
            "path": self.request.url.path,
            "other_path": self.other_path(),
            "ways": ways,
            "way_here": way_at(self.request.url.path, ways),
            "actor": self.actor,
            "token": token,
            "error": None,
            "typed": self.form,
        }
        answer = frame_response(template, self.lang, status, None, **basis | facts)
        if fresh and asked:
            self.pages.put_cookie(answer, self.pages.mark_cookie, fresh)
        if self.request.query_params.get("lang") == self.lang:
            self.pages.put_cookie(answer, LANGUAGE_COOKIE, self.lang)
        return answer

    def other_path(self) -> str:
        """Return where this page is seen in another language: here, if it is no act; else what is above it."""
        path = self.request.url.path
        return path if self.request.method == "GET" else self.pages.shown_at(path)

    def again(self, template: str, error: Known, /, **facts: Any) -> Response:
        """Answer with the page once more, and what was wrong; passwords and codes are not typed into it again."""
        return self.show(template, int(outcome_of(error.code).status), error=self.words(error), **facts)

    def words(self, error: Known) -> ErrorWords:
        """Return what an error says, in the language of the page."""
        which: str = getattr(error, "words_code", error.code)
        return error_words(which, self.lang, **told_facts(facts_of(error), self.lang))

    def see(self, path: str, /, *, session: str | None = None) -> Response:
        """Send the visitor on to another page of ours; with a new login, or with "" out of the one there is."""
        if not _OWN_PATH.fullmatch(path.partition("?")[0]):
            raise ValueError("not an address of ours")
        answer = RedirectResponse(path, 303, dict(HEADERS))
        if session is not None:
            self.pages.put_cookie(answer, self.pages.session_cookie, session)
        return answer

    def next_path(self, default: str) -> str:
        """Return the page that the visitor wanted before they had to log in, if it is one of ours."""
        wish = self.form.get("next") or self.request.query_params.get("next", "")
        return wish if _OWN_PATH.fullmatch(wish) else default


def _fits(path: str, pattern: str) -> bool:
    """True if an address is one of a route with parts that vary."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        want == part or "{" in want for part, want in zip(parts, wanted, strict=True)
    )


Page = Callable[[Visit], Response]


@dataclass(slots=True)
class Pages:
    """The pages of one face: `desk`, with certificates, or `public`.

    Shape: `key` makes the tokens of forms; without `lists` the example of the lines is shown.
    """

    face: str
    office: Office
    people: People
    key: bytes = field(repr=False)
    served: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    external_url: str | None = None
    lists: LineLists | None = None
    _shown: set[str] = field(default_factory=set, repr=False)
    _hard: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(limit("logins_at_once")), repr=False)
    _waiting: int = 0

    @property
    def session_cookie(self) -> str:
        """The cookie of a login. Faces have their own: cookies do not tell ports of one host apart."""
        return f"__Host-seikyu-{self.face}"

    @property
    def mark_cookie(self) -> str:
        """The cookie that tokens of forms are bound to."""
        return f"__Host-seikyu-{self.face}-form"

    @property
    def acting_cookie(self) -> str:
        """The cookie that says for which party an agent works; whether it may is asked with every request."""
        return f"__Host-seikyu-{self.face}-for"

    def ways_for(self, actor: Actor | None, kind: str = "") -> list[Way]:
        """Return the menu of somebody of a party of that kind."""
        return [way for way in self.ways if way.shown_to(actor, kind) and self.has(way.path)]

    def place_of(self, said: str) -> Place:
        """Return the place for a Host header; an empty one for a name that the server is not made out for.

        A page that was relayed under another name must not learn what a security key says.
        """
        outside = urlsplit(self.external_url).netloc if self.external_url else ""
        name = urlsplit(f"//{said}").hostname or ""
        if name not in {*self.hosts, urlsplit(f"//{outside}").hostname} or not _HOST.fullmatch(name):
            return Place("", "")
        return Place(name, f"https://{said}")

    def put_cookie(self, answer: Response, name: str, value: str, *, kept_s: int | None = None) -> None:
        """Set a cookie that only we get back, from our own pages and over TLS; an empty value takes it away."""
        life = 0 if not value else kept_s
        answer.set_cookie(name, value, max_age=life, path="/", secure=True, httponly=True, samesite="strict")

    def route(
        self, path: str, page: Page, *, post: bool = False, login: bool = True, powers: tuple[str, ...] = (),
        before_duty: bool = False, hard: bool = False,
    ) -> Route:  # fmt: skip
        """Return the route of a page: shown by GET, or an act by POST.

        Shape: without `login` anybody may see it; of `powers` the role must have one; `before_duty` pages are those
        where what has to come first is done; `hard` ones hash passwords, of which only so many go on at once.
        """

        async def answer(request: Request) -> Response:
            visit = Visit(self, request, page_language(request))
            await self._identify(visit)
            if first_part(request.scope) not in ANYWHERE:
                try:
                    await self._admit(visit)
                except OtherLine as refused:
                    return await asyncio.to_thread(self._refused, visit, refused)
            if post:
                sent = await read_form(request, external_url=self.external_url)
                visit.form, visit.files = sent.fields, sent.files
                self._check(visit)
                # A form may take its time to come in, and the certificate may be revoked meanwhile.
                await self._identify(visit)
            run = self._step(page, login=login, powers=powers, before_duty=before_duty)
            if not hard or not post:
                return await asyncio.to_thread(run, visit)
            return await self._one_of_few(run, visit)

        if not post:
            self._shown.add(path)
        return Route(path, answer, methods=["POST"] if post else ["GET"])

    def streamed(self, path: str, act: Callable[[Visit], Awaitable[Response]], *, powers: tuple[str, ...]) -> Route:
        """Return the route of an act whose form is read by the act itself, because it is too large to be held.

        Shape: who asks is known when `act` begins; the token is its to check, with `check_form`, and so is `still_in`
        before what it does. Its errors are answered as everywhere.
        """

        async def answer(request: Request) -> Response:
            visit = Visit(self, request, page_language(request))
            require_own_page(request.scope, external_url=self.external_url)
            await self._identify(visit)
            await self._admit(visit)
            try:
                await self.still_in(visit, powers)
            except LoginOver:
                if wants_page(request):
                    return visit.see("/login")
                raise
            return await act(visit)

        return Route(path, answer, methods=["POST"])

    def check_form(self, visit: Visit, form: Mapping[str, str]) -> None:
        """Errors: FormOver, unless the form was written by a page of ours for this browser and login."""
        visit.form = form
        self._check(visit)

    async def still_in(self, visit: Visit, powers: tuple[str, ...]) -> None:
        """Look who has logged in, now. Errors: those of `who_asks`; LoginOver; NotPermitted."""
        await self._identify(visit)
        visit.actor = await asyncio.to_thread(self._actor, visit)
        if visit.actor is None or visit.actor.must is not None:
            raise LoginOver
        if not any(permits(visit.actor, power) for power in powers):
            demand(visit.actor, powers[0])

    async def _identify(self, visit: Visit) -> None:
        """Find out who asks, at the desk. Errors: those of `who_asks`."""
        if self.face == "desk":
            office, scope = self.office, visit.request.scope
            visit.identity = await asyncio.to_thread(who_asks, office.store, office.clock, scope, tell=office.tell)
            scope.setdefault("state", {})[IDENTITY] = visit.identity

    async def _admit(self, visit: Visit) -> None:
        """Look by which line who asks has come. Errors: OtherLine."""
        if visit.identity is not None:
            await asyncio.to_thread(admit, self.office, visit.identity, peer_address(visit.request.scope))

    def _refused(self, visit: Visit, refused: OtherLine) -> Response:
        """Answer who came by another line with why, and with the way to the notice that mends it."""
        visit.actor = self._actor(visit)
        notice, used = refused.facts["notice"], refused.facts["used"]
        return visit.again("other_line.html", refused, notice=notice, used=used if notice else "")

    def has(self, path: str) -> bool:
        """True if this face has a page at that address."""
        return path in self._shown or any(_fits(path, each) for each in self._shown if "{" in each)

    def shown_at(self, path: str) -> str:
        """Return where a page can be looked at again: itself, or what is above an act."""
        while path not in self._shown and path.count("/") > 1:
            path = path.rpartition("/")[0]
        return path if path in self._shown else "/"

    def _check(self, visit: Visit) -> None:
        mark = visit.request.cookies.get(self.mark_cookie, "")
        check_token(self.key, visit.form, face=self.face, mark=mark, session=visit.session)

    def _step(self, page: Page, *, login: bool, powers: tuple[str, ...], before_duty: bool) -> Page:
        def run(visit: Visit) -> Response:
            visit.actor = self._actor(visit)
            if not login:
                return page(visit)
            if visit.actor is None:
                return visit.see(
                    f"/login?next={quote(visit.request.scope['path'])}" if visit.request.method == "GET" else "/login"
                )
            if visit.actor.must is not None and not before_duty:
                return visit.see(DUTIES[visit.actor.must])
            if powers and not any(permits(visit.actor, power) for power in powers):
                demand(visit.actor, powers[0])
            return page(visit)

        return run

    def _actor(self, visit: Visit) -> Actor | None:
        if not visit.session:
            return None
        try:
            actor = actor_of(self.people, visit.identity, visit.session)
        except LoginOver:
            return None
        principal = visit.request.cookies.get(self.acting_cookie, "")
        if not principal or first_part(visit.request.scope) not in FOR_ANOTHER:
            return actor
        # Who may no longer work for another must not work for themselves without having said so; home says it.
        try:
            return act_for(self.people, actor, principal)
        except MandateNotThere:
            if first_part(visit.request.scope):
                raise
            return actor

    async def _one_of_few(self, run: Page, visit: Visit) -> Response:
        """Run what takes memory and a core when it is its turn. Errors: Busy, if the queue is long."""
        if self._waiting >= limit("logins_waiting"):
            raise Busy("too many logins at once", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._hard:
                return await asyncio.to_thread(run, visit)
        finally:
            self._waiting -= 1
