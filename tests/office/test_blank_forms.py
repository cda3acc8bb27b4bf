"""Forms (様式集): each is whole, and what is filled in is judged field by field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.office.blank_forms import KINDS, PaperField, PaperForm, Section, fill, paper_forms, rows_of

FORMS = paper_forms()
WANTED = {
    "online_claims", "change", "certificate", "undo", "reexamination", "media_switch", "users", "mandate", "fault",
}  # fmt: skip

GOOD = {
    "date": "2026-09-10",
    "month": "2026-09",
    "number": "12",
    "phone": "03-0000-0000",
    "tick": "yes",
    "lines": "a\nb",
}


def sample(field: PaperField) -> str:
    """Return something that a field takes."""
    if field.choices:
        return field.choices[0].name
    least = re.search(r"\{([0-9]+),?", field.form)
    return GOOD.get(field.kind) or ("1" * int(least[1]) if least else "見本")


def filled(form: PaperForm) -> dict[str, str]:
    """Return a form that is filled in wholly."""
    return {field.name: sample(field) for field in form.fields().values() if field.kind != "report"}


def test_every_form_is_there() -> None:
    """By its number on the page."""
    assert set(FORMS) == WANTED
    assert list(range(1, len(FORMS) + 1)) == [form.order for form in FORMS.values()]


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_a_form_says_what_for_to_whom_by_when_and_whence(form: PaperForm) -> None:
    """In both languages; its fields are of known kinds, and their names are used once."""
    texts = [getattr(form, f"{name}_{lang}") for name in ("to", "lead", "by", "send") for lang in ("ja", "en")]
    names = [field.name for section in form.sections for field in section.fields]

    assert all([form.ja, form.en, form.source, *texts])
    assert bool(form.act) == bool(form.act_ja) == bool(form.act_en)
    assert len(names) == len(set(names))
    for field in form.fields().values():
        assert field.kind in KINDS
        assert field.ja
        assert field.en
        assert bool(field.choices) == (field.kind == "choice")
        assert re.fullmatch("[a-z_]+", field.name)


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_what_is_right_is_taken_and_what_is_missing_is_named(form: PaperForm) -> None:
    """All fields that are needed, and no others."""
    assert {} == dict(fill(form, filled(form)).wrong)
    needed = {field.name for field in form.fields().values() if field.need}
    assert dict.fromkeys(needed, "missing") == dict(fill(form, {"token": "x"}).wrong)


@pytest.mark.parametrize(
    ("kind", "more", "text", "why"),
    [
        ("text", {}, "x" * 61, "long"),
        ("text", {}, "a\nb", "form"),
        ("text", {}, "a\x00b", "form"),
        ("text", {"form": "[0-9]{3}"}, "12", "form"),
        ("text", {"form": "[0-9]{3}"}, "123", ""),
        ("lines", {"lines": 2}, "a\nb\nc", "long"),
        ("lines", {"lines": 2}, "x" * 101, "long"),
        ("lines", {"lines": 2}, "a\x1b", "long"),
        ("date", {}, "2026-02-30", "date"),
        ("date", {}, "20260210", "date"),
        ("month", {}, "2026-13", "date"),
        ("number", {}, "-1", "form"),
        ("phone", {}, "123", "form"),
        ("tick", {}, "no", "choice"),
        ("choice", {}, "moon", "choice"),
    ],
)
def test_a_field_says_why_it_does_not_take_a_text(kind: str, more: dict[str, object], text: str, why: str) -> None:
    """Missing, too long, another form, no date, or none of the choices."""
    field = PaperField("a", "あ", "a", kind, **more)  # type: ignore[arg-type]
    form = PaperForm("x", 1, *("t",) * 14, (Section("節", "section", (field,)),))  # type: ignore[arg-type]

    assert ({"a": why} if why else {}) == dict(fill(form, {"a": text}).wrong)


@given(
    st.sampled_from(list(FORMS.values())), st.dictionaries(st.sampled_from(["phone", "contact", "reason"]), st.text())
)
def test_any_text_is_taken_or_named(form: PaperForm, said: dict[str, str]) -> None:
    """Nothing raises, and no name but the form's own comes back."""
    told = fill(form, said)

    assert {*told.said, *told.wrong} <= set(form.fields())


def test_half_fields_stand_two_in_a_row() -> None:
    """Where both are half as wide; nobody is lost."""
    half, whole = PaperField("a", "あ", "a", "text", half=True), PaperField("b", "い", "b", "text")

    assert [(half, half), (half,), (whole,), (half,)] == rows_of(Section("節", "s", (half, half, half, whole, half)))
