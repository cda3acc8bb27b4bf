"""The certificate download site: pages for people, and the way for programs, over an office in memory."""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from hypothesis import given
from hypothesis import strategies as st

from apps.desk_lab import FIRST, SECOND
from apps.pages_lab import Browser, Site
from seikyu.apps.pages.uploads import boundary_of, read_parts
from seikyu.services import applications
from seikyu.services.applications import Opened, Wish
from seikyu.services.people import CONSOLE
from seikyu.trust.codes import CHANCE_BYTES, grouped, make_code, read_code
from seikyu.trust.identity import identity_from_der

TERMINAL = "受付2号機"
WRONG = grouped("pin", make_code("pin", bytes(range(CHANCE_BYTES))))


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces over one office."""
    site = Site.make()
    yield site
    site.close()


def opened(site: Site, *, party: str = FIRST, terminal: str = TERMINAL, **wish: Any) -> Opened:
    """Return the notice of a terminal that was applied for and approved."""
    application, _ = applications.apply_for(site.enrolling, CONSOLE, Wish(terminal, **wish), party=party)
    return applications.approve(site.enrolling, CONSOLE, application.id)


def entered(site: Site, notice: Opened, *, pin: str | None = None, address: str = "192.0.2.7") -> Browser:
    """Return a browser that has typed what stands on the paper."""
    browser = site.browser(address=address)
    browser.get("/cert/")
    browser.post("/cert/open", reference=notice.reference, pin=pin or notice.pin)
    return browser


def password_on(browser: Browser) -> str:
    """Return the password that the page shows."""
    browser.post("/cert/password")
    assert browser.page is not None
    shown = browser.page.text.split('<span class="secret">')[1].split("<")[0]
    read_code("file_password", shown)
    return shown


def csr_of(key: ec.EllipticCurvePrivateKey, name: str = "somebody else") -> bytes:
    """Return a request of that key, as PEM."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256()).public_bytes(Encoding.PEM)


def fetched(site: Site, notice: Opened, body: bytes, *, accept: str = "*/*", pin: str | None = None) -> httpx2.Response:
    """Fetch as a program does."""
    basic = base64.b64encode(f"{notice.reference}:{pin or notice.pin}".encode()).decode()
    headers = {"accept": accept, "authorization": f"Basic {basic}"}
    return site.browser().ask("POST", "/cert/fetch", headers=headers, content=body)


def living(site: Site, party: str = FIRST, terminal: str = TERMINAL) -> list[str]:
    """Return the serials of a terminal that are not revoked."""
    with site.enrolling.store.read() as tx:
        return [row.serial for row in tx.certificates(party=party) if row.terminal == terminal and not row.revoked_at]


def test_a_file_is_fetched_and_the_same_again(site: Site) -> None:
    """With the password on the page; whose it is was said before, and neither PIN nor key stands in any page."""
    notice = opened(site)
    browser = entered(site, notice)
    assert TERMINAL in browser.text()
    assert FIRST in browser.text()
    pages = [browser.page.text] if browser.page else []
    password = password_on(browser)
    pages += [browser.page.text] if browser.page else []

    form = browser.hidden("/cert/file")
    first, again = (browser.send("/cert/file", form) for _ in range(2))

    for answer in (first, again):
        assert (200, "application/x-pkcs12", "no-store") == (
            answer.status_code, answer.headers["content-type"], answer.headers["cache-control"],
        )  # fmt: skip
        assert f'filename="{FIRST}.p12"' in answer.headers["content-disposition"]
    one, other = (pkcs12.load_pkcs12(answer.content, password.encode()) for answer in (first, again))
    assert one.cert is not None
    assert other.cert is not None
    assert one.cert.certificate == other.cert.certificate
    assert one.key is not None
    assert one.key.public_key() == one.cert.certificate.public_key()  # type: ignore[union-attr]
    said = identity_from_der(one.cert.certificate.public_bytes(Encoding.DER))
    assert (FIRST, TERMINAL) == (said.party, said.terminal)
    assert [said.serial] == living(site)
    assert f"{FIRST} {TERMINAL}".encode() == one.cert.friendly_name
    plain = notice.pin.replace("-", "")
    assert not [page for page in pages if notice.pin in page or plain in page]


def test_the_second_file_has_another_key_and_the_first_certificate_ends_a_day_later(site: Site) -> None:
    """As the office has no copy of the key."""
    notice = opened(site)
    for _ in range(2):
        browser = entered(site, notice)
        password_on(browser)
        browser.post("/cert/file")

    assert 2 == len(living(site))
    with site.enrolling.store.read() as tx:
        ends = [tx.issued(serial).superseded_at for serial in living(site)]  # type: ignore[union-attr]
    assert [site.enrolling.clock.now() + timedelta(days=1), None] == ends


def test_a_key_of_ones_own_gets_a_certificate(site: Site) -> None:
    """For the holder of the notice, whatever the request says; what cannot be read keeps the choice open."""
    notice, key = opened(site), ec.generate_private_key(ec.SECP256R1())
    browser = entered(site, notice)

    broken = browser.post("/cert/request", csr="-----BEGIN CERTIFICATE REQUEST-----\nx\n")
    assert (422, True) == (broken.status_code, 'action="/cert/request"' in broken.text)
    answer = browser.post("/cert/request", csr=csr_of(key).decode())

    assert (200, "application/pem-certificate-chain") == (answer.status_code, answer.headers["content-type"])
    chain = x509.load_pem_x509_certificates(answer.content)
    assert key.public_key() == chain[0].public_key()
    assert TERMINAL == identity_from_der(chain[0].public_bytes(Encoding.DER)).terminal
    chain[0].verify_directly_issued_by(chain[1])


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_request_is_taken_from_a_file(site: Site, encoding: Encoding) -> None:
    """As browsers send one, whatever else the form holds; the key in it is the one that is certified."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.load_pem_x509_csr(csr_of(key)).public_bytes(encoding)
    browser = entered(site, opened(site))
    form = browser.hidden("/cert/request")

    answer = browser.ask(
        "POST", "/cert/request", data=form | {"csr": ""}, files={"csr_file": ("端末.csr", request)},
        headers={"origin": browser.origin, "sec-fetch-site": "same-origin"},
    )  # fmt: skip

    assert key.public_key() == x509.load_pem_x509_certificates(answer.content)[0].public_key()


@given(fields=st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.binary(max_size=200), max_size=6))
def test_a_form_with_files_is_read_as_it_was_sent(fields: dict[str, bytes]) -> None:
    """Every byte of it; and what was cut is no form."""
    boundary = "----made.by-a'test"
    said = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for name, value in fields.items()
    ]
    body = b"".join(said) + f"--{boundary}--\r\n".encode()
    mark = boundary_of(f'Multipart/Form-Data; boundary="{boundary}"')
    assert mark is not None

    told = read_parts(body, mark, most=6)

    assert (told.files, told.fields) == (fields, {})
    with pytest.raises(ValueError, match="form"):
        read_parts(body[:-4], mark, most=6)
    if fields:
        with pytest.raises(ValueError, match="form"):
            read_parts(body, mark, most=len(fields) - 1)
        with pytest.raises(ValueError, match="name"):
            read_parts(body.replace(b"; name=", b"; nome="), mark, most=6)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\xed\xa0\x80", b"a\0b"])
@pytest.mark.parametrize("kind", ["fields", "files", "ordinary"])
def test_a_field_is_text_and_a_file_is_no_field(site: Site, kind: str, content: bytes) -> None:
    """What is no text, or has a NUL in it, never comes to where things are looked up."""
    browser = site.browser()
    browser.get("/login")
    typed = {**browser.hidden("/login"), "user": "hanako", "password": "x", "body": "1"}
    typed.pop("user" if kind == "files" else "body")
    said = {"origin": browser.origin, "sec-fetch-site": "same-origin"}
    name = 'name="user"; filename="x"' if kind == "files" else 'name="body"'
    if kind == "ordinary":
        said["content-type"] = "application/x-www-form-urlencoded"
        body = f"{urlencode(typed)}&body={quote(content)}".encode()
    else:
        said["content-type"] = "multipart/form-data; boundary=B"
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in typed.items()]
        parts.append(name.encode() + b"\r\n\r\n" + content)
        body = b"".join(b"--B\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--B--\r\n"
    # A file in the place of a field is a field that was not filled in.
    assert browser.ask("POST", "/login", content=body, headers=said).status_code == (401 if kind == "files" else 400)


_HEADS = st.sampled_from([b'name="a"', b'name="b"', b'name="f"; filename="g"', b"name=", b""])
_PARTS = st.tuples(_HEADS, st.sampled_from([b"\0", b"\xff", "あ".encode(), b"--x", b""]) | st.binary(max_size=9)).map(
    lambda part: b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % part
)
_FORMS = st.tuples(st.lists(_PARTS, max_size=7).map(b"".join), st.sampled_from([b"--x--\r\n", b"--x--", b"", b"\r\n"]))


@given(body=_FORMS.map(b"".join) | st.binary(max_size=99))
def test_whatever_is_sent_as_a_form_is_read_or_refused(body: bytes) -> None:
    """Nothing else comes of it, and what is read stood in it: no more than may be, and no NUL in a field."""
    for mark in (b"x", b"-"):
        with suppress(ValueError):
            sent = read_parts(body, mark, most=5)
            assert len(sent.fields) + len(sent.files) <= 5
            assert all(text.encode() in body and "\0" not in text for text in sent.fields.values())
            assert all(content in body for content in sent.files.values())


def test_wrong_pins_lock_the_notice_for_every_address(site: Site) -> None:
    """Until the time that the page tells; a slip does not count, and what was typed is not typed again."""
    notice = opened(site)
    for number in range(4):
        browser = entered(site, notice, pin=WRONG, address=f"198.51.100.{number}")
        assert browser.page is not None
        assert (401, False) == (browser.page.status_code, WRONG in browser.page.text)
        slip = entered(site, notice, pin=f"2{WRONG[1:]}", address=f"198.51.100.{number}")
        assert slip.page is not None
        assert 422 == slip.page.status_code
    for pin in (WRONG, notice.pin):
        locked = entered(site, notice, pin=pin, address="203.0.113.9")
        assert locked.page is not None
        assert (429, "1800") == (locked.page.status_code, locked.page.headers["retry-after"])
    assert "nothing is looked at before 20" in locked.text()
    assert 429 == fetched(site, notice, csr_of(ec.generate_private_key(ec.SECP256R1()))).status_code
    site.lab.clock.at += timedelta(minutes=30)
    assert TERMINAL in entered(site, notice).text()


def test_one_address_may_try_only_so_often(site: Site) -> None:
    """And is told when it may again; others go on."""
    notice = opened(site)
    body = csr_of(ec.generate_private_key(ec.SECP256R1()))
    answers = [fetched(site, notice, b"") for _ in range(59)] + [fetched(site, notice, body)]
    assert {422, 200} == {each.status_code for each in answers}

    for answer in (fetched(site, notice, body), entered(site, notice).page):
        assert answer is not None
        assert 429 == answer.status_code
        assert 0 < int(answer.headers["retry-after"]) <= 600
    assert TERMINAL in entered(site, notice, address="198.51.100.1").text()


@pytest.mark.parametrize("end", ["too late", "opened anew", "ended", "over"])
def test_what_was_shown_a_while_ago_is_looked_at_again(site: Site, end: str) -> None:
    """Between PIN and file the notice may have ended; nothing is issued then."""
    notice = opened(site)
    if end == "too late":
        site.lab.clock.at += timedelta(days=180, seconds=-60)
    browser = entered(site, notice)
    password_on(browser)
    if end == "too late":
        site.lab.clock.at += timedelta(seconds=60)
    elif end == "opened anew":
        site.lab.clock.at += timedelta(seconds=1)
        applications.open_anew(site.enrolling, CONSOLE, notice.notice.id)
    elif end == "ended":
        applications.end_terminal(site.enrolling, CONSOLE, notice.notice.id)
    else:
        site.lab.clock.at += timedelta(seconds=900)

    answer = browser.post("/cert/file")

    assert {"too late": 409, "opened anew": 401, "ended": 409, "over": 403}[end] == answer.status_code
    assert 'action="/cert/open"' in answer.text
    assert [] == living(site)


def test_a_ticket_lives_no_longer_for_what_cannot_be_read(site: Site) -> None:
    """What cannot be read shows the same ticket again; opened anew or too late it begins anew, whatever is sent."""
    notice, good = opened(site), csr_of(ec.generate_private_key(ec.SECP256R1())).decode()
    browser = entered(site, notice)
    ticket = browser.hidden("/cert/request")["ticket"]
    site.lab.clock.at += timedelta(seconds=840)
    browser.post("/cert/request", csr="nonsense")
    assert ticket == browser.hidden("/cert/request")["ticket"]
    site.lab.clock.at += timedelta(seconds=60)
    assert 403 == browser.post("/cert/request", csr=good).status_code

    other = entered(site, notice)
    applications.open_anew(site.enrolling, CONSOLE, notice.notice.id)
    other.post("/cert/request", csr="nonsense")
    refused = other.post("/cert/request", csr=good)

    assert (401, True, False) == (
        refused.status_code, 'action="/cert/open"' in refused.text, 'action="/cert/request"' in refused.text,
    )  # fmt: skip
    assert [] == living(site)


def test_a_ticket_is_of_one_browser_and_one_use(site: Site) -> None:
    """Another browser, another step, or one changed character: nothing is done."""
    browser, thief = entered(site, opened(site)), site.browser()
    ticket = browser.hidden("/cert/password")["ticket"]
    thief.get("/cert/")
    own = {"token": thief.hidden("/cert/open")["token"]}

    assert 403 == thief.send("/cert/password", {**own, "ticket": ticket}).status_code
    form = browser.hidden("/cert/password")
    for odd in (ticket[:-6] + "xxxxxx", "", "あ", ticket[:10]):
        assert 403 == browser.send("/cert/password", form | {"ticket": odd}).status_code
    assert 403 == browser.send("/cert/file", form).status_code
    assert 200 == browser.send("/cert/password", form).status_code


def test_two_institutions_have_two_certificates_of_one_machine(site: Site) -> None:
    """Each notice opens its own, and a key is certified for one of them only."""
    key = csr_of(ec.generate_private_key(ec.SECP256R1()))
    mine, theirs = opened(site), opened(site, party=SECOND)

    assert 200 == fetched(site, mine, key).status_code
    other = fetched(site, theirs, key)
    assert (422, "bad_certificate_request") == (other.status_code, other.json()["code"])
    assert 200 == fetched(site, theirs, csr_of(ec.generate_private_key(ec.SECP256R1()))).status_code
    assert (1, 1) == (len(living(site)), len(living(site, SECOND)))


def test_a_program_gets_what_it_accepts(site: Site) -> None:
    """The chain, the certificate alone, or a new key with a password of its own choice."""
    notice, key = opened(site), ec.generate_private_key(ec.SECP256R1())

    chain = fetched(site, notice, csr_of(key))
    alone = fetched(site, notice, csr_of(key), accept="application/pkix-cert")
    packed = fetched(site, notice, b"correct horse battery\n", accept="text/html, application/x-pkcs12;q=1")

    assert x509.load_pem_x509_certificates(chain.content)[0] == x509.load_der_x509_certificate(alone.content)
    assert ("false", "true") == (chain.headers["seikyu-again"], alone.headers["seikyu-again"])
    loaded = pkcs12.load_pkcs12(packed.content, b"correct horse battery")
    assert loaded.cert is not None
    assert key.public_key() != loaded.cert.certificate.public_key()
    for short in (b"short", b"correct horse battery \xff", b"correct\nhorse battery"):
        assert 400 == fetched(site, notice, short, accept="application/x-pkcs12").status_code


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic ???", "Basic eA==", f"Basic {'é' * 9}"])
def test_a_program_without_codes_is_told_how(site: Site, header: str) -> None:
    """And no notice counts it."""
    answer = site.browser().ask(
        "POST", "/cert/fetch", headers={"accept": "*/*", "authorization": header.encode("latin-1")}, content=b"x"
    )

    assert (401, "code_refused") == (answer.status_code, answer.json()["code"])
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_body_that_is_too_long_is_not_read(site: Site) -> None:
    """A request for a certificate has a few kilobytes."""
    assert 413 == fetched(site, opened(site), b"x" * 20_000).status_code


def test_the_site_speaks_both_languages_and_tells_how_to_take_it_in(site: Site) -> None:
    """Japanese unless something else is asked for; without any certificate or login."""
    browser = site.browser()
    for lang, word in (("ja", "発行通知書"), ("en", "issuance notice")):
        assert word in browser.get(f"/cert/?lang={lang}").text
        page = browser.get("/cert/import").text
        root = browser.ask("GET", "/cert/root.crt")
        assert "application/x-x509-ca-cert" == root.headers["content-type"]
        assert hashlib.sha256(root.content).hexdigest() in re.sub(r"\s", "", page)
        assert root.content == site.enrolling.authority.chain()[-1]
        assert all(f'id="{system}"' in page for system in ("windows", "macos", "linux", "firefox"))
    assert 308 == browser.ask("GET", "/cert").status_code


def test_a_server_is_shown_with_its_names(site: Site) -> None:
    """And gets a certificate for them."""
    notice = opened(site, purpose=applications.Purpose.SERVER, hosts=("gw.example.jp",))
    browser = entered(site, notice)
    assert "gw.example.jp" in browser.text()
    answer = browser.post("/cert/request", csr=csr_of(ec.generate_private_key(ec.SECP256R1())).decode())
    names = x509.load_pem_x509_certificates(answer.content)[0].extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert ["gw.example.jp"] == names.value.get_values_for_type(x509.DNSName)
