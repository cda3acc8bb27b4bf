"""ACME on a bench: the real public face over enrolment in memory, a client that signs, and hosts that answer."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.routing import Route

from jose_lab import Signer, b64, mac
from seikyu.apps import faces
from seikyu.apps.api.acme import acme_routes
from seikyu.apps.api.door import Door
from seikyu.apps.api.est import public_est
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from seikyu.ports.acme import HostUnproved
from seikyu.services.acme import Acme
from seikyu.services.applications import Opened
from seikyu.trust.acme import acme_rules, key_authorization
from seikyu.trust.enrolment import Purpose
from seikyu.trust.jws import from_base64url, read_key
from services.enrolment_lab import EnrolmentLab, make_enrolment_lab

HOST: Final = "https://public.example"
OWN_HOSTS: Final = ("public.example", "192.0.2.7", "2001:db8::7")
NAMES: Final = ("gw.example.jp", "www.example.jp")


@dataclass
class LabHosts:
    """Hosts that answer what was put there (ports.acme.AsksHosts)."""

    pages: dict[tuple[str, str], bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, host: str, path: str) -> bytes:
        """Return a page. Errors: HostUnproved."""
        self.asked.append((host, path))
        if (host, path) not in self.pages:
            raise HostUnproved("the host cannot be reached", kind="connection")
        return self.pages[host, path]


def face(routes: list[Route]) -> Any:
    """Return a face of the server with nothing on it but these."""
    app = Starlette(routes=routes, exception_handlers=faces._HANDLERS)
    return Door(app, face="public", metrics=Metrics(), most=500, idle_s=30)


@dataclass
class AcmeLab:
    """An office that speaks ACME and EST, and short words for asking it."""

    enrolment: EnrolmentLab
    hosts: LabHosts
    acme: Acme
    face: Any

    @classmethod
    def make(cls, where: Path | None = None, *, tries: int = 1000, url: str = "") -> "AcmeLab":
        """Return an office in memory, or on SQLite if `where` is given.

        `tries` are those of one address; `url` is the office's before a front server.
        """
        enrolment, hosts = make_enrolment_lab(where), LabHosts()
        acme = Acme.of(enrolment.enrolling, hosts, rules=replace(acme_rules(), accounts_per_hour=tries))
        turnstile = code_turnstile(per_address=1000)
        routes = [*public_est(enrolment.enrolling, turnstile), *acme_routes(acme, hosts=OWN_HOSTS, url=url)]
        return cls(enrolment, hosts, acme, face(routes))

    def server(self, terminal: str = "gw", hosts: tuple[str, ...] = NAMES, **other: Any) -> Opened:
        """Return the notice of a server."""
        return self.enrolment.opened(terminal, purpose=Purpose.SERVER, hosts=hosts, **other)

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask the public face."""

        async def once() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.face)
            async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())

    def client(self, opened: Opened | None = None, *, kind: str = "ES256") -> "Client":
        """Return a client with a key of its own, and an account if there is a notice."""
        made = Client(self, Signer.new(kind))
        if opened is not None:
            answer = made.register(opened)
            assert answer.status_code == 201, answer.text
            made.account = answer.headers["location"]
        return made


@dataclass
class Client:
    """Somebody with a key. What is asked for is signed as it should be, unless the test says otherwise."""

    lab: AcmeLab
    signer: Signer
    account: str = ""

    def nonce(self) -> str:
        """Return a fresh nonce."""
        return self.lab.ask("HEAD", "/acme/new-nonce").headers["replay-nonce"]

    def signed(self, path: str, payload: Any = None, **head: Any) -> dict[str, Any]:
        """Return a request; `None` in `head` takes a member out."""
        who = {"kid": self.account} if self.account else {"jwk": self.signer.jwk}
        whole = {"nonce": "", "url": HOST + path, **who, **head}
        if whole["nonce"] == "":
            whole["nonce"] = self.nonce()
        return self.signer.sign("" if payload is None else payload, **{k: v for k, v in whole.items() if v is not None})

    def send(self, path: str, tree: Any, *, media: str = "application/jose+json") -> httpx2.Response:
        """Send what was signed, or anything else."""
        content = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
        return self.lab.ask("POST", path, content=content, headers={"Content-Type": media})

    def post(self, path: str, payload: Any = None, **head: Any) -> httpx2.Response:
        """Ask; without a payload only to read (POST-as-GET)."""
        path = path.removeprefix(HOST)
        return self.send(path, self.signed(path, payload, **head))

    def binding(self, opened: Opened, **head: Any) -> dict[str, Any]:
        """Return the binding of this key to a notice."""
        whole = {"kid": opened.reference.replace("-", ""), "url": HOST + "/acme/new-account", **head}
        return mac(whole, self.signer.jwk, from_base64url(opened.binding))

    def register(self, opened: Opened | None, **wish: Any) -> httpx2.Response:
        """Ask for an account."""
        binding = {"externalAccountBinding": self.binding(opened)} if opened else {}
        return self.post("/acme/new-account", {**binding, **wish}, kid=None, jwk=self.signer.jwk)

    def order(self, *names: str, **wish: Any) -> httpx2.Response:
        """Order a certificate."""
        identifiers = [{"type": "dns", "value": name} for name in names or NAMES]
        return self.post("/acme/new-order", {"identifiers": identifiers, **wish})

    def show(self, challenge: dict[str, Any], host: str, body: bytes | None = None) -> None:
        """Put the proof, or something else, where the office looks for it."""
        right = key_authorization(challenge["token"], read_key(self.signer.jwk).thumbprint).encode()
        page = host, "/.well-known/acme-challenge/" + challenge["token"]
        self.lab.hosts.pages[page] = right if body is None else body

    def proved(self, *names: str) -> dict[str, Any]:
        """Return an order whose names are proved, with its address."""
        answer = self.order(*names)
        assert answer.status_code == 201, answer.text
        for url in answer.json()["authorizations"]:
            authorization = self.post(url).json()
            challenge = authorization["challenges"][0]
            self.show(challenge, authorization["identifier"]["value"])
            assert self.post(challenge["url"], {}).json()["status"] == "valid"
        return {**self.post(answer.headers["location"]).json(), "url": answer.headers["location"]}

    def certified(self, *names: str, key: Any = None) -> tuple[dict[str, Any], list[x509.Certificate]]:
        """Return a finished order and its chain."""
        order = self.proved(*names)
        answer = self.post(order["finalize"], {"csr": b64(csr(*names or NAMES, key=key))})
        assert answer.status_code == 200, answer.text
        chain = self.post(answer.json()["certificate"])
        assert chain.headers["content-type"] == "application/pem-certificate-chain"
        return {**answer.json(), "url": order["url"]}, x509.load_pem_x509_certificates(chain.content)


def csr(*names: str, key: Any = None, ca: bool = False, common: str = "") -> bytes:
    """Return a certification request (DER) for names."""
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common)] if common else []
    unsigned = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        unsigned = unsigned.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
        )
    if ca:
        unsigned = unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    key = key or ec.generate_private_key(ec.SECP256R1())
    return unsigned.sign(key, SHA256()).public_bytes(Encoding.DER)


def weak_key() -> rsa.RSAPrivateKey:
    """Return a key that is too short."""
    return rsa.generate_private_key(65537, 1024)


def problem_of(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and kind of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["type"].removeprefix("urn:ietf:params:acme:error:")
