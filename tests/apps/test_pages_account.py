"""The pages of accounts: what a browser sees, and what an attacker does not get."""

from collections.abc import Iterator

import pytest

from apps.desk_lab import FIRST
from apps.pages_lab import Site
from seikyu.services.people import CONSOLE, Newcomer, add_user
from services.people_lab import FIRST as PASSWORD


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def add(site: Site, name: str = "hanako", *, party: str = FIRST, role: str = "administrator") -> None:
    """Add a user with an initial password, who chooses one of their own at the desk."""
    given = add_user(site.pages["desk"].people, CONSOLE, Newcomer("1", name, party, role))
    browser = site.browser("desk", party=party)
    browser.log_in(name, given.initial or "")
    browser.post("/account/password", old=given.initial or "", new=PASSWORD, again=PASSWORD)
    assert browser.page is not None
    assert "The password is changed" in browser.page.text


def test_a_user_logs_in_and_out_at_the_desk(site: Site) -> None:
    """The first login changes the password; then the account is shown; logging out ends it for the token too."""
    add(site)
    browser = site.browser("desk", party=FIRST)
    assert browser.log_in("hanako", PASSWORD).status_code == 200
    assert "hanako, administrator of" in browser.text()
    kept = dict(browser.cookies)

    browser.post("/logout")

    assert "You are logged out" in browser.text()
    browser.cookies = kept
    assert str(browser.get("/account").url).endswith("/login?next=/account")
