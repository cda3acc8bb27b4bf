"""`seikyu admin …`: what the operator does.

While a server works on the home, the acts go to its desk with the operator's certificate (`HOME/clients/operator`);
otherwise they are done here, under the home's lock.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps import cli_people
from seikyu.apps.cli_ca import Encrypt, Module, OfflineRoot
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say

if TYPE_CHECKING:
    from seikyu.adapters.home import Home
    from seikyu.apps.client import Line
    from seikyu.services.office import Office

POLL_S: Final = 0.3
OPERATOR: Final = "operator"

#: What a desk says to the closing of a month that may be closed already, by hand before its time too.
_MAY_BE_CLOSED: Final = frozenset({"already_closed", "month_not_over"})

HomeOption = Annotated[Path, typer.Option("--home", envvar="SEIKYU_HOME", help=say("serve.home"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
HOME: Final = Path("seikyu-home")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    # they need what stands below
    from seikyu.apps import (
        cli_accounts,
        cli_admin_certs,
        cli_admin_contact,
        cli_admin_lines,
        cli_admin_news,
        cli_admin_notices,
        cli_admin_prefectures,
        cli_admin_register,
        cli_certificates,
        cli_operating,
    )

    admin = typer.Typer(help=say("admin.help"), no_args_is_help=True)
    admin.command("init", help=say("admin.init"))(init)
    admin.command("close", help=say("admin.close"))(close)
    admin.command("months", help=say("admin.months"))(months)
    admin.command("clock", help=say("admin.clock"))(clock)
    admin.command("calendar", help=say("admin.calendar"))(calendar)
    party = typer.Typer(help=say("admin.party"), no_args_is_help=True)
    party.command("add", help=say("admin.party_add"))(party_add)
    party.command("end", help=say("admin.party_end"))(party_end)
    cli_admin_register.register(party)
    cli_accounts.register_code(party)
    admin.add_typer(party, name="party")
    cli_people.register(admin)
    cli_accounts.register_journal(admin)
    admin.add_typer(cli_admin_notices.notices(), name="notice")
    admin.add_typer(cli_admin_contact.inquiries(), name="inquiries")
    admin.add_typer(cli_admin_contact.incidents(), name="incidents")
    admin.add_typer(cli_admin_certs.certs(), name="cert")
    admin.add_typer(cli_certificates.orders(), name="orders")
    admin.add_typer(cli_admin_lines.lines(), name="lines")
    admin.add_typer(cli_admin_prefectures.prefectures(), name="prefectures")
    admin.add_typer(cli_admin_news.news(), name="news")
    cli_operating.register(admin)
    app.add_typer(admin, name="admin")


def init(
    *,
    home: HomeOption = HOME,
    sandbox: Annotated[bool, typer.Option("--sandbox", help=say("admin.sandbox"))] = False,
    organisation: Annotated[str, typer.Option("--name", help=say("admin.ca_name"))] = "seikyu",
    root_out: OfflineRoot = None,
    encrypt: Encrypt = False,
    pkcs11: Module = None,
    as_json: JsonOption = False,
) -> None:
    """Make an office with its CA, and the operator with a certificate."""
    from seikyu.adapters.keys import Keep
    from seikyu.adapters.x509_ca import create_ca, issue_client, staged
    from seikyu.apps import acts
    from seikyu.apps.client import client_toml
    from seikyu.apps.places import reserve_ports
    from seikyu.apps.wiring import init_home, office_at
    from seikyu.trust.party import Holder

    made = init_home(home, settings={"office.calendar": "sandbox"} if sandbox else {})
    out = root_out.absolute() if root_out else None
    keep = Keep(encrypted=encrypt, module=pkcs11)
    ca = create_ca(made, organisation=organisation, now=datetime.now(UTC), root_out=out, keep=keep)
    holder = Holder(kind=OPERATOR, party=OPERATOR, name=organisation, terminal="desk-1")
    with office_at(made) as office:
        acts.add_party(office, party_id=OPERATOR, kind=OPERATOR, name=organisation)
        issued = issue_client(ca, holder, now=datetime.now(UTC))
        folder = made.clients / OPERATOR
        with staged(ca, issued, folder), office.store.write() as tx:
            tx.put_certificate(issued.row)
    url = reserve_ports(made).desk
    (folder / "client.toml").write_text(client_toml(url=url, party=OPERATOR, kind=OPERATOR), "utf-8")
    root_key = (out or made.secrets / "ca") / "root.key"
    told = {"home": str(made.root), "url": url, "root_key": str(root_key)}
    lines = [say("admin.made", home=str(made.root)), say("ca.init.root_key", file=root_key), say("ca.init.take_away")]
    _tell(told, as_json=as_json, text="\n".join(lines))


def close(
    body: Annotated[str, typer.Argument(metavar="BODY", help=say("admin.body"))],
    month: Annotated[str, typer.Argument(metavar="YYYYMM", help=say("admin.month"))],
    *,
    force: Annotated[bool, typer.Option("--force", help=say("admin.force"))] = False,
    wait: Annotated[float, typer.Option(help=say("admin.wait"))] = 600.0,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Close a month and print its trial balance; of a month that is closed already, the one it was closed with.

    The status is 0 only if every measure balances.
    """
    with office_of(home) as at:
        told = at.close(body, month, force=force, wait_s=wait)
    report = told["report"]
    if told["state"] != "closed" or report is None:
        _tell(told, as_json=as_json, text=say("admin.still_closing", body=body, month=month))
        return Exit.LATER
    said = "admin.closed_before" if told.get("already") else "admin.closed"
    lines = [say(said, body=body, month=month, at=_when(told)), balance_table(report["balance"]), *_suspended(report)]
    _tell(told, as_json=as_json, text="\n".join(lines))
    return Exit.DONE if report["balance"]["balanced"] else Exit.DAMAGED


def months(*, home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """List the months that were closed or are being closed."""
    with office_of(home) as at:
        items = at.get("months")["items"]
    _tell({"items": items}, as_json=as_json, text="\n".join(f"{m['body']} {m['month']} {m['state']}" for m in items))


def clock(
    to: Annotated[str | None, typer.Argument(metavar="INSTANT", help=say("admin.clock_to"))] = None,
    *,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show the clock, or move it."""
    with office_of(home) as at:
        told = at.get("clock") if to is None else at.put("clock", {"now": None if to == "real" else _instant(to)})
    _tell(told, as_json=as_json, text=say("admin.clock_now", now=datetime.fromisoformat(told["now"])))


def calendar(
    name: Annotated[str | None, typer.Argument(help=say("admin.calendar_name"))] = None,
    *,
    extend: Annotated[list[str] | None, typer.Option(help=say("admin.extend"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Show the calendar, or put one in force, with these extensions and no others."""
    extensions = [_extension(text) for text in extend or []]
    with office_of(home) as at:
        told = at.get("calendar")
        if name is not None or extensions:
            told = at.put("calendar", {"name": name or told["name"], "extensions": extensions})
    lines = [
        say("admin.calendar_now", name=told["name"], line=line, state=opening["window"])
        for line, opening in told["lines"].items()
    ]
    _tell(told, as_json=as_json, text="\n".join(lines))


def party_add(
    party_id: Annotated[str, typer.Argument(metavar="ID", help=say("admin.party_id"))],
    name: Annotated[str, typer.Argument(help=say("admin.party_name"))],
    *,
    kind: Annotated[str, typer.Option(help=say("admin.party_kind"))],
    address: Annotated[str, typer.Option(help=say("admin.party_address"))] = "",
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Enter a party in the register."""
    with office_of(home) as at:
        told = at.post("parties", {"id": party_id, "kind": kind, "name": name, "address": address})
    _tell(told, as_json=as_json, text=say("admin.added", id=party_id))


def party_end(
    party_id: Annotated[str, typer.Argument(metavar="ID", help=say("admin.party_id"))],
    *,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a party out of the register from now on."""
    with office_of(home) as at:
        told = at.post(f"parties/{party_id}/end", {})
    _tell(told, as_json=as_json, text=say("admin.ended", id=party_id))


@dataclass(frozen=True, slots=True)
class Remote:
    """The office through its desk."""

    line: "Line"

    def get(self, what: str) -> dict[str, Any]:
        """Ask."""
        return self.line.get(f"/admin/{what}")

    def put(self, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Set."""
        return self.line.put(f"/admin/{what}", json=asked)

    def post(self, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do."""
        return self.line.post(f"/admin/{what}", json=asked)

    def close(self, body: str, month: str, *, force: bool, wait_s: float) -> dict[str, Any]:
        """Order a closing and wait until it is done."""
        from seikyu.apps.client.errors import OfficeSaid

        until = time.monotonic() + wait_s
        try:
            told = self.line.post(f"/admin/months/{body}/{month}/close", params={"force": str(force).lower()})
        except OfficeSaid as said:
            if said.words_code not in _MAY_BE_CLOSED:
                raise
            told = self.get(f"months/{body}/{month}") | {"already": True}
            if told["state"] != "closed":
                raise
            return told
        while told["state"] == "closing" and time.monotonic() < until:
            time.sleep(POLL_S)
            told = self.get(f"months/{body}/{month}")
        return told


@dataclass(frozen=True, slots=True)
class Local:
    """The office itself, in this process."""

    office: "Office"

    def get(self, what: str) -> dict[str, Any]:
        """Ask."""
        from seikyu.apps import acts

        asks: Mapping[str, Callable[[], dict[str, Any]]] = {
            "clock": lambda: acts.clock(self.office),
            "calendar": lambda: acts.calendar(self.office),
            "months": lambda: {"items": acts.months(self.office)},
        }
        return asks[what]()

    def put(self, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Set."""
        from seikyu.apps import acts

        if what == "clock":
            return acts.set_clock(self.office, datetime.fromisoformat(asked["now"]) if asked["now"] else None)
        instants = [
            each | {name: datetime.fromisoformat(each[name]) for name in ("until", "closing") if each[name]}
            for each in asked["extensions"]
        ]
        return acts.set_calendar(self.office, asked["name"], instants)

    def post(self, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do."""
        from seikyu.apps import acts

        if what == "parties":
            return acts.add_party(
                self.office, party_id=asked["id"], kind=asked["kind"], name=asked["name"], address=asked["address"]
            )
        return acts.end_party(self.office, what.split("/")[1])

    def close(self, body: str, month: str, *, force: bool, wait_s: float) -> dict[str, Any]:
        """Close here and now."""
        from seikyu.apps import acts
        from seikyu.services.errors import AlreadyClosed, MonthNotOver

        del wait_s
        try:
            return acts.close_now(self.office, body, month, force=force)
        except (AlreadyClosed, MonthNotOver):
            told = acts.month_of(self.office, body, month) | {"already": True}
            if told["state"] != "closed":
                raise
            return told


def balance_table(balance: Mapping[str, Any]) -> str:
    """Return a trial balance, as the wire carries it, as a table."""
    from seikyu.office.balance_text import balance_text
    from seikyu.office.ledger import Account, Amounts, Balance

    accounts = {
        payer: Account(
            Amounts(**each["claimed"]),
            Amounts(**each["delivered"]),
            {reason: Amounts(**amounts) for reason, amounts in each["reasons"].items()},
        )
        for payer, each in balance["payers"].items()
    }
    return balance_text(Balance(accounts), language()).rstrip()


def _suspended(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every file of which claims are in suspense, and what to do about them."""
    from seikyu.office.balance_text import reason_text

    for each in report["suspended"]:
        facts = each | {"reason": reason_text(each["reason"], language())}
        yield say("admin.suspended", **facts)
        if each["unknown_payers"]:
            yield say("admin.unknown_payers", payers=", ".join(each["unknown_payers"]))
    if report["suspended"]:
        yield say("admin.release")


@contextmanager
def office_of(root: Path) -> Iterator[Remote | Local]:
    """Yield the office: through the desk while a server has the lock, else here. Errors: NoHome, NoClient."""
    from seikyu.apps.wiring import find_home, office_at
    from seikyu.ports.errors import HomeLocked

    home: Home = find_home(root)
    try:
        with home.lock(), office_at(home) as office:
            yield Local(office)
            return
    except HomeLocked:
        pass
    from seikyu.apps.client import Line, open_client

    with Line(open_client(home.root, OPERATOR)) as line:
        yield Remote(line)


def _when(told: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(told["closed_at"]) if told["closed_at"] else None


def _tell(told: Mapping[str, Any], *, as_json: bool, text: str) -> None:
    print(json.dumps(told, ensure_ascii=False) if as_json else text)


def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(say("admin.clock_to"), param_hint="INSTANT") from None


def _extension(text: str) -> dict[str, Any]:
    month, _, until = text.partition("=")
    return {"month": month, "until": _instant(until), "closing": None}
