"""Every page as each kind of reader sees it: whole, accessible, valid, and no wider than a telephone."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kit import Person, axe, person, shoot, too_wide, validate
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
    wrong: list[str] = []
    with person(
        chromium, common, reader, color_scheme=scheme, viewport={"width": 1280, "height": 900},
        locale="ja-JP" if lang == "ja" else "en-GB",
    ) as who:  # fmt: skip
        if reader:
            who.log_in()
        for no, path in enumerate(pages_of(who)):
            page = who.go(path)
            name = f"{reader or 'public'} {path.strip('/') or 'front'} {lang} {scheme}"
            wrong += [f"{path}: {each}" for each in axe(page)]
            if page.locator("h1").count() != 1:
                wrong.append(f"{path}: {page.locator('h1').count()} first headings")
            shoot(page, f"{name} 1280")
            page.set_viewport_size({"width": 360, "height": 740})
            if too_wide(page):
                wrong.append(f"{path}: wider than 360 pixels")
            wrong += [f"{path} at 360: {each}" for each in axe(page)]
            shoot(page, f"{name} 360")
            page.set_viewport_size({"width": 1280, "height": 900})
            source = who.context.request.get(who.base + path).text()
            (tmp_path / f"{no:02d}-{path.strip('/').replace('/', '-') or 'front'}.html").write_text(source, "utf-8")
    wrong += validate(tmp_path)
    assert not wrong, "\n".join(wrong)
