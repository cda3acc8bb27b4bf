"""A desk on a bench: the real app over an office in memory, and parties with real certificates."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.types import Message, Receive, Scope, Send

from apps.page_parts import pages_of_lab, paper_of_lab
from builders import INSTITUTION_ID
from seikyu.apps import faces
from seikyu.apps.metrics import Metrics, states_of
from seikyu.ports.register import Certificate
from seikyu.ports.store import Delivery
from seikyu.trust.certificates import Issuer, Period, client_certificate, root_certificate, serial_text
from seikyu.trust.party import Holder
from services.enrolment_lab import enrolling_over
from services.office_lab import OTHER_INSTITUTION, PAYERS, Lab, make_lab

HOST = "https://desk.example:8443"
API = "/api/v1"
FIRST, SECOND = INSTITUTION_ID, OTHER_INSTITUTION
PAYER, OTHER_PAYER = PAYERS[0], PAYERS[1]
OPERATOR = "operator"
KINDS = {FIRST: "institution", SECOND: "institution", PAYER: "payer", OTHER_PAYER: "payer", OPERATOR: "operator"}

_NOW = datetime(2026, 9, 1, tzinfo=UTC)
_PERIOD = Period(_NOW, _NOW + timedelta(days=400))


@cache
def certificates() -> dict[str, tuple[str, bytes]]:
    """Return serial and certificate (DER) of every party, and of a stranger with a certificate of our form."""
    key = ec.generate_private_key(ec.SECP384R1())
    ca = Issuer(root_certificate(key, organisation="見本", serial=1, period=_PERIOD), key)
    made: dict[str, tuple[str, bytes]] = {}
    for serial, (party, kind) in enumerate((*KINDS.items(), ("9911111111", "institution")), start=100):
        holder = Holder(kind=kind, party=party, name="見本", terminal="pc-1")
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        signed = client_certificate(ca, public, holder=holder, serial=serial, period=_PERIOD)
        made[party] = (serial_text(serial), signed.public_bytes(Encoding.DER))
    return made


STRANGER = "9911111111"

_MADE: list["DeskLab"] = []


def close_all() -> None:
    """Close what the test has made."""
    while _MADE:
        loop = _MADE.pop().loop
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class Connected:
    """An ASGI app as a connection with that certificate sees it."""

    def __init__(self, app: Any, party: str | None) -> None:
        self.app = app
        self.der = certificates()[party][1] if party else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the certificate where the TLS layer would."""
        scope["extensions"] = {"tls": {"client_cert_der": self.der}}
        scope.setdefault("state", {})
        await self.app(scope, receive, send)


@dataclass
class Answer:
    """What a raw request came to. Shape: `status` 0 means that there was no answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class DeskLab:
    """A desk, and short words for asking it things."""

    lab: Lab
    metrics: Metrics
    app: Any
    loop: asyncio.AbstractEventLoop

    @classmethod
    def make(cls, lab: Lab | None = None, *, send_by: Callable[[Path], str] | None = None, **options: Any) -> Self:
        """Return a desk over an office in memory that is always open."""
        lab = lab or make_lab(calendar="sandbox")
        with lab.office.store.write() as tx:
            for party in KINDS:
                tx.put_certificate(Certificate(certificates()[party][0], party, "pc-1", _NOW, _PERIOD.end))
        metrics = Metrics(waiting=lab.office.jobs.waiting, states=partial(states_of, lab.office.store))
        app = faces.desk(
            lab.office,
            enrolling_over(lab.office),
            metrics,
            pages=pages_of_lab(lab.office, "desk", **options),
            send_by=send_by,
            paper=lambda: paper_of_lab(lab.office),
        )
        made = cls(lab, metrics, app, asyncio.new_event_loop())
        _MADE.append(made)
        return made

    def ask(self, method: str, path: str, *, party: str | None = FIRST, **options: Any) -> httpx2.Response:
        """Ask as a party; paths without a leading API are under it unless they begin with two slashes."""

        async def once() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=Connected(self.app, party))
            async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
                return await client.request(method, url, **options)

        url = path[1:] if path.startswith("//") else API + path
        return self.loop.run_until_complete(once())

    def send(self, data: bytes, *, party: str = FIRST, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """Send a file."""
        return self.ask("POST", "/sendings", party=party, content=data, headers=headers or {}, params=query)

    def raw(
        self,
        method: str,
        path: str,
        messages: list[Message],
        *,
        headers: dict[str, str] | None = None,
        party: str = FIRST,
    ) -> Answer:
        """Ask with a body that comes in these pieces; after the last of them the line is silent."""
        answer = Answer()

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await asyncio.sleep(3600)
            raise AssertionError

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        url, _, query = (API + path).partition("?")
        scope: Scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": url, "raw_path": url.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            "server": ("desk.example", 8443), "client": ("127.0.0.1", 1), "state": {},
        }  # fmt: skip
        self.loop.run_until_complete(Connected(self.app, party)(scope, receive, send))
        return answer

    def put_delivery(self, data: bytes, *, payer: str = PAYER, no: int = 1, state: str = "waiting") -> Delivery:
        """Lay a sealed delivery out for a payer."""
        office = self.lab.office
        row = Delivery(
            id=f"d{no:025d}", body="1", month="202609", line="real", payer=payer, kind="medical", volume=no,
            state=state, claims=1, points=291, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(),
            sealed_at=office.clock.now(),
        )  # fmt: skip
        with office.objects.writer(f"deliveries/{row.id}", limit_bytes=len(data)) as writer:
            writer.write(data)
            writer.commit()
        with office.store.write() as tx:
            tx.put_delivery(row)
        return row

    def leaves_nothing(self) -> bool:
        """Return whether there is neither a sending nor an object nor a temporary."""
        objects: Any = self.lab.office.objects
        return not self.lab.sendings() and not self.lab.names() and not getattr(objects, "arriving", None)


async def pieces(data: bytes, *, size: int = 100) -> AsyncIterator[bytes]:
    """Yield a body without a stated length."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


def body_message(data: bytes, *, more: bool) -> Message:
    """Return a piece of a request."""
    return {"type": "http.request", "body": data, "more_body": more}
