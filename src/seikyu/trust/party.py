"""Who a certificate speaks for: a party and one of its terminals, in the words of a certificate.

A certificate belongs to one terminal (端末) of one party; whoever changes the machine gets a new one. The party stands
in the certificate as the URI `urn:seikyu:party:KIND:ID`, so that no program has to read a person's words.

Source: network:7 (one certificate per terminal and institution code).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: The kinds of parties and the form of their ids; the same kinds stand in the rows of `ports.store`.
PARTY_IDS: Final[Mapping[str, re.Pattern[str]]] = {
    "institution": re.compile(r"[0-9]{10}"),
    "payer": re.compile(r"[0-9]{8}"),
    "operator": re.compile(r"operator"),
}

URN_PREFIX: Final = "urn:seikyu:party:"

#: What stands between the parts of a name and is often left out.
_BETWEEN: Final = " \t・"
_HIRAGANA: Final[Mapping[str, str]] = {chr(code): chr(code - 0x60) for code in range(ord("ァ"), ord("ヶ") + 1)}

#: The longest text that a common name or an organisation may have (X.520, ub-common-name).
NAME_CHARS: Final = 64


class BadHolder(ValueError):
    """No certificate can be made out to this party or terminal; nothing was signed.

    Shape: `code` names the text for users; `facts` fill it.
    """

    code = "bad_holder"

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what}: {value!r}")
        self.facts = {"what": what, "value": value}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a client certificate is made out to.

    Shape: `terminal` is the in-house name of the machine (端末名称), 1 to 64 characters; `name` is the party's name and
    is cut to 64 characters, because nothing is decided by it.
    Errors: BadHolder.
    """

    kind: str
    party: str
    name: str
    terminal: str

    def __post_init__(self) -> None:
        form = PARTY_IDS.get(self.kind)
        if form is None:
            raise BadHolder("kind", self.kind)
        if not form.fullmatch(self.party):
            raise BadHolder("party", self.party)
        if not is_name(self.name[:NAME_CHARS]):
            raise BadHolder("name", self.name)
        if not is_common_name(self.terminal):
            raise BadHolder("terminal", self.terminal)

    @property
    def urn(self) -> str:
        """The party as a URI.

        >>> Holder(kind="operator", party="operator", name="office", terminal="desk 1").urn
        'urn:seikyu:party:operator:operator'
        """
        return f"{URN_PREFIX}{self.kind}:{self.party}"


def is_name(text: str) -> bool:
    """True if `text` can be a name in a certificate: 1 to 64 characters, none of them invisible, no blank at an end."""
    visible = not any(unicodedata.category(character).startswith("C") for character in text)
    return 0 < len(text) <= NAME_CHARS and text == text.strip() and visible


def is_common_name(text: str) -> bool:
    """True if `text` can be a common name, which the library that writes certificates holds to 64 bytes.

    >>> is_common_name("受付" * 10), is_common_name("受付" * 11)
    (True, False)
    """
    return is_name(text) and len(text.encode()) <= NAME_CHARS


def folded_name(text: str) -> str:
    """Return a name as it is looked for: neither width, case, kana nor blanks keep two from being the same.

    >>> folded_name("ＡＢＣ クリニック　さくら"), folded_name("abcｸﾘﾆｯｸ・サクラ")
    ('abcくりにっくさくら', 'abcくりにっくさくら')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_HIRAGANA.get(character, character) for character in plain if character not in _BETWEEN)


def parse_urn(urn: str) -> tuple[str, str] | None:
    """Return kind and id of the party, or None if `urn` is not one of ours.

    >>> parse_urn("urn:seikyu:party:payer:06990014")
    ('payer', '06990014')
    """
    kind, _, party = urn.removeprefix(URN_PREFIX).partition(":")
    form = PARTY_IDS.get(kind)
    if not urn.startswith(URN_PREFIX) or form is None or not form.fullmatch(party):
        return None
    return kind, party
