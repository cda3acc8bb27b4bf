"""The client's notes of what was cut, as the client writes them and the doctor reads them."""

from pathlib import Path

import pytest

from portal_lab import looking
from seikyu.apps.client.errors import DeliveryDamaged
from seikyu.apps.client.fetch import _noted
from seikyu.apps.client.outgoing import look_at
from seikyu.apps.client.unanswered import Unanswered
from seikyu.apps.doctor.folder import transfers
from seikyu.lines.facts import Facts


def found(folder: Path) -> tuple[object, ...]:
    """Return whether a sending was broken, has no answer, a delivery is unfinished, was damaged."""
    facts: Facts = transfers.look(looking(1, folder))
    names = ("sending.broken", "sending.unanswered", "fetch.unfinished", "fetch.damaged")
    return tuple(facts[each] for each in names)


def a_sending(folder: Path) -> Unanswered:
    """Return the key of a sending, kept."""
    file = folder / "RECEIPTC.UKE"
    file.write_bytes(b"IR\r\n")
    return Unanswered.of(folder, [look_at(file)], {"line": "real"})


def test_nothing_cut_is_nothing(tmp_path: Path) -> None:
    """A folder without notes, and none at all."""
    assert (False,) * 4 == found(tmp_path)
    assert (False,) * 4 == found(tmp_path / "nowhere")


def test_a_sending_whose_answer_was_lost_is_unanswered(tmp_path: Path) -> None:
    """The program ended, or the line broke after the last byte (X02)."""
    sending = a_sending(tmp_path)
    assert (False, True, False, False) == found(tmp_path)

    sending.broke(before_end=False)
    assert (False, True, False, False) == found(tmp_path)


def test_a_sending_that_broke_is_broken(tmp_path: Path) -> None:
    """The line broke before the last byte (X01); a later try that goes on to the end makes it unanswered."""
    sending = a_sending(tmp_path)

    sending.broke(before_end=True)
    assert (True, False, False, False) == found(tmp_path)
    assert a_sending(tmp_path).key == sending.key

    sending.broke(before_end=False)
    assert (False, True, False, False) == found(tmp_path)


def test_an_answer_ends_it(tmp_path: Path) -> None:
    """Nothing stays."""
    sending = a_sending(tmp_path)
    sending.broke(before_end=True)

    sending.forget()

    assert [] == list((tmp_path / "unanswered").iterdir())
    assert (False,) * 4 == found(tmp_path)


def test_a_delivery_that_breaks_off_is_unfinished(tmp_path: Path) -> None:
    """Until it is here (X03)."""
    note = tmp_path / "fetching" / "d1"
    with pytest.raises(OSError, match="line"), _noted(note):
        raise OSError("the line")
    assert (False, False, True, False) == found(tmp_path)

    with _noted(note):
        pass
    assert (False,) * 4 == found(tmp_path)


def test_a_delivery_that_arrives_damaged_is_told(tmp_path: Path) -> None:
    """Until it is here whole (X04)."""
    note = tmp_path / "fetching" / "d1"
    with pytest.raises(DeliveryDamaged), _noted(note):
        raise DeliveryDamaged(id="d1")
    assert (False, False, True, True) == found(tmp_path)

    with _noted(note):
        pass
    assert (False,) * 4 == found(tmp_path)
