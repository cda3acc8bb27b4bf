"""The month is closed in a real office: what cannot be charged, what comes late, what went bad, and kills in between."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from real_house import House
from test_kills import no_orphans
from wire import Wire

from seikyu.records import check_digit

MONTH = "202611"
STRANGER = "0699777" + check_digit("0699777")
STRANGE_CITY = "8199777" + check_digit("8199777")


def unchargeable(house: House) -> bytes:
    """Return a file in which one claim's insurer, and another's second public payer, are in no register.

    Both claims have another payer besides, who is in the register and can see them delivered.
    """
    lines = house.unsent(7).split(b"\r\n")
    combined = (at for at, line in enumerate(lines) if line.startswith(b"HO,0") and lines[at + 1].startswith(b"KO,"))
    insured = next(combined)
    lines[insured] = b"HO," + STRANGER.encode() + lines[insured][11:]
    for at in range(insured + 3, len(lines)):
        if lines[at].startswith(b"KO,") and lines[at - 1].startswith(b"KO,") and lines[at - 2].startswith(b"HO,"):
            lines[at] = b"KO," + STRANGE_CITY.encode() + lines[at][11:]
            return b"\r\n".join(lines)
    raise AssertionError("no claim of two public payers")


def confirmed(house: House, data: bytes, party: str = "institution") -> dict[str, Any]:
    """Send, wait for the check, and confirm with what asks; return the sending."""
    sending = house.ask("POST", "/api/v1/sendings", data, party=party).json["id"]
    for _ in range(300):
        if house.ask("GET", f"/api/v1/sendings/{sending}", party=party).json["state"] != "checking":
            break
        time.sleep(0.05)
    row = house.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"", party=party).json
    assert row["state"] == "confirmed", row
    return dict(row)


def month(house: House, body: str = "1") -> dict[str, Any]:
    """Return the operator's view of the month once it is closed."""
    for _ in range(400):
        row = house.ask("GET", f"/api/v1/admin/months/{body}/{MONTH}", party="operator").json
        if row["state"] == "closed":
            return dict(row["report"])
        time.sleep(0.05)
    raise AssertionError("the closing does not end")


def deliveries(house: House) -> dict[tuple[str, str, int], list[bytes]]:
    """Return the management numbers in every delivery of the month, by body, payer and volume."""
    found = {}
    for folder in sorted((house.home / "clients").iterdir()):
        if len(folder.name) != 8 or folder.name == "operator":
            continue
        url, ca = house.access["url"], Path(house.access["ca"])
        with Wire(url, ca, folder / "cert.pem", folder / "key.pem") as wire:
            items = wire.ask("GET", f"/api/v1/deliveries?month={MONTH}&limit=200").json["items"]
        for item in items:
            with Wire(url, ca, folder / "cert.pem", folder / "key.pem") as wire:
                rows = wire.ask("GET", f"/api/v1/deliveries/{item['id']}/content").body.split(b"\r\n")
            numbers = [row.split(b",")[4] for row in rows if row.startswith(b"2,1,0,MN,")]
            assert len(numbers) == item["claims"]
            found[item["body"], folder.name, item["volume"]] = numbers
    return found


def claims(house: House, sending: str, state: str) -> list[dict[str, Any]]:
    """Return the claims of a sending in a state."""
    items = house.ask("GET", f"/api/v1/sendings/{sending}/claims?limit=200").json["items"]
    return [item for item in items if item["state"] == state]


def test_claims_of_unknown_payers_wait_and_are_delivered_once_those_are_registered(office: House) -> None:
    """Named, with the balance, at the closing; the rest goes out; nothing is delivered twice by the closing after."""
    sending = confirmed(office, unchargeable(office))

    said = office.run("admin", "close", "1", MONTH)

    assert said.returncode == 0, said.stderr
    assert "balance: ok" in said.stdout
    assert STRANGER in said.stdout
    assert STRANGE_CITY in said.stdout
    assert "suspended: 2 claims" in said.stdout
    suspended = claims(office, sending["id"], "suspended")
    assert ["unknown_payer"] * 2 == [one["reason"] for one in suspended]
    first = deliveries(office)
    out = {number for numbers in first.values() for number in numbers}
    assert len(out) == sending["claimed"] - 2

    for payer in (STRANGER, STRANGE_CITY):
        added = office.run("admin", "party", "add", payer, "見本", "--kind", "payer")
        assert added.returncode == 0, added.stderr
    again = office.run("admin", "close", "1", MONTH, "--json")

    assert again.returncode == 0, again.stderr
    report = json.loads(again.stdout)["report"]
    assert (report["released"], report["suspended"]) == (2, [])
    assert report["balance"]["total"]["claimed"] == report["balance"]["total"]["delivered"]
    assert claims(office, sending["id"], "suspended") == []
    second = deliveries(office)
    assert first.items() <= second.items()
    late = {number for key in second.keys() - first.keys() for number in second[key]}
    assert len(late) == 2
    assert not late & out
    office.run("admin", "close", "1", MONTH)
    assert second == deliveries(office)


@pytest.mark.slow
def test_a_file_gone_bad_is_named_and_late_claims_come_in_a_further_volume(house: House) -> None:
    """Two bodies and two institutions; a flipped bit stops one file only, and only until it is put back."""
    house.start()
    good, bad = confirmed(house, house.unsent(1)), confirmed(house, house.unsent(2, "institution_2"), "institution_2")
    other = house.unsent(3).replace(b"IR,1,", b"IR,2,", 1)
    federation = confirmed(house, other)
    path = next(
        p
        for p in (house.home / "objects").rglob("*")
        if p.is_file() and p.read_bytes() == house.unsent(2, "institution_2")
    )
    data = path.read_bytes()
    path.write_bytes(data[:700] + bytes([data[700] ^ 1]) + data[701:])

    house.run("admin", "close", "1", MONTH)
    report = month(house)

    assert [(bad["id"], "file_damaged", bad["claimed"])] == [
        (one["sending"], one["reason"], one["claims"]) for one in report["suspended"]
    ]
    assert report["balance"]["balanced"]
    assert report["balance"]["total"]["delivered"]["claims"] == good["claimed"]
    assert all(body == "1" for body, _, _ in deliveries(house))

    path.write_bytes(data)
    late = confirmed(house, house.unsent(4))
    for body in ("1", "2-99"):
        assert house.run("admin", "close", body, MONTH).returncode == 0

    total = month(house)["balance"]["total"]
    assert total["delivered"] == total["claimed"]
    assert total["claimed"]["claims"] == good["claimed"] + bad["claimed"] + late["claimed"]
    assert month(house, "2-99")["balance"]["total"]["delivered"]["claims"] == federation["claimed"]
    assert {1, 2} == {volume for body, _, volume in deliveries(house) if body == "1"}


def test_a_delivery_gone_bad_is_neither_kept_nor_received_and_the_office_hears_of_it(office: House) -> None:
    """The payer's program finds it by the digest; the office looks at its own bytes and says whose they are."""
    to = office.home.parent / "to"
    item = office.ask("GET", "/api/v1/deliveries", party="payer").json["items"][0]
    path = next(p for p in (office.home / "objects").rglob(f"*{item['id']}*") if "deliveries" in str(p))
    path.chmod(0o600)
    data = path.read_bytes()
    path.write_bytes(data[:99] + bytes([data[99] ^ 1]) + data[100:])

    done = office.run("fetch", "--to", str(to), party="payer")

    assert done.returncode not in (0, 1, 2)
    assert "what is stored is damaged" in done.stderr or "what was read is not what was written" in done.stderr
    assert list(to.rglob("*.CSV")) == []
    logs = "".join(log.read_text("utf-8") for log in (office.home / "logs").glob("*"))
    assert "delivery_damaged" in office.log() + logs


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("before a closing", marks=pytest.mark.slow),
        pytest.param("between fsync and rename", marks=pytest.mark.slow),
        "with one object of a closing",
        pytest.param("with all deliveries sealed", marks=pytest.mark.slow),
        "before the books are closed",
        "with the books closed",
    ],
)
def test_a_kill_in_the_closing_lets_it_end_after_the_restart(house: House, moment: str) -> None:
    """The month closes once: every claim in one delivery of each payer, no posting twice, no object left over."""
    house.start()
    sending = confirmed(house, unchargeable(house))
    house.stop()

    house.start(kill_at=moment)
    with suppress(OSError):
        house.ask("POST", f"/api/v1/admin/months/1/{MONTH}/close", b"{}", party="operator")
    house.wait_dead()
    house.start()
    report = month(house)

    total = report["balance"]["total"]
    assert report["balance"]["balanced"]
    assert (total["claimed"]["claims"], total["suspended"]["claims"]) == (sending["claimed"], 2)
    for (_, payer, volume), numbers in deliveries(house).items():
        assert volume == 1
        assert len(numbers) == len(set(numbers)) == report["balance"]["payers"][payer]["delivered"]["cases"]
    assert no_orphans(house)
