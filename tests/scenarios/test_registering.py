"""Registering through the real program: lists of parties and notices, with a server at work and without one."""

import json
from pathlib import Path

import pytest
from real_house import House

FIELDS = (
    "effective_on=2000-01-01", "connection=ipvpn_ipv4", "customer_id=COP0000000001", "contact=事務 見本",
    "phone=03-0000-0000",
)  # fmt: skip
SETS = [word for item in FIELDS for word in ("--set", item)]


@pytest.mark.slow
def test_a_list_is_brought_in_with_a_server_and_without(house: House, tmp_path: Path) -> None:
    """Dry run, real run and export say the same either way; what a spreadsheet would run is defused."""
    file, out = tmp_path / "list.csv", tmp_path / "out.csv"
    file.write_bytes(
        "種別,番号,名称,終了日\r\n診療所,9910177770,=1+1,\r\n支部,1-13,見本事務局,2099-12-31\r\n".encode("cp932")
    )

    dry = house.run("admin", "party", "import", str(file), "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "line 2: added 9910177770" in dry.stdout
    assert "begins like a formula" in dry.stdout
    assert dry.stdout.endswith("the register has not changed\n")
    house.start()
    again = house.run("admin", "party", "import", str(file), "--dry-run")
    done = house.run("admin", "party", "import", str(file), "--json")
    listed = house.run("admin", "party", "export", "--heading", "ja", "--out", str(out))

    assert dry.stdout == again.stdout
    assert (0, 0) == (done.returncode, listed.returncode), done.stderr + listed.stderr
    told = json.loads(done.stdout)
    assert (True, 2) == (told["applied"], told["counts"]["added"])
    assert ",'=1+1," in out.read_text("utf-8-sig")
    house.stop()
    back = house.run("admin", "party", "import", str(out), "--json")
    assert {"added": 0, "changed": 0, "ended": 0, "refused": 0}.items() <= json.loads(back.stdout)["counts"].items()
    assert out.read_bytes().decode("utf-8-sig") == house.run(
        "admin", "party", "export", "--heading", "ja"
    ).stdout.replace("\n", "\r\n").removeprefix("\ufeff")


def test_a_list_with_a_slip_changes_nothing_and_says_where(office: House, tmp_path: Path) -> None:
    """Its status is that of a refusal; a list that is none has a hint."""
    file = tmp_path / "list.csv"
    before = office.run("admin", "party", "list", "--json").stdout
    file.write_text("種別,番号,名称\n診療所,9910177770,見本\n診療所,123,見本\n保険者\n", "utf-8")

    said = office.run("admin", "party", "import", str(file))
    file.write_bytes(b"\xff\xfeno list")
    odd = office.run("admin", "party", "import", str(file))

    assert said.returncode == 2
    assert "line 3: refused 123: `123` has not the form" in said.stdout
    assert "line 4: refused -: the row has 1 cells and the heading 3" in said.stdout
    assert before == office.run("admin", "party", "list", "--json").stdout
    assert (3, True) == (odd.returncode, "neither UTF-8 nor Shift_JIS" in odd.stderr)


@pytest.mark.slow
def test_a_notice_goes_its_way_through_the_program(office: House, tmp_path: Path) -> None:
    """Filed by a clinic, sent back, filed again, approved after a kill; every line of it is there at the end."""
    first = office.run("notice", "file", "start", *SETS, "--json", party="institution")
    assert first.returncode == 0, first.stderr
    notice = json.loads(first.stdout)["id"]
    repeat = json.loads(office.run("notice", "file", "start", *SETS, "--json", party="institution").stdout)
    assert (notice, True) == (repeat["id"], repeat["repeat"])
    back = office.run("admin", "notice", "send-back", notice, "--reason", "番号不明")
    assert back.returncode == 0, back.stderr
    second = office.run("notice", "file", "start", *SETS, "--key", "k", "--json", party="institution")
    other = json.loads(second.stdout)["id"]

    office.kill()
    assert office.run("admin", "notice", "seen", other).returncode == 0
    office.start()
    assert office.run("admin", "notice", "approve", other).returncode == 0
    again = json.loads(office.run("notice", "file", "start", *SETS, "--key", "k", "--json", party="institution").stdout)

    assert (other, True, "approved") == (again["id"], again["repeat"], again["state"])
    shown = office.run("notice", "show", notice, party="institution")
    assert "sent back operator 番号不明" in shown.stdout
    assert ["approved", "sent_back"] == [
        row["state"] for row in json.loads(office.run("notice", "list", "--json", party="institution").stdout)["items"]
    ]
    rows = json.loads(office.run("admin", "party", "list", "--json").stdout)["items"]
    assert ["ipvpn_ipv4"] == [row["connection"] for row in rows if row["id"] == office.access["institution"]["id"]]
    strange = office.run("notice", "show", notice, party="institution_2")
    assert (2, "") == (strange.returncode, strange.stdout)
    assert "there is no notice" in office.run("notice", "list", party="institution_2").stdout
    for number, (command, party) in enumerate([(("notice",), "institution"), (("admin", "notice"), None)]):
        form = tmp_path / f"{number}.pdf"
        written = office.run(*command, "form", notice, "--out", str(form), party=party)
        assert written.returncode == 0, written.stderr
        assert form.read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_what_a_notice_lacks_is_said_before_and_by_the_office(house: House) -> None:
    """A slip in a name ends here; what is missing is the office's to say. Nothing of either is kept."""
    assert "there is no notice" in house.run("admin", "notice", "list").stdout
    house.start()

    slip = house.run("notice", "file", "start", "--set", "odd=1", party="institution")
    empty = house.run("notice", "file", "start", "--set", "connection=isdn", party="institution")

    assert (3, 3) == (slip.returncode, empty.returncode)
    assert "effective_on" in slip.stderr
    assert "dial_number" in empty.stderr
    assert "there is no notice" in house.run("admin", "notice", "list").stdout
