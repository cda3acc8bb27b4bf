"""What holds for every route of both faces, whoever has written it. `every_route.py` is the data."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.desk_lab import FIRST, KINDS, OPERATOR, OTHER_PAYER, PAYER, SECOND
from apps.every_route import (
    API,
    FORMULA,
    MARK,
    MARKED,
    NOTHING,
    OPEN,
    PUBLIC,
    THINGS,
    Way,
    rows_of,
    token_of,
    ways,
)
from apps.pages_lab import Browser, Site, add, code_now, secret_of

#: Things of which the office sees everybody's.
_OFFICE_SEES = frozenset({"sendings", "notices", "certificates", "issuance", "applications", "orders", "months"})

#: Pages of the office about a party's things; the party has lists of them.
_OFFICE_LOOKS = frozenset({"issuance", "certificates"})

_PROTECTION = (
    "content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy",
    "strict-transport-security",
)  # fmt: skip

#: What is shorter may stand anywhere by chance.
_SHORT = 9

#: Says nothing but who asked and when.
_OWN_WORDS = re.compile(r'(value|name)="[0-9a-f]{32,}"|number [0-9a-f]+')


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return both faces over one office in which every name is a trick."""
    site = Site.make()
    with site.lab.office.store.write() as tx:
        for party in KINDS:
            row = tx.party(party)
            assert row is not None
            tx.put_party(replace(row, name=f"{party}{MARK}", address=MARK))
    yield site
    site.close()


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, str]:
    """Return one thing of each kind."""
    return {part: make(site) for part, (_, make) in THINGS.items()}


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, Browser]:
    """Return somebody of every party who may do what its people can do, logged in at the desk."""
    found = {party: add(site, f"user-{party}", party=party) for party in (FIRST, SECOND, PAYER, OTHER_PAYER)}
    found[OPERATOR] = operator = add(site, "ope", party=OPERATOR, role="operator")
    operator.post("/account/second-factor/app")
    operator.post("/account/second-factor/app/confirm", new_code=code_now(site, secret_of(operator)))
    return found


def ask(site: Site, browser: Browser, way: Way, ids: dict[str, str], **typed: str) -> tuple[int, str]:
    """Ask for a route; return the status and what was said, without what differs from one asking to the next."""
    del site
    path = way.at(ids)
    if way.page and way.method == "POST":
        answer = browser.send(path, typed)
    else:
        options = {} if way.method == "GET" or way.page else {"json": {}, "params": {"errors": "with"}}
        answer = browser.ask(way.method, path, **({"params": {}} | options))  # type: ignore[arg-type]
    text = answer.text
    for each in sorted({*(each for each in ids.values() if len(each) > _SHORT), NOTHING}, key=len, reverse=True):
        text = text.replace(each, "(id)")
    return answer.status_code, _OWN_WORDS.sub("", text)


def test_every_address_says_whose_it_is(site: Site) -> None:
    """A new route with a thing in its address needs a row in `every_route.py`, or these tests would pass over it."""
    known = {*THINGS, *PUBLIC}
    unknown = [str(way) for way in ways(site) for part, _ in way.named if part not in known]

    assert unknown == []
    assert len(ways(site)) > 100


@pytest.mark.parametrize("asker", [SECOND, PAYER, OTHER_PAYER, OPERATOR])
def test_what_is_anothers_looks_like_nothing(
    site: Site, ids: dict[str, str], people: dict[str, Browser], asker: str
) -> None:
    """Every page and every route of the API: another party's id answers as one that never was."""
    browser = people[asker]
    before, token = rows_of(site), token_of(browser)
    for way in ways(site):
        owners = {THINGS[part][0] for part, _ in way.named if part in THINGS}
        of_office = "" in owners or any(part in _OFFICE_SEES for part, _ in way.named)
        ours = asker in owners or (asker == OPERATOR and of_office)
        if way.face != "desk" or not owners or ours:
            continue
        there = ask(site, browser, way, ids, token=token)
        nothing = ask(site, browser, way, {}, token=token)
        assert there == nothing, str(way)
        assert there[0] in {303, 400, 403, 404, 422}, str(way)
        if way.method == "GET":
            assert there[0] in {403, 404}, str(way)
    assert before == rows_of(site)


def test_the_owner_does_see_it(site: Site, ids: dict[str, str], people: dict[str, Browser]) -> None:
    """The test above is about things that are there."""
    for part, (owner, _) in THINGS.items():
        looks = [
            way
            for way in ways(site)
            if way.face == "desk" and way.method == "GET" and (part,) == tuple(each for each, _ in way.named)
        ]
        if owner and looks and part not in _OFFICE_LOOKS:
            seen = [ask(site, people[owner], way, ids)[0] for way in looks]
            assert 200 in seen, f"{part}: {seen}"


def test_nobody_sees_anything_without_a_certificate(site: Site) -> None:
    """The whole desk but its health and its description."""
    browser = site.browser("desk")
    for way in ways(site):
        if way.face == "desk" and way.first not in {"healthz", "static"} and way.path != f"{API}/openapi.json":
            assert ask(site, browser, way, {})[0] == 401, str(way)


@pytest.mark.parametrize(("face", "party"), [("desk", FIRST), ("desk", OPERATOR), ("public", None)])
def test_nobody_does_anything_without_a_login(site: Site, ids: dict[str, str], face: str, party: str | None) -> None:
    """Pages that are not for all send to the login; the API asks for no login but for a certificate."""
    browser = site.browser(face, party=party)
    token = token_of(browser)
    for way in ways(site):
        if way.face != face or way.path.startswith(API) or OPEN[face] & {way.first, way.path}:
            continue
        answer = browser.ask(way.method, way.at(ids), **_form(browser, way, token=token))
        refused = (answer.status_code, answer.headers.get("location", "")[:6])
        # What takes a file as it comes says so before the file is there.
        assert refused in {(303, "/login"), (401, "")}, str(way)


@pytest.mark.parametrize("face", ["desk", "public"])
def test_a_form_that_is_not_ours_does_nothing(
    site: Site, ids: dict[str, str], people: dict[str, Browser], face: str
) -> None:
    """Without a token, with one of another browser, from a page of somebody else's: 403, and no row changes."""
    other = site.browser(face, party=FIRST if face == "desk" else None)
    foreign = token_of(other)
    before = rows_of(site)
    for party in (FIRST, OPERATOR):
        browser = people[party] if face == "desk" else site.browser("public")
        token = token_of(browser)
        for way in ways(site):
            if way.face != face or not way.page or way.method != "POST" or _NO_FORMS & {way.first, way.path}:
                continue
            path = way.at(ids)
            for typed in ({"a": "b"}, {"token": foreign}, {"token": "0" * 64}, {"token": "\N{SUPERSCRIPT TWO}"}):
                assert _refusal(browser, path, typed) == 403, f"{way} {typed}"
            elsewhere = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
            assert browser.send(path, {"token": token}, **elsewhere).status_code == 403, str(way)
    assert before == rows_of(site)


#: Posted by programs and not by forms: each proves itself otherwise.
_NO_FORMS = frozenset({"/cert/fetch", "certificates", "pairings", "ocsp", "acme", "recover", ".well-known"})


@pytest.mark.parametrize("face", ["desk", "public"])
def test_every_answer_protects_its_reader(
    site: Site, ids: dict[str, str], people: dict[str, Browser], face: str
) -> None:
    """Pages, lists, errors and the API: nothing loads from elsewhere, nothing runs that is not a file of ours."""
    for browser in (*people.values(),) if face == "desk" else (site.browser("public"),):
        for way in ways(site):
            if way.face != face or way.method != "GET":
                continue
            for named in (ids, {}):
                answer = browser.ask("GET", way.at(named))
                missing = [name for name in _PROTECTION if name not in answer.headers]
                assert missing == [], f"{way} {answer.status_code} {missing}"
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy, str(way)
                assert not re.search(r"script-src[^;]*'unsafe|\*", policy), str(way)
                if answer.headers.get("content-type", "").startswith("text/html"):
                    assert not re.search(r"<script(?![^>]*\bsrc=)|<[^>]*\son[a-z]+\s*=", answer.text), str(way)


@pytest.mark.parametrize("face", ["desk", "public"])
def test_no_name_gets_out_of_its_place(site: Site, ids: dict[str, str], people: dict[str, Browser], face: str) -> None:
    """Names of parties, files, people and whatever was typed come out escaped, on every page to everybody."""
    seen = set()
    for browser in (*people.values(),) if face == "desk" else (site.browser("public"), people[FIRST]):
        for way in ways(site):
            if way.face != browser.face or way.method != "GET" or not way.page:
                continue
            answer = browser.ask("GET", way.at(ids), params={"q": MARK, "state": MARK, "done": MARK, "next": MARK})
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "<script>zzz" not in answer.text, str(way)
                assert "\"'>" not in answer.text, str(way)
                seen |= {str(way)} if MARKED in answer.text else set()
    assert seen or face == "public"


def test_no_list_is_a_formula(site: Site, ids: dict[str, str], people: dict[str, Browser]) -> None:
    """A cell that begins as a formula does is one to a spreadsheet, whoever has chosen the name in it."""
    with site.lab.office.store.write() as tx:
        for party in (FIRST, PAYER):
            row = tx.party(party)
            assert row is not None
            tx.put_party(replace(row, name=FORMULA, address="@SUM(zzz)"))
    for browser in people.values():
        for way in ways(site):
            if way.face != "desk" or way.method != "GET":
                continue
            answer = browser.ask("GET", way.at(ids), headers={"accept": "text/csv, */*;q=0.1"})
            if answer.headers.get("content-type", "").startswith("text/csv"):
                text = answer.content.decode(
                    "cp932" if b"\xef\xbb\xbf" != answer.content[:3] else "utf-8-sig", "replace"
                )
                cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line if MARKED in cell]
                assert [cell for cell in cells if cell[0] in "=+-@\t\r"] == [], str(way)


_WORDS = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1" * 400, "../..", "%00", "a\x00b", "９", "'", '"', "<", "null", "202613", "😀" * 99]
    ),
    st.text(max_size=30),
)
_NAMES = st.sampled_from(
    ["cursor", "limit", "month", "state", "line", "kind", "body", "after", "wait", "types", "lang", "next", "done", "q",
     "page", "connection", "errors", "for", "file", "day", "code", "level", "sort", "no", "act", "address", "party"]
)  # fmt: skip


@settings(
    max_examples=400, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_rubbish_is_no_fault_of_ours(
    site: Site, ids: dict[str, str], people: dict[str, Browser], data: st.DataObject
) -> None:
    """Whatever stands in the address, behind it and in a form: an answer that is none of a bug (500)."""
    everything = ways(site)
    way = everything[data.draw(st.integers(0, len(everything) - 1), label="route")]
    party = data.draw(st.sampled_from([FIRST, PAYER, OPERATOR]), label="party")
    browser = people[party] if way.face == "desk" else site.browser("public")
    named = {part: data.draw(_WORDS) for part, _ in way.named} if data.draw(st.booleans()) else ids
    path = way.at({part: _quoted(text) for part, text in named.items()})
    said = data.draw(st.dictionaries(_NAMES, _WORDS, max_size=5), label="said")
    said.pop("wait", None)
    if way.method == "GET" or not way.page:
        answer = browser.ask(way.method, path, params=said)
    else:
        answer = browser.send(path, {**{k: v.replace("\x00", "") for k, v in said.items()}, "token": token_of(browser)})
    assert answer.status_code != 500, str(way)


def _refusal(browser: Browser, path: str, typed: dict[str, str]) -> int:
    """Send a form, with a file to a page that takes nothing else; return the status."""
    status = browser.send(path, typed).status_code
    if status != 400:
        return status
    headers = {"origin": browser.origin, "sec-fetch-site": "same-origin"}
    files = {"file": ("A.UKE", b"IR,1")}
    return browser.ask("POST", path, data=typed, files=files, headers=headers).status_code


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _form(browser: Browser, way: Way, *, token: str) -> dict[str, object]:
    """Return what an honest form sends with a request."""
    if way.method == "GET":
        return {}
    return {"data": {"token": token}, "headers": {"origin": browser.origin, "sec-fetch-site": "same-origin"}}
