"""The trial balance (試算表) as a table for people, in Japanese or English."""

from typing import Final
from unicodedata import east_asian_width

from seikyu.office.ledger import MEASURES, Account, Amounts, Balance

_WORDS: Final = {
    "ja": {
        "claims": "枚数",
        "main_points": "主負担者の点数",
        "cases": "件数",
        "own_points": "負担者別の点数",
        "meals_yen": "食事・生活（円）",
        "claimed": "請求",
        "delivered": "配信",
        "suspended": "保留",
        "difference": "差",
        "unknown_payer": "登録のない保険者等",
        "does_not_add_up": "合計の不一致",
        "file_damaged": "ファイルの損傷",
        "balanced": "貸借: 一致",
        "broken": "貸借: 不一致",
    },
    "en": {
        "claims": "claims",
        "main_points": "main points",
        "cases": "cases",
        "own_points": "own points",
        "meals_yen": "meals (yen)",
        "claimed": "claimed",
        "delivered": "delivered",
        "suspended": "suspended",
        "difference": "difference",
        "unknown_payer": "unknown payer",
        "does_not_add_up": "does not add up",
        "file_damaged": "file damaged",
        "balanced": "balance: ok",
        "broken": "balance: broken",
    },
}


def balance_text(balance: Balance, lang: str = "ja") -> str:
    """Return the balance as a text table: a row per side, a column per measure, then every break, then the verdict.

    Shape: lines end in a line feed; `lang` is ja or en.
    """
    words = _WORDS[lang]
    rows = [["", *(words[measure] for measure in MEASURES)], *_rows(balance.total, words)]
    for found in balance.breaks:
        sides = f"{found.claimed:,} - {found.delivered:,} - {found.suspended:,} = {found.difference:,}"
        rows.append([f"! {found.payer} {words[found.measure]}: {sides}"])
    verdict = words["balanced" if balance.balanced else "broken"]
    return "".join(f"{line}\n" for line in [*_aligned(rows), verdict])


def reason_text(reason: str, lang: str = "ja") -> str:
    """Return why claims are suspended in words; the reason itself, if there are none for it."""
    return _WORDS[lang].get(reason, reason)


def _rows(total: Account, words: dict[str, str]) -> list[list[str]]:
    return [
        _row(words["claimed"], total.claimed),
        _row(words["delivered"], total.delivered),
        _row(words["suspended"], total.suspense),
        *(_row(f"  {words.get(reason, reason)}", amounts) for reason, amounts in total.suspended.items()),
        _row(words["difference"], total.difference),
    ]


def _row(name: str, amounts: Amounts) -> list[str]:
    return [name, *(f"{getattr(amounts, measure):,}" for measure in MEASURES)]


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns of even width, numbers to the right; a row of one cell stands as it is."""
    table = [row for row in rows if len(row) > 1]
    widths = [max(_width(row[place]) for row in table) for place in range(len(table[0]))]
    return [
        row[0]
        if len(row) == 1
        else "  ".join([_pad(row[0], widths[0]), *(_pad(c, -w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _width(text: str) -> int:
    """How many columns a terminal takes for the text; full-width characters take two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    """Return the text in `width` columns; negative: to the right."""
    space = " " * (abs(width) - _width(text))
    return space + text if width < 0 else text + space
