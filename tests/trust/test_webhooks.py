"""Signatures of webhooks, and which addresses may be told."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust.webhooks import (
    BadAddress,
    Target,
    WebhookRefused,
    may_be_told,
    read_address,
    read_secret,
    signature,
    verify,
    written,
)

SECRET = bytes(range(32))
NOW = datetime(2026, 9, 6, 10, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
BODY = b'{"type":"sending.checked"}'


def check(body: bytes = BODY, *, secret: str = "", signatures: str = "", stamp: str = "", now: datetime = NOW) -> None:
    """Verify a message that is in order but for what is given."""
    verify(
        secret or written(SECRET), message_id="e1", timestamp=stamp or str(STAMP),
        signatures=signatures or signature([SECRET], "e1", STAMP, BODY), body=body, now=now,
    )  # fmt: skip


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the standard's own libraries comes out as they have it. Source: standard-webhooks."""
    secret = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    made = signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_signed_just_now_is_taken() -> None:
    """Also with the signature of another secret beside it, and with clocks a little apart."""
    check()
    check(signatures=signature([b"x" * 32, SECRET], "e1", STAMP, BODY))
    check(signatures=f"v2,abc {signature([SECRET], 'e1', STAMP, BODY)}")
    for apart in (-300, 300):
        check(now=NOW + timedelta(seconds=apart))


@pytest.mark.parametrize(
    ("why", "what"),
    [
        ("signature", {"body": BODY + b" "}),
        ("signature", {"signatures": "v1,"}),
        ("signature", {"signatures": signature([b"x" * 32], "e1", STAMP, BODY)}),
        ("signature", {"signatures": "\udcff"}),
        ("signature", {"stamp": str(STAMP + 1)}),
        ("old", {"now": NOW + timedelta(seconds=301)}),
        ("old", {"now": NOW - timedelta(seconds=301)}),
        ("form", {"stamp": "soon"}),
        ("form", {"stamp": "9" * 40}),
        ("form", {"stamp": "\N{SUPERSCRIPT TWO}"}),
        ("form", {"secret": "whsec_"}),
        ("form", {"secret": "whsec_*"}),
        ("form", {"secret": written(b"short")}),
    ],
)
def test_anything_else_is_refused(why: str, what: dict[str, object]) -> None:
    """Another body, time, secret or form, and a message that somebody has kept."""
    with pytest.raises(WebhookRefused) as refused:
        check(**what)  # type: ignore[arg-type]

    assert why == refused.value.why


@given(body=st.binary(max_size=99), secret=st.binary(min_size=24, max_size=64), stamp=st.integers(0, 1 << 33))
def test_every_message_that_is_signed_verifies(body: bytes, secret: bytes, stamp: int) -> None:
    """Whatever it holds; a secret survives being written down."""
    assert read_secret(written(secret)) == secret
    now = datetime.fromtimestamp(stamp, UTC)
    signed = signature([secret], "e", stamp, body)

    verify(written(secret), message_id="e", timestamp=str(stamp), signatures=signed, body=body, now=now)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://example.jp", Target("example.jp", 443, "/")),
        ("HTTPS://Example.JP./hook?a=1", Target("example.jp", 443, "/hook?a=1")),
        ("https://example.jp:8443?a=1", Target("example.jp", 8443, "/?a=1")),
        ("https://8.8.8.8/x@y", Target("8.8.8.8", 443, "/x@y")),
        ("https://[2001:4860:4860::8888]:444/", Target("2001:4860:4860::8888", 444, "/")),
        ("https://10.1.2.3/", Target("10.1.2.3", 443, "/")),
    ],
)
def test_an_address_is_read(text: str, target: Target) -> None:
    """Host, port and path; a private network that is allowed is one to be told."""
    assert target == read_address(text, allowed=[ip_network("10.1.0.0/16")])


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("long", "https://example.jp/" + "a" * 500),
        ("form", "https://例え.jp/"),
        ("form", "https://example.jp/a b"),
        ("form", "https://example.jp\\@evil.jp/"),
        ("form", "https://example.jp/\n"),
        ("scheme", "http://example.jp/"),
        ("scheme", "ftp://example.jp/"),
        ("scheme", "example.jp"),
        ("scheme", ""),
        ("fragment", "https://example.jp/#a"),
        ("user", "https://a:b@example.jp/"),
        ("user", "https://a@example.jp"),
        ("host", "https://"),
        ("host", "https:///path"),
        ("host", "https://./"),
        ("host", "https://example.jp:0/"),
        ("host", "https://example.jp:65536/"),
        ("host", "https://example.jp:x/"),
        ("host", "https://[::1/"),
        ("network", "https://127.0.0.1/"),
        ("network", "https://127.1/"),
        ("network", "https://2130706433/"),
        ("network", "https://0x7f000001/"),
        ("network", "https://0x7f.1/"),
        ("network", "https://10.2.3.4/"),
        ("network", "https://169.254.169.254/latest"),
        ("network", "https://[::1]/"),
        ("network", "https://[::ffff:127.0.0.1]/"),
        ("network", "https://[fe80::1]/"),
        ("network", "https://[64:ff9b::7f00:1]/"),
        ("network", "https://[2002:7f00:1::]/"),
    ],
)
def test_an_address_that_nobody_is_told_at(why: str, text: str) -> None:
    """No TLS, a password in it, or a place that only we can reach; however it is written."""
    with pytest.raises(BadAddress) as bad:
        read_address(text, allowed=[ip_network("10.1.0.0/16"), ip_network("fd00::/8")])

    assert why == bad.value.why


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("10.1.2.3", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("192.0.2.1", False), ("::", False), ("ff02::1", False),
        ("::ffff:8.8.8.8", True), ("fd00::1", False), ("example.jp", False), ("", False),
    ],
)  # fmt: skip
def test_which_addresses_of_a_name_may_be_told(address: str, *, may: bool) -> None:
    """Public ones, and nothing else unless it is allowed."""
    assert may is may_be_told(address)
    assert may_be_told("fd00::1", allowed=[ip_network("fd00::/8")])
    assert may_be_told("::ffff:10.0.0.1", allowed=[ip_network("10.0.0.0/8")])


@given(st.text(max_size=60))
def test_rubbish_is_no_address_and_no_fault(text: str) -> None:
    """Whatever is typed in is an address or refused, and nothing else."""
    for each in (text, f"https://{text}"):
        try:
            found = read_address(each)
        except BadAddress:
            continue
        assert found.host
        assert 0 < found.port < 65_536
