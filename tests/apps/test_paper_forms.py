"""Forms (様式集): on the page, as a paper, over the API and by command; nothing that is typed is kept."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, DeskLab
from apps.pages_lab import Browser, Site, add
from office.test_blank_forms import FORMS, filled
from seikyu.apps import cli
from seikyu.apps.drawing.paper_form import empty_form, filled_form, shown_text
from seikyu.office.blank_forms import PaperForm
from seikyu.ports.errors import Busy

REPORT = json.dumps(
    {"verdict": "does_not_connect", "found": [{"id": "P01", "certain": True, "symptom": "<script>"}], "facts": {}}
)


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def text_of(pdf: bytes, folder: Path) -> str:
    """Return what stands on a paper, without blanks."""
    if shutil.which("pdftotext") is None:
        pytest.skip("os: there is no pdftotext (poppler-utils)")
    path = folder / "form.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s", "", text)


def plain(text: str) -> str:
    """Return a text without blanks."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_every_paper_says_what_its_form_says(form: PaperForm, tmp_path: Path) -> None:
    """Title, to whom, every label and every choice, notes, by when: empty and filled in, in both languages."""
    for lang in ("ja", "en"):
        empty = text_of(empty_form(form.id, lang), tmp_path)  # type: ignore[arg-type]
        full = text_of(filled_form(form, filled(form), lang), tmp_path)  # type: ignore[arg-type]
        labels = [getattr(field, lang) for field in form.fields().values()]
        choices = [getattr(one, lang) for field in form.fields().values() for one in field.choices]
        said = [form.ja, getattr(form, lang), *labels, *choices, *(getattr(note, lang) for note in form.notes)]
        letters = sorted(plain(getattr(form, f"to_{lang}") + getattr(form, f"by_{lang}")))
        for text in (empty, full):
            for each in said:
                # A label that is broken into lines stands between others; its characters are all there.
                assert plain(each) in text or not set(plain(each)) - set(text), each
            assert not set(letters) - set(text)
        assert "■" not in empty
        for field in form.fields().values():
            value = filled(form).get(field.name, "")
            if field.choices:
                assert f"■{plain(getattr(field.choices[0], lang))}" in full
            elif field.kind == "tick":
                assert "■" in full
            elif field.kind not in {"report", "lines"}:
                assert plain(shown_text(field, value, lang)) in full, field.name  # type: ignore[arg-type]


def test_a_paper_is_the_same_bytes_and_no_text_is_markup(tmp_path: Path) -> None:
    """Whatever is typed is text, emoji too."""
    form, trap = FORMS["change"], '#panic("x") ]) $ \\ *x* <a> @b'
    said = filled(form) | {"contact": trap}

    assert filled_form(form, said, "ja") == filled_form(form, said, "ja")
    assert plain(trap) in text_of(filled_form(form, said, "ja"), tmp_path)
    assert filled_form(form, said | {"contact": "😀" * 60}, "en").startswith(b"%PDF")


def test_days_stand_by_their_era() -> None:
    """As an official paper has them; an amount has its thousands."""
    fields = FORMS["undo"].fields()

    assert "令和8年9月10日" == shown_text(fields["sent_on"], "2026-09-10", "ja")
    assert "令和8年9月" == shown_text(fields["claim_month"], "2026-09", "ja")
    assert "2026-09" == shown_text(fields["claim_month"], "2026-09", "en")
    assert "12,345" == shown_text(fields["points"], "12345", "ja")


def test_so_many_papers_are_set_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is told to come again."""
    from threading import BoundedSemaphore

    from seikyu.apps.drawing import paper_form

    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(paper_form, "_PLACES", full)
    with pytest.raises(Busy):
        filled_form(FORMS["change"], {}, "ja")


@pytest.mark.parametrize("face", ["public", "desk"])
def test_the_list_and_every_form_are_for_anybody(site: Site, face: str) -> None:
    """Without a login; the act on the portal is said first, and the empty paper is a click away."""
    browser = site.browser(face, party=FIRST if face == "desk" else None)
    page = browser.get("/forms").text
    for form in FORMS.values():
        assert f'href="/forms/{form.id}"' in page
        one = browser.get(f"/forms/{form.id}")
        assert 200 == one.status_code
        if form.act:
            assert one.text.index(form.act_en) < one.text.index("<form method")
        assert 1 == one.text.count("<h1>")
        paper = browser.get(f"/forms/{form.id}/empty.pdf")
        assert ("application/pdf", b"%PDF") == (paper.headers["content-type"], paper.content[:4])
    assert 404 == browser.get("/forms/moon").status_code
    assert 404 == browser.get("/forms/moon/empty.pdf").status_code


def fill_in(browser: Browser, form: PaperForm, **other: str) -> Any:
    """Fill a form in on its page."""
    browser.get(f"/forms/{form.id}")
    return browser.post(f"/forms/{form.id}", **(filled(form) | other))


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_a_form_is_filled_in_on_screen(site: Site, form: PaperForm, tmp_path: Path) -> None:
    """And comes back as a paper that no browser keeps."""
    answer = fill_in(site.browser(), form)

    assert (200, "application/pdf", "no-store") == (
        answer.status_code,
        answer.headers["content-type"],
        answer.headers["cache-control"],
    )
    assert f'filename="form-{form.id}-en.pdf"' in answer.headers["content-disposition"]
    assert plain(form.en) in text_of(answer.content, tmp_path)


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(site: Site) -> None:
    """Only in the answer to who typed it; the address says nothing."""
    browser = site.browser()
    answer = fill_in(browser, FORMS["undo"], institution_code="12", reason="<b>理由</b>", sent_on="昨日")

    assert 422 == answer.status_code
    assert "Not in the form that is needed." in browser.text()
    assert "Please give a date." in browser.text()
    assert "&lt;b&gt;理由&lt;/b&gt;" in answer.text
    assert "institution code" in browser.text()
    assert "?" not in str(answer.url)


def test_a_report_of_the_doctors_is_written_on_the_fault_sheet(site: Site, tmp_path: Path) -> None:
    """In our own words; any other file is refused."""
    browser = site.browser()
    browser.get("/forms/fault?lang=ja")
    hidden = browser.hidden("/forms/fault")
    said = {"origin": browser.origin, "sec-fetch-site": "same-origin"}
    files = {"report": ("報告.txt", REPORT.encode(), "text/plain")}
    answer = browser.ask("POST", "/forms/fault", data={**hidden, **filled(FORMS["fault"])}, files=files, headers=said)
    text = text_of(answer.content, tmp_path)
    assert "［P01］" in text
    assert "script" not in text

    files = {"report": ("x.exe", b"MZ\x00", "application/octet-stream")}
    wrong = browser.ask("POST", "/forms/fault", data={**hidden, **filled(FORMS["fault"])}, files=files, headers=said)
    assert 422 == wrong.status_code
    assert "seikyu doctor" in browser.text()


def test_who_has_logged_in_need_not_type_what_the_register_knows(site: Site) -> None:
    """Code, name and address stand there; a stranger's form is empty."""
    page = add(site).get("/forms/online_claims").text

    assert f'value="{FIRST}"' in page
    assert 'value="見本診療所"' in page
    assert "見本診療所" not in site.browser().get("/forms/online_claims").text


def test_a_form_of_somebody_elses_page_is_refused(site: Site) -> None:
    """Without the token of a page of ours."""
    assert 403 == site.browser().send("/forms/undo", filled(FORMS["undo"])).status_code


def test_forms_over_the_api(desk: DeskLab, tmp_path: Path) -> None:
    """The same list, the same papers, the same refusals; whatever party asks."""
    items = desk.ask("GET", "/forms").json()["items"]
    assert list(FORMS) == [each["id"] for each in items]
    fields = filled(FORMS["fault"])
    answer = desk.ask("POST", "/forms/fault", party=OPERATOR, json={"fields": fields, "report": REPORT})
    assert 200 == answer.status_code
    assert "[P01]" in text_of(answer.content, tmp_path)
    wrong = desk.ask("POST", "/forms/fault", json={"fields": {"phone": "x"}})
    assert (422, "bad_paper") == (wrong.status_code, wrong.json()["code"])
    assert "phone: form" in wrong.json()["wrong"]
    assert 404 == desk.ask("POST", "/forms/moon", json={}).status_code


def test_forms_by_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Listed, shown, written empty and filled in."""
    out, report = tmp_path / "f.pdf", tmp_path / "report.json"
    report.write_text(REPORT, "utf-8")
    said = [f"--set={name}={text}" for name, text in filled(FORMS["fault"]).items() if "\n" not in text]

    assert 0 == cli.run(["forms", "list"])
    assert "reexamination" in capsys.readouterr().out
    assert 0 == cli.run(["forms", "list", "--json"])
    assert list(FORMS) == [each["id"] for each in json.loads(capsys.readouterr().out)["items"]]
    assert (0, 0) == (cli.run(["forms", "show", "undo"]), cli.run(["forms", "show", "undo", "--json"]))
    assert "claim_month" in capsys.readouterr().out
    assert 0 == cli.run(["forms", "draw", "undo", "--out", str(out)])
    assert b"%PDF" == out.read_bytes()[:4]
    symptom = ["--set=symptom=a\\nb"]
    assert 0 == cli.run(["forms", "draw", "fault", "--out", str(out), "--report", str(report), *said, *symptom])
    assert "P01" in text_of(out.read_bytes(), tmp_path)
    capsys.readouterr()
    assert 3 == cli.run(["forms", "draw", "fault", "--out", str(out), "--set=phone=x"])
    assert 3 == cli.run(["forms", "draw", "moon", "--out", str(out)])
    assert 3 == cli.run(["forms", "draw", "fault", "--out", str(out), "--set=moon=1"])
    assert 3 == cli.run(["forms", "draw", "fault", "--out", str(out), "--report", str(tmp_path / "none")])
