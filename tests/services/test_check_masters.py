"""The office looks codes up in the masters that are there when a file is checked."""

import json
from dataclasses import replace
from functools import partial

from builders import claim, uke
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.testing_masters import example_masters
from seikyu.services import start
from seikyu.services.examine import examine_object
from services.office_lab import KEY, Lab

DATA = uke(claim(1)).replace(b"8833421", b"9999990")


def summary_with(lab: Lab, masters: Masters) -> dict[str, object]:
    """Check a file with these masters, and return what it came to."""
    checker = partial(examine_object, lab.office.objects, KEY, masters=lambda: masters)
    lab = replace(lab, office=replace(lab.office, checker=checker))
    start.register(lab.office)
    sending = lab.send_and_check(DATA)
    (file,) = lab.files(sending.id)
    told: dict[str, object] = json.loads(file.summary or "{}")
    return told | {"state": sending.state, "refused_claims": sending.refused}


def test_a_code_that_no_master_has_is_refused_at_the_office_too(lab: Lab) -> None:
    """And the summary that is kept names the versions."""
    told = summary_with(lab, example_masters())

    assert 1 == told["refused_claims"]
    held = next(example_masters().every("b"))
    assert held.label.name == told["masters"]["b"]  # type: ignore[index]


def test_an_office_without_masters_says_what_it_did_not_judge(lab: Lab) -> None:
    """Nothing is refused for want of a table."""
    told = summary_with(lab, NO_MASTERS)

    assert 0 == told["refused_claims"]
    assert "b" in told["missing"]  # type: ignore[operator]
    assert "L3204" in told["silent"]  # type: ignore[operator]
