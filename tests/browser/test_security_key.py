"""Somebody with the letter, an account and a security key, from the first page on."""

import json

from kit import Person, person
from playwright.sync_api import Browser
from real_house import House

PASSWORD = "sagi numa rutabaga stew"


def with_security_key(who: Person) -> None:
    """Plug a security key in that sees its owner."""
    tools = who.context.new_cdp_session(who.page)
    tools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": key})


def submit(who: Person, action: str, **fields: str) -> None:
    """Type into fields and press the button of the form that goes to that address."""
    for name, value in fields.items():
        who.page.locator(f"main [name={name}]:not([type=hidden])").fill(value)
    who.page.locator(f"form[action='{action}'] button").click()


def test_from_the_letter_to_a_login_with_a_security_key(chromium: Browser, office: House) -> None:
    """Everything a browser does with our pages, their policy in force: no message of it, and no script but ours."""
    # The demo's people are there already; a party whose letter is opened first has none.
    posted = office.run("admin", "party", "add", "9910119990", "見本新医院", "--kind", "institution", "--json")
    assert posted.returncode == 0, posted.stderr
    told = office.run("admin", "party", "code", "9910119990", "--json")
    code = json.loads(told.stdout)["items"][0]["code"]
    with person(chromium, office, locale="en-GB") as who:
        said: list[str] = []
        who.page.on("console", lambda message: said.append(message.text))
        with_security_key(who)
        who.go("/account/register")
        submit(who, "/account/register", party="9910119990", code=code.lower())
        for box in who.page.locator("main input[type=checkbox]").all():
            box.check()
        submit(who, "/account/register/finish", user="hanako", password=PASSWORD, again=PASSWORD)
        assert "You are registered" in who.page.inner_text("body")

        who.go("/login")
        submit(who, "/login", user="hanako", password=PASSWORD)
        who.go("/account/second-factor")
        submit(who, "/account/second-factor/key", name="black", password=PASSWORD)
        submit(who, "/account/second-factor/key/finish")
        who.page.wait_for_url("**/account/second-factor?done=*")
        assert "The security key is in force" in who.page.inner_text("body")

        submit(who, "/logout")
        who.go("/login")
        submit(who, "/login", user="hanako", password=PASSWORD)
        who.page.wait_for_url("**/login/second**")
        submit(who, "/login/second")
        who.page.wait_for_url(f"{who.base}/account")
        assert "1 security key" in who.page.inner_text("body")
        assert who.page.evaluate("document.cookie") == "", "no script can read a cookie of ours"

        assert said == []
        who.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.a = 1'}))"
        )
        assert who.page.evaluate("window.a ?? null") is None, "the policy lets no other script run"
        assert len(said) == 1
        assert "script-src" in said[0]
    assert PASSWORD not in office.log()
    assert code not in office.log()
