"""Reading files that people write: every item that is wrong is named, not only the first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

type_names: Final = {str: "text", bool: "true_or_false", int: "number", list: "list", date: "date", dict: "table"}

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class WrongItem:
    """What is wrong with an item of a file. Shape: `place` as `areas.east.resolvers`; `why` finds the text for users.

    `why` is unknown, missing, text, true_or_false, number, list, date, table, choice, address, network, name, or what
    a reader of one file says besides; `value` is what stands there, cut, and `known` what could.
    """

    place: str
    why: str
    value: str = ""
    known: tuple[str, ...] = ()


class BadFile(ValueError):
    """A file of this kind cannot be used. Shape: `wrong` is never empty, in the order of the file."""

    code = "bad_line_file"

    def __init__(self, wrong: Sequence[WrongItem]) -> None:
        super().__init__("; ".join(f"{each.place}: {each.why}" for each in wrong))
        self.wrong = tuple(wrong)


#: How much of a wrong value is shown.
_SHOWN_CHARS: Final = 60


class Reading:
    """One table of a file while it is read: takes items by name, and keeps what is wrong."""

    def __init__(self, table: Mapping[str, Any], place: str = "", wrong: list[WrongItem] | None = None) -> None:
        self.table = table
        self.place = place
        self.wrong: list[WrongItem] = [] if wrong is None else wrong
        self._asked: set[str] = set()

    def item(self, name: str, default: Any, *, needed: bool = False) -> Any:
        """Return an item of the type of `default`, or `default` if it is not there or wrong."""
        self._asked.add(name)
        if name not in self.table:
            if needed:
                self.say(name, "missing")
            return default
        value = self.table[name]
        if type(value) is not type(default):
            self.say(name, type_names[type(default)], value)
            return default
        return value

    def choice(self, name: str, known: Sequence[str], *, default: str = "") -> str:
        """Return a text that is one of `known`, or `default`; an empty text says nothing."""
        value: str = self.item(name, default)
        if value and value not in known:
            self.say(name, "choice", value, known=tuple(known))
            return default
        return value

    def texts(self, name: str, read: Callable[[str], Any], why: str, *, needed: bool = False) -> tuple[Any, ...]:
        """Return what `read` makes of each text of a list; one that it raises ValueError on is wrong by `why`."""
        found = []
        for index, value in enumerate(self.item(name, [], needed=needed)):
            if not isinstance(value, str):
                self.say(f"{name}[{index}]", "text", value)
                continue
            try:
                found.append(read(value))
            except ValueError:
                self.say(f"{name}[{index}]", why, value)
        return tuple(found)

    def networks(self, name: str, *, needed: bool = False) -> tuple[Network, ...]:
        """Return a list of networks as `198.51.100.0/24`, without bits of a host."""
        return self.texts(name, ip_network, "network", needed=needed)

    def addresses(self, name: str, *, needed: bool = False) -> tuple[Address, ...]:
        """Return a list of addresses."""
        return self.texts(name, ip_address, "address", needed=needed)

    def inner(self, name: str) -> "Reading":
        """Return the table `name` to read on; an empty one if it is not there."""
        return Reading(self.item(name, {}), self._at(name), self.wrong)

    def tables(self) -> list[tuple[str, "Reading"]]:
        """Return every table in this one by name."""
        return [(name, self.inner(name)) for name in self.table]

    def end(self) -> None:
        """Say of every item that was not asked for that nobody knows it: a slip in a name would leave out the item."""
        for name in self.table:
            if name not in self._asked:
                self.say(name, "unknown", known=tuple(sorted(self._asked)))

    def say(self, name: str, why: str, value: object = "", *, known: tuple[str, ...] = ()) -> None:
        """Keep that an item is wrong."""
        self.wrong.append(WrongItem(self._at(name), why, str(value)[:_SHOWN_CHARS], known))

    def done(self) -> None:
        """Errors: BadFile, if anything was wrong."""
        if self.wrong:
            raise BadFile(self.wrong)

    def _at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name
