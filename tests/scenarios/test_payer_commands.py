"""`seikyu deliveries …`: what the pages show, on the command line."""

import json

from real_house import House


def test_the_commands_tell_what_the_pages_show(office: House) -> None:
    """The list with its filters, a delivery with who fetched it, and the month's totals with the balance."""
    listed = json.loads(office.run("deliveries", "list", "--json", party="payer").stdout)["items"]
    assert listed
    one = listed[0]
    shown = json.loads(office.run("deliveries", "show", one["id"], "--json", party="payer").stdout)
    totals = office.run("deliveries", "month", one["month"], "--json", party="payer")
    plain = office.run("deliveries", "month", one["month"], party="payer")
    told = office.run("deliveries", "show", one["id"], party="payer")

    assert one == {name: shown[name] for name in one}
    assert {"fetch", "received"} == {each["what"] for each in shown["history"]}
    assert (0, True) == (totals.returncode, json.loads(totals.stdout)["balanced"])
    assert "balance: ok" in plain.stdout
    assert one["sha256"] in told.stdout
    assert "confirmed as received" in told.stdout
    waiting = json.loads(office.run("deliveries", "list", "--state", "waiting", "--json", party="payer").stdout)
    assert [each["id"] for each in listed if each["state"] == "waiting"] == [each["id"] for each in waiting["items"]]
    assert 3 == office.run("deliveries", "list", "--state", "sealing", party="payer").returncode
    assert 3 == office.run("deliveries", "month", "202613", party="payer").returncode
    assert office.run("deliveries", "show", "0" * 26, party="payer").returncode
