"""The contract of the rows of corrections, over every adapter."""

from datetime import timedelta
from typing import Any

import pytest
from some_rows import NOW, a_sending

from seikyu.ports.correcting import Correction, CorrectionRun
from seikyu.ports.errors import AlreadyThere
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)


def a_correction(claim_index: int = 0, **other: Any) -> Correction:
    """Return the correction of a claim, in work."""
    given = {
        "sending": "s1", "file_no": 1, "claim_index": claim_index, "version": 1, "mark": "corrected",
        "edits": '{"items":[[1,6,"291"]]}', "changed_at": NOW, "by": "9911000015/hanako",
    }  # fmt: skip
    return Correction(**{**given, **other})


def test_corrections_come_back_as_they_were_put(store: Store) -> None:
    """Every field survives; putting again replaces; they come by file and place, and each sending's alone."""
    done = a_correction(2, version=3, into="s2", into_file_no=1, into_claim_index=0, changed_at=LATER)
    other = a_correction(0, sending="s2")
    with store.write() as tx:
        for no in (1, 2):
            tx.add_sending(a_sending(f"s{no}", send_no=no), [])
        for row in (a_correction(2), a_correction(10), a_correction(1, file_no=2), a_correction(), other, done):
            tx.put_correction(row)
    with store.read() as tx:
        expected = [a_correction(), done, a_correction(10), a_correction(1, file_no=2)]
        assert expected == tx.corrections("s1")
        assert done == tx.correction("s1", 1, 2)
        assert tx.correction("s1", 1, 3) is None
        assert [other] == tx.corrections("s2")
        assert ["s1", "s2"] == tx.sendings_in_correction()


def test_finished_corrections_stay_when_the_others_go(store: Store) -> None:
    """What became of a claim is for good; what was typed is not."""
    done = a_correction(2, into="s2", edits="")
    with store.write() as tx:
        tx.add_sending(a_sending("s1"), [])
        tx.put_correction(a_correction())
        tx.put_correction(done)
        tx.remove_corrections("s1")
    with store.read() as tx:
        assert [done] == tx.corrections("s1")
        assert [] == tx.sendings_in_correction()


def test_runs_are_found_from_both_sides(store: Store) -> None:
    """The new sending knows what it corrects, the old one what was made of it; a run is written once."""
    runs = [CorrectionRun(f"s{no}", "s1", no - 1, NOW, 2) for no in (2, 3)]
    with store.write() as tx:
        for no in (1, 2, 3):
            tx.add_sending(a_sending(f"s{no}", send_no=no), [])
        for run in reversed(runs):
            tx.add_correction_run(run)
    with store.read() as tx:
        assert runs == tx.correction_runs("s1")
        assert runs[0] == tx.correction_run("s2")
        assert tx.correction_run("s1") is None
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_correction_run(runs[0])
