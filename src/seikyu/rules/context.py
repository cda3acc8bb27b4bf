"""What the office knows and a file does not say: who sends, where to, in which months."""

from dataclasses import dataclass

from seikyu.records import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The circumstances of one file. What is None is not judged.

    Shape: `body` is `1` or `2-NN`; `institution` 10 digits (prefecture, point table, code); `file_name` as the sender
    gave it, without folders; `kind` is what the sender says that the file is. Units: bytes.
    """

    body: str | None = None
    institution: str | None = None
    claim_months: frozenset[Month] | None = None
    max_bytes: int | None = None
    file_name: str | None = None
    kind: str | None = None

    @property
    def receiving(self) -> bool:
        """True if an office asks, which takes claims for the months it has open."""
        return self.claim_months is not None


def body_of(review_body: str, prefecture: str) -> str:
    """Return the review body that a header names: `1`, or `2-NN` for the federation of a prefecture.

    >>> body_of("1", "13"), body_of("2", "13")
    ('1', '2-13')
    """
    return review_body if review_body == "1" else f"{review_body}-{prefecture}"
