"""Corrections of every kind of claim: whatever is corrected, all other bytes go on as they were sent."""

from functools import cache
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seikyu.apps.generator.files import Recipe, write
from seikyu.apps.generator.places import place_of
from seikyu.office.correcting import Mark
from seikyu.ports.register import Party
from seikyu.records import NotEditable, claim_lines, claim_spans, record_layout_of, sniff, text_of
from seikyu.services import correcting
from seikyu.services.claims import open_claim
from seikyu.services.correcting import Typed, list_correctable
from seikyu.services.errors import BadCorrection
from services.correcting_lab import finish
from services.office_lab import OPEN, Lab, institution, make_lab

KINDS = ("medical", "dpc", "dental", "pharmacy", "home_nursing")


@cache
def sent_file(kind: str) -> bytes:
    """Return a made-up file of a kind, whole claims and some of returned ones sent again, without its end."""
    out = BytesIO()
    write(Recipe(place_of(kind), "1", 202609, claims=6, seed=7, kind=kind, reclaim_share=0.4), out)
    data = out.getvalue()
    return data[: data.rindex(b"GO")]  # Refused as a whole, so that every claim may be corrected.


def lab_of(kind: str) -> tuple[Lab, str]:
    """Return an office that has received the file, and the sending's id."""
    lab = make_lab()
    party = place_of(kind).id
    with lab.office.store.write() as tx:
        tx.put_party(Party(party, "institution", "見本", OPEN.replace(month=4), address="見本県"))
    return lab, lab.send_and_check(sent_file(kind), party=party).id


@pytest.mark.parametrize("kind", KINDS)
def test_claims_of_every_kind_go_on_byte_for_byte(kind: str) -> None:
    """One item of one record is changed; heads, records, histories and line ends stay, numbers and the end are new."""
    lab, sending_id = lab_of(kind)
    sending = lab.sending(sending_id)
    who = institution(sending.party)
    assert "refused" == sending.state
    for each in list_correctable(lab.office, who, sending_id).items[1:3]:
        claim = open_claim(lab.office, who, sending_id, file_no=1, claim_index=each["claim_index"])
        head = next(at for at, line in enumerate(claim_lines(claim.data)) if line.content.startswith(b"RE,"))
        name = claim.layout.records["RE"].by_name["patient_name"].no
        wanted = Typed(0, Mark.CORRECTED, {(head, name): "見本　訂正"})
        correcting.put_correction(
            lab.office, who, sending_id, file_no=1, claim_index=each["claim_index"], wanted=wanted, by="x"
        )

    new = lab.sending(finish(lab, sending).sending.id)

    (file,) = lab.files(new.id)
    written = lab.read(f"files/{file.id}")
    header = sniff(written)
    assert header is not None
    assert ("to_decide", 2) == (new.state, new.claims)
    old_spans = list(claim_spans([sent_file(kind)], header.layout))
    new_spans = list(claim_spans([written], header.layout))
    assert sent_file(kind)[: old_spans[0].offset] == written[: new_spans[0].offset]
    assert [1, 2] == [span.claim_no for span in new_spans]
    for old, now in zip(old_spans[1:3], new_spans, strict=True):
        before = sent_file(kind)[old.offset : old.offset + old.length]
        after = written[now.offset : now.offset + now.length]
        pairs = zip(claim_lines(before), claim_lines(after), strict=True)
        differ = [(a.content.split(b","), b.content.split(b",")) for a, b in pairs if a.content != b.content]
        places = {no for a, b in differ for no, (x, y) in enumerate(zip(a, b, strict=True), start=1) if x != y}
        number = header.layout.records["RE"].by_name["claim_no"].no
        assert places <= {number, header.layout.records["RE"].by_name["patient_name"].no}
        assert all(a[0] == b"RE" for a, _ in differ)


@st.composite
def wishes(draw: st.DrawFn, lab: Lab, sending_id: str, kind: str) -> tuple[int, Typed]:
    """Any wish for any claim: values of all kinds for any items, records taken out."""
    who = institution(place_of(kind).id)
    index = draw(st.integers(0, 5))
    claim = open_claim(lab.office, who, sending_id, file_no=1, claim_index=index)
    lines = claim_lines(claim.data)
    known = [at for at, line in enumerate(lines) if record_layout_of(line, claim.layout)]
    chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True))
    removed = [at for at in chosen if draw(st.integers(0, 5)) == 0]
    texts = st.sampled_from(["", "1", "20260801", "見本", "ﾐﾎﾝ", "0", "99"]) | st.text(max_size=6)
    items = {
        (at, draw(st.integers(2, len(claim.layout.records[text_of(lines[at].content[:2])].items)))): draw(texts)
        for at in chosen
        if at not in removed
    }
    return index, Typed(0, Mark.OPEN, items, removed)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_correction_leaves_all_other_bytes_equal(kind: str, data: st.DataObject) -> None:
    """What is refused changes nothing; what is kept changes its items and nothing besides."""
    lab, sending_id = _shared(kind)
    who = institution(place_of(kind).id)
    index, wanted = data.draw(wishes(lab, sending_id, kind))
    before = open_claim(lab.office, who, sending_id, file_no=1, claim_index=index)
    with lab.office.store.read() as tx:
        row = tx.correction(sending_id, 1, index)
    wanted = Typed(row.version if row else 0, wanted.mark, wanted.items, wanted.removed)
    try:
        shown = correcting.put_correction(
            lab.office, who, sending_id, file_no=1, claim_index=index, wanted=wanted, by="x"
        )
    except (BadCorrection, NotEditable):
        return
    kept = [line for at, line in enumerate(claim_lines(before.data)) if at not in set(wanted.removed)]
    now = claim_lines(shown.after.data)
    assert len(kept) == len(now)
    changed = {at for at, _ in shown.edits.items}
    untouched = [line for at, line in enumerate(claim_lines(before.data)) if at not in {*changed, *wanted.removed}]
    places = [at for at in range(len(claim_lines(before.data))) if at not in set(wanted.removed)]
    same = [line for at, line in zip(places, now, strict=True) if at not in changed]
    assert [line.content + line.ending for line in untouched] == [line.content + line.ending for line in same]


@cache
def _shared(kind: str) -> tuple[Lab, str]:
    """Return one office for all examples of a kind."""
    return lab_of(kind)
