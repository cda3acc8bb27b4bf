"""A month from the first sending to the payers, and what must be true at its end."""

from builders import CITY, ELDERLY, NHI, SOCIETY, WELFARE, claim, uke
from seikyu.office.charge import payer_id
from seikyu.services import deliver
from services.office_lab import CLOSING, PAYERS, Lab, payer


def test_a_month_ends_with_every_claim_at_each_of_its_payers(lab: Lab) -> None:
    """Claims of one, two and five payers are delivered once to each, and the books balance."""
    data = uke(
        claim(1, insurer=SOCIETY),
        claim(2, insurer=ELDERLY, publics=[CITY]),
        claim(3, insurer=NHI, publics=[WELFARE, CITY]),
        claim(4, insurer=None, publics=[WELFARE]),
    )

    sending = lab.send_and_check(data)
    assert (sending.state, sending.claims, sending.refused) == ("to_decide", 4, 0)
    confirmed = lab.confirm(sending)
    assert (confirmed.state, confirmed.claimed, confirmed.confirm_no) == ("confirmed", 4, 1)
    lab.clock.at = CLOSING
    lab.close()

    assert lab.sending(sending.id).state == "handed_over"
    claims = {row.payer: row.claims for row in lab.deliveries()}
    assert claims == dict(zip(PAYERS, [1, 1, 1, 2, 2], strict=True))
    balance = lab.balance()
    assert balance.balanced
    assert balance.total.claimed.claims == 4
    assert balance.total.claimed.cases == 7
    assert not lab.orphans()
    assert not lab.missing()
    opened = deliver.open_delivery(lab.office, payer(payer_id(CITY)), lab.deliveries(payer=payer_id(CITY))[0].id)
    assert lab.read(opened.object_name).startswith(b"2,1,0,MN,")
