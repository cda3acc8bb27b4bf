"""Whose answer was lost in the last minute comes back when the office is closed."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from seikyu.apps import client
from seikyu.apps.client.errors import OfficeSaid
from seikyu.apps.client.unanswered import Unanswered
from seikyu.apps.demo_office import Someone, client_of, found, register, served
from seikyu.apps.generator import world

PLACE = world().institutions[0]
LAST_MINUTE = datetime.fromisoformat("2026-10-10T23:50:00+09:00")
TERMS = client.Terms()


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Path]:
    """An office by the national calendar, ten minutes before the end of its month."""
    root = tmp_path / "office"
    found(root, bodies=["1", "2-99"], now=LAST_MINUTE)
    register(root, [Someone("operator", "operator", "見本"), Someone(PLACE.id, "institution", PLACE.name)])
    with served(root):
        yield root


@pytest.mark.parametrize("count", [1, 2])
def test_who_lost_the_answer_gets_it_after_the_end(late: Path, file: Callable[..., Path], count: int) -> None:
    """The office is closed to everything new; the same files are answered as a repeat, by their key alone too."""
    outgoing = [client.look_at(file(20)) for _ in range(count)]
    with client.Line(client_of(late, PLACE.id)) as line:
        waits = Unanswered.of(line.folder.path, outgoing, TERMS.params())
        first = client.send(line, outgoing, TERMS, told=lambda _: None)
        waits.path.write_text(waits.key, "ascii")  # as if the program had ended before the answer
        with client.Line(client_of(late, "operator")) as desk:
            desk.put("/admin/clock", json={"now": "2026-10-20T10:00:00+09:00"})

        again = client.send(line, outgoing, TERMS, told=lambda _: None)
        with pytest.raises(OfficeSaid) as said:
            client.send(line, [client.look_at(file(21))], TERMS, told=lambda _: None)

    assert (first["id"], True) == (again["id"], again["repeat"])
    assert "closed" == said.value.words_code
