"""The rules of lines as files: a gateway's list of addresses is taken up when it changes, and never half."""

import json
import os
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from seikyu.adapters.admission_file import TunnelFile, read_admission, read_tunnels
from seikyu.adapters.settings import settings_from
from seikyu.apps.gateway.place import Place
from seikyu.lines.admission import Mode
from seikyu.lines.gateway import Lease

RULES = 'tunnels = "state/addresses.json"\n[ranges.a]\nline = "ipsec_ike"\nnetworks = ["192.0.2.0/24"]\n'
ADDRESS = ip_address("192.0.2.7")


def keep(folder: Path, party: str) -> None:
    """Have the gateway write down that a party has the address."""
    folder.mkdir(exist_ok=True)
    lease = Lease(party, "pc-1", (ADDRESS, ip_address("2001:db8::7")), datetime(2026, 11, 26, tzinfo=UTC))
    Place(folder / "gateway.toml", folder).keep({lease.whose: lease})


def test_the_gateways_own_file_says_whose_an_address_is(tmp_path: Path) -> None:
    """As the gateway writes it; anew when it has changed, and as it was while it cannot be read."""
    tunnels = TunnelFile(tmp_path / "state" / "addresses.json")
    assert {} == tunnels()

    keep(tmp_path / "state", "9910000001")
    assert {ADDRESS: "9910000001", ip_address("2001:db8::7"): "9910000001"} == tunnels()
    keep(tmp_path / "state", "9910000002")
    assert "9910000002" == tunnels()[ADDRESS]
    for content in ("[", json.dumps([{"party": "x"}]), json.dumps([{"party": "x", "addresses": ["y"]}]), "7"):
        (tmp_path / "state" / "addresses.json").write_text(content, "utf-8")
        os.utime(tmp_path / "state" / "addresses.json", ns=(0, len(content)))
        assert "9910000002" == tunnels()[ADDRESS]


def test_the_settings_say_whether_rules_count_and_where_they_are(tmp_path: Path) -> None:
    """Off, no file is looked for; on, the file that is named, and what it names."""
    assert read_admission(tmp_path, settings_from("")) is None
    assert {} == read_tunnels(tmp_path, None)()

    (tmp_path / "my.toml").write_text(RULES, "utf-8")
    rules = read_admission(tmp_path, settings_from('[admission]\nmode = "tell"\nrules = "my.toml"'))
    keep(tmp_path / "state", "9910000001")

    assert rules is not None
    assert Mode.TELL is rules.mode
    assert "9910000001" == read_tunnels(tmp_path, rules)()[ADDRESS]
