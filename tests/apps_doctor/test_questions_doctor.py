"""What the doctor owes to the questions of the source (Q1 to Q11), from what probes find to what is printed."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps.doctor import main, memory
from seikyu.apps.doctor.options import read_options
from seikyu.apps.doctor.probing import Probe
from seikyu.lines.site import example_site

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)

#: The provider's number on which the site's contract is known.
CONTRACT = "K-0001"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in a folder of its own, in Japanese."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEIKYU_HOME", raising=False)
    monkeypatch.setenv("SEIKYU_LANG", "ja")


def printed(kind: str, facts: Mapping[str, Any], capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the doctor at a site of a kind of line where probes find these facts; return its status and what it says."""
    network = Path(main.__file__).parents[2] / "lines" / "example" / "network.toml"
    Path("site.toml").write_text(
        f'[line]\nkind = "{kind}"\ncustomer_id = "{example_site().customer_id}"\ncontract_id = "{CONTRACT}"\n'
    )
    asked = read_options(["--site", "site.toml", "--network", str(network), *words], program="doctor")
    probe = Probe("printer", lambda _: facts, tuple(facts))
    status = main.run(asked, program="doctor", probes=[probe], now=lambda: NOW)
    return status, capsys.readouterr().out


def found(kind: str, facts: Mapping[str, Any], capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the faults that are told, in their order."""
    _, text = printed(kind, facts, capsys, "--json", *words)
    return [each["id"] for each in json.loads(text)["found"]]


WORKS: dict[str, Any] = {"portal.answers": True, "portal.connects": True, "tls.works": True}


def test_q1_the_doctor_proves_that_the_closed_line_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """Closed: it says how many addresses it tried in vain. Not closed: it names those it reached and what to cut off."""
    tried = WORKS | {"closed.canaries": 3, "closed.reached": ()}

    status, text = printed("ipvpn_ipv6", tried, capsys)
    assert 0 == status
    assert "閉域網の外の 3 か所を試し、どこにも到達しませんでした（回線は閉じています）" in text

    status, text = printed("ipvpn_ipv6", tried | {"closed.reached": ("203.0.113.99:443",)}, capsys)
    assert 1 == status
    assert "[S02] 閉域網につないでいるのに、インターネットにも出られる" in text
    assert "203.0.113.99:443" in text
    assert "請求側のアドレス以外への通信をすべて遮断する設定にする" in text
    assert "回線は閉じています" not in text

    _, text = printed("ipvpn_ipv6", WORKS, capsys)
    assert "回線は閉じています" not in text  # Nobody tried.


def test_q5_the_doctor_says_whether_the_printer_stays_reachable(capsys: pytest.CaptureFixture[str]) -> None:
    """A network printer is used at one's own responsibility; once the line is closed it may be out of reach."""
    status, text = printed("ipvpn_ipv6", WORKS | {"printer.answers": True}, capsys)
    assert 0 == status
    assert "プリンターに到達できます" in text

    status, text = printed("ipvpn_ipv6", WORKS | {"printer.answers": False}, capsys)
    assert 1 == status
    assert "[S03] 閉域網の設定をしたら、プリンターや共有フォルダーにつながらない" in text
    assert "ネットワークプリンターは施設の責任で使えます" in text


@pytest.mark.parametrize(
    ("kind", "desk", "number"),
    [
        ("ipvpn_ipv6", "ネットワークサポートデスク (0120-000-001, 平日9時～17時)", "CAF0000000000"),
        ("ipvpn_ipv4", "ネットワークサポートデスク (0120-000-001, 平日9時～17時)", "CAF0000000000"),
        ("isdn", "ネットワークサポートデスク (0120-000-001, 平日9時～17時)", "CAF0000000000"),
        ("ipsec_ike", "契約しているIPsec+IKEサービス提供事業者", CONTRACT),
    ],
)
def test_q6_the_desk_by_line_kind(kind: str, desk: str, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Questions go to the network desk, or to the IPsec provider; the number by which the line is known is told."""
    status, text = printed(kind, {"portal.answers": False}, capsys, "--error", "691")

    assert 2 == status
    assert f"■ この回線の問い合わせ先: {desk}" in text.splitlines()
    assert number in text
    assert "  エラー番号: 691" in text.splitlines()


def test_q6_who_called_the_wrong_desk_is_sent_to_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A line by IPsec+IKE is its provider's alone (K10)."""
    _, text = printed("ipsec_ike", {"portal.answers": False}, capsys, "--symptom", "asked_network_desk")

    assert "[K10]" in text
    assert "契約しているIPsec+IKEサービス提供事業者に問い合わせてください" in text
    assert [] == found("ipvpn_ipv6", {"portal.answers": False}, capsys, "--symptom", "asked_network_desk")


def test_q8_an_unencrypted_wlan_warns_and_never_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It warns, explains, says what to change and records it in the report and the folder; the line still connects."""
    folder = tmp_path / "home" / "clients" / "clinic"
    folder.mkdir(parents=True)
    (folder / "client.toml").write_text('url = "https://portal.claims.example"\nparty = "1"\nkind = "institution"\n')
    bare = WORKS | {"wlan.used": True, "wlan.encryption": "none"}

    status, text = printed("ipvpn_ipv6", bare, capsys, "--home", "home", "--report", "report.txt")

    assert 1 == status
    assert text.startswith("診断結果：つながりますが、確認が必要な点があります\n")
    assert "[P05]" in text
    assert "施設の判断と責任です。接続は妨げません" in text
    assert "WPA2 か WPA3 にし" in text
    assert "[P05]" in Path("report.txt").read_text("utf-8")
    assert {"P05"} == set(dict(memory.recall(folder).warned))

    status, text = printed("ipvpn_ipv6", bare | {"wlan.encryption": "wpa2"}, capsys)
    assert 0 == status
    assert "無線LANは暗号化されています（WPA2）" in text


def test_q11_ipv6_left_on_at_an_ipv4_line_is_found_first(capsys: pytest.CaptureFixture[str]) -> None:
    """The screens do not open: of all that is wrong then, the cause that the source names comes first."""
    broken = {
        "portal.answers": False, "portal.connects": False, "certificates.connects": False, "dns.portal_found": False,
        "ipv6.enabled": True, "pppoe.connected": True, "clock.off_s": 900, "wlan.used": True, "wlan.encryption": "none",
        "certificate.expired": True, "tls.foreign_issuer": True, "printer.answers": False, "renewal.connects": False,
    }  # fmt: skip

    status, text = printed("ipvpn_ipv4", broken, capsys)

    assert 2 == status
    assert "1. [L04] IPv4のIP-VPNで、接続しているのに請求の画面や証明書のサイトが開かない" in text
    assert "「インターネット プロトコル バージョン 6 (TCP/IPv6)」のチェックを外して" in text
    assert "ipvpn_ipv4" not in text  # A kind of line has a name, for people.
    assert "L04" not in found("ipvpn_ipv4", broken | {"ipv6.enabled": False}, capsys)
    assert "L04" not in found("ipvpn_ipv6", broken, capsys)


def test_q11_a_line_that_is_not_connected_is_found_before_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    """The other cause that the source names; what follows from it is told as its consequence."""
    dead = {"link.carrier": False, "portal.answers": False, "dns.portal_found": False, "ipv6.enabled": True}

    assert ["P01", "L04", "V03"] == found("ipvpn_ipv4", dead, capsys)


def test_q11_a_line_that_is_dead_behind_the_router_is_found_first(capsys: pytest.CaptureFixture[str]) -> None:
    """The router gives addresses and nothing behind it answers: not the names are to blame, and not the printer."""
    dead = {
        "link.carrier": True, "router.answers": True, "ipv6.addresses": ("2001:db8:e000::5",), "portal.answers": False,
        "portal.connects": False, "dns.portal_found": False, "dns.closed_answers": False, "printer.answers": False,
        "line_authentication.connects": False,
    }  # fmt: skip

    status, text = printed("ipvpn_ipv6", dead, capsys)

    assert 2 == status
    assert "1. [P01] どこにもつながらない" in text
    assert ["P01", "V03", "V10", "S03"] == found("ipvpn_ipv6", dead, capsys)
