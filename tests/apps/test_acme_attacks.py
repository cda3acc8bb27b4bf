"""Who tries to get a certificate, or another's, by ACME without a right to it."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from apps.acme_lab import HOST, NAMES, AcmeLab, Client, csr, problem_of, weak_key
from jose_lab import Signer, b64, mac, packed
from seikyu.limits import limit
from seikyu.services import applications
from seikyu.trust.codes import CHANCE_BYTES, make_code
from seikyu.trust.jws import from_base64url


@pytest.fixture
def lab() -> AcmeLab:
    """Return an office in memory that speaks ACME."""
    return AcmeLab.make()


def test_a_request_that_was_heard_is_not_heard_again(lab: AcmeLab) -> None:
    """To the byte, or with its nonce in another request; and every refusal brings a nonce that works."""
    client = lab.client(lab.server())
    tree = client.signed("/acme/new-order", {"identifiers": [{"type": "dns", "value": NAMES[0]}]})
    assert client.send("/acme/new-order", tree).status_code == 201
    refused = client.send("/acme/new-order", tree)
    assert problem_of(refused) == (400, "badNonce")
    used = json.loads(from_base64url(tree["protected"]))["nonce"]
    assert problem_of(client.post("/acme/new-order", {}, nonce=used)) == (400, "badNonce")
    assert client.post(client.account, nonce=refused.headers["replay-nonce"]).status_code == 200
    assert len(client.post(client.account + "/orders").json()["orders"]) == 1


def test_a_nonce_is_not_used_up_by_who_cannot_sign(lab: AcmeLab) -> None:
    """Nobody spends another's nonces, or fills the memory, with signatures that fit no key."""
    client = lab.client(lab.server())
    nonce = client.nonce()
    tree = client.signed(client.account.removeprefix(HOST), nonce=nonce)
    forged = {**tree, "signature": b64(b"\1" * 64)}
    assert problem_of(client.send(client.account.removeprefix(HOST), forged)) == (400, "malformed")
    assert client.send(client.account.removeprefix(HOST), tree).status_code == 200


@pytest.mark.parametrize("nonce", [None, "x", "AAAA", b64(bytes(40))])
def test_a_made_up_nonce_is_none(lab: AcmeLab, nonce: str | None) -> None:
    """Nor is none."""
    client = lab.client(lab.server())
    assert problem_of(client.post(client.account, nonce=nonce)) == (400, "badNonce")


def test_a_request_for_another_address_is_refused(lab: AcmeLab) -> None:
    """Another path, another office; the nonce stays good."""
    client = lab.client(lab.server())
    for url in (
        HOST + "/acme/new-account",
        "https://evil.example/acme/new-order",
        HOST + "/acme/new-order?x=1",
        "/acme/new-order",
    ):
        assert problem_of(client.post("/acme/new-order", {}, url=url)) == (403, "unauthorized")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "public.example.evil.example", "public.example@evil.example", "evil.example:1@public.example",
        "public.example:x", "[::1]", "public.example/x", "127.0.0.1", "public.example.",
    ],
)  # fmt: skip
def test_another_name_in_the_host_header_leads_nowhere(lab: AcmeLab, host: str) -> None:
    """No directory, no nonce and no signature for it; the refusal names no address of who asked."""
    client = lab.client(lab.server())
    asked = [lab.ask("GET", path, headers={"Host": host}) for path in ("/acme/directory", "/acme/new-nonce")]
    asked.append(lab.ask("GET", "/acme/renewal-info/x.y", headers={"Host": host}))
    tree = client.signed("/acme/new-order", {}, url=f"https://{host}/acme/new-order")
    headers = {"Host": host, "Content-Type": "application/jose+json"}
    asked.append(lab.ask("POST", "/acme/new-order", content=json.dumps(tree).encode(), headers=headers))
    for refused in asked:
        assert problem_of(refused) == (421, "malformed")
        assert "evil" not in refused.text + repr(refused.headers)


def test_the_offices_own_names_and_a_front_server_are_good() -> None:
    """In large letters, with a port, as an address; before a front server the name that it passes on says nothing."""
    lab, fronted = AcmeLab.make(), AcmeLab.make(url="https://front.example/")
    for host in ("public.example", "PUBLIC.example:8443", "192.0.2.7", "[2001:DB8::7]:443"):
        told = lab.ask("GET", "/acme/directory", headers={"Host": host}).json()
        assert told["newOrder"] == f"https://{host}/acme/new-order"
        told = fronted.ask("GET", "/acme/directory", headers={"Host": host}).json()
        assert told["newOrder"] == "https://front.example/acme/new-order"
    assert fronted.ask("GET", "/acme/directory", headers={"Host": "inner"}).status_code == 200


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "EdDSA"])
def test_the_algorithm_is_not_the_senders_to_choose(lab: AcmeLab, alg: str) -> None:
    """No "none", and no MAC whose secret is the public key; the refusal says what is taken."""
    client = lab.client(lab.server())
    head = {"nonce": client.nonce(), "url": HOST + "/acme/new-order", "kid": client.account}
    wish = {"identifiers": [{"type": "dns", "value": NAMES[0]}]}
    if alg == "HS256":
        tree = mac(head, wish, json.dumps(client.signer.jwk).encode())
    elif alg == "none":
        tree = packed({"alg": "none", **head}, wish, b"")
    else:
        tree = client.signer.sign(wish, alg=alg, **head)
    refused = client.send("/acme/new-order", tree)
    assert problem_of(refused) == (400, "badSignatureAlgorithm")
    assert refused.json()["algorithms"] == ["ES256", "ES384", "EdDSA", "RS256"]


def test_a_key_of_ones_own_beside_the_account_is_refused(lab: AcmeLab) -> None:
    """Both jwk and kid; jwk where an account must sign; kid where it must not; neither."""
    client, thief = lab.client(lab.server()), lab.client()
    path = "/acme/new-order"
    both = thief.signed(path, {}, kid=client.account, jwk=thief.signer.jwk)
    assert problem_of(thief.send(path, both)) == (400, "malformed")
    assert problem_of(thief.post(path, {})) == (400, "malformed")
    assert problem_of(thief.post(path, {}, jwk=None)) == (400, "malformed")
    assert problem_of(client.post("/acme/new-account", {})) == (400, "malformed")
    assert problem_of(thief.post(path, {}, jwk=None, kid=client.account)) == (400, "malformed")
    for kid in (HOST + "/acme/account/nobody", client.account + "x", "https://evil.example/acme/account/1", ""):
        assert problem_of(client.post(path, {}, kid=kid)) == (400, "accountDoesNotExist")


def test_a_binding_is_worth_nothing_without_its_key(lab: AcmeLab) -> None:
    """A wrong key, reference, address, algorithm; a binding for another account key; one that was overheard."""
    opened, other = lab.server(), lab.server("gw2", ("gw2.example.jp",))
    client, thief = lab.client(), lab.client()
    foreign = applications.Opened(opened.notice, opened.reference, "", "", other.binding)
    assert problem_of(client.register(foreign)) == (403, "unauthorized")
    unknown = make_code("reference", bytes(range(CHANCE_BYTES)))
    tries: list[tuple[Any, tuple[int, str]]] = [
        (client.binding(opened, kid=unknown), (403, "unauthorized")),
        (client.binding(opened, kid="x"), (403, "unauthorized")),
        (client.binding(opened, url=HOST + "/acme/new-order"), (400, "malformed")),
        (client.binding(opened, nonce="n"), (400, "malformed")),
        (thief.binding(opened), (400, "malformed")),
        ({**client.binding(opened), "payload": b64(json.dumps(thief.signer.jwk))}, (403, "unauthorized")),
        ({**client.binding(opened), "signature": ""}, (403, "unauthorized")),
        (
            client.signer.sign(client.signer.jwk, url=HOST + "/acme/new-account", kid=opened.reference),
            (400, "badSignatureAlgorithm"),
        ),
        ([], (400, "malformed")),
    ]
    for binding, expected in tries:
        assert problem_of(client.register(None, externalAccountBinding=binding)) == expected
    assert problem_of(client.register(None, externalAccountBinding=client.signed("/acme/new-account"))) == (
        400,
        "malformed",
    )
    with lab.enrolment.enrolling.store.read() as tx:
        assert tx.acme_accounts_of(opened.notice.id) == []


def test_a_notice_that_is_closed_or_for_a_terminal_opens_no_account(lab: AcmeLab) -> None:
    """A terminal's certificate lets its party in: no server gets one, and no host's proof is any for it."""
    assert problem_of(lab.client().register(lab.enrolment.opened("pc-1"))) == (403, "unauthorized")
    opened = lab.server()
    lab.enrolment.later(days=180)
    assert problem_of(lab.client().register(opened)) == (403, "unauthorized")


def at_once(client: Client, path: str, trees: list[dict[str, Any]]) -> list[int]:
    """Send requests at the same time; return their statuses."""
    return [each.status_code for each in sent_at_once(client, [(path, tree) for tree in trees])]


def sent_at_once(client: Client, requests: list[tuple[str, dict[str, Any]]]) -> list[httpx2.Response]:
    """Send requests at the same time; return the answers as they come."""
    answers, gate = list[httpx2.Response](), threading.Barrier(len(requests))

    def send(path: str, tree: dict[str, Any]) -> None:
        gate.wait()
        answers.append(client.send(path, tree))

    threads = [threading.Thread(target=send, args=each) for each in requests]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


def slow_challenges(lab: AcmeLab, client: Client, count: int) -> list[str]:
    """Return challenges of as many orders, whose hosts answer wrongly and after a while."""
    right = lab.hosts.ask

    def ask(host: str, path: str) -> bytes:
        time.sleep(0.5)
        return right(host, path)

    lab.hosts.ask = ask  # type: ignore[method-assign]
    names = [client.order(NAMES[0]).json()["authorizations"][0] for _ in range(count)]
    return [str(client.post(each).json()["challenges"][0]["url"]).removeprefix(HOST) for each in names]


def test_a_name_is_asked_for_once_at_a_time(tmp_path: Path) -> None:
    """Many requests for one name ask its host once, and who comes second sees that it is pending."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    path = slow_challenges(lab, client, 1)[0]
    answers = sent_at_once(client, [(path, client.signed(path, {})) for _ in range(4)])
    assert sorted(each.json()["status"] for each in answers) == ["invalid", "pending", "pending", "pending"]
    assert len(lab.hosts.asked) == 1


def test_names_that_are_being_asked_for_count_as_failures(tmp_path: Path) -> None:
    """Three of an account have failed; of three at once two are asked for, as the fifth may fail too."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    paths = slow_challenges(lab, client, 6)
    for path in paths[:3]:
        assert client.post(path, {}).json()["status"] == "invalid"
    answers = sent_at_once(client, [(path, client.signed(path, {})) for path in paths[3:]])
    assert sorted(each.status_code for each in answers) == [200, 200, 429]
    assert len(lab.hosts.asked) == 5


def test_nobody_waits_for_a_turn(tmp_path: Path) -> None:
    """Whoever comes while so many names are being asked for is told to come again, at once."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    path = slow_challenges(lab, client, 1)[0]
    with ExitStack() as held:
        for no in range(lab.acme.rules.validations_at_once):
            held.enter_context(lab.acme.asking.taken(f"name{no}", "other"))
        began = time.monotonic()
        refused = client.post(path, {})
        assert time.monotonic() - began < 2
    assert problem_of(refused) == (429, "rateLimited")
    assert refused.headers["retry-after"] == "10"
    assert client.post(path, {}).json()["status"] == "invalid"


def test_of_many_accounts_at_once_a_notice_gets_one(tmp_path: Path) -> None:
    """With different keys, over a real database."""
    lab = AcmeLab.make(tmp_path)
    opened = lab.server()
    clients = [lab.client() for _ in range(4)]
    trees = [each.signed("/acme/new-account", {"externalAccountBinding": each.binding(opened)}) for each in clients]
    statuses = at_once(clients[0], "/acme/new-account", trees)
    assert sorted(statuses) == [201, 403, 403, 403]


def test_of_many_who_finish_an_order_at_once_one_gets_a_certificate(tmp_path: Path) -> None:
    """With different keys, over a real database: what was signed for the others is nobody's."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    order = client.proved()
    path = order["finalize"].removeprefix(HOST)
    statuses = at_once(client, path, [client.signed(path, {"csr": b64(csr(*NAMES))}) for _ in range(4)])
    assert sorted(statuses) == [200, 403, 403, 403]
    assert len(lab.enrolment.living()) == 1


def test_who_finishes_an_order_twice_at_once_gets_one_certificate(tmp_path: Path) -> None:
    """With the same request, over a real database: each answer is the finished order, as if said one after the other."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    order = client.proved()
    path, wish = order["finalize"].removeprefix(HOST), {"csr": b64(csr(*NAMES))}
    answers = sent_at_once(client, [(path, client.signed(path, wish)) for _ in range(4)])
    assert [each.status_code for each in answers] == [200] * 4
    assert {each.json()["certificate"] for each in answers} == {client.post(order["url"]).json()["certificate"]}
    assert len(lab.enrolment.living()) == 1


def test_what_is_anothers_is_not_there(lab: AcmeLab) -> None:
    """Orders, authorizations, challenges, certificates: all alike, and like what never was."""
    client, thief = lab.client(lab.server()), lab.client(lab.server("gw2", ("gw2.example.jp",)))
    order, chain = client.certified()
    name = client.post(order["authorizations"][0]).json()
    paths = [order["url"], order["authorizations"][0], name["challenges"][0]["url"], order["certificate"]]
    for path in paths:
        assert problem_of(thief.post(path)) == (404, "malformed")
        unknown = path.rsplit("/", 1)[0] + "/" + "0" * 26
        assert thief.post(unknown).json() == thief.post(path).json()
    assert problem_of(thief.post(order["finalize"], {"csr": b64(csr(*NAMES))})) == (404, "malformed")
    assert problem_of(thief.post(name["challenges"][0]["url"], {})) == (404, "malformed")
    assert problem_of(thief.post(order["authorizations"][0], {"status": "deactivated"})) == (404, "malformed")
    assert problem_of(thief.post(client.account)) == (403, "unauthorized")
    assert problem_of(thief.post(client.account, {"status": "deactivated"})) == (403, "unauthorized")
    assert problem_of(thief.post(client.account + "/orders")) == (403, "unauthorized")
    wish = {"certificate": b64(chain[0].public_bytes(Encoding.DER))}
    assert problem_of(thief.post("/acme/revoke-certificate", wish)) == (403, "unauthorized")
    assert problem_of(lab.client().post("/acme/revoke-certificate", wish)) == (403, "unauthorized")
    assert lab.enrolment.row(f"{chain[0].serial_number:x}").revoked_at is None


def test_what_can_be_no_id_is_not_looked_up(tmp_path: Path) -> None:
    """Half a letter (a lone surrogate) or a NUL, as account, as thing or as page, is not there like any other text."""
    lab = AcmeLab.make(tmp_path)
    client = lab.client(lab.server())
    for odd in ("\ud800", "a\0", "x\udcff", "１"):
        refused = client.post("/acme/new-order", {}, kid=HOST + "/acme/account/" + odd)
        assert problem_of(refused) == (400, "accountDoesNotExist")
        order = client.post("/acme/new-order", {"identifiers": [{"type": "dns", "value": odd}]})
        assert problem_of(order) == (403, "rejectedIdentifier")
        assert problem_of(client.order(replaces=odd)) == (400, "malformed")
    for path in ("order/a%00", "authorization/%EF%BC%91", "challenge/a%00", "certificate/a%00"):
        assert problem_of(client.post("/acme/" + path, url=HOST + "/acme/" + unquote(path))) == (404, "malformed")
    assert problem_of(client.post(client.account + "/orders?cursor=a%00")) == (404, "malformed")


def test_a_terminals_certificate_is_not_revoked_by_a_server(lab: AcmeLab) -> None:
    """Nor what this office never issued, nor what only has the serial of something that it did."""
    client = lab.client(lab.server())
    terminal = lab.enrolment.fetched(lab.enrolment.opened("pc-1"))
    for der, expected in (
        (terminal.der, (403, "unauthorized")),
        (terminal.chain[0], (400, "malformed")),
        (b"\x30\x00", (400, "malformed")),
        (terminal.der[:-1] + b"\0", (400, "malformed")),
    ):
        assert problem_of(client.post("/acme/revoke-certificate", {"certificate": b64(der)})) == expected
    assert problem_of(client.post("/acme/revoke-certificate", {"certificate": "+"})) == (400, "malformed")
    assert lab.enrolment.row(terminal.serial).revoked_at is None


@pytest.mark.parametrize(
    "wish",
    [
        [{"type": "dns", "value": "*.example.jp"}], [{"type": "dns", "value": "evil.example"}],
        [{"type": "dns", "value": NAMES[0]}, {"type": "dns", "value": "evil.example"}], [{"type": "ip", "value": "192.0.2.1"}],
    ],
)  # fmt: skip
def test_other_names_cannot_be_ordered(lab: AcmeLab, wish: Any) -> None:
    """None that does not stand on the notice; no wildcard; and how long it is valid is not to be chosen."""
    client = lab.client(lab.server())
    assert problem_of(client.post("/acme/new-order", {"identifiers": wish})) == (403, "rejectedIdentifier")
    assert problem_of(client.order(notAfter="2099-01-01T00:00:00Z")) == (400, "malformed")
    assert problem_of(client.post("/acme/new-order", {})) == (400, "malformed")
    assert problem_of(client.post("/acme/new-order")) == (400, "malformed")
    assert client.post(client.account + "/orders").json()["orders"] == []


REQUESTS: list[Callable[[Client], bytes]] = [
    lambda _: csr(*NAMES, "evil.example"),
    lambda _: csr(NAMES[0]),
    lambda _: csr(),
    lambda _: csr(*NAMES, common="evil.example"),
    lambda _: csr(*NAMES, ca=True),
    lambda _: csr(*NAMES, key=weak_key()),
    lambda _: csr(*NAMES, key=ec.generate_private_key(ec.SECP521R1())),
    lambda client: csr(*NAMES, key=client.signer.key),
    lambda _: csr(*NAMES)[:-1] + b"\0",
    lambda _: b"-----BEGIN CERTIFICATE REQUEST-----",
    lambda _: b"",
    lambda _: b"\x30" * 17_000,
]


@pytest.mark.parametrize("no", range(len(REQUESTS)))
def test_a_request_for_something_else_is_refused(lab: AcmeLab, no: int) -> None:
    """Other names, fewer names, a CA, a weak key, the account's own key, a signature that does not fit, rubbish."""
    client = lab.client(lab.server())
    order = client.proved()
    assert problem_of(client.post(order["finalize"], {"csr": b64(REQUESTS[no](client))})) == (400, "badCSR")
    assert lab.enrolment.living() == []
    assert client.post(order["url"]).json()["status"] == "ready"
    assert client.post(order["finalize"], {"csr": b64(csr(*NAMES))}).json()["status"] == "valid"


def test_a_key_of_a_terminal_is_not_certified_for_a_server(lab: AcmeLab) -> None:
    """One key, one machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    from seikyu.trust.certificates import asked_for

    lab.enrolment.fetched(lab.enrolment.opened("pc-1"), asked_for(key.public_key()))
    client = lab.client(lab.server())
    order = client.proved()
    assert problem_of(client.post(order["finalize"], {"csr": b64(csr(*NAMES, key=key))})) == (400, "badCSR")


def test_a_server_certificate_lets_nobody_in(lab: AcmeLab) -> None:
    """It says that it is for servers, and names no party."""
    _, chain = lab.client(lab.server()).certified()
    use = chain[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(use) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    assert not chain[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    from seikyu.trust import UnknownCertificate, identity_from_der

    with pytest.raises(UnknownCertificate):
        identity_from_der(chain[0].public_bytes(Encoding.DER))


def test_a_host_is_asked_by_who_ordered_it_and_shows_their_key(lab: AcmeLab) -> None:
    """Another account's proof proves nothing, and a challenge that is only read asks nobody."""
    client, other = lab.client(lab.server()), Signer.new()
    challenge = client.post(client.order().json()["authorizations"][0]).json()["challenges"][0]
    assert client.post(challenge["url"]).json()["status"] == "pending"
    assert lab.hosts.asked == []
    Client(lab, other).show(challenge, NAMES[0])
    assert client.post(challenge["url"], {}).json()["status"] == "invalid"


def test_too_much_and_other_than_signed_json_is_refused(lab: AcmeLab) -> None:
    """Before anything of it is parsed; and a long way down is no bug."""
    client = lab.client(lab.server())
    path = "/acme/new-order"
    assert problem_of(client.send(path, client.signed(path, {}), media="application/json")) == (415, "malformed")
    assert problem_of(client.send(path, b"x" * (limit("acme_request_bytes") + 1))) == (400, "malformed")
    for rubbish in (b"", b"[]", b"\xff\xfe", b"[" * 30_000, b'{"protected":{}}'):
        assert problem_of(client.send(path, rubbish)) == (400, "malformed")
    deep = client.signed(path, "[" * 10_000)
    assert problem_of(client.send(path, deep)) == (400, "malformed")
    for wish in ("[]", '{"identifiers":1,"identifiers":2}', '"x"'):
        assert problem_of(client.send(path, client.signed(path, wish))) == (400, "malformed")


def test_no_secret_and_no_contact_is_told(lab: AcmeLab) -> None:
    """Neither in what is told to the log, nor in answers."""
    opened = lab.server()
    client = lab.client()
    answer = client.register(opened, contact=["mailto:gw@example.jp"])
    told = repr(lab.enrolment.told) + repr(lab.enrolment.acts())
    for secret in (opened.binding, opened.pin, opened.recovery, "gw@example.jp"):
        assert secret not in told
        assert secret not in client.register(None, onlyReturnExisting=True).headers["location"]
    assert opened.binding not in answer.text


def test_refusals_are_told_in_japanese_to_who_reads_it(lab: AcmeLab) -> None:
    """The word of ACME stays what it is."""
    client = lab.client(lab.server())
    tree = client.signed("/acme/new-order", {"identifiers": [{"type": "dns", "value": "evil.example"}]})
    headers = {"Content-Type": "application/jose+json", "Accept-Language": "ja"}
    answer = lab.ask("POST", "/acme/new-order", content=json.dumps(tree).encode(), headers=headers)
    assert problem_of(answer) == (403, "rejectedIdentifier")
    assert "発行通知書にない名前です" in answer.json()["detail"]
    assert answer.headers["content-language"] == "ja"
