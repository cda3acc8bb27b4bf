"""Claims are corrected on the screen: kept, checked at once, finished into a new sending, and claimed at most once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from builders import SOCIETY, claim, encoded, uke, uke_lines
from seikyu.office.correcting import Mark
from seikyu.office.errors import Closed
from seikyu.ports.errors import BadRequest, Forbidden, KeyReused, NotFound, Unavailable
from seikyu.ports.store import Sending
from seikyu.rules.index import Outcome, Reason
from seikyu.services import check, correcting, decide, finishing, start
from seikyu.services.claims import claims_around, open_claim
from seikyu.services.correcting import Typed, list_correctable, show_correction
from seikyu.services.errors import (
    AlreadyDecided,
    BadCorrection,
    CorrectionMoved,
    CorrectionTooLate,
    HeadAtFault,
    NotCorrectable,
    NothingCorrected,
)
from seikyu.services.indexes import rows_of
from seikyu.services.retention import retire
from services.correcting_lab import ASKS, REFUSED, RIGHT, correct_both, data, finish, put, spoilt
from services.faults import Killed, Plug, plugged, unplugged
from services.office_lab import (
    CLOSING,
    CORRECTIONS,
    MIDNIGHT,
    OPEN,
    OPERATOR,
    OTHER_INSTITUTION,
    Lab,
    institution,
    later,
    make_lab,
    payer,
)


def outcomes(lab: Lab, sending_id: str) -> list[tuple[str, str]]:
    """Return what became of each claim of a sending."""
    rows = [row for file in lab.files(sending_id) for row in rows_of(lab.office.objects, file.index_object)]
    return [(row.outcome.name, row.reason.name) for row in rows]


def claimed(lab: Lab, *sendings: Sending) -> int:
    """Return how many claims of the sendings are claimed."""
    return sum(outcome == Outcome.CLAIMED.name for each in sendings for outcome, _ in outcomes(lab, each.id))


def bytes_of(lab: Lab, sending: Sending) -> bytes:
    """Return the bytes of a sending's only file."""
    (file,) = lab.files(sending.id)
    return lab.read(f"files/{file.id}")


def test_corrected_claims_go_on_in_a_new_sending_and_end_in_the_old_one(lab: Lab) -> None:
    """Numbered from 1 under the old head with a new end; everything else is byte for byte what was sent."""
    old = lab.send_and_check(data())
    correct_both(lab, old)

    done = finish(lab, old)

    right = spoilt()
    right[ASKS][1] = right[ASKS][1].replace(",292", ",291")
    right[REFUSED][0] = claim(3, insurer=SOCIETY, name="見本　次郎")[0]
    for no, lines in enumerate(right[ASKS:], start=1):
        lines[0] = lines[0].replace(f"RE,{no + 1},", f"RE,{no},")
    new = lab.sending(done.sending.id)
    assert uke(*right[ASKS:]) == bytes_of(lab, new)
    assert ("to_decide", 2, 0, 0, 2) == (new.state, new.claims, new.refused, new.ask, new.send_no)
    assert (1, old.id, 2) == (done.run.correct_no, done.run.sending, done.run.claims)
    assert [("OPEN", "NONE"), ("UNCLAIMED", "CORRECTED"), ("UNCLAIMED", "CORRECTED")] == outcomes(lab, old.id)
    assert "to_decide" == lab.sending(old.id).state
    assert not lab.orphans()
    assert not lab.missing()


def test_both_sendings_are_decided_and_every_claim_is_claimed_once(lab: Lab) -> None:
    """The old sending keeps its other claims; the ledger balances over both."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    new = finish(lab, old).sending

    lab.confirm(old, "with")
    lab.confirm(new, "with")

    assert (1, 2) == (lab.sending(old.id).claimed, lab.sending(old.id).unclaimed)
    assert (2, 0) == (lab.sending(new.id).claimed, lab.sending(new.id).unclaimed)
    lab.clock.at = CLOSING
    lab.close()
    assert lab.balance().balanced
    assert 3 == sum(delivery.claims for delivery in lab.deliveries())


def test_a_sending_ends_when_its_last_claim_is_corrected(lab: Lab) -> None:
    """Nothing is left to decide; the new sending has taken its place."""
    (_, asks, _) = spoilt()
    asks[0] = asks[0].replace("RE,2,", "RE,1,")
    old = lab.send_and_check(uke(asks))
    put(lab, old, 0, {(1, 6): "291"})

    done = finish(lab, old)

    assert "corrected" == lab.sending(old.id).state
    with pytest.raises(AlreadyDecided):
        lab.confirm(old)
    assert 1 == lab.confirm(done.sending).claimed


def test_finishing_twice_makes_two_sendings_with_numbers_of_their_own(lab: Lab) -> None:
    """訂正完了回 counts on; what has gone on once never goes again."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {(1, 6): "291"})
    first = finish(lab, old)
    put(lab, old, REFUSED, {(0, 7): "19800101"})
    second = finish(lab, old)

    assert (1, 2) == (first.run.correct_no, second.run.correct_no)
    with lab.office.store.read() as tx:
        assert [first.run, second.run] == tx.correction_runs(old.id)
        assert second.run == tx.correction_run(second.sending.id)
    with pytest.raises(NotCorrectable) as refusal:
        put(lab, old, ASKS, {(1, 6): "291"}, version=2)
    assert "finished" == refusal.value.facts["why"]
    with pytest.raises(NothingCorrected):
        finish(lab, old)


def test_an_answer_that_was_lost_is_had_again_by_the_key(lab: Lab) -> None:
    """Asked again it is a repeat; for another sending the key is used up."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    first = finish(lab, old, "k")

    again = finish(lab, old, "k")

    assert (first.sending.id, True) == (again.sending.id, again.repeat)
    other = lab.send_and_check(uke(*spoilt()[:2]))
    put(lab, other, ASKS, {(1, 6): "291"})
    with pytest.raises(KeyReused):
        finish(lab, other, "k")
    with pytest.raises(BadRequest):
        finish(lab, other, "k" * 1000)


# --- what is checked while it is typed ---


def test_the_claim_is_checked_again_at_once_and_says_what_is_worse(memory_lab: Lab) -> None:
    """A finding that was not there before is new; one that stays is not."""
    old = memory_lab.send_and_check(data())

    worse = put(memory_lab, old, ASKS, {(0, 7): "", (1, 6): "293"}, mark=Mark.OPEN)

    assert {"X3020", "L2541"} <= {each.code for each in worse.after.findings}
    assert {"L2541"} == {each.code for each in worse.after.new}
    assert all(each.line in {None, 1, 2, 3, 4} for each in worse.after.findings)
    better = put(memory_lab, old, ASKS, {(1, 6): "291"}, version=1)
    assert [] == [each for each in better.after.findings if each.level != "L48"]
    assert (2, Mark.CORRECTED, ()) == (better.version, better.mark, better.after.new)
    assert [("HO", 6, "292", "291")] == [(c.record_id, c.no, c.before, c.after) for c in better.changes]


def test_a_record_is_put_in_and_taken_out(memory_lab: Lab) -> None:
    """A missing disease is added behind the card; a line too many goes."""
    bare = claim(1, insurer=SOCIETY)
    disease = bare.pop(2)
    old = memory_lab.send_and_check(uke([*bare, "ZZ,stray"]))
    items = disease.split(",")

    shown = put(memory_lab, old, 0, {}, added=[(1, items)], removed=[3])

    assert [] == [each.code for each in shown.after.findings if each.level != "L48"]
    assert uke(claim(1, insurer=SOCIETY)) == bytes_of(memory_lab, finish(memory_lab, old).sending)


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        ({"items": {(0, 5): "😀" * 10_000}}, "0.5: character"),
        ({"items": {(0, 5): "あ" * 21}}, "0.5: long"),
        ({"items": {(0, 5): "見本,太郎"}}, "0.5: separator"),
        ({"items": {(99, 5): "1"}}, "99.5: no_such_place"),
        ({"items": {(1, 6): "abc"}}, "1.6: digits"),
        ({"items": {(0, 2): "9"}}, "0.0: numbered"),
        ({"items": {}, "removed": [0]}, "0.0: stays"),
        ({"items": {}, "added": [(0, ["QQ", "1"])]}, "0.0: no_such_record"),
        ({"items": {}, "added": [(0, [])]}, "0.0: no_such_record"),
        ({"items": {}, "added": [(0, ["SY", "😀"])]}, "0.2: character"),
    ],
)
def test_what_cannot_stand_in_a_claim_is_told_by_its_place(memory_lab: Lab, wanted: Any, wrong: str) -> None:
    """Nothing is kept then, and nothing of what was typed is in the error."""
    old = memory_lab.send_and_check(data())

    with pytest.raises(BadCorrection) as refusal:
        put(memory_lab, old, ASKS, **wanted)

    assert wrong in refusal.value.facts["wrong"]
    with memory_lab.office.store.read() as tx:
        assert [] == tx.corrections(old.id)


def test_too_much_is_not_corrected_by_hand(memory_lab: Lab) -> None:
    """Then it is another claim, and made where claims are made."""
    old = memory_lab.send_and_check(data())
    with pytest.raises(BadRequest):
        put(memory_lab, old, ASKS, {(0, no): "1" for no in range(2, 1000)})
    with pytest.raises(BadRequest, match="changed somewhere"):
        put(memory_lab, old, ASKS, {(1, 6): "292"})


def test_two_windows_do_not_overwrite_each_other(lab: Lab) -> None:
    """Who has not seen the newest version is told, and the newest stays."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {(1, 6): "291"})

    with pytest.raises(CorrectionMoved) as refusal:
        put(lab, old, ASKS, {(1, 6): "999"})

    assert 1 == refusal.value.facts["version"]
    shown = show_correction(lab.office, institution(), old.id, file_no=1, claim_index=ASKS)
    assert ["291"] == [each.after for each in shown.changes]


def test_a_claim_that_cannot_be_corrected_is_marked_so_and_stays(lab: Lab) -> None:
    """訂正不能 and 未訂正 claims do not go on."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {}, mark=Mark.IMPOSSIBLE)
    put(lab, old, REFUSED, {(0, 7): "19800101"}, mark=Mark.OPEN)

    with pytest.raises(NothingCorrected):
        finish(lab, old)
    listed = list_correctable(lab.office, institution(), old.id).items
    assert [(ASKS, "impossible"), (REFUSED, "open")] == [(each["claim_index"], each["mark"]) for each in listed]


def test_the_list_of_claims_to_correct_comes_in_pages(memory_lab: Lab) -> None:
    """Those that came back with errors and no others."""
    old = memory_lab.send_and_check(data())
    first = list_correctable(memory_lab.office, institution(), old.id, limit=1)
    second = list_correctable(memory_lab.office, institution(), old.id, limit=1, cursor=first.next)

    assert ([ASKS], "1.2", [REFUSED], None) == (
        [each["claim_index"] for each in first.items],
        first.next,
        [each["claim_index"] for each in second.items],
        second.next,
    )
    with pytest.raises(BadRequest):
        list_correctable(memory_lab.office, institution(), old.id, cursor="x")


# --- who and when ---


@pytest.mark.parametrize(
    ("who", "error"),
    [(institution(OTHER_INSTITUTION), NotFound), (payer("06990014"), Forbidden), (OPERATOR, Forbidden)],
)
def test_nobody_else_sees_or_corrects_a_claim(memory_lab: Lab, who: Any, error: type[Exception]) -> None:
    """Another institution finds nothing; neither payers nor the office have claims here."""
    office, old = memory_lab.office, memory_lab.send_and_check(data())
    acts: list[Callable[[], Any]] = [
        lambda: open_claim(office, who, old.id, file_no=1, claim_index=ASKS),
        lambda: show_correction(office, who, old.id, file_no=1, claim_index=ASKS),
        lambda: list_correctable(office, who, old.id),
        lambda: finishing.finish_corrections(office, who, old.id),
        lambda: correcting.put_correction(office, who, old.id, file_no=1, claim_index=ASKS, wanted=Typed(0), by="x"),
    ]
    for act in acts:
        with pytest.raises(error):
            act()


def test_claims_that_are_not_there_are_not_found(memory_lab: Lab) -> None:
    """No such file, no such claim, a claim whose file is past its keeping."""
    office, old = memory_lab.office, memory_lab.send_and_check(data())
    for file_no, index in ((2, 0), (1, 3)):
        with pytest.raises(NotFound):
            open_claim(office, institution(), old.id, file_no=file_no, claim_index=index)
    (file,) = memory_lab.files(old.id)
    office.objects.remove(f"files/{file.id}")
    with pytest.raises(NotFound):
        open_claim(office, institution(), old.id, file_no=1, claim_index=0)
    office.objects.remove(str(file.index_object))
    for act in (
        lambda: list_correctable(office, institution(), old.id),
        lambda: claims_around(office, file, 1),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_claims_around_are_those_with_findings(memory_lab: Lab) -> None:
    """Previous and next lead from one finding to the next."""
    named = [[text + "ﾐﾎﾝ" if text.startswith("RE,") else text for text in claim(no, insurer=SOCIETY)] for no in (1, 2)]
    old = memory_lab.send_and_check(data())
    (file,) = memory_lab.files(old.id)

    assert (RIGHT, REFUSED) == claims_around(memory_lab.office, file, ASKS)  # X8003, a notice, stands on each
    assert (None, ASKS) == claims_around(memory_lab.office, file, RIGHT)
    assert (ASKS, None) == claims_around(memory_lab.office, file, REFUSED)
    assert named


@pytest.mark.parametrize(("index", "why"), [(RIGHT, "no_errors")])
def test_a_claim_without_errors_is_not_corrected(memory_lab: Lab, index: int, why: str) -> None:
    """Only what came back is."""
    old = memory_lab.send_and_check(data())
    with pytest.raises(NotCorrectable) as refusal:
        put(memory_lab, old, index, {(1, 6): "290"})
    assert why == refusal.value.facts["why"]


def test_error_claims_of_an_automatic_confirmation_are_corrected_on_the_eleventh(lab: Lab) -> None:
    """They stayed unclaimed at midnight; what was being corrected is still there, and is taken as a correction."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {(1, 6): "291"})
    lab.clock.at = MIDNIGHT
    start.tick(lab.office)
    assert "confirmed_automatically" == lab.sending(old.id).state
    with pytest.raises(Closed):
        finish(lab, old)

    lab.clock.at = CORRECTIONS
    put(lab, old, REFUSED, {(0, 7): "19800101"})
    new = finish(lab, old).sending

    assert "confirmed_automatically" == lab.sending(old.id).state
    assert [("CLAIMED", "NONE"), ("UNCLAIMED", "CORRECTED"), ("UNCLAIMED", "CORRECTED")] == outcomes(lab, old.id)
    assert [("OPEN", "NONE"), ("OPEN", "NONE")] == outcomes(lab, new.id)
    assert 2 == lab.confirm(lab.sending(new.id)).claimed
    lab.clock.at = CLOSING
    start.tick(lab.office)
    lab.work()
    assert lab.balance().balanced
    assert 3 == sum(delivery.claims for delivery in lab.deliveries())


def test_what_was_claimed_with_its_errors_is_not_corrected(lab: Lab) -> None:
    """請求確定（エラー分含む） has the last word on what asks; what was refused may still be corrected."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    lab.confirm(old, "with")

    with pytest.raises(NotCorrectable) as refusal:
        put(lab, old, ASKS, {(1, 6): "291"}, version=1)
    new = finish(lab, old).sending

    assert "claimed" == refusal.value.facts["why"]
    assert 1 == lab.sending(new.id).claims
    lab.confirm(lab.sending(new.id))
    assert 3 == claimed(lab, old, new)


@pytest.mark.parametrize("act", ["cancel", "close"])
def test_nothing_is_corrected_after_the_end(lab: Lab, act: str) -> None:
    """A cancelled or handed over sending is over, and what was typed is forgotten."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    if act == "cancel":
        decide.cancel(lab.office, institution(), old.id)
    else:
        lab.confirm(old, "without")
        lab.clock.at = CLOSING
        start.tick(lab.office)
        lab.work()
        start.tick(lab.office)

    with pytest.raises(NotCorrectable):
        put(lab, old, ASKS, {(1, 6): "291"}, version=1)
    with pytest.raises(NotCorrectable):
        finish(lab, old)
    with lab.office.store.read() as tx:
        assert [] == tx.corrections(old.id)


def test_claims_of_a_month_that_is_over_are_not_finished(memory_lab: Lab) -> None:
    """In the next month's window only that month's claims are taken; a closing month takes none."""
    old = memory_lab.send_and_check(uke(*spoilt(), month="202609").replace(b"IR,1,99,1,", b"IR,1,99,1,"))
    correct_both(memory_lab, old)
    memory_lab.clock.at = OPEN.replace(month=10)
    with pytest.raises(CorrectionTooLate):
        finish(memory_lab, old)

    memory_lab.clock.at = OPEN
    with memory_lab.office.store.write() as tx:
        from seikyu.ports.store import Month

        tx.put_month(Month("1", "202609", "real", "closing"))
    with pytest.raises(NotCorrectable) as refusal:
        finish(memory_lab, old)
    assert "month" == refusal.value.facts["why"]


# --- files refused as a whole ---


def test_a_claim_of_a_file_that_was_refused_as_a_whole_goes_on(lab: Lab) -> None:
    """Its end was missing; under the old head with a new end the claim stands."""
    whole = data()
    old = lab.send_and_check(whole[: whole.rindex(b"GO,")])
    assert "refused" == lab.sending(old.id).state
    put(lab, old, REFUSED, {(0, 7): "19800101"})

    new = finish(lab, old).sending

    assert ("refused", "to_decide", 1, 0) == (
        lab.sending(old.id).state, lab.sending(new.id).state, lab.sending(new.id).claims, lab.sending(new.id).refused,
    )  # fmt: skip
    assert ("UNCLAIMED", "CORRECTED") == outcomes(lab, old.id)[REFUSED]


def test_a_fault_of_the_head_is_not_corrected_and_says_so(memory_lab: Lab) -> None:
    """The head stays as it is, so the new sending would be refused again."""
    lines = uke_lines(*spoilt())
    lines[0] = lines[0].replace("202609", "202699")
    old = memory_lab.send_and_check(encoded(lines))
    shown = put(memory_lab, old, ASKS, {(1, 6): "291"}) if old.month else None
    if shown is None:
        with pytest.raises(CorrectionTooLate):
            put(memory_lab, old, ASKS, {(1, 6): "291"})
            finish(memory_lab, old)
        return
    assert shown.after.refuses_file is not None
    with pytest.raises(HeadAtFault):
        finish(memory_lab, old)


def test_a_file_for_another_body_has_its_fault_in_the_head(memory_lab: Lab) -> None:
    """Named by its code before anybody finishes in vain."""
    old = memory_lab.send_and_check(uke(*spoilt(), body="2"), body="1")
    shown = put(memory_lab, old, REFUSED, {(0, 7): "19800101"})

    assert shown.after.refuses_file is not None
    with pytest.raises(HeadAtFault) as refusal:
        finish(memory_lab, old)
    assert shown.after.refuses_file.code == refusal.value.facts["finding"]


def test_an_unreadable_file_has_no_claims_to_correct(memory_lab: Lab) -> None:
    """Nobody can say where they stand."""
    old = memory_lab.send_and_check(b"%PDF-1.7 no claims")

    assert [] == list_correctable(memory_lab.office, institution(), old.id).items
    with pytest.raises(NotFound):
        open_claim(memory_lab.office, institution(), old.id, file_no=1, claim_index=0)


# --- who comes first ---


@dataclass
class Between:
    """A store in which something happens just before the next transaction that writes."""

    inner: Any
    act: Callable[[], object]
    done: bool = False

    def read(self) -> Any:
        """Read as ever."""
        return self.inner.read()

    @contextmanager
    def write(self) -> Iterator[Any]:
        """Let the other one act first, once."""
        if not self.done:
            self.done = True
            self.act()
        with self.inner.write() as tx:
            yield tx


def overtaken(lab: Lab, act: Callable[[], object]) -> Lab:
    """Return the lab with something that happens in between."""
    return replace(lab, office=replace(lab.office, store=Between(lab.office.store, act)))


@pytest.mark.parametrize("errors", ["with", "without"])
def test_a_confirmation_that_comes_first_wins(lab: Lab, errors: str) -> None:
    """With the errors the asking claim is claimed there and goes nowhere; without, both go on."""
    old = lab.send_and_check(data())
    correct_both(lab, old)

    done = finish(overtaken(lab, lambda: lab.confirm(old, errors)), old)

    lab.work()
    new = lab.confirm(lab.sending(done.sending.id))
    assert (1 if errors == "with" else 2) == new.claims
    assert 3 == claimed(lab, old, new)
    assert not lab.orphans()
    assert not lab.missing()


def test_a_correction_that_comes_first_is_not_claimed_twice(lab: Lab) -> None:
    """A confirmation that had read the claims before begins anew, and leaves out what has gone on."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    made: list[Sending] = []

    overtaken(lab, lambda: made.append(finish(lab, old).sending)).confirm(old, "with")

    new = lab.confirm(lab.sending(made[0].id))
    assert (1, 2) == (lab.sending(old.id).claimed, new.claimed)
    assert 3 == claimed(lab, old, new)
    assert not lab.orphans()


def test_the_deadline_and_a_finish_in_the_same_moment_claim_each_claim_once(lab: Lab) -> None:
    """Whichever transaction is first, the other sees it."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    lab.clock.at = MIDNIGHT - timedelta(seconds=1)

    def deadline() -> None:
        lab.clock.at = MIDNIGHT
        decide.decide_overdue(lab.office)

    with pytest.raises(Closed):
        finish(overtaken(lab, deadline), old)
    assert [("CLAIMED", "NONE"), ("UNCLAIMED", "ASKED"), ("UNCLAIMED", "REFUSED_CLAIM")] == outcomes(lab, old.id)
    assert 1 == len(lab.sendings())
    assert not lab.orphans()


def test_a_cancellation_that_comes_first_wins(lab: Lab) -> None:
    """Nothing of the sending goes on."""
    old = lab.send_and_check(data())
    correct_both(lab, old)

    with pytest.raises(NotCorrectable):
        finish(overtaken(lab, lambda: decide.cancel(lab.office, institution(), old.id)), old)

    assert ["cancelled"] == [each.state for each in lab.sendings()]
    assert not lab.orphans()


def test_a_change_in_another_window_is_finished_too_or_not_at_all(lab: Lab) -> None:
    """What goes on is what was kept last."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {(1, 6): "290"})

    done = finish(overtaken(lab, lambda: put(lab, old, ASKS, {(1, 6): "291"}, version=1)), old)

    assert b",1,291," in bytes_of(lab, done.sending)
    assert b",1,290," not in bytes_of(lab, done.sending)


def test_a_decision_between_looking_and_keeping_is_told(lab: Lab) -> None:
    """What was typed is about a claim that is another by now."""
    old = lab.send_and_check(data())
    with pytest.raises(CorrectionMoved):
        put(overtaken(lab, lambda: lab.confirm(old)), old, ASKS, {(1, 6): "291"})


def test_a_sending_that_changes_all_the_time_is_for_later(memory_lab: Lab) -> None:
    """An act begins anew a few times and no more."""
    old = memory_lab.send_and_check(data())
    correct_both(memory_lab, old)

    class Always(Between):
        """Something happens each time."""

        @contextmanager
        def write(self) -> Iterator[Any]:
            self.done = False
            with super().write() as tx:
                yield tx

    (file,) = memory_lab.files(old.id)
    number = iter(range(100))

    def touch() -> None:
        with memory_lab.office.store.write() as tx:
            tx.put_file(replace(file, name=f"{next(number)}.UKE"))

    office = replace(memory_lab.office, store=Always(memory_lab.office.store, touch))
    with pytest.raises(Unavailable):
        finish(replace(memory_lab, office=office), old)
    with pytest.raises(Unavailable):
        replace(memory_lab, office=office).confirm(old)
    assert not memory_lab.orphans()


def test_a_check_that_is_done_again_leaves_gone_claims_gone(lab: Lab) -> None:
    """Its list of claims was lost; what went on in another sending is known from the corrections."""
    old = lab.send_and_check(data())
    correct_both(lab, old)
    new = finish(lab, old).sending
    (file,) = lab.files(old.id)
    lab.damage(str(file.index_object), b"broken")

    check.check_again(lab.office, old.id)

    assert [("OPEN", "NONE"), ("UNCLAIMED", "CORRECTED"), ("UNCLAIMED", "CORRECTED")] == outcomes(lab, old.id)
    lab.confirm(old)
    lab.confirm(lab.sending(new.id))
    assert 3 == claimed(lab, old, new)
    assert not lab.orphans()


# --- keeping ---


def test_what_was_typed_is_forgotten_after_its_days(lab: Lab) -> None:
    """What became of a claim stays known; what was typed does not."""
    old = lab.send_and_check(data())
    put(lab, old, ASKS, {(1, 6): "291"})
    put(lab, old, REFUSED, {(0, 7): "19800101"}, mark=Mark.OPEN)
    finish(lab, old)
    assert 0 == correcting.sweep_corrections(lab.office)

    later(lab, days=94)
    assert 1 == correcting.sweep_corrections(lab.office)

    with lab.office.store.read() as tx:
        rows = tx.corrections(old.id)
    assert ["", ""] == [row.edits for row in rows]
    assert [True, False] == [row.into is not None for row in rows]
    assert 0 == correcting.sweep_corrections(lab.office)
    retire(lab.office)


# --- kills ---


@pytest.mark.parametrize(("kill", "after"), [(kill, after) for kill in (True, False) for after in (True, False)])
def test_a_fault_at_any_call_of_a_finish_claims_nothing_twice(kill: bool, after: bool) -> None:  # noqa: FBT001
    """Wherever it fails, finished again by the same key there is one new sending, and each claim is claimed once."""

    def ready() -> tuple[Lab, Sending]:
        lab = make_lab()
        old = lab.send_and_check(data())
        correct_both(lab, old)
        return lab, old

    def act(lab: Lab, old: Sending) -> None:
        finishing.finish_corrections(lab.office, institution(), old.id, idempotency_key="k")

    lab, old = ready()
    counted = Plug()
    act(plugged(lab, counted), old)
    assert counted.count > 0
    for at in range(1, counted.count + 1):
        lab, old = ready()
        hurt = plugged(lab, Plug(at=at, after=after, kill=kill))
        try:
            act(hurt, old)
        except (Killed, Unavailable):
            pass
        except NotFound:
            assert not kill
        lab = unplugged(hurt)
        assert not lab.missing(), f"call {at} left a row without its object"
        assert not lab.orphans(), f"call {at} left an object without a row"
        act(lab, old)
        for sending_id in sorted(lab.office.jobs.unfinished(check_order())):
            check.check_sending(lab.office, sending_id)
        (new,) = [each for each in lab.sendings() if each.id != old.id]
        lab.confirm(old, "with")
        lab.confirm(new, "with")
        assert 3 == claimed(lab, old, new), f"call {at}"
        assert Reason.CORRECTED.name in {reason for _, reason in outcomes(lab, old.id)}


def check_order() -> Any:
    """Return the work of checking."""
    from seikyu.ports.jobs import Work

    return Work.CHECK_SENDING
