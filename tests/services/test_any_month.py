"""Any files, any damage: what is delivered is what was claimed less what is in suspense, and in the end nothing is."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import CITY, ELDERLY, INCURABLE, NHI, REHABILITATION, SOCIETY, WELFARE, claim, encoded, uke_lines
from seikyu.office.charge import payer_id
from services.office_lab import CLOSING, OTHER_INSTITUTION, Lab, make_lab, register

STRANGER = "06990022"
PUBLICS = (CITY, WELFARE, INCURABLE, REHABILITATION)

claims = st.fixed_dictionaries(
    {
        "insurer": st.sampled_from([None, SOCIETY, ELDERLY, NHI, STRANGER]),
        "publics": st.lists(st.sampled_from(PUBLICS), min_size=1, max_size=4),
        "month": st.sampled_from(["202608", "202607", "202506"]),
        "points": st.integers(1, 9999),
        "name": st.sampled_from(["見本　太郎", "見本　花子"]),
    }
)
files = st.fixed_dictionaries(
    {
        "claims": st.lists(claims, min_size=1, max_size=4),
        "other": st.booleans(),
        "ending": st.sampled_from(["\r\n", "\n"]),
        "end": st.sampled_from([b"\x1a", b"", b"\x1a\r\n"]),
        "commas": st.booleans(),
        "unknown": st.booleans(),
        "errors": st.sampled_from(["with", "without"]),
    }
)


def made(file: dict[str, Any]) -> tuple[bytes, str | None]:
    """Return a file's bytes and its sender, None for the usual one."""
    code = {"institution": OTHER_INSTITUTION[3:]} if file["other"] else {}
    lines = uke_lines(*(claim(no, **one) for no, one in enumerate(file["claims"], start=1)), **code)
    if file["unknown"]:
        lines.insert(-1, "ZZ,nobody knows this record")
    if file["commas"]:
        lines = [line.rstrip(",") if line.startswith(("SI,", "HO,")) else line for line in lines]
    return encoded(lines, ending=file["ending"], end=file["end"]), OTHER_INSTITUTION if file["other"] else None


def read_by_hand(lab: Lab) -> Counter[tuple[str, str]]:
    """Count cases and own points of every payer from the sealed bytes, with nothing of ours but the positions."""
    counted: Counter[tuple[str, str]] = Counter()
    for row in lab.deliveries():
        for rows in lab.read(f"deliveries/{row.id}").split(b"2,1,0,MN,")[1:]:
            items = [line.split(b",") for line in rows.split(b"\r\n")[1:]]
            mine = [each for each in items if len(each) > 8 and each[3] in (b"HO", b"KO")]
            mine = [each for each in mine if payer_id(each[4].decode()) == row.payer]
            counted[row.payer, "cases"] += 1
            counted[row.payer, "own_points"] += sum(int(each[8]) for each in mine)
    return counted


def booked(lab: Lab, side: str) -> Counter[tuple[str, str]]:
    """Return what the books say of the same."""
    accounts = lab.balance().payers.items()
    names = ("cases", "own_points")
    return Counter({(payer, name): getattr(getattr(one, side), name) for payer, one in accounts for name in names})


@settings(max_examples=60, deadline=None)
@given(month=st.lists(files, min_size=1, max_size=4), hit=st.data())
def test_delivered_is_claimed_less_suspended_and_in_the_end_all_of_it(month: list[dict[str, Any]], hit: Any) -> None:
    """Whatever is sent and whatever breaks: the books, and the bytes counted by hand, balance at every closing."""
    lab = make_lab()
    register(lab.office, payers=[INCURABLE, REHABILITATION])
    for file in month:
        data, party = made(file)
        sending = lab.send_and_check(data, **({"party": party} if party else {}))
        if sending.state == "to_decide":
            lab.confirm(sending, file["errors"])
    names = [name for name in lab.names() if name.startswith(("files/", "indexes/"))]
    whole = {name: lab.read(name) for name in hit.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))}
    for name, data in whole.items():
        at, bit = hit.draw(st.integers(0, len(data) - 1)), hit.draw(st.integers(0, 7))
        lab.damage(name, data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
    claimed = booked(lab, "claimed")
    lab.clock.at = CLOSING

    lab.close(force=True)

    assert lab.balance().balanced
    assert claimed == booked(lab, "claimed") == booked(lab, "delivered") + booked(lab, "suspense")
    assert +booked(lab, "delivered") == +read_by_hand(lab)

    for name, data in whole.items():
        if name in lab.names():
            lab.damage(name, data)
    register(lab.office, payers=[STRANGER])
    if lab.balance().total.suspense:
        lab.close(force=True)

    assert lab.balance().balanced
    assert +booked(lab, "delivered") == +read_by_hand(lab)
    if not any(name.startswith("indexes/") for name in whole):
        assert claimed == booked(lab, "delivered")
    assert not lab.orphans()
