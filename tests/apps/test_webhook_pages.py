"""The pages of webhooks and of the API."""

from collections.abc import Iterator

import pytest

from apps.desk_lab import FIRST, SECOND
from apps.pages_lab import Site, add


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def test_a_webhook_is_entered_tested_and_removed_on_a_page(site: Site) -> None:
    """The secret is shown once; what a test came to is told; nobody else sees it."""
    browser = add(site)
    assert "There is no webhook yet" in browser.get("/webhooks").text
    page = browser.post("/webhooks", address="https://vendor.example.com/hook?<b>")
    assert page.status_code == 422
    browser.get("/webhooks")
    page = browser.post("/webhooks", address="https://vendor.example.com/hook")
    assert "whsec_" in page.text
    assert page.headers["cache-control"] == "no-store"

    (path,) = {part for part in page.text.split('"') if part.startswith("/webhooks/")}
    page = browser.post(path, act="test")
    assert "no connection" in page.text
    assert "whsec_" not in page.text
    assert "paused" in browser.post(path, act="pause").text
    assert "active" in browser.post(path, act="resume").text
    assert "whsec_" in browser.post(path, act="rotate").text
    assert add(site, "jiro", party=SECOND).get(path).status_code == 404
    assert browser.post(path, act="nonsense").status_code == 400
    browser.get(path)
    assert "There is no webhook yet" in browser.post(path, act="remove").text
    assert browser.get(path).status_code == 404


def test_who_keeps_no_certificates_keeps_no_webhooks(site: Site) -> None:
    """A clerk sends and decides; what machines of the party may do is the administrator's."""
    clerk = add(site, "clerk", role="clerk")

    assert clerk.get("/webhooks").status_code == 403
    assert "/webhooks" not in clerk.get("/").text
    assert "/webhooks" in add(site).get("/").text


def test_the_description_is_for_everybody_and_for_people_too(site: Site) -> None:
    """OpenAPI 3.1 on the public face, and a page of it without a script."""
    browser = site.browser("public")
    told = browser.get("/api/openapi.json")

    assert told.headers["content-type"] == "application/json"
    assert told.json()["openapi"].startswith("3.1")
    assert told.json()["servers"] == [{"url": "/api/v1"}]
    page = browser.get("/api")
    for path in ("/api/v1/sendings/{sending_id}/findings", "/api/v1/webhooks", "events_gone"):
        assert path in page.text
    assert told.json() == browser.get("/api/openapi.json").json()
    assert site.browser("desk", party=FIRST).get("/api/v1/openapi.json").json()["paths"] == told.json()["paths"]
