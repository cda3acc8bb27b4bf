"""What is typed finds what was meant: an id, a serial, or a part of a name."""

from datetime import UTC, datetime, timedelta

import pytest

from seikyu.adapters.memory import MemoryStore
from seikyu.ports.errors import BadRequest
from seikyu.ports.register import Certificate, Party
from seikyu.ports.store import Store
from seikyu.services.find import Wanted, find_certificates, find_parties

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAMES = {
    "9911000015": "見本クリニック",
    "9911000023": "ＡＢＣ薬局",
    "99130012": "見本組合",
    "2-13": "見本連合会",
    "0100000001": "桜　医院",
}
FIRST, SECOND = "4f" + "0" * 30, "5" * 20 + "a" * 12


@pytest.fixture
def store() -> Store:
    """Return a small register."""
    store = MemoryStore()
    with store.write() as tx:
        for party, name in NAMES.items():
            tx.put_party(Party(party, "payer" if len(party) == 8 else "institution", name, NOON))
        for serial, party, terminal in ((FIRST, "9911000015", "受付1"), (SECOND, "99130012", "pc-1")):
            tx.put_certificate(Certificate(serial, party, terminal, NOON, NOON + timedelta(days=30)))
    return store


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", sorted(NAMES)),
        ("9911", ["9911000015", "9911000023"]),
        ("９９１１", ["9911000015", "9911000023"]),
        ("2-13", ["2-13"]),
        ("くりにっく", ["9911000015"]),
        ("ｸﾘﾆ", ["9911000015"]),
        ("abc", ["9911000023"]),
        ("桜医院", ["0100000001"]),
        ("見本", ["2-13", "9911000015", "99130012"]),
        ("%", []),
        ("12345", []),
    ],
)
def test_parties_are_found_by_what_is_typed(store: Store, typed: str, found: list[str]) -> None:
    """Digits begin an id, all else is part of a name, in any width, case and kana."""
    assert found == [party.id for party in find_parties(store, typed, limit=50).items]


def test_a_page_of_parties_tells_where_the_next_begins(store: Store) -> None:
    """The last one tells nothing."""
    first = find_parties(store, limit=3)
    second = find_parties(store, limit=3, cursor=first.next)
    exact = find_parties(store, limit=5)
    assert [party.id for party in first.items + second.items] == sorted(NAMES)
    assert (first.next, second.next, exact.next) == (first.items[-1].id, None, None)
    assert ["99130012"] == [party.id for party in find_parties(store, "見本", kind="payer", limit=9).items]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [SECOND, FIRST]),
        (Wanted("9911"), [FIRST]),
        (Wanted("4f000000"), [FIRST]),
        (Wanted("4F:00:00:00"), [FIRST]),
        (Wanted("0x4f000000"), [FIRST]),
        (Wanted("55555555555555"), [SECOND]),
        (Wanted("5555555"), []),
        (Wanted("4f" * 30), []),
        (Wanted("0" * 14), []),
        (Wanted("組合"), [SECOND]),
        (Wanted("4f"), []),
        (Wanted(terminal="受付"), [FIRST]),
        (Wanted(party="99130012"), [SECOND]),
        (Wanted(expires_within_days=30), [FIRST, SECOND]),
        (Wanted(expires_within_days=29), []),
        (Wanted(state="expired"), []),
        (Wanted("見本", state="valid", terminal="pc"), [SECOND]),
    ],
)
def test_certificates_are_found_by_what_is_typed(store: Store, wanted: Wanted, found: list[str]) -> None:
    """A long hexadecimal number begins a serial; a short one is an id or a name."""
    assert found == [row.serial for row in find_certificates(store, wanted, now=NOON, limit=50).items]


def test_a_page_of_certificates_tells_where_the_next_begins(store: Store) -> None:
    """A cursor of nothing is refused."""
    first = find_certificates(store, Wanted(), now=NOON, limit=1)
    assert (SECOND, [FIRST]) == (
        first.next,
        [row.serial for row in find_certificates(store, Wanted(), now=NOON, limit=1, cursor=first.next).items],
    )
    with pytest.raises(BadRequest):
        find_certificates(store, Wanted(), now=NOON, limit=1, cursor="abc")
