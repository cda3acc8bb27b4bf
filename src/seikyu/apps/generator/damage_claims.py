"""Damage to a claim (what stands in it contradicts itself) and to a file as a whole."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

#: What happens to the lines of one claim, or of one end of a file. It says whether it could be done.
SpoilLines = Callable[[list[bytes], Random], bool]

_DAYS: Final = 31
_DAILY: Final = frozenset({b"SI", b"IY", b"TO", b"SS"})
_BURDENED: Final = {b"SI": 2, b"IY": 2, b"TO": 2, b"SS": 2, b"KA": 2}
_DISEASES: Final = frozenset({b"SY", b"HS", b"SB"})
_PAYERS: Final = frozenset({b"HO", b"KO"})
_MOST_PUBLIC: Final = 4
_FEWER_PAYERS: Final = frozenset({b"1", b"2", b"3", b"4"})
_MONTH: Final = re.compile(b"20[0-9]{2}(0[1-9]|1[0-2])")
#: The damage behind which nothing of the file is left.
BROKEN_OFF: Final = "broken_off"
#: Home nursing has the name in katakana before the sex.
_NURSING: Final = b"6"


def _items(line: bytes) -> list[bytes]:
    return line.rstrip(b"\r\n").split(b",")


def _line(items: list[bytes]) -> bytes:
    return b",".join(items) + b"\r\n"


def _first(lines: list[bytes], *ids: bytes) -> int | None:
    """Return the place of the first line with one of these ids."""
    return next((place for place, line in enumerate(lines) if line[:2] in ids), None)


def _change(no: int, change: Callable[[bytes, Random], bytes | None], *ids: bytes) -> SpoilLines:
    """Return damage to item `no` of the first record with one of these ids; None leaves it as it is."""

    def spoil(lines: list[bytes], dice: Random) -> bool:
        place = _first(lines, *ids)
        if place is None:
            return False
        items = _items(lines[place])
        if no > len(items):
            return False
        changed = change(items[no - 1], dice)
        if changed is None:
            return False
        items[no - 1] = changed
        lines[place] = _line(items)
        return True

    return spoil


def _plus_one(item: bytes, _: Random) -> bytes | None:
    return b"%d" % (int(item) + 1) if item.isdigit() else None


def _next_last_digit(item: bytes, _: Random) -> bytes | None:
    return item[:-1] + b"%d" % ((int(item[-1:]) + 1) % 10) if item[-1:].isdigit() else None


def _one_payer_more(item: bytes, _: Random) -> bytes | None:
    return item[:2] + b"%d" % (int(item[2:3]) + 1) + item[3:] if item[2:3] in _FEWER_PAYERS else None


def _era(item: bytes, _: Random) -> bytes | None:
    """2026 is the 8th year of the fifth era; earlier dates become years of the fourth, as programs did."""
    year = int(item[:4]) if item[:4].isdigit() else 0
    if year < 1927:  # noqa: PLR2004  (the era before is not made)
        return None
    era, begun = (5, 2018) if year > 2018 else (4, 1988) if year > 1988 else (3, 1925)  # noqa: PLR2004  (first years of eras)
    return b"%d%02d" % (era, year - begun) + item[4:]


def _birth(change: Callable[[bytes, Random], bytes | None]) -> SpoilLines:
    """Return damage to the date of birth, which home nursing has one place later."""

    def spoil(lines: list[bytes], dice: Random) -> bool:
        place = _first(lines, b"RE")
        if place is None:
            return False
        nursing = b"".join(_items(lines[place])[2:3])[:1] == _NURSING
        return _change(8 if nursing else 7, change, b"RE")(lines, dice)

    return spoil


def _daily(change: Callable[[list[bytes], int, int], bool]) -> SpoilLines:
    """Return damage to the days of the first line that has some, given where they begin and the month's last day."""

    def spoil(lines: list[bytes], _: Random) -> bool:
        head = _first(lines, b"RE")
        month = b"".join(_items(lines[head])[3:4]) if head is not None else b""
        if not _MONTH.fullmatch(month):
            return False
        last = monthrange(int(month[:4]), int(month[4:]))[1]
        for place, line in enumerate(lines):
            items = _items(line)
            first = len(items) - _DAYS
            if line[:2] in _DAILY and first > 0 and any(items[first:]) and change(items, first, last):
                lines[place] = _line(items)
                return True
        return False

    return spoil


def _one_day_more(items: list[bytes], first: int, _: int) -> bool:
    day = next(place for place in range(first, len(items)) if items[place])
    if not items[day].isdigit():
        return False
    items[day] = b"%d" % (int(items[day]) + 1)
    return True


def _day_beyond(items: list[bytes], first: int, last: int) -> bool:
    """Move the first day's entry to the 31st of a shorter month, so that the count still fits."""
    if last == _DAYS:
        return False
    day = next(place for place in range(first, len(items)) if items[place])
    items[-1], items[day] = items[day], b""
    return True


def _burden(value: bytes, *, most_publics: int) -> SpoilLines:
    """Return damage to the 負担区分 of the first line that has one, unless the claim has so many public payers."""

    def spoil(lines: list[bytes], _: Random) -> bool:
        if sum(line[:2] == b"KO" for line in lines) >= most_publics:
            return False
        for place, line in enumerate(lines):
            items = _items(line)
            at = _BURDENED.get(line[:2])
            if at is not None and at < len(items) and items[at]:
                items[at] = value
                lines[place] = _line(items)
                return True
        return False

    return spoil


def _dropped(ids: frozenset[bytes]) -> SpoilLines:
    def spoil(lines: list[bytes], _: Random) -> bool:
        kept = [line for line in lines if line[:2] not in ids]
        done = len(kept) < len(lines)
        lines[:] = kept
        return done

    return spoil


def _doubled(record_id: bytes) -> SpoilLines:
    def spoil(lines: list[bytes], _: Random) -> bool:
        place = _first(lines, record_id)
        if place is not None:
            lines.insert(place, lines[place])
        return place is not None

    return spoil


def _swapped_records(lines: list[bytes], dice: Random) -> bool:
    """Two records of different kinds change places, the first one of the claim aside."""
    head = _first(lines, b"RE")
    if head is None:
        return False
    others = [place for place in range(head + 1, len(lines)) if lines[place][:2] != lines[head + 1][:2]]
    if not others:
        return False
    place = dice.choice(others)
    lines[head + 1], lines[place] = lines[place], lines[head + 1]
    return True


def _claim_twice(lines: list[bytes], _: Random) -> bool:
    lines += list(lines)
    return True


def _claim_again(lines: list[bytes], dice: Random) -> bool:
    """The same patient's claim stands once more under the next number, which the claim behind it has too."""
    again = list(lines)
    done = _change(2, _plus_one, b"RE")(again, dice)
    lines += again
    return done


def _second_header(lines: list[bytes], _: Random) -> bool:
    lines += lines[:1]
    return bool(lines)


def _cut_end(lines: list[bytes], dice: Random) -> bool:
    """The line broke: some bytes of the end are missing."""
    end = b"".join(lines)
    if len(end) < 3:  # noqa: PLR2004  (there is nothing to cut)
        return False
    lines[:] = [end[: dice.randrange(1, len(end) - 1)]]
    return True


def _end_mark(mark: bytes) -> SpoilLines:
    def spoil(lines: list[bytes], _: Random) -> bool:
        lines[:] = [b"".join(lines).rstrip(b"\x1a") + mark]
        return True

    return spoil


def _without_trailer(lines: list[bytes], _: Random) -> bool:
    lines[:] = [line for line in lines if line[:2] not in {b"GO", b"HG"}]
    return True


def _emptied(_: bytes, __: Random) -> bytes:
    return b""


def _to(value: bytes) -> Callable[[bytes, Random], bytes]:
    return lambda _, __: value


CLAIM_DAMAGE: Final[Mapping[str, SpoilLines]] = {
    "insurer_check_digit": _change(2, _next_last_digit, b"HO"),
    "public_check_digit": _change(2, _next_last_digit, b"KO"),
    "insured_number": _change(4, _emptied, b"HO"),
    "recipient_number": _change(3, lambda item, _: item[:-1] if item else None, b"KO"),
    "birth_date": _birth(lambda item, _: item[:4] + b"1399"),
    "february_30": _birth(lambda item, _: item[:4] + b"0230"),
    "era_birth_date": _birth(_era),
    "born_later": _birth(_to(b"20991231")),
    "era_month": _change(4, _era, b"RE"),
    "future_month": _change(4, _to(b"209901"), b"RE"),
    "impossible_month": _change(4, lambda item, _: item[:4] + b"13", b"RE"),
    "name": _change(5, _emptied, b"RE"),
    "claim_type": _change(3, _one_payer_more, b"RE"),
    "unknown_claim_type": _change(3, lambda item, _: item[:2] + b"9" + item[3:], b"RE"),
    "claim_number_gap": _change(2, lambda item, _: b"%d" % (int(item) + 7) if item.isdigit() else None, b"RE"),
    "total": _change(6, _plus_one, *_PAYERS),
    "public_total": _change(6, _plus_one, b"KO"),
    "negative_total": _change(6, lambda item, _: b"-" + item, *_PAYERS),
    "actual_days": _change(5, _to(b"32"), *_PAYERS),
    "burden": _burden(b"C", most_publics=_MOST_PUBLIC),
    "unknown_burden": _burden(b"0", most_publics=_MOST_PUBLIC + 1),
    "day_sum": _daily(_one_day_more),
    "day_beyond_month": _daily(_day_beyond),
    "unknown_code": _change(4, _to(b"999999999"), *sorted(_DAILY), b"KA"),
    "unknown_class": _change(2, _to(b"15"), *sorted(_DAILY)),
    "no_disease": _dropped(_DISEASES),
    "no_service": _dropped(frozenset({*_DAILY, b"SH", b"CZ", b"KI", b"KA"})),
    "no_payer": _dropped(_PAYERS),
    "second_insurer": _doubled(b"HO"),
    "public_payer_twice": _doubled(b"KO"),
    "swapped_records": _swapped_records,
    "claim_twice": _claim_twice,
    "claim_again": _claim_again,
    BROKEN_OFF: _cut_end,
}

#: Damage to what stands before the first claim.
HEAD_DAMAGE: Final[Mapping[str, SpoilLines]] = {
    "no_header": _dropped(frozenset({b"IR", b"UK", b"YK", b"HM", b"HI"})),
    "second_header": _second_header,
    "header_body": _change(2, _to(b"3"), b"IR", b"UK", b"YK", b"HM", b"HI"),
    "header_institution": _change(5, _next_last_digit, b"IR", b"UK", b"YK", b"HM"),
}

#: Damage to what stands behind the last claim.
TAIL_DAMAGE: Final[Mapping[str, SpoilLines]] = {
    "trailer_count": _change(2, _plus_one, b"GO", b"HG"),
    "trailer_points": _change(3, _plus_one, b"GO", b"HG"),
    "trailer_volume": _change(4, _to(b"01"), b"GO", b"HG"),
    "no_trailer": _without_trailer,
    "cut_end": _cut_end,
    "no_end_mark": _end_mark(b""),
    "end_mark_twice": _end_mark(b"\x1a\x1a"),
    "more_behind_end": _end_mark(b"\x1aRE,1\r\n"),
}
