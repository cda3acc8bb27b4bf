"""The inquiry desk: who may ask how often, who sees what, and what goes nowhere."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.page_parts import people_of_lab
from seikyu.office.errors import NotAllowed
from seikyu.office.inquiries import Act, InquiryOver
from seikyu.ports.errors import BadRequest, Forbidden, KeyReused, NotFound
from seikyu.services.guessing import Stranger, TooManyTries
from seikyu.services.inquiries import (
    Asked,
    Asker,
    BadInquiry,
    BadReport,
    EnoughInquiries,
    InquiryUnknown,
    Made,
    forget_inquiries,
    inquiry_states,
    list_inquiries,
    make_inquiry,
    open_inquiry,
    show_inquiry,
    show_opened,
    work_on,
    write_on,
    write_opened,
)
from seikyu.trust.codes import CodeMistyped, make_code
from services.office_lab import (
    INSTITUTION_ID,
    OPERATOR,
    OTHER_INSTITUTION,
    Lab,
    institution,
    later,
    make_lab,
    with_limits,
)

SECRET = "患者の山田花子さんのレセプトが"
REPORT = json.dumps({"verdict": "does_not_connect", "found": [{"id": "P01", "certain": True}], "facts": {}})


@pytest.fixture
def lab() -> Lab:
    """Return an office in memory."""
    return make_lab(calendar="sandbox")


def ask(lab: Lab, *, party: str | None = INSTITUTION_ID, address: str = "192.0.2.1", **other: Any) -> Made:
    """Ask something."""
    asked = Asked(**{"problem": "line", "text": SECRET, "line_kind": "ipvpn_ipv6", **other})
    return make_inquiry(lab.office, Asker(party, "x/hanako" if party else "", address), asked)


def test_a_partys_inquiry_is_its_own(lab: Lab) -> None:
    """With its history; another party, a wrong number and a text that is none look alike; the operator sees all."""
    number = ask(lab).inquiry.number

    assert number == show_inquiry(lab.office, institution(), number)["number"]
    assert number == list_inquiries(lab.office, institution(), limit=5).items[0]["number"]
    for who, what in (
        (institution(OTHER_INSTITUTION), number),
        (institution(), make_code("inquiry", b"x" * 32)),
        (institution(), "1"),
    ):
        with pytest.raises(NotFound):
            show_inquiry(lab.office, who, what)
        with pytest.raises(NotFound):
            write_on(lab.office, who, what, text="a")
    assert [] == list_inquiries(lab.office, institution(OTHER_INSTITUTION), limit=5).items
    assert 1 == len(list_inquiries(lab.office, OPERATOR, limit=5).items)


def test_the_life_of_an_inquiry(lab: Lab) -> None:
    """Taken, passed on, asked back, answered by the asker, answered, solved; each step stands in the history."""
    number, office = ask(lab).inquiry.number, lab.office
    with pytest.raises(Forbidden):
        work_on(office, institution(), number, act=Act.ANSWER, text="a")
    work_on(office, OPERATOR, number, act=Act.TAKE)
    work_on(office, OPERATOR, number, act=Act.PASS_ON, desk="carrier", by="operator/taro")
    work_on(office, OPERATOR, number, act=Act.ASK_BACK, text="ランプは点いていますか。")
    assert "received" == write_on(office, institution(), number, text="消えています。\r\n以上", by="x/hanako")["state"]
    work_on(office, OPERATOR, number, act=Act.ANSWER, text="交換します。")
    told = write_on(office, institution(), number, act=Act.SOLVE)

    assert ["ask", "take", "pass_on", "ask_back", "write", "answer", "solve"] == [
        each["act"] for each in told["history"]
    ]
    assert ("closed", "carrier") == (told["state"], told["desk"])
    assert "消えています。\n以上" == told["history"][4]["text"]
    assert "" == told["history"][2]["by"], "to the asker the desk's people have no names"
    assert "operator/taro" == show_inquiry(office, OPERATOR, number)["history"][2]["by"]
    with pytest.raises(InquiryOver):
        write_on(office, institution(), number, text="まだです。")
    assert {"received": 0, "in_hand": 0, "answered": 0, "waiting": 0, "closed": 1} == inquiry_states(office)


@pytest.mark.parametrize(
    ("act", "more"),
    [
        (Act.ANSWER, {}),
        (Act.ASK_BACK, {"text": " "}),
        (Act.PASS_ON, {"desk": "moon"}),
        (Act.CLOSE, {"text": "x" * 2001}),
    ],
)
def test_the_desk_says_something_that_can_be_read(lab: Lab, act: Act, more: dict[str, str]) -> None:
    """An answer has a text, a desk is one of ours, and nothing is too long."""
    number = ask(lab).inquiry.number

    with pytest.raises(BadInquiry):
        work_on(lab.office, OPERATOR, number, act=act, **more)
    assert 1 == len(show_inquiry(lab.office, OPERATOR, number)["history"])


def test_each_side_has_its_own_acts(lab: Lab) -> None:
    """The desk does not write for the asker, nor the asker answer for the desk."""
    number = ask(lab).inquiry.number

    with pytest.raises(BadRequest):
        work_on(lab.office, OPERATOR, number, act=Act.SOLVE)
    with pytest.raises(BadRequest):
        write_on(lab.office, institution(), number, act=Act.ANSWER, text="a")


@pytest.mark.parametrize(
    "wrong",
    [
        {"problem": "moon"}, {"text": ""}, {"text": "x" * 2001}, {"text": "a\x00"}, {"line_kind": "wire"}, {"body": "9"},
        {"reply": "fax"}, {"reply": "phone"}, {"reach": "a\nb"}, {"reach": "x" * 101}, {"lang": "fr"},
    ],
)  # fmt: skip
def test_what_cannot_be_taken_leaves_nothing(lab: Lab, wrong: dict[str, str]) -> None:
    """Item by item."""
    with pytest.raises(BadInquiry) as refused:
        ask(lab, **wrong)

    assert set(refused.value.facts["wrong"].split(", ")) == ({"reach"} if wrong == {"reply": "phone"} else set(wrong))
    assert [] == list_inquiries(lab.office, OPERATOR, limit=5).items


def test_a_doctors_report_is_kept_by_its_form_and_anything_else_refused(lab: Lab) -> None:
    """What the desk sees of it are our own ids."""
    number = ask(lab, report=REPORT).inquiry.number

    found = show_inquiry(lab.office, OPERATOR, number)["findings"]
    assert ("does_not_connect", [{"id": "P01", "certain": True}]) == (found["verdict"], found["found"])
    for wrong, why in (("#!/bin/sh\nrm -rf /", "report_form"), ("{" + " " * 50_000 + "}", "report_long")):
        with pytest.raises(BadReport) as refused:
            ask(lab, report=wrong)
        assert why == refused.value.facts["why"]


def test_a_stranger_needs_number_and_code(lab: Lab) -> None:
    """The code is made once and kept as a digest; every wrong try waits longer, for the number and for the address."""
    made, people = ask(lab, party=None), people_of_lab(lab.office)
    office, number, code = lab.office, made.inquiry.number, made.code
    assert code is not None
    with office.store.read() as tx:
        assert code not in repr(tx.inquiry(made.inquiry.id)) + str(tx.inquiry(made.inquiry.id).code_digest)  # type: ignore[union-attr]

    who = Stranger("192.0.2.9")
    assert made.inquiry == open_inquiry(office, people, who, number=f" {number[:4]}-{number[4:]}", code=code.lower())
    with pytest.raises(CodeMistyped):
        open_inquiry(office, people, who, number=number, code="A" * 16)
    for no in range(9):
        wrong = make_code("inquiry_code", bytes([no]) * 32)
        with pytest.raises((InquiryUnknown, TooManyTries)):
            open_inquiry(office, people, Stranger(f"192.0.2.{no}"), number=number, code=wrong)
    with pytest.raises(TooManyTries):
        open_inquiry(office, people, Stranger("198.51.100.1"), number=number, code=code)
    later(lab, minutes=2)
    assert made.inquiry == open_inquiry(office, people, Stranger("198.51.100.1"), number=number, code=code)
    with pytest.raises(InquiryUnknown):
        open_inquiry(office, people, who, number=make_code("inquiry", b"y" * 32), code=code)


def test_a_partys_inquiry_has_no_code_that_opens_it(lab: Lab) -> None:
    """Only who has logged in sees it."""
    made, people = ask(lab), people_of_lab(lab.office)

    assert made.code is None
    with pytest.raises(InquiryUnknown):
        open_inquiry(
            lab.office, people, Stranger("::1"), number=made.inquiry.number, code=make_code("inquiry_code", b"z" * 32)
        )


def test_a_stranger_writes_on(lab: Lab) -> None:
    """To what was opened, until it is closed."""
    made = ask(lab, party=None)

    write_opened(lab.office, made.inquiry.id, text="追記です。")
    write_opened(lab.office, made.inquiry.id, act=Act.SOLVE)
    assert ["ask", "write", "solve"] == [each["act"] for each in show_opened(lab.office, made.inquiry.id)["history"]]
    with pytest.raises(NotAllowed):
        write_opened(lab.office, made.inquiry.id, text="まだ")
    for act in (lambda: show_opened(lab.office, "0"), lambda: write_opened(lab.office, "0", text="a")):
        with pytest.raises(NotFound):
            act()


def test_strangers_ask_so_often_from_one_address_a_day(lab: Lab) -> None:
    """The networks of IPv6 count as one; another address and another day are free; parties have their own number."""
    few = with_limits(lab, inquiries_per_address=2, inquiries_per_party=1)
    for no in range(2):
        ask(few, party=None, address=f"2001:db8::{no}")

    with pytest.raises(EnoughInquiries):
        ask(few, party=None, address="2001:db8::9")
    ask(few, party=None, address="2001:db8:1::9")
    ask(few)
    with pytest.raises(EnoughInquiries):
        ask(few)
    later(few, days=1, seconds=1)
    ask(few, party=None, address="2001:db8::9")
    ask(few)
    with lab.office.store.read() as tx:
        assert not [one for one in tx.inquiries() if "2001" in one.asker_key]


def test_strangers_cannot_bury_the_desk(lab: Lab) -> None:
    """So many of theirs stand open at most; a closed one makes room, and parties are not kept out."""
    few = with_limits(lab, inquiries_of_strangers=1)
    made = ask(few, party=None, address="192.0.2.1")

    with pytest.raises(EnoughInquiries):
        ask(few, party=None, address="192.0.2.2")
    ask(few)
    work_on(few.office, OPERATOR, made.inquiry.number, act=Act.CLOSE)
    ask(few, party=None, address="192.0.2.2")


def test_the_same_key_is_the_same_inquiry(lab: Lab) -> None:
    """A repeat shows no code again; another question under it is refused; another party's key is its own."""
    first = ask(lab, party=None, idempotency_key="k")
    again = ask(lab, party=None, idempotency_key="k")

    assert (first.inquiry, None, True) == (again.inquiry, again.code, again.repeat)
    with pytest.raises(KeyReused):
        ask(lab, party=None, idempotency_key="k", text="別の質問")
    assert ask(lab, idempotency_key="k").inquiry.id != first.inquiry.id


def test_an_inquiry_has_so_many_messages(lab: Lab) -> None:
    """Past them the desk still answers."""
    few = with_limits(lab, inquiry_messages=2)
    number = ask(few).inquiry.number
    write_on(few.office, institution(), number, text="a")

    with pytest.raises(InquiryOver):
        write_on(few.office, institution(), number, text="b")
    work_on(few.office, OPERATOR, number, act=Act.ANSWER, text="c")


def test_what_is_closed_is_removed_after_its_time(lab: Lab) -> None:
    """With its texts; what is open stays, however old."""
    few = with_limits(lab, inquiry_kept_days=10)
    old, living = ask(few).inquiry.number, ask(few).inquiry.number
    work_on(few.office, OPERATOR, old, act=Act.CLOSE)
    later(few, days=11)

    assert 1 == forget_inquiries(few.office)
    assert 0 == forget_inquiries(few.office)
    assert [living] == [each["number"] for each in list_inquiries(few.office, OPERATOR, limit=5).items]


def test_lists_have_limits_and_states(lab: Lab) -> None:
    """Pages that go on, and words that are not taken."""
    numbers = [ask(lab).inquiry.number for _ in range(3)]
    page = list_inquiries(lab.office, OPERATOR, limit=2, state="received")
    rest = list_inquiries(lab.office, OPERATOR, limit=2, cursor=page.next)

    assert numbers[::-1] == [each["number"] for each in [*page.items, *rest.items]]
    assert rest.next is None
    for wrong in ({"limit": 0}, {"limit": 10_000}, {"limit": 1, "state": "moon"}):
        with pytest.raises(BadRequest):
            list_inquiries(lab.office, OPERATOR, **wrong)  # type: ignore[arg-type]


def test_no_text_code_or_telephone_is_told_to_the_log(lab: Lab) -> None:
    """Events name ids and states; nothing that was typed is in them, nor in what a row looks like."""
    told: list[str] = []
    loud = replace(lab, office=replace(lab.office, tell=lambda event, **facts: told.append(f"{event} {facts}")))
    made = ask(loud, party=None, reply="phone", reach="090-0000-0000", report=REPORT)
    write_opened(loud.office, made.inquiry.id, text=SECRET)
    work_on(loud.office, OPERATOR, made.inquiry.number, act=Act.ANSWER, text=SECRET)
    with loud.office.store.read() as tx:
        rows = repr([tx.inquiries(), tx.inquiry_steps(made.inquiry.id), made])

    for secret in (SECRET, "090-0000-0000", str(made.code)):
        assert secret not in rows
        assert secret not in str(told)
    assert made.inquiry.number not in str(told)
    assert 3 == len(told)


def test_a_year_of_inquiries_changes_nothing_of_time(lab: Lab) -> None:
    """All of it goes by the real clock, wherever the office's own stands."""
    later(lab, days=400)
    made = ask(lab)

    assert made.inquiry.made_at == lab.clock.at
    assert made.inquiry.made_at - timedelta(days=1) < lab.office.real_now()
