"""`seikyu admin cert` from outside: applications answered, notices written for the post, and codes that are not shown."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from test_cli_ca import Said

from seikyu.adapters.vault import Argon2Vault
from seikyu.adapters.x509_ca import create_ca
from seikyu.apps import notices_posted, people
from seikyu.apps.cli import run
from seikyu.apps.enrolling import enrolling_at
from seikyu.apps.wiring import find_home, init_home
from seikyu.ports.register import Party
from seikyu.services import applications
from seikyu.services.issuing import Proof, look
from seikyu.services.people import CONSOLE

OWN, OTHER = "9911000015", "9911000023"
CODE = r"[2-9A-HJKMNP-Z]"
PIN = rf"{CODE}{{4}}-{CODE}{{4}}-{CODE}{{4}}"

Run = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an office with an authority and two institutions."""
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setattr(people, "Argon2Vault", partial(Argon2Vault, memory_kib=8, passes=1, lanes=1))
    made = init_home(tmp_path / "home", settings={"office.public_url": "https://face.example.jp"})
    create_ca(made, organisation="office", now=datetime.now(UTC))
    with enrolling_at(made) as at, at.store.write() as tx:
        for party in (OWN, OTHER):
            since = datetime(2026, 4, 1, tzinfo=UTC)
            tx.put_party(Party(party, "institution", "見本診療所", since, address="東京都見本区一丁目2番3号"))
    return made.root


@pytest.fixture
def admin(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seikyu admin cert`."""

    def admin(*args: str) -> Said:
        status = run(["admin", "cert", *args])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    return admin


def filed(admin: Run, terminal: str, party: str = OWN, *more: str) -> str:
    """File an application and return its id."""
    return str(json.loads(admin("apply", party, "--terminal", terminal, *more, "--json").out)["id"])


def text_of(pdf: Path) -> str:
    """Return the text of a document as it lies on the page."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not installed")
    return subprocess.run([program, "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout


def test_a_notice_is_written_for_the_post_and_not_shown(admin: Run, home: Path, tmp_path: Path) -> None:
    """Readable by its owner only, with everything that its party needs, and the PIN that it says opens it."""
    out = tmp_path / "notice.pdf"
    said = admin("approve", filed(admin, "受付1号機"), "--out", str(out))

    assert (0, 0o600) == (said.status, out.stat().st_mode & 0o777)
    text = text_of(out)
    pages = text.split("\f")
    assert 2 == len(pages[:-1])
    reference, pin = re.findall(PIN, pages[0])
    recovery = re.findall(rf"{CODE}{{5}}(?:-{CODE}{{5}}){{3}}", pages[1])
    assert 1 == len(recovery)
    assert recovery[0] not in pages[0]
    assert pin not in pages[1]
    plain = re.sub(r"\s+", "", pages[0])
    for expected in (
        "見本診療所御中",
        OWN,
        "東京都見本区一丁目2番3号",
        "受付1号機",
        "https://face.example.jp/cert/",
        "令和",
    ):
        assert expected in plain
    assert pin not in said.out
    with enrolling_at(find_home(home)) as at:
        assert look(at, Proof(reference, pin)).terminal == "受付1号機"


def test_the_desks_paper_is_the_same(admin: Run, home: Path, tmp_path: Path) -> None:
    """What a page answers with is the document that the command writes, with the codes of this opening."""
    one = filed(admin, "受付1号機")
    with enrolling_at(find_home(home)) as at:
        paper = notices_posted.paper_of(find_home(home), at)
        opened = applications.approve(at, CONSOLE, one)
        (tmp_path / "notice.pdf").write_bytes(paper(opened))
    text = text_of(tmp_path / "notice.pdf")
    assert opened.pin in text
    assert "https://face.example.jp/cert/" in text
    assert "見本診療所" in text


def test_codes_are_shown_only_if_asked_for(admin: Run, tmp_path: Path) -> None:
    """On the screen and to programs; without any place for them nothing is approved."""
    application = filed(admin, "pc-1")

    nowhere = admin("approve", application)
    assert (3, True) == (nowhere.status, "--out" in nowhere.err)
    hidden = json.loads(admin("approve", application, "--out", str(tmp_path / "a.pdf"), "--json").out)
    assert {"pin", "recovery", "binding"} & hidden["notices"][0].keys() == set()
    notice = hidden["notices"][0]["id"]
    shown = json.loads(admin("open-anew", notice, "--show", "--json").out)
    assert re.fullmatch(PIN, shown["notices"][0]["pin"])
    told = admin("open-anew", notice, "--show")
    assert 1 == len(re.findall(rf"PIN: {PIN}$", told.out, re.MULTILINE))


def test_all_that_wait_are_approved_into_one_document(admin: Run, home: Path, tmp_path: Path) -> None:
    """In the order in which they came; one that cannot be approved stops no other."""
    first, second = filed(admin, "pc-1"), filed(admin, "gw", OTHER, "--host", "gw.example.jp")
    with enrolling_at(find_home(home)) as at, at.store.write() as tx:
        waiting = tx.application(first)
        assert waiting is not None
        tx.put_application(applications.replace(waiting, id="0" * 25 + "1", party="9911999999"))
    out = tmp_path / "post.pdf"

    said = admin("approve", "--all", "--out", str(out))

    assert (2, True) == (said.status, "9911999999" in said.err)
    pages = text_of(out).split("\f")[:-1]
    assert 4 == len(pages)
    assert ["pc-1", "gw"] == [name for page in pages[::2] for name in ("pc-1", "gw") if re.search(rf"\s{name}\s", page)]
    assert re.search(r"kid", pages[3])
    assert not re.search(r"kid", pages[1])
    states = {each["id"]: each["state"] for each in json.loads(admin("applications", "--json").out)["items"]}
    assert ("approved", "approved") == (states[first], states[second])


def test_a_file_that_is_there_stays_and_nothing_is_approved(admin: Run, tmp_path: Path) -> None:
    """The same for a folder that is not there; no place is held afterwards."""
    application, out = filed(admin, "pc-1"), tmp_path / "there.pdf"
    out.write_bytes(b"mine")

    assert 2 == admin("approve", application, "--out", str(out)).status
    assert 3 == admin("approve", application, "--out", str(tmp_path / "no" / "a.pdf")).status
    assert 2 == admin("approve", "nothing", "--out", str(tmp_path / "b.pdf")).status

    assert b"mine" == out.read_bytes()
    assert not (tmp_path / "b.pdf").exists()
    assert "waiting" in admin("applications").out


def test_a_full_disk_names_the_notices_to_open_anew(
    admin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Because nobody has their codes."""

    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    application = filed(admin, "pc-1")
    monkeypatch.setattr(notices_posted, "write_private", full)
    said = admin("approve", application, "--out", str(tmp_path / "a.pdf"))
    notice = json.loads(admin("notices", OWN, "--json").out)["items"][0]["id"]

    assert (3, True, True) == (said.status, notice in said.err, "open-anew" in said.err)
    assert not (tmp_path / "a.pdf").exists()


def test_applications_are_sent_back_and_terminals_ended(admin: Run, tmp_path: Path) -> None:
    """Each in words; an ended terminal opens nothing any more."""
    back, kept = filed(admin, "pc-1"), filed(admin, "pc-2")

    assert "sent back" in admin("send-back", back, "--reason", "不備").out
    admin("approve", kept, "--out", str(tmp_path / "a.pdf"))
    notice = json.loads(admin("notices", OWN, "--json").out)["items"][0]["id"]
    assert "open until" in admin("notices", OWN).out
    assert "0 certificates revoked" in admin("end", notice).out
    assert "ended" in admin("notices", OWN).out
    assert 2 == admin("open-anew", notice, "--show").status
    assert "there is no notice" in admin("notices", OTHER).out
    assert 3 == admin("approve").status
