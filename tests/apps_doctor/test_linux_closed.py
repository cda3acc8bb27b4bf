"""What Linux says of who may come in, of sleeping and of tunnels."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text
from linux_lab import card, looking, machine

from seikyu.apps.doctor import linux_closed as closed
from seikyu.apps.doctor.linux import look_at_doors, look_at_power, look_at_tunnel
from seikyu.apps.doctor.probing import CouldNotLook
from seikyu.apps.doctor.tools import Ran

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:D539 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 75550 1 0 100 0 0 10 0
   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1082 1 0 100 0 0 10 0
   2: 0A0200C0:0016 090200C0:C001 01 00000000:00000000 00:00000000 00000000     0        0 1083 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: B80D012000E0000000000000050000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""
CHAIN = {"family": "inet", "table": "t", "name": "input", "type": "filter", "hook": "input", "prio": 0}
ESTABLISHED = [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "established"}}, {"accept": None}]
REJECT = [{"counter": {"packets": 0, "bytes": 0}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]
SOME_REJECT = [ESTABLISHED[0], {"reject": None}]

SWANCTL = """\
claims: #1, ESTABLISHED, IKEv2, 8f3d2c1b0a998877_i* 1122334455667788_r
  local  'clinic.example' @ 192.168.1.2[4500] [192.0.2.130]
  remote 'vpn.provider.example' @ 203.0.113.2[4500]
  AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384
  established 15s ago, rekeying in 13950s
  claims: #1, reqid 1, INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-256
    installed 15s ago, rekeying in 3300s, expires in 3945s
    in  c8f0a1b2,    840 bytes,    10 packets,     5s ago
    out ce0d9f3c,    840 bytes,    10 packets,     5s ago
    local  192.0.2.130/32
    remote 198.51.100.0/24
"""
CONNECTING = """\
claims: #7, CONNECTING, IKEv2, 8f3d2c1b0a998877_i* 0000000000000000_r
  local  '%any' @ 192.168.1.2[500]
  remote '%any' @ 203.0.113.2[500]
  active:  IKE_VENDOR IKE_INIT IKE_NATD IKE_CERT_PRE IKE_AUTH IKE_CERT_POST IKE_CONFIG CHILD_CREATE
"""
IPSEC = """\
Security Associations (1 up, 0 connecting):
      claims[1]: ESTABLISHED 15 seconds ago, 192.168.1.2[clinic.example]...203.0.113.2[vpn.provider.example]
      claims{1}:  INSTALLED, TUNNEL, reqid 1, ESP in UDP SPIs: c8f0a1b2_i ce0d9f3c_o
      claims{1}:  AES_GCM_16_256, 1680 bytes_i (20 pkts, 5s ago), 840 bytes_o (10 pkts, 5s ago), rekeying in 54 minutes
"""


def ruleset(policy: str, *rules: object) -> str:
    """Return what `nft -j list ruleset` prints for a chain."""
    said = [{"rule": {"family": "inet", "table": "t", "chain": "input", "expr": each}} for each in rules]
    return json.dumps({"nftables": [{"metainfo": {}}, {"chain": CHAIN | {"policy": policy}}, *said]})


def test_what_listens_to_others_is_told(tmp_path: Path) -> None:
    """Not what listens to the PC alone, and not what is connected (S01)."""
    box = machine(tmp_path, {"proc/net/tcp": TCP, "proc/net/tcp6": TCP6}, {("nft",): ruleset("accept")})

    found = look_at_doors(looking(box), box)

    assert ("0.0.0.0:2024", "[::]:443") == found["inbound.listening"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (ruleset("drop", ESTABLISHED), True),
        (ruleset("accept", ESTABLISHED, REJECT), True),
        (ruleset("accept", ESTABLISHED, SOME_REJECT), False),
        (ruleset("accept", REJECT, ESTABLISHED), False),
        (ruleset("accept"), False),
        ('{"nftables": [{"metainfo": {}}]}', False),
    ],
)
def test_a_firewall_that_refuses_the_rest_is_told(tmp_path: Path, said: str, *, expected: bool) -> None:
    """A policy of dropping, or a last rule that turns away whatever comes to it."""
    box = machine(tmp_path, {}, {("nft",): said})

    assert expected == look_at_doors(looking(box), box)["inbound.firewall"]


def test_the_older_tables_count_too(tmp_path: Path) -> None:
    """By iptables-save."""
    save = "*filter\n:INPUT {} [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n"
    closed_box = machine(tmp_path, {}, {("iptables-save",): save.format("DROP")})
    open_box = machine(tmp_path, {}, {("iptables-save",): save.format("ACCEPT")})

    assert look_at_doors(looking(closed_box), closed_box)["inbound.firewall"] is True
    assert look_at_doors(looking(open_box), open_box)["inbound.firewall"] is False


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("-A INPUT -j REJECT --reject-with icmp-host-prohibited", True),
        ("-A INPUT -j DROP", True),
        ("-A INPUT -p tcp -j DROP", False),
        ("-A FORWARD -j DROP", False),
    ],
)
def test_a_last_rule_of_the_older_tables_counts_too(tmp_path: Path, last: str, *, expected: bool) -> None:
    """As distributions write it: all that is not accepted before is turned away."""
    save = (
        f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n{last}\nCOMMIT\n*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    )
    box = machine(tmp_path, {}, {("iptables-save",): save})

    assert expected == look_at_doors(looking(box), box)["inbound.firewall"]


def test_a_list_that_was_cut_is_no_open_door(tmp_path: Path) -> None:
    """Long sets of addresses make it longer than what is kept of a program's output."""
    box = machine(tmp_path, {}, {("nft",): ruleset("drop")[:-9]})
    older = machine(tmp_path, {}, {("nft",): "{", ("iptables-save",): "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"})

    assert "inbound.firewall" not in look_at_doors(looking(box), box)
    assert look_at_doors(looking(older), older)["inbound.firewall"] is True


@pytest.mark.parametrize(
    ("nft", "why"), [(Ran(1, err="Operation not permitted"), "rights"), (Ran(None, missing=True), "tool")]
)
def test_without_rights_or_tools_the_firewall_is_not_known(tmp_path: Path, nft: Ran, why: str) -> None:
    """What can be seen is told all the same."""
    box = machine(tmp_path, {"proc/net/tcp": TCP, "proc/sys/net/ipv4/ip_forward": "1\n"}, {("nft",): nft})

    with pytest.raises(CouldNotLook) as told:
        look_at_doors(looking(box), box)

    assert why == told.value.why
    assert {"inbound.listening": ("0.0.0.0:2024",), "forwarding": True} == told.value.facts


@pytest.mark.parametrize(
    ("files", "programs", "expected"),
    [
        ({"run/systemd/system/x": ""}, {}, False),
        ({"run/systemd/system/x": "", "etc/systemd/logind.conf": "[Login]\n#IdleAction=suspend\n"}, {}, False),
        ({"run/systemd/system/x": "", "etc/systemd/logind.conf": "[Login]\nIdleAction=suspend\n"}, {}, True),
        ({"run/systemd/system/x": "", "etc/systemd/logind.conf.d/a.conf": "IdleAction=hibernate\n"}, {}, True),
        ({}, {("gsettings",): "'suspend'\n"}, True),
        ({}, {("gsettings",): "'nothing'\n"}, False),
        ({}, {("gsettings",): "'suspend'\n", ("systemctl",): Ran(1, "masked\n")}, False),
        ({}, {}, None),
    ],
)
def test_sleeping_is_told(
    tmp_path: Path, files: dict[str, str], programs: dict[tuple[str, ...], str | Ran], *, expected: bool | None
) -> None:
    """By the desktop or logind, unless sleeping is masked (P06)."""
    box = machine(tmp_path, files, programs)

    assert expected == look_at_power(looking(box), box).get("power.sleeps")


@pytest.mark.parametrize(("said", "expected"), [("auto", True), ("on", False)])
def test_a_card_that_saves_power_is_told(tmp_path: Path, said: str, *, expected: bool) -> None:
    """By the switch of its device."""
    box = machine(tmp_path, card("eth0", device__power__control=said))

    assert expected == look_at_power(looking(box), box)["power.nic_saving"]


@pytest.mark.parametrize(
    ("programs", "expected"),
    [
        ({("swanctl",): SWANCTL}, (True, "ESTABLISHED", 840)),
        ({("swanctl",): CONNECTING}, (False, "CONNECTING", None)),
        ({("swanctl",): ""}, (False, "none", None)),
        ({("ipsec",): IPSEC}, (True, "ESTABLISHED", 1680)),
        (
            {("swanctl",): Ran(2, err="connecting to 'unix' failed: No such file or directory")},
            (False, "not_running", None),
        ),
    ],
)
def test_the_tunnel_is_told(
    tmp_path: Path, programs: dict[tuple[str, ...], str | Ran], expected: tuple[bool, str, int | None]
) -> None:
    """Up, on its way, or not there (K05, K07)."""
    box = machine(tmp_path, {}, programs)

    found = look_at_tunnel(looking(box), box)

    assert expected == tuple(found.get(each) for each in ("tunnel.up", "tunnel.state", "tunnel.bytes_in"))


@pytest.mark.parametrize(("ran", "why"), [({}, "tool"), ({("swanctl",): Ran(2, err="Permission denied")}, "rights")])
def test_a_tunnel_that_cannot_be_seen_is_not_known(tmp_path: Path, ran: dict[tuple[str, ...], Ran], why: str) -> None:
    """No tool, or no right to ask."""
    box = machine(tmp_path, {}, ran)

    with pytest.raises(CouldNotLook) as told:
        look_at_tunnel(looking(box), box)
    assert why == told.value.why


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("13[IKE] received AUTHENTICATION_FAILED notify error\n", "AUTHENTICATION_FAILED"),
        (
            "13[IKE] received NO_PROPOSAL_CHOSEN notify error\n13[IKE] received TS_UNACCEPTABLE notify\n",
            "TS_UNACCEPTABLE",
        ),
        ("received AUTHENTICATION_FAILED notify error\nIKE_SA claims[2] established between\n", None),
        ("", None),
    ],
)
def test_what_the_gateway_said_last_is_in_the_log(tmp_path: Path, log: str, expected: str | None) -> None:
    """The last refusal, unless it was let in since (K02, K03, K04)."""
    box = machine(tmp_path, {}, {("swanctl",): CONNECTING, ("journalctl",): log})

    assert expected == look_at_tunnel(looking(box), box).get("ike.notify")


@given(said=text(max_size=300))
def test_any_text_is_read(said: str) -> None:
    """No reader raises anything."""
    for each in (said, f"head\n 0: {said}", f'{{"nftables": {said}}}', f'{{"nftables": [{said}]}}', f":INPUT {said}"):
        closed.listening(each)
        closed.nft_refuses(each)
        closed.iptables_refuses(each)
        closed.falls_asleep(masked=each, logind=[each], desktop=each)
        closed.swanctl_tunnel(each)
        closed.ipsec_tunnel(each)
        closed.refused_by_log(each)


@pytest.mark.parametrize(
    "said", ['{"nftables": [{"chain": 1}, 2]}', '{"nftables": {"chain": {}}}', "[]", "{}", "[" * 100_000]
)
def test_odd_json_is_no_firewall_that_is_known(said: str) -> None:
    """Of other types than the tool prints, or deeper than any."""
    assert closed.nft_refuses(said) is None
