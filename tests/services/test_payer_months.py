"""A payer's months: every total is that of its leg of the ledger, and a payer sees its own alone."""

from dataclasses import replace

import pytest

from builders import CITY, ELDERLY, NHI, SOCIETY, WELFARE, claim, uke
from seikyu.office.charge import payer_id
from seikyu.office.ledger import Amounts
from seikyu.ports.errors import Forbidden
from seikyu.services import deliver
from seikyu.services.payer_months import list_payer_months, payer_month_view, show_payer_month, together
from services.office_lab import BODY, CLOSING, MONTH, PAYERS, Lab, institution, payer


def closed(lab: Lab, data: bytes) -> None:
    """Live a month with one sending to its closing."""
    lab.confirm(lab.send_and_check(data))
    lab.clock.at = CLOSING
    lab.close()


def test_each_payers_total_is_its_leg_of_the_ledger(lab: Lab) -> None:
    """Files, cases and points of every payer, an insurer or a city, equal what the balance of the month says of it."""
    data = uke(
        claim(1, insurer=SOCIETY), claim(2, insurer=ELDERLY, publics=[CITY]),
        claim(3, insurer=NHI, publics=[WELFARE, CITY]), claim(4, insurer=None, publics=[WELFARE]),
    )  # fmt: skip
    closed(lab, data)

    balance = lab.balance()
    for party in PAYERS:
        (found,) = show_payer_month(lab.office, payer(party), MONTH)
        assert balance.payers[party] == found.account
        assert found.balanced
        assert (found.claims, found.points) == (found.account.delivered.cases, found.account.delivered.own_points)
        assert [(MONTH, BODY)] == list_payer_months(lab.office, payer(party))


def test_nothing_is_shown_before_the_month_is_closed(lab: Lab) -> None:
    """What was confirmed may still change; payers see what was closed."""
    lab.confirm(lab.send_and_check(uke(claim(1))))

    assert [] == list_payer_months(lab.office, payer(PAYERS[0]))
    assert [] == show_payer_month(lab.office, payer(PAYERS[0]), MONTH)


def test_a_delivery_that_holds_less_than_the_ledger_breaks_the_balance(lab: Lab) -> None:
    """The deliveries' own sums are held against the ledger, in cases and in points."""
    closed(lab, uke(claim(1)))
    (row,) = lab.deliveries(payer=PAYERS[0])

    for wrong in (replace(row, claims=row.claims + 1), replace(row, points=row.points - 1)):
        with lab.office.store.write() as tx:
            tx.put_delivery(wrong)
        assert not show_payer_month(lab.office, payer(PAYERS[0]), MONTH)[0].balanced


def test_received_deliveries_are_counted(lab: Lab) -> None:
    """How many of the month's files the payer has."""
    closed(lab, uke(claim(1)))
    me = payer(PAYERS[0])
    (row,) = lab.deliveries(payer=PAYERS[0])

    before = payer_month_view(show_payer_month(lab.office, me, MONTH)[0])
    deliver.mark_received(lab.office, me, row.id, row.sha256)
    after = payer_month_view(show_payer_month(lab.office, me, MONTH)[0])

    assert (1, 0, 1) == (before["deliveries"], before["received"], after["received"])
    assert before["ledger"]["claimed"] == before["ledger"]["delivered"]
    assert not any(before["ledger"]["difference"].values())


def test_accounts_of_several_bodies_add_up(lab: Lab) -> None:
    """Measure by measure, and suspense by its reason."""
    closed(lab, uke(claim(1)))
    (found,) = show_payer_month(lab.office, payer(PAYERS[0]), MONTH)
    suspended = replace(found, account=replace(found.account, suspended={"file_damaged": Amounts(1, 2, 3, 4, 5)}))

    total = together([found, suspended, suspended])

    assert found.account.claimed + found.account.claimed + found.account.claimed == total.claimed
    assert {"file_damaged": Amounts(2, 4, 6, 8, 10)} == total.suspended


def test_an_institution_has_no_payers_month(lab: Lab) -> None:
    """Only payers are asked for."""
    for act in (list_payer_months, lambda office, asker: show_payer_month(office, asker, MONTH)):
        with pytest.raises(Forbidden):
            act(lab.office, institution())


def test_payers_that_are_named_nowhere_have_no_month(lab: Lab) -> None:
    """Another payer's month is not theirs."""
    closed(lab, uke(claim(1)))

    assert [] == show_payer_month(lab.office, payer(payer_id(CITY)), MONTH)
