"""The demo month: everything the system does in one month, done for real in a minute.

A real office with a CA of its own is served by a real server process; institutions and payers use the real client over
HTTPS with their certificates. Only the month is not real: its clock is moved, its people are made up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from seikyu.apps import client
from seikyu.apps.client.errors import LineFailed
from seikyu.apps.client.line import words_of
from seikyu.apps.demo_count import sums_of
from seikyu.apps.demo_office import (
    PromiseBroken,
    ServerDied,
    Someone,
    clear,
    client_of,
    found,
    register,
    served,
    write_marker,
)
from seikyu.apps.demo_own import OwnFile, own_file
from seikyu.apps.demo_people import add_people
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import FAULTS, Institution, Recipe, Sums, Tally, earlier, world, write
from seikyu.apps.words import say
from seikyu.office.sending import State

#: The demo's own month, unless a file of the user's own brings another; nothing in it depends on today.
CLAIM_MONTH: Final = 202610
_JAPAN: Final = timezone(timedelta(hours=9))

#: The first claim month whose files the generator writes in a form that is in force.
_FIRST_MADE: Final = 202404

#: What is shorter than this is over before a line can be cut in its middle.
_CUT_FROM_BYTES: Final = 16 * 1024

_NORMAL: Final = ("normal",)
_WITH_ASKED: Final = ("normal", "ask")
_FETCHES: Final = "fetched"
_LOOKED_AT: Final = 1000
_WAIT_S: Final = 30.0
_WAIT_OWN_S: Final = 600.0

Decision = Literal["with", "without", "nobody"]
Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One file of the month and what is done with it. Shape: `body` as IR says it (made-up files)."""

    party: str
    name: str
    body: str = ""
    claims: int = 0
    faults: tuple[str, ...] = ()
    decision: Decision = "with"


#: A payer's number that is wrong leads to nobody: confirmed all the same, its claim would wait in suspense. Not in this
#: file, so that what was claimed is what is delivered.
_CHARGEABLE: Final = tuple(kind for kind in FAULTS if kind != "insurer_check_digit")
_FILES: Final[tuple[tuple[int, str, int, tuple[str, ...], Decision], ...]] = (
    (0, "1", 820, _CHARGEABLE, "with"),
    (0, "2", 240, ("insurer_check_digit", "birth_date", "no_disease"), "without"),
    (1, "1", 130, (), "with"),
    (1, "2", 90, ("total", "name"), "nobody"),
    (2, "1", 70, ("day_sum",), "without"),
    (2, "2", 45, (), "with"),
)


@dataclass(slots=True)
class Result:
    """What came of the month."""

    expected: dict[str, Sums] = field(default_factory=dict)
    fetched: dict[str, Sums] = field(default_factory=dict)
    institutions: dict[str, dict[str, int]] = field(default_factory=dict)
    measures: dict[str, dict[str, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    balanced: bool = False


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo under way: its folder, its seed, whom it tells what it does, and a file of the user's own."""

    root: Path
    seed: int
    tell: Tell
    own: OwnFile | None = None

    @property
    def month(self) -> int:
        """The claim month, which is the one that the clock goes through."""
        return (self.own and self.own.month) or CLAIM_MONTH

    def instant(self, day: int, hour: int, minute: int = 0) -> datetime:
        """Return an instant of the month."""
        return datetime(self.month // 100, self.month % 100, day, hour, minute, tzinfo=_JAPAN)

    def line(self, party: str, *, port: int | None = None, tries: int | None = None) -> client.Line:
        """Open a line for a party, through another port if one is given."""
        folder = client_of(self.root, party)
        if port is not None:
            folder = replace(folder, url=f"https://localhost:{port}")
        return client.Line(folder, tries=tries, note=lambda text: self.tell("note", text=text))


def demo(root: Path, *, seed: int, tell: Tell, own: Path | None = None) -> dict[str, Any]:
    """Run the demo month in `root` and return what it told, as `seikyu demo --json` prints it.

    Afterwards the office is a sandbox and no process is left. Errors: NotADemo, HomeLocked (nothing was touched);
    ServerDied; those of the client. `balanced` is false if any sum differs.
    """
    root = root.absolute()
    theirs = own_file(own) if own else None
    clear(root)
    run = Demo(root, seed, tell, theirs)
    files = _files_of(run)
    bodies = {"1", "2-99"} | ({theirs.body} if theirs and theirs.body else set())
    found(root, bodies=sorted(bodies), now=run.instant(6, 9))
    people = _people(theirs)
    register(root, people)
    add_people(root, people, sorted(bodies))
    tell("founded", home=root, parties=len(people))
    result = Result(names={one.id: one.name for one in people})
    with served(root):
        tell("serving", url=client_of(root, "operator").url)
        _month(run, files, result)
    told = _told(run, result)
    write_marker(root, told)
    tell("table", result=result)
    return told


def _month(run: Demo, files: Mapping[Plan, tuple[Path, Tally]], result: Result) -> None:
    """From the first sending to the last fetched delivery."""
    sendings: dict[Plan, dict[str, Any]] = {}
    for plan, (path, tally) in files.items():
        sendings[plan] = _send(run, plan, path, first=not sendings)
        if run.own is None:
            _compare_check(run, plan, sendings[plan], tally)
    for plan, sending in sendings.items():
        _decide(run, plan, sending)
    with run.line("operator") as operator:
        for day, hour, minute in ((11, 8, 30), (12, 21, 1)):
            _put_clock(run, operator, run.instant(day, hour, minute))
            for plan, sending in sendings.items() if day == 11 else ():  # noqa: PLR2004  the day after the deadline
                sendings[plan] = _decided(run, plan, sending)
                _expect(result, plan, sendings[plan], files[plan][1])
        claiming = sorted({sending["body"] for sending in sendings.values() if sending["claimed"]})
        reports = [_closed(run, operator, body, str(run.month)) for body in claiming]
        _fetch_all(run, result)
        operator.put("/admin/calendar", json={"name": "sandbox"})
        following = run.instant(28, 0) + timedelta(days=7)
        operator.put("/admin/clock", json={"now": following.replace(day=5, hour=9).isoformat()})
    result.measures = _measures(result)
    result.balanced = all(report["balance"]["balanced"] for report in reports) and result.expected == result.fetched


def _files_of(run: Demo) -> dict[Plan, tuple[Path, Tally]]:
    """Return the month's files, the user's own or made-up ones; make one more for each of two institutions."""
    (run.root / "files").mkdir()
    files = _make_files(run) if run.own is None else {_plan_of(run.own): (run.own.path, run.own.tally)}
    following = earlier(run.month, -1) if run.month >= _FIRST_MADE else earlier(CLAIM_MONTH, -1)
    for place in _senders(run):
        _make(_next_file(run.root, place.id), Recipe(place, "1", following, 40, run.seed))
    return files


def _senders(run: Demo) -> list[Institution]:
    """Return the two institutions whose access is told: of a file of the user's own, its sender is the first."""
    own = run.own.institution if run.own else None
    first = [Institution(own, say("demo.own_institution"), hospital=False)] if own else []
    return [*first, *(place for place in world().institutions if place.id != own)][:2]


def _plan_of(own: OwnFile) -> Plan:
    """A file that does not say who sends it is sent by the first institution there is."""
    place = world().institutions[0]
    return Plan(own.institution or place.id, own.path.name)


def _make_files(run: Demo) -> dict[Plan, tuple[Path, Tally]]:
    """Make the month's files."""
    files = {}
    for at, body, claims, faults, decision in _FILES:
        place = world().institutions[at]
        recipe = Recipe(place, body, run.month, claims, run.seed, faults=faults)
        plan = Plan(place.id, place.name, body, claims, faults, decision)
        files[plan] = _make(run.root / "files" / f"{place.id}-{body}" / "RECEIPTC.UKE", recipe)
    claims = sum(tally.sums().claims for _, tally in files.values())
    run.tell("made", files=len(files), claims=claims, month=run.month, seed=run.seed)
    return files


def _make(path: Path, recipe: Recipe) -> tuple[Path, Tally]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        return path, write(recipe, out)


def _next_file(root: Path, institution: str) -> Path:
    return root / "files" / f"{institution}-next" / "RECEIPTC.UKE"


def _people(own: OwnFile | None) -> list[Someone]:
    """Everyone in the register: those of the made-up prefecture, the operator, and those whom the own file names."""
    everyone = world()
    people = [Someone("operator", "operator", "審査支払機関")]
    people += [Someone(each.id, "institution", each.name, "九十九県見本市") for each in everyone.institutions]
    people += [Someone(each.number, "payer", each.name) for each in everyone.payers]
    known = {one.id for one in people}
    if own is not None:
        people += [one for one in own.people if one.id not in known]
    return people


def _send(run: Demo, plan: Plan, path: Path, *, first: bool) -> dict[str, Any]:
    """Send a file; the month's first on a line that is cut in the middle, and once more when it is there already."""
    file = client.look_at(path)
    if first and file.size_bytes >= _CUT_FROM_BYTES:
        _cut(run, plan.party, file)
    with run.line(plan.party) as line:
        sending = client.send(line, [file], client.Terms(), told=_nobody)
        sending = _checked(run, line, sending)
        run.tell("sent", name=plan.name, **sending)
        if first:
            _show_findings(run, line, sending)
        if sending["state"] == State.REFUSED:
            run.tell("own_refused", **sending)
        elif first:
            again = client.send(line, [file], client.Terms(), told=_nobody)
            if not again["repeat"] or again["id"] != sending["id"]:
                raise PromiseBroken(promise=say("demo.promises.repeat"))
            run.tell("repeat", **again)
    return sending


def _checked(run: Demo, line: client.Line, sending: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sending once it is checked; a file of the user's own may be long. Errors: ServerDied."""
    sending = client.wait_for_check(line, sending, longest_s=_WAIT_S if run.own is None else _WAIT_OWN_S)
    if sending["state"] == State.CHECKING:
        raise ServerDied(log=str(run.root / "logs" / "demo-server.log"), status=sending["state"])
    return sending


def _cut(run: Demo, party: str, file: client.Outgoing) -> None:
    """Send over a line that is cut in the middle, and see that the office keeps nothing of it (Q10)."""
    port = urlsplit(client_of(run.root, party).url).port or 0
    with Relay(port, up=file.size_bytes // 2) as relay, run.line(party, port=relay.port, tries=1) as line:
        try:
            client.send(line, [file], client.Terms(), told=_nobody)
        except LineFailed as trouble:
            run.tell("cut", text=words_of(trouble).text)
        else:
            raise PromiseBroken(promise=say("demo.promises.cut"))
    with run.line(party) as line:
        if client.sendings(line):
            raise PromiseBroken(promise=say("demo.promises.kept"))
    run.tell("erased")


def _show_findings(run: Demo, line: client.Line, sending: Mapping[str, Any]) -> None:
    """Show a few findings; what refuses the file stands first."""
    found = client.findings(line, sending["id"], most=_LOOKED_AT)
    for item in sorted(found, key=lambda item: item["refuses"] != "file")[:5]:
        run.tell("finding", item=item, name=sending["files"][0]["name"])
    run.tell("findings", findings=sending["findings"], id=sending["id"])


def _compare_check(run: Demo, plan: Plan, sending: Mapping[str, Any], tally: Tally) -> None:
    """Hold the office's counts against the maker's own."""
    counts = tuple(sending[name] for name in ("claims", "refused", "ask"))
    made = (tally.sums().claims, tally.sums(("refused",)).claims, tally.sums(("ask",)).claims)
    if counts != made:
        run.tell("differs", name=plan.name, counts=counts, made=made)


def _decide(run: Demo, plan: Plan, sending: Mapping[str, Any]) -> None:
    if sending["state"] == State.REFUSED:
        return
    if plan.decision == "nobody":
        run.tell("left", name=plan.name, **sending)
        return
    with run.line(plan.party) as line:
        now = client.confirm(line, sending["id"], plan.decision)
    run.tell(f"confirmed_{plan.decision}", name=plan.name, **now)


def _decided(run: Demo, plan: Plan, sending: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sending once it is decided; what nobody decided, the office does after the deadline."""
    with run.line(plan.party) as line:
        now = _until(lambda: client.sending(line, sending["id"]), lambda told: told["state"] != State.TO_DECIDE)
    if plan.decision == "nobody":
        run.tell("automatic", name=plan.name, **now)
    return now


def _expect(result: Result, plan: Plan, sending: Mapping[str, Any], tally: Tally) -> None:
    """Add what the maker says that each payer must be charged."""
    effects = _WITH_ASKED if plan.decision == "with" else _NORMAL
    if sending["claimed"]:
        for payer, sums in tally.payers(effects).items():
            result.expected.setdefault(payer, Sums()).add(sums)
    row = result.institutions.setdefault(plan.party, dict.fromkeys(_ROW, 0))
    row["sent"] += sending["claims"]
    row["claimed"] += sending["claimed"] or 0
    row["unclaimed"] += sending["unclaimed"] or 0
    row["points"] += tally.sums(effects).main_points if sending["claimed"] else 0


_ROW: Final = ("sent", "claimed", "unclaimed", "points")


def _closed(run: Demo, operator: client.Line, body: str, month: str) -> dict[str, Any]:
    """Return the trial balance of a body's month, once it is closed."""
    path = f"/admin/months/{body}/{month}"
    told = _until(lambda: operator.get(path), lambda told: told["state"] == "closed")
    report: dict[str, Any] = told["report"]
    suspended = sum(each["claims"] for each in report["suspended"])
    run.tell("closed", body=body, month=month, deliveries=report["deliveries"], suspended=suspended)
    return report


def _payers(run: Demo) -> list[Someone]:
    """Return who fetches: the payers of the month's files."""
    if run.own is not None:
        return [one for one in run.own.people if one.kind == "payer"]
    return [Someone(each.number, "payer", each.name) for each in world().payers]


def _fetch_all(run: Demo, result: Result) -> None:
    """Let every payer fetch its deliveries; the first delivery that is long enough on a line that is cut."""
    cut_once = False
    to = run.root / _FETCHES
    for payer in _payers(run):
        port = urlsplit(client_of(run.root, payer.id).url).port or 0
        with run.line(payer.id) as line:
            waiting = client.offered(line, month=str(run.month))
        for one in waiting:
            if cut_once or one.size_bytes < _CUT_FROM_BYTES:
                with run.line(payer.id) as line:
                    client.fetch(line, one, to=to, told=_nobody)
            else:
                with Relay(port, down=one.size_bytes // 2) as relay, run.line(payer.id, port=relay.port) as line:
                    here = client.fetch(line, one, to=to, told=_nobody)
                    cut_once = relay.cuts > 0
                run.tell("resumed", name=payer.name, file=here.file.name, size=one.size_bytes)
        sums = result.fetched[payer.id] = sums_of(to, payer.id)
        result.expected.setdefault(payer.id, Sums())
        if waiting or run.own is None:
            run.tell("fetched", name=payer.name, deliveries=len(waiting), claims=sums.cases, points=sums.own_points)


def _put_clock(run: Demo, operator: client.Line, now: datetime) -> None:
    operator.put("/admin/clock", json={"now": now.isoformat()})
    run.tell("clock", now=now)


def _until(ask: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask until it is so. Errors: ServerDied, if it does not come to be."""
    until = monotonic() + _WAIT_S
    while not done(told := ask()):
        if monotonic() > until:
            raise ServerDied(log="?", status=told.get("state", "?"))
        sleep(0.2)
    return told


def _measures(result: Result) -> dict[str, dict[str, int]]:
    """Return each measure as the institutions' side and the payers' side have it."""
    return {
        name: {"claimed": _sum(result.expected.values(), name), "delivered": _sum(result.fetched.values(), name)}
        for name in ("claims", "main_points", "cases", "own_points", "meals_yen")
    }


def _sum(sums: Iterable[Sums], name: str) -> int:
    return sum(getattr(each, name) for each in sums)


def _told(run: Demo, result: Result) -> dict[str, Any]:
    """Return what `seikyu demo --json` prints. Its shape is fixed: other programs rely on it."""
    from seikyu.apps.wiring import find_home

    settings = find_home(run.root).settings()
    access: dict[str, Any] = {
        "url": client_of(run.root, "operator").url,
        "public_url": f"https://localhost:{settings.public.port}",
        "ca": str(client_of(run.root, "operator").ca),
    }
    for name, place in zip(("institution", "institution_2"), _senders(run), strict=True):
        access[name] = _credentials(run.root, place.id) | {"file": str(_next_file(run.root, place.id))}
    # Those with deliveries first; a file of the user's own may have fewer than two payers, or be refused.
    everyone = [*result.fetched, *(each.number for each in world().payers if each.number not in result.fetched)]
    with_deliveries_first = sorted(
        everyone, key=lambda payer: not (payer in result.fetched and result.fetched[payer].cases)
    )
    for name, party in zip(("payer", "payer_2"), with_deliveries_first, strict=False):
        access[name] = _credentials(run.root, party)
    access["operator"] = _credentials(run.root, "operator")
    return {"balanced": result.balanced, "totals": _totals(run, result), "access": access}


def _totals(run: Demo, result: Result) -> dict[str, Any]:
    payers = {
        number: {"claims": sums.cases, "points": sums.own_points, "meals_yen": sums.meals_yen}
        for number, sums in result.fetched.items()
    }
    totals = {"claim_month": str(run.month), "institutions": result.institutions, "payers": payers}
    return totals | {"measures": result.measures}


def _credentials(root: Path, party: str) -> dict[str, str]:
    folder = client_of(root, party)
    return {"id": party, "cert": str(folder.certificate), "key": str(folder.key)}


def _nobody(_: int) -> None:
    """Watch no bytes."""
