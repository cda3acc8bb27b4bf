"""Damage to one record (line): what a slip of a program, a line or an editor does to it."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from seikyu.apps.generator.people import wide

#: What happens to one line, with its line end. It returns what stands there afterwards, the same if it cannot.
Spoil = Callable[[bytes, Random], bytes]

_LONG: Final = 500
_VERY_LONG: Final = 70_000
_DIGITS: Final = b"0123456789"
_KANJI: Final = "亜".encode("cp932")


def _cut(line: bytes) -> tuple[list[bytes], bytes]:
    content = line.rstrip(b"\r\n")
    return content.split(b","), line[len(content) :]


def _joined(items: list[bytes], end: bytes) -> bytes:
    return b",".join(items) + end


def _pick(items: list[bytes], dice: Random, fits: Callable[[bytes], bool]) -> int | None:
    """Return the place of some item that fits, the record's own id never."""
    places = [place for place, item in enumerate(items) if place and fits(item)]
    return dice.choice(places) if places else None


def _on_item(fits: Callable[[bytes], bool], change: Callable[[bytes, Random], bytes]) -> Spoil:
    """Return damage that changes one item, of those that fit."""

    def spoil(line: bytes, dice: Random) -> bytes:
        items, end = _cut(line)
        place = _pick(items, dice, fits)
        if place is None:
            return line
        items[place] = change(items[place], dice)
        return _joined(items, end)

    return spoil


def _filled(item: bytes) -> bool:
    return bool(item)


def _number(item: bytes) -> bool:
    return item.isdigit()


def _words(item: bytes) -> bool:
    return len(item) > 1 and item[0] > 0x80  # noqa: PLR2004  (the first half of a double-byte character)


def _anything(_: bytes) -> bool:
    return True


def _at_comma(line: bytes, dice: Random, change: Callable[[list[bytes], int], None]) -> bytes:
    items, end = _cut(line)
    if len(items) < 3:  # noqa: PLR2004  (a record id alone has nothing to shift)
        return line
    change(items, dice.randrange(1, len(items) - 1))
    return _joined(items, end)


def _extra_comma(line: bytes, dice: Random) -> bytes:
    return _at_comma(line, dice, lambda items, at: items.insert(at, b""))


def _missing_comma(line: bytes, dice: Random) -> bytes:
    return _at_comma(line, dice, lambda items, at: items.__setitem__(slice(at, at + 2), [b"".join(items[at : at + 2])]))


def _shifted_items(line: bytes, dice: Random) -> bytes:
    """Everything behind a place moves on by one, and the last item is lost."""
    return _at_comma(line, dice, lambda items, at: items.__setitem__(slice(at, None), [b"", *items[at:-1]]))


def _swapped_items(line: bytes, dice: Random) -> bytes:
    return _at_comma(line, dice, lambda items, at: items.__setitem__(slice(at, at + 2), items[at : at + 2][::-1]))


def _short_record(line: bytes, dice: Random) -> bytes:
    return _at_comma(line, dice, lambda items, at: items.__delitem__(slice(at, None)))


def _behind(tail: bytes) -> Spoil:
    """Return damage that adds something before the line end."""

    def spoil(line: bytes, _: Random) -> bytes:
        content = line.rstrip(b"\r\n")
        return content + tail + line[len(content) :]

    return spoil


def _inserted(what: bytes) -> Spoil:
    """Return damage that puts bytes behind some item."""
    return _on_item(_anything, lambda item, _: item + what)


def _wide(item: bytes, _: Random) -> bytes:
    return wide(item.decode()).encode("cp932")


def _other_digit(item: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(item))
    return item[:at] + bytes([dice.choice(_DIGITS.replace(item[at : at + 1], b""))]) + item[at + 1 :]


def _letter(item: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(item))
    return item[:at] + b"O" + item[at + 1 :]


RECORD_DAMAGE: Final[Mapping[str, Spoil]] = {
    "unknown_record": lambda line, _: b"ZZ" + line[2:],
    "lower_case_record": lambda line, _: line[:2].lower() + line[2:],
    "record_without_id": lambda line, _: line[2:],
    "extra_comma": _extra_comma,
    "missing_comma": _missing_comma,
    "shifted_items": _shifted_items,
    "swapped_items": _swapped_items,
    "short_record": _short_record,
    "surplus_item": _behind(b",7"),
    "surplus_commas": _behind(b",,"),
    "trailing_space": _behind(b" "),
    "bare_lf": lambda line, _: line.replace(b"\r\n", b"\n"),
    "bare_cr": lambda line, _: line.replace(b"\r\n", b"\r"),
    "blank_line": lambda line, _: line + b"\r\n",
    "doubled_record": lambda line, _: line * 2,
    "dropped_record": lambda _, __: b"",
    "half_double_byte": _on_item(_words, lambda item, _: item[:-1]),
    "lead_byte_at_end": _inserted(b"\x88"),
    "nec_character": _inserted(b"\x87\x40"),
    "ibm_character": _inserted(b"\xfa\x5c"),
    "half_width_kana": _inserted(b"\xb1"),
    "invalid_byte": _inserted(b"\xff"),
    "nul": _inserted(b"\x00"),
    "control_byte": _inserted(b"\x09"),
    "escape_byte": _inserted(b"\x1b"),
    "end_mark_inside": _inserted(b"\x1a"),
    "quoted_item": _on_item(_filled, lambda item, _: b'"' + item + b'"'),
    "mixed_width": _on_item(_words, lambda item, _: item + b"A"),
    "full_width_number": _on_item(_number, _wide),
    "long_item": _on_item(_filled, lambda item, _: (item * _LONG)[:_LONG]),
    "long_line": _on_item(_filled, lambda _, __: _KANJI * (_VERY_LONG // 2)),
    "empty_item": _on_item(_filled, lambda _, __: b""),
    "spaces_for_item": _on_item(_filled, lambda item, _: b" " * len(item)),
    "leading_zero": _on_item(_number, lambda item, _: b"0" + item),
    "negative_number": _on_item(_number, lambda item, _: b"-" + item),
    "decimal_number": _on_item(_number, lambda item, _: item + b".5"),
    "letter_in_number": _on_item(_number, _letter),
    "other_digit": _on_item(_number, _other_digit),
    "huge_number": _on_item(_number, lambda _, __: b"9" * 20),
}
