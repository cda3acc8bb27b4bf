"""ACME over HTTP: an account, an order, its proof, a certificate, its end."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from apps.acme_lab import HOST, NAMES, AcmeLab, csr, problem_of
from jose_lab import Signer, b64
from seikyu.services import applications
from seikyu.services.acme_orders import forget_orders
from seikyu.services.applications import Opened
from seikyu.services.issuing import Proof, report_lost, revoke_superseded
from seikyu.services.people import CONSOLE
from seikyu.trust.jws import ALGORITHMS, base64url
from services.enrolment_lab import LabAuthority


@pytest.fixture
def lab() -> AcmeLab:
    """Return an office in memory that speaks ACME."""
    return AcmeLab.make()


def hosts_in(certificate: x509.Certificate) -> list[str]:
    """Return the names of a certificate."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in names]


def test_the_directory_says_where_everything_is(lab: AcmeLab) -> None:
    """Under the name that was asked; an account needs a binding; every answer points back."""
    answer = lab.ask("GET", "/acme/directory")
    told = answer.json()
    assert told.pop("meta") == {"externalAccountRequired": True}
    assert {url.removeprefix(HOST + "/acme/") for url in told.values()} == {
        "new-nonce", "new-account", "new-order", "revoke-certificate", "key-change", "renewal-info",
    }  # fmt: skip
    for method, status in (("HEAD", 200), ("GET", 204)):
        nonce = lab.ask(method, "/acme/new-nonce")
        assert (nonce.status_code, nonce.headers["cache-control"]) == (status, "no-store")
        assert nonce.headers["link"] == f'<{HOST}/acme/directory>;rel="index"'
        assert nonce.headers["replay-nonce"]
    assert lab.ask("GET", "/acme/new-order").status_code == 405


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_a_server_gets_its_certificate(lab: AcmeLab, kind: str) -> None:
    """From the notice to the chain, with every kind of account key."""
    client = lab.client(lab.server(), kind=kind)
    order = client.order()
    told = order.json()
    assert (order.status_code, told["status"], len(told["authorizations"])) == (201, "pending", 2)
    assert told["identifiers"] == [{"type": "dns", "value": name} for name in NAMES]
    order, chain = client.certified()
    assert order["status"] == "valid"
    assert hosts_in(chain[0]) == list(NAMES)
    assert len(chain) == 2
    chain[0].verify_directly_issued_by(chain[1])
    with lab.enrolment.enrolling.store.read() as tx:
        row = tx.certificate(f"{chain[0].serial_number:x}")
    assert row is not None
    assert (row.terminal, row.revoked_at) == ("gw", None)
    assert {"acme_open_account", "certificate_acme"} <= set(lab.enrolment.acts())


def test_an_account_is_there_once_per_key(lab: AcmeLab) -> None:
    """Asked for again, or only looked for, it is the same; without a binding there is none."""
    opened, stranger = lab.server(), lab.client()
    assert problem_of(stranger.register(None)) == (403, "externalAccountRequired")
    assert problem_of(stranger.register(None, onlyReturnExisting=True)) == (400, "accountDoesNotExist")
    client = lab.client(opened)
    for wish in ({"onlyReturnExisting": True}, {}, {"contact": ["mailto:x@example.jp"]}):
        again = client.register(None, **wish)
        assert (again.status_code, again.headers["location"]) == (200, client.account)
        assert again.json() == {"status": "valid", "contact": [], "orders": client.account + "/orders"}


def test_an_account_changes_its_contact_and_ends(lab: AcmeLab) -> None:
    """A contact is a mail address; a deactivated account can do nothing, nor come back; then the notice is free."""
    opened = lab.server()
    client = lab.client(opened)
    contact = ["mailto:gw@example.jp"]
    assert client.post(client.account, {"contact": contact}).json()["contact"] == contact
    assert client.post(client.account).json()["contact"] == contact
    wrong: dict[str, Any] = {
        "unsupportedContact": [["tel:+81"], [1], ["https://example.jp"]],
        "invalidContact": [
            ["mailto:a"],
            ["mailto:a@b?cc=c@d"],
            ["mailto:a@b,c@d"],
            ["mailto:" + "a" * 300 + "@b"],
            ["mailto:a@b\n"],
        ],
        "malformed": ["mailto:a@b", ["mailto:a@b"] * 5, None],
    }
    for kind, contacts in wrong.items():
        for each in contacts:
            assert problem_of(client.post(client.account, {"contact": each})) == (400, kind)
    assert problem_of(client.post(client.account, {"status": "revoked"})) == (400, "malformed")
    assert client.post(client.account, {"status": "deactivated"}).json()["status"] == "deactivated"
    assert problem_of(client.post(client.account)) == (403, "unauthorized")
    assert problem_of(client.order()) == (403, "unauthorized")
    assert problem_of(client.register(opened)) == (403, "unauthorized")
    assert lab.client(opened).order().status_code == 201


def test_a_notice_opened_anew_takes_another_account(lab: AcmeLab) -> None:
    """The key of the machine that died is worth nothing then, nor is the old paper."""
    opened = lab.server()
    old = lab.client(opened)
    assert problem_of(lab.client().register(opened)) == (403, "unauthorized")
    lab.enrolment.later(seconds=1)
    fresh = applications.open_anew(lab.enrolment.enrolling, CONSOLE, opened.notice.id)
    assert old.order().status_code == 201
    assert problem_of(lab.client().register(opened)) == (403, "unauthorized")
    new = lab.client(fresh)
    assert problem_of(old.order()) == (403, "unauthorized")
    assert new.order().status_code == 201
    assert problem_of(lab.client().register(fresh)) == (403, "unauthorized")


def test_an_account_changes_its_key(lab: AcmeLab) -> None:
    """The new key signs that it agrees; then the old one is nobody's."""
    client, other = lab.client(lab.server()), lab.client(lab.server("gw2", ("gw2.example.jp",)))
    new, url = Signer.new("EdDSA"), HOST + "/acme/key-change"
    said = {"account": client.account, "oldKey": client.signer.jwk}

    def change(by: Signer, payload: Any, **head: Any) -> Any:
        return client.post("/acme/key-change", by.sign(payload, **{"url": url, "jwk": by.jwk, **head}))

    assert problem_of(change(new, said, nonce=client.nonce())) == (400, "malformed")
    assert problem_of(change(new, said, url=HOST + "/acme/new-order")) == (400, "malformed")
    assert problem_of(change(new, said, jwk=client.signer.jwk)) == (400, "badSignatureAlgorithm")
    assert problem_of(change(new, {**said, "account": other.account})) == (400, "malformed")
    assert problem_of(change(new, {**said, "oldKey": new.jwk})) == (400, "malformed")
    taken = change(other.signer, said)
    assert problem_of(taken) == (409, "malformed")
    assert taken.headers["location"] == other.account
    assert change(new, said).status_code == 200
    assert problem_of(client.order()) == (400, "badSignatureAlgorithm")
    client.signer = new
    assert client.certified()[0]["status"] == "valid"


def test_renewing_lets_the_old_certificate_go_on_for_a_while(lab: AcmeLab) -> None:
    """Also for the same key; each order is a certificate of its own."""
    client, key = lab.client(lab.server()), ec.generate_private_key(ec.SECP256R1())
    _, first = client.certified(key=key)
    _, second = client.certified(key=key)
    serials = [f"{each[0].serial_number:x}" for each in (first, second)]
    assert lab.enrolment.living() == serials
    lab.enrolment.later(days=62)
    assert revoke_superseded(lab.enrolment.enrolling) == 1
    assert lab.enrolment.living() == serials[1:]


def test_certificates_for_other_hosts_go_on(lab: AcmeLab) -> None:
    """A server that has one for each of its names keeps them all; one for all the names takes over from each."""
    names = tuple(f"h{number}.example.jp" for number in range(4))
    client = lab.client(lab.server(hosts=names))
    for name in names:
        client.certified(name)
    lab.enrolment.later(days=63)
    assert revoke_superseded(lab.enrolment.enrolling) == 0
    first, *others = lab.enrolment.living()
    assert len(others) == 3
    for _ in range(3):
        client.certified(names[0])
    assert first not in lab.enrolment.living()
    assert set(others) < set(lab.enrolment.living())
    client.certified(*names)
    lab.enrolment.later(days=63)
    revoke_superseded(lab.enrolment.enrolling)
    assert len(lab.enrolment.living()) == 1


def test_finishing_again_comes_to_the_same_certificate(lab: AcmeLab) -> None:
    """Whose answer was lost, asks again; with another key it is too late."""
    client, key = lab.client(lab.server()), ec.generate_private_key(ec.SECP256R1())
    order, _ = client.certified(key=key)
    again = client.post(order["finalize"], {"csr": b64(csr(*NAMES, key=key))})
    assert again.json()["certificate"] == order["certificate"]
    assert problem_of(client.post(order["finalize"], {"csr": b64(csr(*NAMES))})) == (403, "orderNotReady")
    assert len(lab.enrolment.living()) == 1


def test_a_name_that_is_not_proved_ends_its_order(lab: AcmeLab) -> None:
    """Told in ACME's words; what the host answered is not repeated; said again, the same."""
    client = lab.client(lab.server())
    for body, kind in ((None, "connection"), (b"secret of a host", "incorrectResponse")):
        order = client.order().json()
        url = order["authorizations"][0]
        challenge = client.post(url).json()["challenges"][0]
        if body:
            client.show(challenge, NAMES[0], body)
        assert problem_of(client.post(order["finalize"], {"csr": b64(csr(*NAMES))})) == (403, "orderNotReady")
        answer = client.post(challenge["url"], {})
        assert (answer.status_code, answer.json()["status"]) == (200, "invalid")
        assert answer.json()["error"]["type"].endswith(":" + kind)
        assert "secret" not in answer.text
        assert f'<{url}>;rel="up"' in answer.headers.get_list("link")
        client.show(challenge, NAMES[0])
        assert client.post(challenge["url"], {}).json()["status"] == "invalid"
        assert client.post(url).json()["status"] == "invalid"
        orders = client.post(client.account + "/orders").json()["orders"]
        assert client.post(orders[0]).json()["status"] == "invalid"
        assert NAMES[0] in client.post(orders[0]).json()["error"]["detail"]


def test_asking_hosts_in_vain_has_a_limit(lab: AcmeLab) -> None:
    """Five within an hour, of one account; then no host is asked."""
    client = lab.client(lab.server())

    def fail() -> Any:
        challenge = client.post(client.order().json()["authorizations"][0]).json()["challenges"][0]
        return client.post(challenge["url"], {})

    for _ in range(5):
        assert fail().json()["status"] == "invalid"
    asked = len(lab.hosts.asked)
    refused = fail()
    assert problem_of(refused) == (429, "rateLimited")
    assert int(refused.headers["retry-after"]) > 0
    assert len(lab.hosts.asked) == asked
    lab.enrolment.later(hours=1, seconds=1)
    assert fail().json()["status"] == "invalid"


def test_orders_have_a_limit(lab: AcmeLab) -> None:
    """Twenty an hour of one account."""
    client = lab.client(lab.server())
    for _ in range(20):
        assert client.order().status_code == 201
    assert problem_of(client.order()) == (429, "rateLimited")
    assert len(client.post(client.account + "/orders").json()["orders"]) == 20
    lab.enrolment.later(hours=1, seconds=1)
    assert client.order().status_code == 201


def test_tries_for_an_account_have_a_limit() -> None:
    """Of one address; the right binding waits too, and whoever has an account is not kept out."""
    lab = AcmeLab.make(tries=3)
    opened = lab.server()
    client = lab.client(opened)
    wrong = Opened(opened.notice, opened.reference, "", "", b64(b"x" * 32))
    for expected in ((403, "unauthorized"), (403, "unauthorized"), (429, "rateLimited")):
        refused = lab.client().register(wrong)
        assert problem_of(refused) == expected
    assert int(refused.headers["retry-after"]) > 0
    assert client.register(opened).status_code == 200


def test_orders_come_in_pages(lab: AcmeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest first, with a way to the next page."""
    monkeypatch.setattr("seikyu.apps.api.acme.limit", lambda name: {"page_items_default": 2}.get(name, 32768))
    client = lab.client(lab.server())
    made = [client.order().headers["location"] for _ in range(3)]
    first = client.post(client.account + "/orders")
    assert first.json()["orders"] == made[:0:-1]
    following = next(link for link in first.headers.get_list("link") if 'rel="next"' in link)
    address = following[1:].partition(">")[0]
    assert client.post(address).json()["orders"] == made[:1]
    other = client.signed(address.removeprefix(HOST).partition("?")[0])
    assert problem_of(client.send(address.removeprefix(HOST), other)) == (403, "unauthorized")


def test_an_order_lives_for_a_day(lab: AcmeLab) -> None:
    """Then its proofs are worth nothing; much later it is forgotten."""
    client = lab.client(lab.server())
    order = client.proved()
    lab.enrolment.later(days=1)
    assert client.post(order["url"]).json()["status"] == "invalid"
    assert "ended" in client.post(order["url"]).json()["error"]["detail"]
    assert client.post(order["authorizations"][0]).json()["status"] == "expired"
    assert problem_of(client.post(order["finalize"], {"csr": b64(csr(*NAMES))})) == (403, "orderNotReady")
    assert forget_orders(lab.acme) == 0
    lab.enrolment.later(days=91)
    assert forget_orders(lab.acme) == 1
    assert problem_of(client.post(order["url"])) == (404, "malformed")


def test_a_proof_can_be_given_up(lab: AcmeLab) -> None:
    """And its order with it; nothing else can be done to it."""
    client = lab.client(lab.server())
    order = client.proved()
    assert problem_of(client.post(order["authorizations"][0], {"status": "valid"})) == (400, "malformed")
    for _ in range(2):
        assert client.post(order["authorizations"][0], {"status": "deactivated"}).json()["status"] == "deactivated"
    assert client.post(order["url"]).json()["status"] == "invalid"


@pytest.mark.parametrize("by", ["account", "certificate"])
def test_a_certificate_is_revoked_once(lab: AcmeLab, by: str) -> None:
    """By its account, or with its own key when the account is lost; for a reason that is a server's to say."""
    key = ec.generate_private_key(ec.SECP256R1())
    client = lab.client(lab.server())
    _, chain = client.certified(key=key)
    wish = {"certificate": b64(chain[0].public_bytes(Encoding.DER))}
    who = client if by == "account" else lab.client()
    if by == "certificate":
        who.signer = Signer(key)
    for reason in (2, 6, 7, 9, -1, "1", True, None):
        assert problem_of(who.post("/acme/revoke-certificate", {**wish, "reason": reason})) == (
            400,
            "badRevocationReason",
        )
    assert who.post("/acme/revoke-certificate", {**wish, "reason": 1}).status_code == 200
    row = lab.enrolment.row(f"{chain[0].serial_number:x}")
    assert (row.reason, row.revoked_at) == ("key_compromise", lab.enrolment.clock.at)
    assert ("certificate_revoked", {"serial": row.serial}) in lab.enrolment.told
    assert problem_of(who.post("/acme/revoke-certificate", wish)) == (400, "alreadyRevoked")


def test_a_server_learns_when_to_renew(lab: AcmeLab) -> None:
    """By the certificate's name (rfc9773); at once when it was replaced or revoked; an order can say what it replaces."""
    client = lab.client(lab.server())
    _, chain = client.certified()
    issuer = chain[0].extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer
    number = chain[0].serial_number
    name = f"{base64url(issuer)}.{base64url(number.to_bytes((number.bit_length() + 8) // 8))}"
    answer = lab.ask("GET", f"/acme/renewal-info/{name}")
    window = answer.json()["suggestedWindow"]
    assert window["start"] < window["end"] < chain[0].not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert int(answer.headers["retry-after"]) == 6 * 3600
    for wrong in (
        "x",
        "AA.AA",
        name + "AA",
        f"{base64url(b'other')}.{name.split('.')[1]}",
        "é.é",
        name.replace(".", ""),
    ):
        assert lab.ask("GET", f"/acme/renewal-info/{wrong}").status_code == 404
    other = lab.client(lab.server("gw2", ("gw2.example.jp",)))
    assert problem_of(other.order("gw2.example.jp", replaces=name)) == (400, "malformed")
    assert problem_of(client.order(replaces=1)) == (400, "malformed")
    assert client.order(replaces=name).status_code == 201
    client.certified()
    window = lab.ask("GET", f"/acme/renewal-info/{name}").json()["suggestedWindow"]
    assert window["end"] == lab.enrolment.clock.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lab.enrolment.later(seconds=1)
    assert problem_of(client.order(replaces=name)) == (409, "alreadyReplaced")
    client.post("/acme/revoke-certificate", {"certificate": b64(chain[0].public_bytes(Encoding.DER))})
    window = lab.ask("GET", f"/acme/renewal-info/{name}").json()["suggestedWindow"]
    assert window["end"] == lab.enrolment.clock.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_server_that_was_reported_lost_gets_nothing(lab: AcmeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its account ends with its certificates, also while a certificate is signed, and the paper opens no other one."""
    opened, enrolling = lab.server(), lab.enrolment.enrolling
    client, lost = lab.client(opened), Proof(opened.reference, opened.recovery)
    client.certified()
    order, sign = client.proved(), LabAuthority.server

    def late(self: LabAuthority, *given: Any, **more: Any) -> Any:
        report_lost(enrolling, lost)
        return sign(self, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(LabAuthority, "server", late)
        refused = client.post(order["finalize"], {"csr": b64(csr(*NAMES))})
    assert (problem_of(refused), lab.enrolment.living()) == ((403, "unauthorized"), [])
    assert problem_of(client.order()) == (403, "unauthorized")
    assert problem_of(lab.client().register(opened)) == (403, "unauthorized")
    anew = applications.open_anew(enrolling, CONSOLE, opened.notice.id)
    lab.client(anew).certified()
    assert len(lab.enrolment.living()) == 1


def test_a_server_that_is_no_more_gets_nothing(lab: AcmeLab) -> None:
    """Its notice was ended, or its party left the register; between order and certificate too."""
    opened = lab.server()
    client = lab.client(opened)
    order = client.proved()
    applications.end_terminal(lab.enrolment.enrolling, CONSOLE, opened.notice.id)
    assert problem_of(client.order()) == (403, "unauthorized")
    assert problem_of(client.post(order["finalize"], {"csr": b64(csr(*NAMES))})) == (403, "unauthorized")
    gone = lab.client(lab.server("gw2", ("gw2.example.jp",)))
    order = gone.proved("gw2.example.jp")
    with lab.enrolment.enrolling.store.write() as tx:
        party = tx.party(opened.notice.party)
        assert party is not None
        tx.put_party(replace(party, until=lab.enrolment.clock.at - timedelta(seconds=1)))
    assert problem_of(gone.post(order["finalize"], {"csr": b64(csr("gw2.example.jp"))})) == (403, "unauthorized")
    assert lab.enrolment.living() == []
