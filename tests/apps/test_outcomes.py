"""The table of outcomes and the texts: whole, alike in both languages, and the same for server and client."""

import importlib
import pkgutil
import string
import tomllib

import pytest

import seikyu
from seikyu.apps import words
from seikyu.apps.outcomes import OUTCOMES, Exit, outcome_of
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import SeikyuError


def _error_classes() -> list[type]:
    for module in pkgutil.walk_packages(seikyu.__path__, "seikyu."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(kind: type) -> list[type]:
        return [kind, *(each for sub in kind.__subclasses__() for each in below(sub))]

    return [
        each for base in (SeikyuError, OfficeError) for each in below(base) if each.__module__.startswith("seikyu.")
    ]


def test_every_error_has_an_outcome_and_words() -> None:
    """No error of the program is without a status, a text and a title in both languages."""
    codes = {str(vars(kind).get("code") or kind.code) for kind in _error_classes()}  # type: ignore[attr-defined]

    assert {code for code in codes if code not in OUTCOMES} == set()
    assert {code for code in codes if not words.has(f"{code}.text")} == set()


def test_every_outcome_has_words() -> None:
    """The table speaks of no code that has no text."""
    assert [code for code in OUTCOMES if not (words.has(f"{code}.text") and words.has(f"{code}.title"))] == []


def test_no_key_of_a_text_stands_twice() -> None:
    """Two files with one key would hide one of the texts."""
    keys = [key for file in words.files() for key, _ in words._leaves(tomllib.loads(file.read_text("utf-8")))]

    assert sorted(set(keys)) == sorted(keys)


def test_both_languages_are_filled_with_the_same_facts() -> None:
    """A fact that one language tells is told by the other."""

    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    # A hint may show an example in one language that the other does without.
    texts = {key: text for key, text in words._texts().items() if not key.endswith("hint")}

    assert [key for key, text in texts.items() if facts(text["ja"]) != facts(text["en"])] == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"), ("", "en"), ("ja", "ja"), ("ja-JP,ja;q=0.9,en;q=0.8", "ja"), ("en-US,en;q=0.9", "en"),
        ("fr", "en"), ("en;q=0.1, ja;q=0.9", "ja"), ("ja;q=0", "en"), ("ja;q=x, en;q=0.2", "en"), (";;,,", "en"),
    ],
)  # fmt: skip
def test_a_language_is_chosen_by_what_the_asker_accepts(header: str | None, expected: str) -> None:
    """The best known wish counts; without one it is English."""
    assert expected == words.accepted_language(header)


def test_the_users_language_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEIKYU_LANG counts before the locale."""
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    monkeypatch.delenv("SEIKYU_LANG", raising=False)
    assert words.language() == "ja"

    monkeypatch.setenv("SEIKYU_LANG", "en")
    assert words.language() == "en"


def test_a_code_nobody_knows_fails_like_any_error() -> None:
    """A newer office may name what this program does not know."""
    assert outcome_of("of_the_future").exit_status is Exit.COULD_NOT_RUN
    assert "of_the_future" in words.error_words("of_the_future", "en").text


def test_a_missing_fact_shows_as_a_question_mark() -> None:
    """Wording an error never raises another one."""
    assert "?" in words.say("closed.text", "en")
