"""Acting for another party on the line of sending: by a mandate in force, and every proof names both."""

import asyncio
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab
from apps.page_parts import people_of_lab
from builders import claim, uke
from seikyu.ports.people import Mandate
from seikyu.services.people import CONSOLE, end_mandate, grant_mandate, list_entries

FILE = uke(claim(1), claim(2, points=300))
FOR = {"for": FIRST}


def grant(desk: DeskLab, *, body: str = "1", agent: str = SECOND) -> Mandate:
    """Let the agent act for the first institution."""
    return grant_mandate(people_of_lab(desk.lab.office), CONSOLE, body, agent=agent, principal=FIRST)


def end(desk: DeskLab, *, body: str = "1") -> None:
    """End it."""
    end_mandate(people_of_lab(desk.lab.office), CONSOLE, body, agent=SECOND, principal=FIRST)


def sent(desk: DeskLab, *, party: str = SECOND) -> dict[str, Any]:
    """Send for the first institution and have it checked."""
    answer = desk.send(FILE, party=party, **FOR)
    assert answer.status_code == 201, answer.text
    desk.lab.work()
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize("agent", [SECOND, PAYER])
def test_an_agent_sends_and_decides_for_its_principal(desk: DeskLab, agent: str) -> None:
    """An institution or a payer; the sending is the principal's, and says who sent and who decided, by what mandate."""
    mandate = grant(desk, agent=agent)
    shown = sent(desk, party=agent)
    assert (shown["party"], shown["agent"], shown["mandate"], shown["decided_agent"]) == (
        FIRST,
        agent,
        mandate.id,
        None,
    )
    path = f"/sendings/{shown['id']}"
    assert [shown["id"]] == [
        each["id"] for each in desk.ask("GET", "/sendings", party=agent, params=FOR).json()["items"]
    ]
    assert desk.ask("GET", f"{path}/findings", party=agent, params=FOR).status_code == 200

    decided = desk.ask("POST", f"{path}/confirm", party=agent, params={**FOR, "errors": "with"}).json()

    assert (decided["state"], decided["decided_agent"]) == ("confirmed", agent)
    assert desk.ask("GET", path).json()["agent"] == agent, "the principal sees who did it"
    entries = list_entries(people_of_lab(desk.lab.office), CONSOLE, subject=shown["id"])
    proofs = [(each.act, each.party, each.acts_for, each.mandate) for each in entries]
    assert proofs == [("send", agent, FIRST, mandate.id), ("confirm", agent, FIRST, mandate.id)]
    assert all(each.user.startswith("(certificate ") for each in entries)


def test_what_a_party_does_itself_names_no_agent(desk: DeskLab) -> None:
    """Neither the sending nor the journal; saying that one acts for oneself changes nothing."""
    shown = desk.send(FILE, **FOR).json()
    assert (shown["party"], shown["agent"], shown["mandate"]) == (FIRST, None, None)
    assert not list_entries(people_of_lab(desk.lab.office), CONSOLE, subject=shown["id"])


@pytest.mark.parametrize("party", [SECOND, PAYER, OPERATOR])
def test_without_a_mandate_nobody_acts(desk: DeskLab, party: str) -> None:
    """Whether the principal is there or not is not said; nothing is kept."""
    other = grant(desk, agent=PAYER if party == SECOND else SECOND)
    assert other.agent != party
    for principal in (FIRST, "9911111111", "%", ""):
        answer = desk.send(FILE, party=party, **{"for": principal})
        assert (answer.status_code, answer.json()["code"]) == (404, "mandate_not_there")
    assert desk.leaves_nothing()


def test_a_mandate_ends_at_once(desk: DeskLab) -> None:
    """From the next request on nothing of the principal is there for the agent."""
    grant(desk)
    shown = sent(desk)
    end(desk)
    for method, path in (("GET", ""), ("POST", "/confirm?errors=with"), ("POST", "/cancel"), ("GET", "/claims")):
        told = desk.ask(method, f"/sendings/{shown['id']}{path}", party=SECOND, params=FOR if "?" not in path else None)
        assert told.status_code == 404
    assert desk.ask("GET", f"/sendings/{shown['id']}", party=SECOND).status_code == 404, "it never was the agent's own"
    assert desk.send(FILE, party=SECOND, **FOR).status_code == 404
    assert desk.ask("GET", f"/sendings/{shown['id']}").json()["state"] == "to_decide"


def test_a_mandate_that_ends_while_the_file_arrives_has_ended(desk: DeskLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at again in the transaction that makes the sending: neither row nor object stays."""
    from seikyu.services import receive

    grant(desk)
    take_in = receive.take_in

    async def slowly(*args: Any, **more: Any) -> Any:
        arrived = await take_in(*args, **more)
        await asyncio.to_thread(end, desk)
        return arrived

    monkeypatch.setattr(receive, "take_in", slowly)
    answer = desk.send(FILE, party=SECOND, **FOR)
    assert (answer.status_code, answer.json()["code"]) == (404, "mandate_not_there")
    assert desk.leaves_nothing()


def test_a_mandate_that_ends_while_somebody_decides_has_ended(desk: DeskLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that was on its way changes nothing."""
    from seikyu.services import decide

    grant(desk)
    shown = sent(desk)
    to_decide = decide.to_decide

    def slowly(*args: Any) -> Any:
        found = to_decide(*args)
        end(desk)
        return found

    monkeypatch.setattr(decide, "to_decide", slowly)
    for act, more in (("confirm", {"errors": "with"}), ("cancel", {})):
        answer = desk.ask("POST", f"/sendings/{shown['id']}/{act}", party=SECOND, params={**FOR, **more})
        assert (answer.status_code, answer.json()["code"]) == (404, "mandate_not_there")
        grant(desk)
    monkeypatch.undo()
    assert desk.ask("GET", f"/sendings/{shown['id']}").json()["state"] == "to_decide"


def test_a_mandate_is_for_its_review_body(desk: DeskLab) -> None:
    """At another body the agent is nobody, whether the request names the body or the file does."""
    grant(desk, body="2-99")
    assert desk.send(FILE, party=SECOND, **FOR, body="1").status_code == 404
    assert desk.send(FILE, party=SECOND, **FOR).status_code == 404, "the file names body 1"
    assert desk.leaves_nothing()
    own = desk.send(FILE).json()
    assert desk.ask("GET", f"/sendings/{own['id']}", party=SECOND, params=FOR).status_code == 404
    assert desk.ask("POST", f"/sendings/{own['id']}/cancel", party=SECOND, params=FOR).status_code == 404
    assert desk.ask("GET", "/sendings", party=SECOND, params=FOR).json()["items"] == []
    assert desk.ask("GET", "/sendings", party=SECOND, params={**FOR, "body": "1"}).status_code == 404
    grant(desk)
    assert desk.ask("GET", "/sendings", party=SECOND, params=FOR).status_code == 400, "of several, which"
    assert len(desk.ask("GET", "/sendings", party=SECOND, params={**FOR, "body": "1"}).json()["items"]) == 1


@pytest.mark.parametrize("path", ["/notices", "/deliveries", "/admin/parties"])
def test_for_is_never_left_unheard(desk: DeskLab, path: str) -> None:
    """Where nobody can act for another, saying so is an error and not a request of one's own."""
    grant(desk)
    answer = desk.ask("GET", path, party=SECOND, params=FOR)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    filed = desk.ask("POST", "/notices", party=SECOND, params=FOR, json={"kind": "stop", "fields": {}})
    assert filed.status_code == 400


def test_an_upload_is_of_who_began_it(desk: DeskLab) -> None:
    """Neither the principal nor the agent for itself goes on with it; the agent for the principal does."""
    grant(desk)
    begun = desk.ask("POST", "/sendings", party=SECOND, params={**FOR, "files": 1}).json()["upload"]
    path = f"/sendings/uploads/{begun}/files/1"
    assert desk.ask("PUT", path, content=FILE).status_code == 404
    assert desk.ask("PUT", path, content=FILE, party=SECOND).status_code == 404
    assert desk.ask("PUT", path, content=FILE, party=SECOND, params=FOR).status_code == 200
    assert desk.ask("POST", f"/sendings/uploads/{begun}/finish", party=SECOND).status_code == 404
    answer = desk.ask("POST", f"/sendings/uploads/{begun}/finish", party=SECOND, params=FOR)
    assert (answer.status_code, answer.json()["agent"]) == (201, SECOND)


def test_an_agent_sees_of_what_arrives_only_its_own(desk: DeskLab) -> None:
    """The principal sees all of it."""
    from seikyu.services.arrivals import Arrival, Source
    from seikyu.services.receive import Terms

    grant(desk)
    for name, agent in (("a1", None), ("a2", SECOND), ("a3", PAYER)):
        source = Source(party=FIRST, terms=Terms(), agent=agent)
        desk.lab.office.desk.arrivals[name] = Arrival(name, source, None, None)
    shown = desk.ask("GET", "/arrivals", party=SECOND, params=FOR).json()["items"]
    assert [each["id"] for each in shown] == ["a2"]
    assert [each["id"] for each in desk.ask("GET", "/arrivals").json()["items"]] == ["a3", "a2", "a1"]
    assert desk.ask("GET", "/arrivals", party=SECOND).json()["items"] == []


def test_the_share_of_the_desk_is_the_agents(desk: DeskLab) -> None:
    """Whoever acts for many takes no more places than anybody else, and none of its principals'."""
    office, most = desk.lab.office, desk.lab.office.limit("receiving_per_party")
    grant(desk)
    places = [office.desk.place(SECOND, at_once=100, per_party=most) for _ in range(most)]
    for place in places:
        place.__enter__()
    assert desk.send(FILE, party=SECOND, **FOR).status_code == 503
    assert desk.send(FILE).status_code == 201
    for place in places:
        place.__exit__(None, None, None)
