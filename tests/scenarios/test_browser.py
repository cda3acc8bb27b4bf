"""A person with a real browser at a real office: the letter, the account, a security key, from the first page on."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from chromium import PROGRAM, Tab, chromium
from real_house import House

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None and not os.environ.get("CI"), reason="chromium is not installed"),
]

PASSWORD = "sagi numa rutabaga stew"


def with_security_key(tab: Tab) -> None:
    """Plug a security key in that sees its owner."""
    tab.call("WebAuthn.enable")
    key: dict[str, Any] = {
        "protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    tab.call("WebAuthn.addVirtualAuthenticator", options=key)


def log_in(tab: Tab, url: str) -> None:
    """Log in."""
    tab.go(f"{url}/login?lang=en")
    tab.fill(user="hanako", password=PASSWORD)
    tab.submit("/login")


def test_from_the_letter_to_a_login_with_a_security_key(office: House, tmp_path: Path) -> None:
    """Everything a browser does with our pages, their policy in force: no message of it, and no script but ours."""
    party, url = office.access["institution"]["id"], office.access["public_url"]
    posted = office.run("admin", "party", "code", party, "--json")
    code = json.loads(posted.stdout)["items"][0]["code"]
    with chromium(tmp_path / "browser") as tab:
        tab.call("Log.enable")
        with_security_key(tab)
        tab.go(f"{url}/account/register?lang=en")
        tab.fill(party=party, code=code.lower())
        tab.submit("/account/register")
        tab.run("document.querySelectorAll('main input[type=checkbox]').forEach((box) => { box.checked = true; })")
        tab.fill(user="hanako", password=PASSWORD, again=PASSWORD)
        tab.submit("/account/register/finish")
        assert "You are registered" in tab.run("document.body.innerText")

        log_in(tab, url)
        tab.go(f"{url}/account/second-factor")
        tab.fill(name="black", password=PASSWORD)
        tab.submit("/account/second-factor/key")
        tab.submit("/account/second-factor/key/finish")
        assert "The security key is in force" in tab.run("document.body.innerText")

        tab.submit("/logout")
        log_in(tab, url)
        assert tab.run("location.pathname") == "/login/second"
        tab.submit("/login/second")
        assert tab.run("location.pathname") == "/account"
        assert "1 security key" in tab.run("document.body.innerText")
        assert tab.run("document.cookie") == "", "no script can read a cookie of ours"

        tab.run("document.body.append(Object.assign(document.createElement('script'), {text: 'window.__run = 1'}))")
        assert tab.run("window.__run") is None, "the policy lets no other script run"
        logged = [each["params"]["entry"] for each in tab.events if each.get("method") == "Log.entryAdded"]
        wrong = [each["text"] for each in logged if each["level"] in {"warning", "error"}]
        assert len(wrong) == 1
        assert "script-src" in wrong[0]
    assert PASSWORD not in office.log()
    assert code not in office.log()
