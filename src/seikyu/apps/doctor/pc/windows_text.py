r"""Outputs of Windows' own tools, read: for what no cmdlet tells, and for PCs on which PowerShell does not answer.

Windows prints in its own language. Words are read in English and Japanese, and where a number or a sign says it in
every language, that is read instead. Written after documentation and published samples, never run on a real Windows.

Source: windows-commands:ipconfig, netsh-wlan, netstat, reg-query; published Japanese outputs, whose places stand at the
head of `tests/apps_doctor/outputs/windows/*`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seikyu.apps.doctor.pc.machine import MOST_ROWS, address_of, security_of
from seikyu.lines.wrong import Address

_HEAD: Final = re.compile(r"^(\S.*?)\s*[:：]\s*$")
_ITEM: Final = re.compile(r"^\s+(\S.*?)(?:\s*\.)*\s*[:：](?:\s+(.*\S))?\s*$")
_MORE: Final = re.compile(r"^\s{10,}(\S+)\s*$")
_INDEX: Final = re.compile(r"[:：]\s*0x([0-9a-fA-F]{1,8})\s*$")
_REG: Final = re.compile(r"^\s+(\S+)\s+REG_\w+\s+(.*\S)\s*$")
_LISTENS: Final = re.compile(r"^\s*TCP\s+(\S+):(\d{1,5})\s+(?:0\.0\.0\.0|\[::\]):0\s")

#: What a tool calls the same thing in English and Japanese. `ipconfig`, `netsh wlan show interfaces`.
_ADDRESS: Final = (
    *("ipv4 address", "ip address", "ipv6 address", "temporary ipv6 address"),
    *("ipv4 アドレス", "ipv6 アドレス", "一時 ipv6 アドレス"),
)
_GATEWAY: Final = ("default gateway", "デフォルト ゲートウェイ")
_RESOLVER: Final = ("dns servers", "dns サーバー")
_MEDIA: Final = ("media state", "メディアの状態")
_NAME: Final = ("name", "名前")
_STATE: Final = ("state", "状態")
_SECURITY: Final = ("authentication", "認証")
_CIPHER: Final = ("cipher", "暗号", "暗号化")
_JOINED: Final = ("connected", "接続されました", "接続済み", "接続")


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter of `ipconfig /all`. Shape: `title` as printed, with its kind before its name."""

    title: str
    connected: bool
    addresses: tuple[str, ...]
    routers: tuple[Address, ...]
    resolvers: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Wireless:
    """A wireless interface. Shape: `encryption` as the fact has it; None if it is not joined to a network."""

    name: str
    encryption: str | None


def adapters(text: str) -> tuple[Adapter, ...]:
    """Return the adapters of `ipconfig /all`.

    Source: windows-commands:ipconfig (Remarks).
    """
    return tuple(_adapter(title, items) for title, items in _blocks(text))


def wireless(text: str) -> tuple[Wireless, ...]:
    """Return the wireless interfaces of `netsh wlan show interfaces`.

    Source: windows-commands:netsh-wlan (show interfaces).
    """
    found: list[Wireless] = []
    items: dict[str, str] = {}
    for name, value in [*_items(text), ("name", "")]:
        if name in _NAME and items:
            found.append(_wireless(items))
            items = {}
        items.setdefault("name" if name in _NAME else name, value)
    return tuple(each for each in found if each.name)


def sleep_s(text: str) -> int | None:
    """Return after how many seconds the PC sleeps by itself on mains power, 0 for never, by `powercfg /query`.

    The last two numbers are for mains and battery, in this order, in every language; with fewer nothing is said.
    Source: windows-power-settings:sleep-settings-sleep-idle-timeout.
    """
    found = [match[1] for line in text.splitlines()[:MOST_ROWS] if (match := _INDEX.search(line))]
    return int(found[-2], 16) if len(found) > 1 else None


def registry(text: str) -> Mapping[str, str]:
    """Return the values of `reg query KEY` by name.

    Source: windows-commands:reg-query (Examples).
    """
    return {match[1]: match[2] for line in text.splitlines()[:MOST_ROWS] if (match := _REG.match(line))}


def listening(text: str) -> tuple[tuple[Address, int], ...]:
    """Return where the PC listens by `netstat -an -p TCP`: what waits has a far end of zeros, in every language.

    Source: windows-commands:netstat (Remarks).
    """
    found = []
    for line in text.splitlines()[:MOST_ROWS]:
        match = _LISTENS.match(line)
        at = address_of(match[1].strip("[]")) if match else None
        if match and at is not None:
            found.append((at, int(match[2])))
    return tuple(found)


def _wireless(items: Mapping[str, str]) -> Wireless:
    said = {key: items[name] for key, names in _WLAN_ITEMS.items() for name in names if name in items}
    joined = said.get("state", "").lower() in _JOINED
    words = f"{said.get('security', '')} {said.get('cipher', '')}"
    return Wireless(items.get("name", ""), security_of(words) if joined and words.strip() else None)


_WLAN_ITEMS: Final = {"state": _STATE, "security": _SECURITY, "cipher": _CIPHER}


def _adapter(title: str, items: list[tuple[str, str]]) -> Adapter:
    held = tuple(value.partition("(")[0].strip() for name, value in items if name in _ADDRESS)
    return Adapter(
        title=title,
        connected=not any(name in _MEDIA for name, _ in items),
        addresses=tuple(each for each in held if address_of(each)),
        routers=_addresses(items, _GATEWAY),
        resolvers=_addresses(items, _RESOLVER),
    )


def _addresses(items: list[tuple[str, str]], names: tuple[str, ...]) -> tuple[Address, ...]:
    found = [address_of(value) for name, value in items if name in names]
    return tuple(each for each in found if each is not None and int(each))


def _blocks(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each heading with its items; a value on a line of its own belongs to the item above."""
    title, items = "", list[tuple[str, str]]()
    for line in text.splitlines()[:MOST_ROWS]:
        if head := _HEAD.match(line):
            if title:
                yield title, items
            title, items = head[1], []
        elif item := _ITEM.match(line):
            items.append((item[1].lower(), item[2] or ""))
        elif (more := _MORE.match(line)) and items:
            items.append((items[-1][0], more[1]))
    if title:
        yield title, items


def _items(text: str) -> list[tuple[str, str]]:
    found = [match for line in text.splitlines()[:MOST_ROWS] if (match := _ITEM.match(line))]
    return [(match[1].lower(), match[2] or "") for match in found]
