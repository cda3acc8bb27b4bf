"""Frequent questions (よくあるご質問) as data, and how one is found by whatever words somebody has for it.

Words are compared in one form: full and half width, capital letters and kana are folded, years by era are western, and
every word of `synonyms.toml` is the first of its group. A search in hiragana finds kanji by the reading of a question
and by the readings among the synonyms. A term counts if it stands in a question as a whole, or if most pairs of its
letters do, so that endings and particles need not agree.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from tomllib import loads
from typing import Any, Final

from seikyu.apps.words import Language
from seikyu.records import eras

#: How long a search may be: a sentence or two.
QUERY_CHARS: Final = 200

#: How many terms of a search count; the rest is left out.
_TERMS: Final = 10

#: So much of a term's pairs of letters must stand in a question, where it does not stand there as a whole.
_ENOUGH: Final = 0.7
_WHOLE_ONLY: Final = 2

_KATAKANA: Final = re.compile("[ァ-ヶ]")
_TO_HIRAGANA: Final = ord("ァ") - ord("ぁ")
_BETWEEN: Final = re.compile(r"[\s、。，．・!?,.;:「」『』()\[\]]+")
_ENDINGS: Final = re.compile(
    r"(?:ですか|ますか|でしょうか|ません|ました|したい|のですが|ください|とは|には|では|から|まで|[はがをにでとのもへや])+$"
)
_RUN: Final = re.compile(r"[一-龠々〆ヵヶ]+|[ァ-ヶー]+|[0-9A-Za-z+\-]+")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer. Shape: answers are paragraphs; `code` stands between backticks in them."""

    id: str
    topic: str
    ja: str
    en: str
    reading: str
    answer_ja: str
    answer_en: str
    tools: tuple[str, ...]
    source: str

    def title(self, lang: Language) -> str:
        """Return the question in a language."""
        return self.ja if lang == "ja" else self.en

    def answer(self, lang: Language) -> list[str]:
        """Return the paragraphs of the answer in a language."""
        return (self.answer_ja if lang == "ja" else self.answer_en).split("\n")


@dataclass(frozen=True, slots=True)
class Topic:
    """What questions are about. Shape: `questions` in their order."""

    id: str
    ja: str
    en: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. Shape: `kind` is text, code or mark (what was looked for)."""

    kind: str
    text: str


@cache
def topics() -> Mapping[str, Topic]:
    """Return the topics in the order of their files."""
    folder = files("seikyu.apps.pages.public") / "faq"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml") and file.name[0].isdigit():
            topic = _topic(loads(file.read_text(encoding="utf-8")))
            found[topic.id] = topic
    return found


def questions() -> list[Question]:
    """Return every question."""
    return [each for topic in topics().values() for each in topic.questions]


def search(query: str) -> list[Question]:
    """Return the questions in which every term of a search is found, the best first; none for no term.

    If no question has them all, those are returned that have any of its words.
    """
    terms = _terms(query)
    strict = _ranked(terms, every=True)
    return strict or _ranked([_canonical(run) for run in _runs(query)], every=False)


def pieces(text: str, query: str = "") -> list[Piece]:
    """Return a text in parts: commands, and what a search has found in it."""
    found: list[Piece] = []
    for number, part in enumerate(text.split("`")):
        if number % 2:
            found.append(Piece("code", part))
        else:
            found += _marked(part, query)
    return [piece for piece in found if piece.text]


def folded(text: str) -> str:
    """Return a text in the one form in which words are compared.

    >>> folded("レセコンＡ"), folded("令和８年")
    ('れせこんa', '2026年')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _KATAKANA.sub(lambda found: chr(ord(found[0]) - _TO_HIRAGANA), _era_years(plain))


def _topic(told: Mapping[str, Any]) -> Topic:
    head = told["topic"]
    return Topic(
        head["id"], head["ja"], head["en"],
        tuple(
            Question(
                each["id"], head["id"], each["ja"], each["en"], each["reading"], each["answer_ja"].strip(),
                each["answer_en"].strip(), tuple(each["tools"]), each["source"],
            )
            for each in told["questions"]
        ),
    )  # fmt: skip


@lru_cache(maxsize=1000)
def _canonical(text: str) -> str:
    """Return a text folded, with the first word of its group for each synonym."""
    return _pattern().sub(lambda found: f"\u241f{_heads()[found[0]]}\u241f", folded(text)).replace("\u241f", "")


def _terms(query: str) -> list[str]:
    """Return the terms of a search in the form of `_canonical`, without particles at their ends."""
    found = []
    for word in _BETWEEN.split(unicodedata.normalize("NFKC", query[:QUERY_CHARS])):
        plain = _ENDINGS.sub("", word) or word
        if plain:
            found.append(_canonical(plain))
    return list(dict.fromkeys(found))[:_TERMS]


@cache
def _fields(question: Question) -> tuple[tuple[str, int], ...]:
    """Return what of a question is looked through, each with its weight."""
    topic = topics()[question.topic]
    title = _canonical(f"{question.ja} {question.en}")
    return (
        (title, 8),
        (folded(question.reading) + _canonical(question.reading), 8),
        (_canonical(f"{topic.ja} {topic.en}"), 3),
        (_canonical(f"{question.answer_ja} {question.answer_en}"), 2),
    )


def _ranked(terms: Sequence[str], *, every: bool) -> list[Question]:
    """Return the questions that have terms, all or any of them, the best first."""
    scored = []
    for each in questions():
        scores = [_score(term, each) for term in terms]
        if any(scores) and (all(scores) or not every):
            scored.append((sum(scores), each))
    return [each for _, each in sorted(scored, key=lambda pair: -pair[0])]


def _runs(query: str) -> list[str]:
    """Return the words of a search that are written in one script, which need no particles to be told apart."""
    return [run for run in _RUN.findall(unicodedata.normalize("NFKC", query[:QUERY_CHARS])) if len(run) > 1][:_TERMS]


def _score(term: str, question: Question) -> float:
    """Return how well a term fits a question; 0 if it does not."""
    whole = sum(weight for text, weight in _fields(question) if term in text)
    if whole or len(term) <= _WHOLE_ONLY:
        return float(whole)
    pairs = {"".join(pair) for pair in pairwise(term)}
    best = 0.0
    for text, weight in _fields(question):
        share = sum(pair in text for pair in pairs) / len(pairs)
        if share >= _ENOUGH:
            best = max(best, share * weight / 2)
    return best


def _marked(text: str, query: str) -> list[Piece]:
    """Return a text in parts, with whatever of a search stands in it marked."""
    shadow, places = _shadow(text)
    inside = [False] * len(text)
    for word in _words(query):
        start = shadow.find(word)
        while start >= 0:
            for at in range(start, start + len(word)):
                inside[places[at]] = True
            start = shadow.find(word, start + 1)
    found: list[Piece] = []
    for letter, marked in zip(text, inside, strict=True):
        kind = "mark" if marked else "text"
        if found and found[-1].kind == kind:
            found[-1] = Piece(kind, found[-1].text + letter)
        else:
            found.append(Piece(kind, letter))
    return found


def _shadow(text: str) -> tuple[str, list[int]]:
    """Return a text folded letter by letter, and from which letter of it each came."""
    letters: list[str] = []
    places: list[int] = []
    for number, letter in enumerate(text):
        for plain in _KATAKANA.sub(
            lambda found: chr(ord(found[0]) - _TO_HIRAGANA), unicodedata.normalize("NFKC", letter).casefold()
        ):
            letters.append(plain)
            places.append(number)
    return "".join(letters), places


@lru_cache(maxsize=200)
def _words(query: str) -> tuple[str, ...]:
    """Return what is marked of a search: its terms, the words in them, and the synonyms of those."""
    found: set[str] = set()
    for word in _BETWEEN.split(unicodedata.normalize("NFKC", query[:QUERY_CHARS])):
        found.add(folded(_ENDINGS.sub("", word)))
        found |= {folded(run) for run in _RUN.findall(word)}
        for match in _pattern().finditer(folded(word)):
            found |= _group(_heads()[match[0]])
    return tuple(word for word in found if len(word) > 1)


@cache
def _groups() -> tuple[tuple[str, ...], ...]:
    told = loads((files("seikyu.apps.pages.public") / "faq" / "synonyms.toml").read_text(encoding="utf-8"))
    return tuple(tuple(folded(word) for word in group) for group in told["groups"])


@cache
def _heads() -> Mapping[str, str]:
    """Return the first word of its group for each word. A word of two groups belongs to the first."""
    heads: dict[str, str] = {}
    for group in _groups():
        for word in group:
            heads.setdefault(word, group[0])
    return heads


@cache
def _group(head: str) -> frozenset[str]:
    return frozenset(word for word, first in _heads().items() if first == head)


@cache
def _pattern() -> re.Pattern[str]:
    """Return what finds every synonym, the longest first; one in Latin letters only as a whole word."""
    longest = sorted(_heads(), key=len, reverse=True)
    return re.compile("|".join(_alone(word) for word in longest))


def _alone(word: str) -> str:
    escaped = re.escape(word)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if word.isascii() else escaped


def _era_years(text: str) -> str:
    """Return a text with years by era as western ones."""
    return _era_pattern().sub(_western, text)


def _western(found: re.Match[str]) -> str:
    first = next(era.first_year for era in eras().values() if found["era"] in {era.ja, era.letter.casefold()})
    year = 1 if found["year"] == "元" else int(found["year"])
    return f"{first + year - 1}{found['sign']}"


@cache
def _era_pattern() -> re.Pattern[str]:
    names = "|".join(name for era in eras().values() for name in (era.ja, rf"(?<![a-z]){era.letter.casefold()}"))
    return re.compile(rf"(?P<era>{names})\s*(?P<year>元|[0-9]{{1,2}})(?P<sign>年)")


def folded_terms(query: str) -> Sequence[str]:
    """Return the terms of a search, as they are compared."""
    return _terms(query)


def paragraphs(question: Question, lang: Language, query: str = "") -> Iterator[list[Piece]]:
    """Yield the paragraphs of an answer in parts."""
    for text in question.answer(lang):
        yield pieces(text, query)
