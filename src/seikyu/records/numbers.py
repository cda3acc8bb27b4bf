"""The numbers of the world: insurers, public payers, recipients, institutions. Strings, never integers.

Each class is a `str` and holds what was written; nothing is refused here. Judging is the rules' work.
"""

from typing import Final

_NHI_CHARS: Final = 6
_PAYER_CHARS: Final = 8
_RECIPIENT_CHARS: Final = 7
_INSTITUTION_CHARS: Final = 10


def check_digit(digits: str) -> str:
    """Return the check digit (検証番号) that follows `digits`.

    Weights 2 and 1 in turn from the right, the digits of each product added up, completed to a multiple of ten.

    >>> [check_digit(n[:-1]) == n[-1] for n in ("01130012", "06132013", "19136019", "138016")]
    [True, True, True, True]

    Errors: ValueError if something is no digit.
    Source: number-guide:check-digit.
    """
    total = 0
    for index, char in enumerate(reversed(digits)):
        product = int(char) * (2 if index % 2 == 0 else 1)
        total += product // 10 + product % 10
    return str(-total % 10)


def _holds(digits: str, length: int) -> bool:
    """True if `digits` has that length and ends in its check digit."""
    plain = len(digits) == length and digits.isascii() and digits.isdigit()
    return plain and check_digit(digits[:-1]) == digits[-1]


class InsurerNumber(str):
    """保険者番号: 8 digits, or 6 digits (NHI), which a file writes behind two spaces.

    >>> InsurerNumber("  138016").padded, InsurerNumber("06132013").law_number
    ('00138016', '06')
    """

    __slots__ = ()

    @property
    def digits(self) -> str:
        """The number alone: no spaces, and no zeros that fill an NHI number up to 8."""
        plain = self.strip(" ")
        return plain[2:] if len(plain) == _PAYER_CHARS and plain.startswith("00") else plain

    @property
    def padded(self) -> str:
        """The number filled with zeros to 8 digits, as folders and party ids are named."""
        return self.digits.zfill(_PAYER_CHARS)

    @property
    def written(self) -> str:
        """The number in the 8 characters of a file."""
        return self.digits.rjust(_PAYER_CHARS)

    @property
    def law_number(self) -> str:
        """法別番号: the first two digits of 8; empty for NHI, which has none."""
        return self.digits[:2] if len(self.digits) == _PAYER_CHARS else ""

    @property
    def check_digit_ok(self) -> bool:
        """True if the number is whole and its last digit fits."""
        length = _PAYER_CHARS if len(self.digits) == _PAYER_CHARS else _NHI_CHARS
        return _holds(self.digits, length)


class PublicPayerNumber(str):
    """公費負担者番号: law 2, prefecture 2, payer 3, check digit."""

    __slots__ = ()

    @property
    def padded(self) -> str:
        """The number in 8 digits, as folders and party ids are named."""
        return self.strip(" ").zfill(_PAYER_CHARS)

    @property
    def law_number(self) -> str:
        """法別番号: the law or scheme under which it pays."""
        return self[:2]

    @property
    def prefecture(self) -> str:
        """The prefecture it belongs to."""
        return self[2:4]

    @property
    def check_digit_ok(self) -> bool:
        """True if the number is whole and its last digit fits."""
        return _holds(self, _PAYER_CHARS)


class RecipientNumber(str):
    """公費受給者番号: 6 digits and a check digit, by the general rule (confidence L). Personal, so `repr` is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"RecipientNumber({'*' * len(self)!r})"

    @property
    def check_digit_ok(self) -> bool:
        """True if the number is whole and its last digit fits."""
        return _holds(self, _RECIPIENT_CHARS)


class InstitutionCode(str):
    """医療機関コード in its long form: prefecture 2, point table 1, and the 7 digits of a file.

    >>> InstitutionCode("3410712362").check_digit_ok
    True

    Source: provider:5.6 (confidence M: some old and all test institutions break the rule; never refuse on it).
    """

    __slots__ = ()

    @property
    def prefecture(self) -> str:
        """The prefecture."""
        return self[:2]

    @property
    def point_table(self) -> str:
        """点数表: 1 medical and DPC, 3 dental, 4 pharmacy, 6 home nursing."""
        return self[2:3]

    @property
    def code(self) -> str:
        """The 7 digits that stand in a file: area 2, number 4, check digit."""
        return self[3:]

    @property
    def check_digit_ok(self) -> bool:
        """True if the number is whole and its last digit fits."""
        return _holds(self, _INSTITUTION_CHARS)
