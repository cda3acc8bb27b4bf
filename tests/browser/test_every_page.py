"""Every page as each kind of reader sees it: whole, accessible, valid, and no wider than a telephone."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kit import Person, judged, person
from playwright.sync_api import Browser
from real_house import House

#: Pages beside those of the menus, by who sees them.
MORE = {
    None: [
        "/login",
        "/account/register",
        "/lines/advise",
        "/lines/guide",
        "/cert/lost",
        "/forms/fault",
        "/contact?problem=line",
    ],
    "institution": ["/account", "/account/password", "/account/second-factor", "/notices/new", "/applications/new"],
    "payer": ["/account"],
    "operator": ["/account"],
}
#: Who looks: nobody in particular, or somebody of the demo's parties.
READERS = list(MORE)


def pages_of(who: Person) -> list[str]:
    """Return the addresses that somebody finds in the menu and the foot of the first page, and what else they see."""
    who.go("/")
    linked = who.page.locator(".ways a, .foot a")
    found = [str(urlsplit(each.get_attribute("href") or "").path) for each in linked.all()]
    return list(dict.fromkeys(["/", *found, *MORE[who.party]]))


@pytest.fixture(scope="module", params=READERS, ids=lambda reader: reader or "public")
def reader(request: pytest.FixtureRequest) -> str | None:
    """Return who looks."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[("ja", "light"), ("en", "dark")], ids="-".join)
def look(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Return language and theme; together all words and all colours are seen."""
    return request.param  # type: ignore[no-any-return]


def test_every_page_is_whole(
    chromium: Browser, common: House, tmp_path: Path, reader: str | None, look: tuple[str, str]
) -> None:
    """Accessible by axe's rules, valid HTML, one heading, no sideways scrolling at 360 pixels, a picture of each."""
    lang, scheme = look
    with person(
        chromium, common, reader, color_scheme=scheme, viewport={"width": 1280, "height": 900},
        locale="ja-JP" if lang == "ja" else "en-GB",
    ) as who:  # fmt: skip
        if reader:
            who.log_in()
        pages = {f"{reader or 'public'} {path.strip('/') or 'front'} {lang} {scheme}": path for path in pages_of(who)}
        wrong = judged(who, pages, tmp_path)
    assert not wrong, "\n".join(wrong)
