"""By which line one comes, on a real server: the embedded one, and behind nginx, which tells the address over its socket."""

import json
import urllib.request
from dataclasses import replace

import pytest
from fronted import set_key
from real_house import House

from seikyu.apps.wiring import find_home, office_at

RULES = """
[ranges.here]
line = "ipvpn_ipv6"
networks = ["127.0.0.0/8", "::1/128"]
[ranges.dialled]
line = "ipvpn_ipv4"
networks = ["192.0.2.0/24"]
"""


def register(house: House, party: str, line: str) -> None:
    """Register the line of a party of the demo."""
    with office_at(find_home(house.home)) as office, office.store.write() as tx:
        row = tx.party(house.access[party]["id"])
        assert row is not None
        tx.put_party(replace(row, connection=line))


def counted(house: House, event: str) -> float:
    """Return how often an event was counted."""
    port = json.loads((house.home / "run" / "ports.json").read_text("ascii"))["inside"]
    with urllib.request.urlopen(f"http://localhost:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(
        float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith(f'seikyu_events_total{{event="{event}"}}')
    )


@pytest.mark.both_fronts
def test_who_comes_by_another_line_is_refused_and_may_file_the_notice(house: House) -> None:
    """No header from outside changes it; who is registered for this line works; the log holds no address."""
    register(house, "institution", "ipvpn_ipv4")
    register(house, "institution_2", "ipvpn_ipv6")
    (house.home / "admission.toml").write_text(RULES, "utf-8")
    set_key(house.home, "admission", "mode", '"enforce"')
    house.start()

    lies = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7", "Seikyu-Client-Address": "192.0.2.7"}
    for headers in ({}, lies):
        reply = house.ask("GET", "/api/v1/sendings", **headers)
        assert (403, "other_line") == (reply.status, reply.json["code"])
        assert ("ipvpn_ipv4", "ipvpn_ipv6", "change_connection") == tuple(
            reply.json[name] for name in ("registered", "used", "notice")
        )
    assert 200 == house.ask("GET", "/api/v1/notices").status
    assert 200 == house.ask("GET", "/api/v1/sendings", party="institution_2").status
    assert 200 == house.ask("GET", "/api/v1/admin/months", party="operator").status

    said = house.run("status", party="institution")
    assert (2, True) == (said.returncode, "change_connection" in said.stderr)
    looked = json.loads(house.run("doctor", "--json", party="institution").stdout)
    assert "V11" in {each["id"] for each in looked["found"]}, (
        "the doctor names the row of a line that is not registered"
    )
    items = (
        "effective_on=2026-12-01",
        "connection=ipvpn_ipv6",
        "customer_id=CAF0000000001",
        "contact=x",
        "phone=03-0000-0000",
    )
    filed = house.run(
        "notice",
        "file",
        "change_connection",
        *(word for item in items for word in ("--set", item)),
        party="institution",
    )
    assert filed.returncode == 0, filed.stderr

    assert counted(house, "line_refused") >= 3
    lines = [json.loads(line) for line in (house.home / "logs" / "server.jsonl").read_text("utf-8").splitlines()]
    refused = [line for line in lines if line["event"] == "line_refused"]
    assert {("other_line", "ipvpn_ipv6", "ipvpn_ipv4")} == {
        (each["why"], each["kind"], each["state"]) for each in refused
    }
    assert not any("127.0.0.1" in str(each) or "192.0.2" in str(each) for each in refused)


def test_rules_that_are_wrong_keep_the_server_from_starting(house: House) -> None:
    """Nothing is let in by a slip; what is wrong is named."""
    set_key(house.home, "admission", "mode", '"tell"')
    done = house.run("serve")
    assert done.returncode == 3
    assert "admission.toml: there is no such file beside office.toml" in done.stderr

    (house.home / "admission.toml").write_text(RULES.replace("dialled]\nline", "dialled]\nlime"), "utf-8")
    done = house.run("serve")
    assert done.returncode == 3
    assert "admission.toml: ranges.dialled" in done.stderr
