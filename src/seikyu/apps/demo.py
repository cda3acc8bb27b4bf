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
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import FAULTS, Recipe, Sums, Tally, earlier, world, write
from seikyu.apps.words import say

#: The demo's own month; nothing in it depends on today.
CLAIM_MONTH: Final = 202610
_JAPAN: Final = timezone(timedelta(hours=9))
_MORNING: Final = datetime(2026, 10, 6, 9, 0, tzinfo=_JAPAN)
_DEADLINE: Final = datetime(2026, 10, 10, 23, 59, 50, tzinfo=_JAPAN)
_AFTER_DEADLINE: Final = datetime(2026, 10, 11, 8, 30, tzinfo=_JAPAN)
_MONTH_OVER: Final = datetime(2026, 10, 12, 21, 1, tzinfo=_JAPAN)
_NEXT_MONTH: Final = datetime(2026, 11, 5, 9, 0, tzinfo=_JAPAN)

_NORMAL: Final = ("normal",)
_WITH_ASKED: Final = ("normal", "ask")
_FETCHES: Final = "fetched"
_WAIT_S: Final = 30.0

Decision = Literal["with", "without", "nobody"]
Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One file of the month and what is done with it. Shape: `place` counts the institutions; `body` as IR says it."""

    place: int
    body: str
    claims: int
    faults: tuple[str, ...]
    decision: Decision


#: A payer's number that is wrong leads to nobody: confirmed all the same, its claim would wait in suspense. Not in this
#: file, so that what was claimed is what is delivered.
_CHARGEABLE: Final = tuple(kind for kind in FAULTS if kind != "insurer_check_digit")
_PLANS: Final = (
    Plan(0, "1", 820, _CHARGEABLE, "with"),
    Plan(0, "2", 240, ("insurer_check_digit", "birth_date", "no_disease"), "without"),
    Plan(1, "1", 130, (), "with"),
    Plan(1, "2", 90, ("total", "name"), "nobody"),
    Plan(2, "1", 70, ("day_sum",), "without"),
    Plan(2, "2", 45, (), "with"),
)


@dataclass(slots=True)
class Result:
    """What came of the month."""

    expected: dict[str, Sums] = field(default_factory=dict)
    fetched: dict[str, Sums] = field(default_factory=dict)
    institutions: dict[str, dict[str, int]] = field(default_factory=dict)
    measures: dict[str, dict[str, int]] = field(default_factory=dict)
    own: dict[str, Any] | None = None
    balanced: bool = False


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo under way: its folder, its seed, whom it tells what it does, and a file of the user's own."""

    root: Path
    seed: int
    tell: Tell
    own: OwnFile | None = None

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
    files = _make_files(run)
    bodies = {"1": "1", "2": "2-99"} | ({theirs.body: theirs.body} if theirs and theirs.body else {})
    found(root, bodies=dict.fromkeys(bodies.values()), now=_MORNING)
    people = _people(theirs)
    register(root, people)
    tell("founded", home=root, parties=len(people))
    result = Result()
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
        _compare_check(run, plan, sendings[plan], tally)
    for plan, sending in sendings.items():
        _decide(run, plan, sending)
    with run.line("operator") as operator:
        _put_clock(operator, _AFTER_DEADLINE)
        run.tell("clock", now=_AFTER_DEADLINE)
        for plan, sending in sendings.items():
            sendings[plan] = _decided(run, plan, sending)
            _expect(result, plan, sendings[plan], files[plan][1])
        _put_clock(operator, _MONTH_OVER)
        run.tell("clock", now=_MONTH_OVER)
        reports = [_closed(run, operator, body, str(CLAIM_MONTH)) for body in ("1", "2-99")]
        _fetch_all(run, result)
        operator.put("/admin/calendar", json={"name": "sandbox"})
        _put_clock(operator, _NEXT_MONTH)
        if run.own is not None:
            reports += _put_through(run, operator, run.own, result)
    result.measures = _measures(result)
    result.balanced = all(report["balance"]["balanced"] for report in reports) and result.expected == result.fetched


def _make_files(run: Demo) -> dict[Plan, tuple[Path, Tally]]:
    """Make the month's files and, for the time after it, one more of each of the first two institutions."""
    folder = run.root / "files"
    folder.mkdir()
    files = {}
    for plan in _PLANS:
        place = world().institutions[plan.place]
        recipe = Recipe(place, plan.body, CLAIM_MONTH, plan.claims, run.seed, faults=plan.faults)
        files[plan] = _make(folder / f"{place.id}-{plan.body}" / "RECEIPTC.UKE", recipe)
    for place in world().institutions[:2]:
        recipe = Recipe(place, "1", earlier(CLAIM_MONTH, -1), 40, run.seed)
        _make(_next_file(run.root, place.id), recipe)
    claims = sum(tally.sums().claims for _, tally in files.values())
    run.tell("made", files=len(files), claims=claims, month=CLAIM_MONTH, seed=run.seed)
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
    party = world().institutions[plan.place]
    file = client.look_at(path)
    if first:
        _cut(run, party.id, file)
    with run.line(party.id) as line:
        sending = client.send(line, [file], client.Terms(), told=_nobody)
        sending = client.wait_for_check(line, sending)
        run.tell("sent", name=party.name, **sending)
        if first:
            _show_findings(run, line, sending)
            again = client.send(line, [file], client.Terms(), told=_nobody)
            if not again["repeat"] or again["id"] != sending["id"]:
                raise PromiseBroken(promise=say("demo.promises.repeat"))
            run.tell("repeat", **again)
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
    for item in client.findings(line, sending["id"], most=5):
        run.tell("finding", item=item, name=sending["files"][0]["name"])
    run.tell("findings", findings=sending["findings"], id=sending["id"])


def _compare_check(run: Demo, plan: Plan, sending: Mapping[str, Any], tally: Tally) -> None:
    """Hold the office's counts against the maker's own."""
    counts = tuple(sending[name] for name in ("claims", "refused", "ask"))
    made = (tally.sums().claims, tally.sums(("refused",)).claims, tally.sums(("ask",)).claims)
    if counts != made:
        run.tell("differs", name=world().institutions[plan.place].name, counts=counts, made=made)


def _decide(run: Demo, plan: Plan, sending: Mapping[str, Any]) -> None:
    party = world().institutions[plan.place]
    if plan.decision == "nobody":
        run.tell("left", name=party.name, **sending)
        return
    with run.line(party.id) as line:
        now = client.confirm(line, sending["id"], plan.decision)
    run.tell(f"confirmed_{plan.decision}", name=party.name, **now)


def _decided(run: Demo, plan: Plan, sending: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sending once it is decided; what nobody decided, the office does after the deadline."""
    party = world().institutions[plan.place]
    with run.line(party.id) as line:
        now = _until(lambda: client.sending(line, sending["id"]), lambda told: told["state"] != "to_decide")
    if plan.decision == "nobody":
        run.tell("automatic", name=party.name, **now)
    return now


def _expect(result: Result, plan: Plan, sending: Mapping[str, Any], tally: Tally) -> None:
    """Add what the maker says that each payer must be charged."""
    effects = _WITH_ASKED if plan.decision == "with" else _NORMAL
    for payer, sums in tally.payers(effects).items():
        result.expected.setdefault(payer, Sums()).add(sums)
    row = result.institutions.setdefault(world().institutions[plan.place].id, dict.fromkeys(_ROW, 0))
    row["sent"] += sending["claims"]
    row["claimed"] += sending["claimed"]
    row["unclaimed"] += sending["unclaimed"]
    row["points"] += tally.sums(effects).main_points


_ROW: Final = ("sent", "claimed", "unclaimed", "points")


def _closed(run: Demo, operator: client.Line, body: str, month: str) -> dict[str, Any]:
    """Return the trial balance of a body's month, once it is closed."""
    path = f"/admin/months/{body}/{month}"
    told = _until(lambda: operator.get(path), lambda told: told["state"] == "closed")
    report: dict[str, Any] = told["report"]
    suspended = sum(each["claims"] for each in report["suspended"])
    run.tell("closed", body=body, month=month, deliveries=report["deliveries"], suspended=suspended)
    return report


def _fetch_all(run: Demo, result: Result) -> None:
    """Let every payer fetch its deliveries; the first delivery of all on a line that is cut."""
    cut_once = False
    for payer in world().payers:
        to = run.root / _FETCHES
        port = urlsplit(client_of(run.root, payer.number).url).port or 0
        with run.line(payer.number) as line:
            waiting = client.offered(line, month=str(CLAIM_MONTH))
        for one in waiting:
            if cut_once:
                with run.line(payer.number) as line:
                    client.fetch(line, one, to=to, told=_nobody)
            else:
                with Relay(port, down=one.size_bytes // 2) as relay, run.line(payer.number, port=relay.port) as line:
                    here = client.fetch(line, one, to=to, told=_nobody)
                    cut_once = relay.cuts > 0
                run.tell("resumed", name=payer.name, file=here.file.name, size=one.size_bytes)
        result.fetched[payer.number] = sums_of(run.root / _FETCHES, payer.number)
        sums = result.fetched[payer.number]
        run.tell("fetched", name=payer.name, deliveries=len(waiting), claims=sums.cases, points=sums.own_points)
    for payer in world().payers:
        result.expected.setdefault(payer.number, Sums())


def _put_through(run: Demo, operator: client.Line, own: OwnFile, result: Result) -> list[dict[str, Any]]:
    """Put the user's own file through: check, confirm if it can be, close its month, fetch."""
    party = own.institution or world().institutions[0].id
    with run.line(party) as line:
        sending = client.send(line, [client.look_at(own.path)], client.Terms(), told=_nobody)
        sending = client.wait_for_check(line, sending)
        run.tell("sent", name=own.path.name, **sending)
        _show_findings(run, line, sending)
        if sending["state"] != "to_decide":
            run.tell("own_refused", **sending)
            result.own = sending
            return []
        sending = client.confirm(line, sending["id"], "with")
        run.tell("confirmed_with", name=own.path.name, **sending)
    operator.post(f"/admin/months/{sending['body']}/{sending['month']}/close")
    report = _closed(run, operator, sending["body"], sending["month"])
    to = run.root / "fetched-own"
    deliveries = 0
    for payer in own.payers:
        with run.line(payer) as line:
            for one in client.offered(line, month=sending["month"]):
                client.fetch(line, one, to=to, told=_nobody)
                deliveries += 1
    run.tell("own_fetched", deliveries=deliveries, folder=to)
    result.own = sending
    return [report]


def _put_clock(operator: client.Line, now: datetime) -> None:
    operator.put("/admin/clock", json={"now": now.isoformat()})


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
    first, second = (place.id for place in world().institutions[:2])
    with_deliveries = [payer for payer, sums in result.fetched.items() if sums.cases]
    access: dict[str, Any] = {
        "url": client_of(run.root, "operator").url,
        "public_url": f"https://localhost:{settings.public.port}",
        "ca": str(client_of(run.root, "operator").ca),
    }
    for name, party in (("institution", first), ("institution_2", second)):
        access[name] = _credentials(run.root, party) | {"file": str(_next_file(run.root, party))}
    for name, party in zip(("payer", "payer_2"), with_deliveries, strict=False):
        access[name] = _credentials(run.root, party)
    access["operator"] = _credentials(run.root, "operator")
    return {"balanced": result.balanced, "totals": _totals(result), "access": access}


def _totals(result: Result) -> dict[str, Any]:
    payers = {
        number: {"claims": sums.cases, "points": sums.own_points, "meals_yen": sums.meals_yen}
        for number, sums in result.fetched.items()
    }
    totals = {"claim_month": str(CLAIM_MONTH), "institutions": result.institutions, "payers": payers}
    return totals | {"measures": result.measures}


def _credentials(root: Path, party: str) -> dict[str, str]:
    folder = client_of(root, party)
    return {"id": party, "cert": str(folder.certificate), "key": str(folder.key)}


def _nobody(_: int) -> None:
    """Watch no bytes."""
