"""Certificates over the desk's API: looked for page by page, revoked, and many only by two certificates of the operator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from apps import desk_lab
from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab, close_all
from seikyu.ports.register import Certificate
from seikyu.services.revoke import REVOKED
from seikyu.trust.certificates import Issuer, Period, client_certificate, root_certificate, serial_text
from seikyu.trust.party import Holder

NOW = datetime.now(UTC).replace(microsecond=0)
PERIOD = Period(NOW - timedelta(days=9), NOW + timedelta(days=400))
#: Other terminals of the operator: one that was there before, one with the first's name, one from now on.
TERMINALS = {"desk-2": timedelta(days=9), "ＰＣ－1": timedelta(days=9), "desk-3": timedelta(days=-1)}


@cache
def terminals() -> dict[str, tuple[str, bytes]]:
    """Return serial and certificate (DER) of the operator's other terminals."""
    key = ec.generate_private_key(ec.SECP384R1())
    ca = Issuer(root_certificate(key, organisation="見本", serial=1, period=PERIOD), key)
    made = {}
    for no, terminal in enumerate(TERMINALS, start=900):
        holder = Holder(kind=OPERATOR, party=OPERATOR, name="見本", terminal=terminal)
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        signed = client_certificate(ca, public, holder=holder, serial=no, period=PERIOD)
        made[terminal] = (serial_text(no), signed.public_bytes(Encoding.DER))
    return made


@dataclass
class Bench:
    """A desk with many certificates of one party, and an operator with several terminals."""

    desk: DeskLab

    def __post_init__(self) -> None:
        desk_lab.certificates().update(terminals())
        with self.desk.lab.office.store.write() as tx:
            for terminal, age in TERMINALS.items():
                serial = terminals()[terminal][0]
                tx.put_certificate(Certificate(serial, OPERATOR, terminal, NOW - age, PERIOD.end))
            for no in range(40):
                row = Certificate(f"{0xABC000 + no:x}", SECOND, f"受付{no}", NOW - timedelta(days=no), PERIOD.end)
                tx.put_certificate(row)
        self.serials = [f"{0xABC000 + no:x}" for no in range(40)]

    def ask(self, method: str, path: str, *, party: str = OPERATOR, **options: Any) -> Any:
        """Ask as the operator's first terminal, or another."""
        return self.desk.ask(method, path, party=party, **options)

    def order(self, many: int = 11) -> Any:
        """Order to revoke the first ones."""
        answer = self.ask("POST", "/admin/revocations", json={"serials": self.serials[:many], "reason": "superseded"})
        assert (202, "waiting") == (answer.status_code, answer.json()["order"]["state"])
        return answer.json()["order"]

    def revoked(self) -> int:
        """Return how many are revoked."""
        with self.desk.lab.office.store.read() as tx:
            return tx.certificates_counted()[1]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a bench."""
    yield Bench(DeskLab.make())
    for terminal in TERMINALS:
        desk_lab.certificates().pop(terminal)
    close_all()


def problem(answer: Any) -> tuple[int, str]:
    """Return what is wrong."""
    return answer.status_code, answer.json()["code"]


def test_ten_are_revoked_by_one_call_and_once(bench: Bench) -> None:
    """The answer says how many; said again they are already."""
    asked = {"serials": bench.serials[:10], "reason": "key_compromise"}
    first = bench.ask("POST", "/admin/revocations", json=asked)
    again = bench.ask("POST", "/admin/revocations", json=asked | {"reason": "superseded"})

    assert (200, 10, 0, None) == (first.status_code, *(first.json()[name] for name in ("revoked", "already", "order")))
    assert {("revoked", "key_compromise")} == {(row["state"], row["reason"]) for row in first.json()["items"]}
    assert (200, 0, 10) == (again.status_code, again.json()["revoked"], again.json()["already"])
    assert bench.desk.lab.events.count(REVOKED) == 1


def test_eleven_are_revoked_by_two_terminals(bench: Bench) -> None:
    """Nothing before the second has said yes; then all at once, and the journal names both certificates."""
    order = bench.order()
    assert bench.revoked() == 0
    shown = bench.ask("GET", f"/admin/orders/{order['id']}").json()
    assert (bench.serials[:11], "terminal:pc-1") == (shown["serials"], shown["ordered_by"])

    for _ in range(2):
        done = bench.ask("POST", f"/admin/orders/{order['id']}/approve", party="desk-2")
        assert (200, "approved", "terminal:desk-2") == (
            done.status_code,
            done.json()["state"],
            done.json()["decided_by"],
        )
    assert bench.revoked() == 11
    with bench.desk.lab.office.store.read() as tx:
        entries = tx.entries(subject=order["id"])
    operator = desk_lab.certificates()[OPERATOR][0]
    assert [("order_revocation", f"(certificate {operator})"), ("approve_revocation", "(certificate 384)")] == [
        (entry.act, entry.user) for entry in entries
    ]


@pytest.mark.parametrize("second", [OPERATOR, "ＰＣ－1", "desk-3"])
def test_the_same_or_a_new_terminal_approves_nothing(bench: Bench, second: str) -> None:
    """One's own, a further certificate under its name, and one that was issued after the order."""
    order = bench.order()
    answer = bench.ask("POST", f"/admin/orders/{order['id']}/approve", party=second)
    assert (403, "second_person_needed") == problem(answer)
    assert answer.json()["why"] == ("too_new" if second == "desk-3" else "same_person")
    assert bench.revoked() == 0
    assert "waiting" == bench.ask("GET", "/admin/orders").json()["items"][0]["state"]


def test_an_order_is_turned_down_once(bench: Bench) -> None:
    """Whoever comes later is told who decided."""
    order = bench.order()
    denied = bench.ask("POST", f"/admin/orders/{order['id']}/deny", party="desk-2")
    late = bench.ask("POST", f"/admin/orders/{order['id']}/approve", party="desk-2")
    assert (200, "denied", 0) == (denied.status_code, denied.json()["state"], bench.revoked())
    assert (409, "order_decided", "terminal:desk-2") == (*problem(late), late.json()["by"])


def test_a_party_is_revoked_by_an_order(bench: Bench) -> None:
    """All of it, the eleventh and on by a second terminal."""
    answer = bench.ask("POST", "/admin/revocations", json={"party": SECOND, "reason": "cessation_of_operation"})
    order = answer.json()["order"]
    assert (202, 41, False) == (answer.status_code, order["certificates"], answer.json()["repeat"])
    assert bench.ask("POST", "/admin/revocations", json={"party": SECOND, "reason": "cessation_of_operation"}).json()[
        "repeat"
    ]
    bench.ask("POST", f"/admin/orders/{order['id']}/approve", party="desk-2")
    assert (403, "certificate_revoked") == problem(bench.ask("GET", "/sendings", party=SECOND))
    assert bench.ask("GET", "/sendings", party=FIRST).status_code == 200


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (400, "bad_request")),
        ({"serials": ["abc000"], "party": SECOND}, (400, "bad_request")),
        ({"serials": ["ABC"]}, (400, "bad_request")),
        ({"serials": ["abc000"], "reason": "boredom"}, (400, "bad_request")),
        ({"serials": [f"{no:x}" for no in range(1001)]}, (400, "bad_request")),
        ({"serials": ["abc000", "def"]}, (404, "certificate_not_there")),
        ({"party": "9911999999"}, (404, "no_such_party")),
    ],
)
def test_what_cannot_be_revoked_is_told_and_nothing_is(bench: Bench, asked: Any, expected: tuple[int, str]) -> None:
    """Form, reason, number, existence."""
    assert expected == problem(bench.ask("POST", "/admin/revocations", json=asked))
    assert bench.revoked() == 0


def test_orders_are_pages_newest_first(bench: Bench) -> None:
    """With a state, those alone."""
    ids = [bench.order(many)["id"] for many in (11, 12, 13)]
    bench.ask("POST", f"/admin/orders/{ids[1]}/deny")
    first = bench.ask("GET", "/admin/orders?limit=2").json()
    second = bench.ask("GET", f"/admin/orders?limit=2&cursor={first['next']}").json()
    assert ids[::-1] == [one["id"] for one in first["items"] + second["items"]]
    assert second["next"] is None
    assert [ids[1]] == [one["id"] for one in bench.ask("GET", "/admin/orders?state=denied").json()["items"]]
    assert (404, "order_not_there") == problem(bench.ask("GET", "/admin/orders/0000"))
    assert (404, "order_not_there") == problem(bench.ask("POST", "/admin/orders/0000/approve"))


def test_nobody_but_the_operator_sees_or_does_any_of_it(bench: Bench) -> None:
    """An institution with a valid certificate is forbidden."""
    order = bench.order()
    for method, path in (
        ("GET", "/admin/certificates"), ("GET", "/admin/parties"), ("GET", f"/admin/parties/{FIRST}"),
        ("GET", "/admin/orders"), ("GET", f"/admin/orders/{order['id']}"), ("POST", f"/admin/orders/{order['id']}/deny"),
        ("POST", f"/admin/orders/{order['id']}/approve"), ("POST", "/admin/certificates/abc000/revoke"),
        ("POST", "/admin/revocations"),
    ):  # fmt: skip
        answer = bench.ask(method, path, party=FIRST, json={"party": SECOND} if method == "POST" else None)
        assert (403, "forbidden") == problem(answer), path
    assert bench.revoked() == 0


def walked(bench: Bench, path: str) -> list[dict[str, Any]]:
    """Return the items of all pages."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = bench.ask("GET", path + cursor).json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


def test_certificates_are_looked_for_page_by_page(bench: Bench) -> None:
    """By party, terminal, serial and name; each once, in the order that is told."""
    everything = walked(bench, "/admin/certificates?limit=7")
    assert len({row["serial"] for row in everything}) == len(everything) == 48
    assert sorted(everything, key=lambda row: row["issued_at"], reverse=True) == everything
    theirs = walked(bench, f"/admin/certificates?party={SECOND}&limit=7")
    assert {*bench.serials} < {row["serial"] for row in theirs}
    for query in (f"q={SECOND}", f"q={SECOND[:9]}"):
        assert {row["serial"] for row in theirs} <= {
            row["serial"] for row in walked(bench, f"/admin/certificates?{query}")
        }
    assert {"abc003"} == {
        row["serial"] for row in walked(bench, "/admin/certificates?terminal=受付3&party=" + SECOND)
    } - {*bench.serials[30:40]}
    assert ["valid"] * 8 == [
        row["state"] for row in bench.ask("GET", "/admin/certificates?state=valid&limit=8").json()["items"]
    ]
    bench.ask("POST", "/admin/certificates/abc001/revoke", json={})
    assert ["abc001"] == [row["serial"] for row in walked(bench, "/admin/certificates?state=revoked")]
    assert (400, "bad_request") == problem(bench.ask("GET", "/admin/certificates?cursor=fff"))
    assert (400, "bad_request") == problem(bench.ask("GET", "/admin/certificates?state=lost"))
    ending = walked(bench, "/admin/certificates?expires_within_days=401&limit=9")
    assert sorted(row["not_after"] for row in ending) == [row["not_after"] for row in ending]
    assert [] == walked(bench, "/admin/certificates?expires_within_days=0")


def test_parties_are_looked_for_page_by_page(bench: Bench) -> None:
    """And one is shown with its certificates."""
    everything = walked(bench, "/admin/parties?limit=2")
    assert sorted({row["id"] for row in everything}) == [row["id"] for row in everything]
    assert {PAYER} < {row["id"] for row in walked(bench, "/admin/parties?kind=payer&limit=1")}
    assert [FIRST] == [row["id"] for row in walked(bench, f"/admin/parties?q={FIRST}")]
    shown = bench.ask("GET", f"/admin/parties/{SECOND}").json()
    assert (SECOND, 41) == (shown["id"], len(shown["certificates"]))
    assert (404, "not_found") == problem(bench.ask("GET", "/admin/parties/9999999999"))
