"""Notices and lists of parties over the desk's API."""

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab
from seikyu.apps import cli
from seikyu.trust.notices import kinds

FIELDS = {
    "effective_on": "2026-09-01", "connection": "ipvpn_ipv6", "customer_id": "CAF0000000001", "contact": "事務 見本",
    "phone": "03-0000-0000",
}  # fmt: skip
ASKED = {"kind": "start", "fields": FIELDS}


def file(desk: DeskLab, *, party: str = FIRST, key: str | None = None, **asked: Any) -> Any:
    """File a notice."""
    headers = {"Idempotency-Key": key} if key else {}
    return desk.ask("POST", "/notices", party=party, json=ASKED | asked, headers=headers)


def test_a_notice_is_filed_seen_and_approved(desk: DeskLab) -> None:
    """By the party and by the operator; both see the same, and the register changes."""
    filed = file(desk, key="k")
    path = filed.headers["location"].removeprefix("https://desk.example:8443/api/v1")

    assert (201, False, "filed") == (filed.status_code, filed.json()["repeat"], filed.json()["state"])
    repeat = file(desk, key='"k"')
    assert (200, True) == (repeat.status_code, repeat.json()["repeat"])
    for act, state in (("seen", "seen"), ("approve", "approved"), ("approve", "approved")):
        answer = desk.ask("POST", f"/admin{path}/{act}", party=OPERATOR)
        assert (200, state) == (answer.status_code, answer.json()["state"])
    own, theirs = desk.ask("GET", path), desk.ask("GET", path, party=OPERATOR)
    assert own.json() == theirs.json()
    assert ["filed", "seen", "approved"] == [each["state"] for each in own.json()["history"]]
    rows = desk.ask("GET", "/admin/parties", party=OPERATOR).json()["items"]
    assert ["ipvpn_ipv6"] == [row["connection"] for row in rows if row["id"] == FIRST]


def test_a_notice_is_sent_back_with_a_reason(desk: DeskLab) -> None:
    """And has had its answer then."""
    path = f"/notices/{file(desk).json()['id']}"

    assert 400 == desk.ask("POST", f"/admin{path}/send-back", party=OPERATOR, json={"reason": ""}).status_code
    back = desk.ask("POST", f"/admin{path}/send-back", party=OPERATOR, json={"reason": "押印がありません"})
    late = desk.ask("POST", f"/admin{path}/approve", party=OPERATOR)

    assert (200, "押印がありません") == (back.status_code, desk.ask("GET", path).json()["history"][-1]["reason"])
    assert (409, "notice_decided") == (late.status_code, late.json()["code"])


def test_anothers_notice_is_not_found_and_answers_are_the_operators(desk: DeskLab) -> None:
    """Exactly as one that never was."""
    path = f"/notices/{file(desk).json()['id']}"

    for party in (SECOND, PAYER):
        for address in (path, f"{path}/form", "/notices/0"):
            assert (404, "not_found") == (
                (found := desk.ask("GET", address, party=party)).status_code,
                found.json()["code"],
            )
        assert [] == desk.ask("GET", "/notices", party=party).json()["items"]
    for act in ("seen", "approve", "send-back"):
        refused = desk.ask("POST", f"/admin{path}/{act}", json={"reason": "x"})
        assert (403, "forbidden") == (refused.status_code, refused.json()["code"])
    assert 403 == file(desk, party=OPERATOR).status_code
    assert 1 == len(desk.ask("GET", "/notices?state=filed", party=OPERATOR).json()["items"])


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"fields": FIELDS | {"customer_id": ""}}, 422, "bad_notice"),
        ({"fields": FIELDS | {"x" * 40: "y"}}, 422, "bad_notice"),
        ({"fields": {f"x{count}": "y" for count in range(41)}}, 400, "bad_request"),
        ({"fields": FIELDS | {"remarks": "x" * 401}}, 400, "bad_request"),
        ({"kind": "party"}, 400, "bad_request"),
        ({"odd": SECOND}, 400, "bad_request"),
    ],
)
def test_a_notice_that_is_not_as_asked_is_refused(desk: DeskLab, asked: dict[str, Any], status: int, code: str) -> None:
    """With what is wrong, and nothing of it is kept."""
    answer = file(desk, **asked)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert [] == desk.ask("GET", "/notices").json()["items"]


def test_a_key_files_one_notice(desk: DeskLab) -> None:
    """Another filing under it is refused."""
    file(desk, key="k")

    answer = file(desk, key="k", fields=FIELDS | {"phone": "03-0000-0001"})

    assert (422, "key_reused") == (answer.status_code, answer.json()["code"])


def test_a_notice_is_printed_as_a_form(desk: DeskLab, tmp_path: Path) -> None:
    """One page with every item, what was filed and what became of it; texts are never markup."""
    trap = '#panic("x") ]) $ \\ *x* <a> @b'
    notice = file(desk, fields=FIELDS | {"remarks": trap}).json()["id"]
    desk.ask("POST", f"/admin/notices/{notice}/send-back", party=OPERATOR, json={"reason": "お客様ID不明"})

    answer = desk.ask("GET", f"/notices/{notice}/form", headers={"Accept-Language": "ja"})
    english = desk.ask("GET", f"/notices/{notice}/form", party=OPERATOR)

    assert ("application/pdf", b"%PDF") == (answer.headers["content-type"], answer.content[:4])
    assert answer.content == desk.ask("GET", f"/notices/{notice}/form", headers={"Accept-Language": "ja"}).content
    text = _text_of(answer.content, tmp_path)
    for said in (
        "オンライン請求開始届", "■オンライン請求開始届", "□変更届（接続方式の変更）", FIRST, "見本診療所", notice, "IP-VPN接続【IPv6】",
        "CAF0000000001", "2026年9月1日", "事務見本", "発信電話番号", "理由", "返戻", "お客様ID不明", trap,
    ):  # fmt: skip
        assert said.replace(" ", "") in text.replace(" ", "").replace("\n", ""), said
    assert "notice: start" in _text_of(english.content, tmp_path)


def _text_of(pdf: bytes, folder: Path) -> str:
    """Return the text of a document of one page."""
    path = folder / "form.pdf"
    path.write_bytes(pdf)
    if shutil.which("pdftotext") is None:
        pytest.skip("os: there is no pdftotext (poppler-utils)")
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    assert 1 == text.count("\f")
    return text


CSV = "種別,番号,名称\r\n医療機関,9910177770,=1+1\r\n".encode()


def test_a_list_is_brought_in_and_given_out(desk: DeskLab) -> None:
    """With a dry run before, by the operator only; a spreadsheet has nothing to run."""
    before = desk.ask("GET", "/admin/parties", party=OPERATOR).json()

    dry = desk.ask("PUT", "/admin/register?dry_run=true", party=OPERATOR, content=CSV)
    assert (200, False, 1) == (dry.status_code, dry.json()["applied"], dry.json()["counts"]["added"])
    assert ["check_digit", "formula"] == sorted(
        {each["code"] for each in dry.json()["remarked"][0]["remarks"]} | {"check_digit"}
    )
    assert before == desk.ask("GET", "/admin/parties", party=OPERATOR).json()
    done = desk.ask("PUT", "/admin/register", party=OPERATOR, content=CSV)
    assert (True, dry.json()["changes"]) == (done.json()["applied"], done.json()["changes"])
    listed = desk.ask("GET", "/admin/register?lang=en", party=OPERATOR)
    assert ("text/csv; charset=utf-8", True) == (listed.headers["content-type"], b",'=1+1," in listed.content)
    again = desk.ask("PUT", "/admin/register", party=OPERATOR, content=listed.content).json()
    assert again["counts"]["unchanged"] == sum(again["counts"].values()) > 1
    for method in ("PUT", "GET"):
        assert 403 == desk.ask(method, "/admin/register", content=CSV if method == "PUT" else None).status_code


def test_a_list_that_is_none_is_told_in_the_askers_words(desk: DeskLab) -> None:
    """With a code for programs."""
    answer = desk.ask("PUT", "/admin/register", party=OPERATOR, content=b"\xff\xfe", headers={"Accept-Language": "ja"})

    assert (422, "list_unreadable") == (answer.status_code, answer.json()["code"])
    assert "Shift_JIS" in answer.json()["detail"]


def test_a_list_larger_than_the_limit_is_turned_away(desk: DeskLab) -> None:
    """Before a byte of it is read."""
    answer = desk.ask("PUT", "/admin/register", party=OPERATOR, headers={"Content-Length": str(1 << 30)}, content=b"x")

    assert (413, "too_long") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_kinds_of_notices_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    """Every kind and every line, with what it asks for, to people and to programs."""
    monkeypatch.setenv("SEIKYU_LANG", lang)

    assert (0, 0) == (cli.run(["notice", "kinds"]), cli.run(["notice", "kinds", "--json"]))

    text, told = capsys.readouterr().out.rstrip().rsplit("\n", 1)
    assert ["customer_id"] == json.loads(told)["connections"]["ipvpn_ipv6"]["needs"]
    for kind in kinds().values():
        assert f"{kind.name:<18} {kind.ja if lang == 'ja' else kind.en}" in text


@pytest.mark.parametrize(
    "body",
    [
        rb'{"kind": "stop", "fields": {"\ud800": "x"}}',
        rb'{"kind": "stop", "fields": {"cause": "\udfff"}}',
        b'{"kind": "stop", "fields": ["cause"]}',
        b"[",
        b"\xff",
    ],
)
def test_what_is_no_text_is_refused_and_is_no_bug(desk: DeskLab, body: bytes) -> None:
    """Half characters, other shapes, other bytes."""
    headers = {"Content-Type": "application/json"}

    assert desk.ask("POST", "/notices", content=body, headers=headers).status_code in {400, 422}


def test_a_full_disk_turns_a_list_away(desk: DeskLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other thing that finds no room: it may be brought in again later."""
    monkeypatch.setattr("seikyu.apps.api.register.TemporaryFile", partial(Path("/dev/full").open, "wb"))

    answer = desk.ask("PUT", "/admin/register", party=OPERATOR, content=CSV)

    assert (507, "no_space") == (answer.status_code, answer.json()["code"])


def test_a_list_may_be_longer_than_other_bodies(desk: DeskLab) -> None:
    """It is a file, as sendings are."""
    rows = "".join(f"保険者,,{'見本' * 50}{count}\r\n" for count in range(500))

    answer = desk.ask("PUT", "/admin/register", party=OPERATOR, content=("種別,番号,名称\r\n" + rows).encode())

    assert (200, 500) == (answer.status_code, answer.json()["counts"]["refused"])
