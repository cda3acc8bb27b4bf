"""The page about revocation: how fresh each place's word is, and what it does when its source is silent.

The numbers are those that the program works with.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from seikyu.adapters.ocsp_signer import SIGNER_RENEWAL
from seikyu.adapters.x509_list import CRL_PERIOD
from seikyu.apps.front.watch import LAG_S, LOOK_S, RELOAD_EVERY_S, RELOADED_S
from seikyu.apps.gateway.supervisor import ENDED_S, TICK_S
from seikyu.apps.pki import ALARM_AGAIN, CRL_RENEWAL, LIST_KEPT_S
from seikyu.apps.serve import HOUSEKEEPING_S
from seikyu.lines.gateway.config import LOOK_OFFICE_S
from seikyu.services.revocation import FRONT, LIST, OUTLASTS, REGISTER, SIGNED_ANEW, SIGNER
from seikyu.trust.certificates import BACK
from seikyu.trust.revoking import house_rules
from seikyu.trust.status import ANSWER_LIFE, OCSP_PATH, PKI_PATH, SIGNER_LIFE, list_name

#: A revocation is known everywhere by then.
PROMISED: Final = timedelta(seconds=60)

#: A source may be silent for at least so long without locking a valid party out.
ENDURED: Final = timedelta(days=1)

RULES: Final = house_rules()

#: How often a gateway elsewhere fetches the list unless its file says otherwise.
LOOKS_S: Final = LOOK_OFFICE_S

_HOUSE: Final = timedelta(seconds=HOUSEKEEPING_S)


@dataclass(frozen=True, slots=True)
class Source:
    """What a place's word comes from. `endures`: how long its silence locks no valid party out."""

    name: str
    what: str
    endures: timedelta
    silent: str


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that decides or tells. `bound`: a revocation counts there at the latest so long after its commit."""

    name: str
    bound: timedelta
    how: str
    sources: tuple[str, ...]


def _said(span: timedelta) -> str:
    """Say a span in its largest unit that fits evenly."""
    seconds = int(span.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3600)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit if seconds > size else unit[:-1]}"
    return f"{seconds} s" if seconds else "at once"


def _every(span: timedelta) -> str:
    """Say how often: every day, every 30 s."""
    return "every " + _said(span).removeprefix("1 ")


PLACES: Final = (
    Place(
        "each request at the desk, pages and API",
        timedelta(),
        "the row of the certificate is read for every request, also on a connection that is open; nothing is kept",
        (REGISTER,),
    ),
    Place(
        f"OCSP responder, `{OCSP_PATH}` of the public face",
        ANSWER_LIFE,
        "the row is read for every answer, so the responder itself knows at once; an answer that somebody else keeps "
        f"ends {_said(ANSWER_LIFE)} after it was known (`nextUpdate`, `max-age`). A signature is used again for "
        f"{_said(SIGNED_ANEW)} as long as the row says the same",
        (REGISTER, SIGNER),
    ),
    Place(
        f"revocation list, `{PKI_PATH}{list_name(1)}` (DER; `{list_name(2)}` … after a rollover) and "
        f"`{PKI_PATH}crl.pem` (all) of the public face, the same names in `ca/` of the home",
        _HOUSE + timedelta(seconds=LIST_KEPT_S),
        "whoever revokes, the command or the server, writes it before it says so; the server looks at the rows "
        f"{_every(_HOUSE)} and writes what is missing; a copy may be kept for {LIST_KEPT_S} s. It is "
        f"written anew {_every(CRL_RENEWAL)} at the latest and counts for {_said(CRL_PERIOD)} (`nextUpdate`): a "
        "reader that fetches it less often than the bound has the bound of its own clock",
        (LIST, REGISTER),
    ),
    Place(
        "[nginx in front](../how-to/put-nginx-in-front.md), in the handshake (`ssl_crl`)",
        _HOUSE + timedelta(seconds=LOOK_S + RELOAD_EVERY_S + RELOADED_S),
        "whoever revokes writes `ca/crl.pem`; `seikyu deploy nginx --watch` looks at it every "
        f"{_said(timedelta(seconds=LOOK_S))} and has nginx reload, at most every "
        f"{_said(timedelta(seconds=RELOAD_EVERY_S))}. That counts for new connections; on one that is open, and before "
        "that, the office behind reads the row for every request: it lets nobody in whom nginx still takes",
        (FRONT, LIST, REGISTER),
    ),
    Place(
        'nginx in front, in the handshake, asking the responder (`front.ocsp = "leaf"`)',
        ANSWER_LIFE,
        "nginx keeps an answer until its `nextUpdate`",
        (FRONT, SIGNER, REGISTER),
    ),
    Place(
        "[IPsec gateway](../how-to/run-an-ipsec-gateway.md), on the office's machine (`office.home`)",
        timedelta(seconds=TICK_S + ENDED_S),
        f"`seikyu gateway run` looks at rows and list every {TICK_S} s and ends the tunnel within {ENDED_S} s after "
        "either says so; who has no other certificate is not let in any more, whatever the list says. The daemon "
        "demands a list of every authority (`revocation = strict`) and is told to forget whom it found good",
        (REGISTER, LIST),
    ),
    Place(
        "IPsec gateway elsewhere (`office.url`)",
        _HOUSE + timedelta(seconds=LIST_KEPT_S + LOOKS_S + ENDED_S),
        f"it fetches the list every {LOOKS_S} s (`office.look_s`), never takes an older one after a newer, and goes on "
        "with the last one, also after a start, until its `nextUpdate`: then nobody new comes in, and whoever is "
        "connected stays. It warns three days before",
        (LIST, REGISTER),
    ),
)

SOURCES_SAID: Final = (
    Source(
        REGISTER,
        "the certificates' rows in the office's database",
        OUTLASTS,
        "The desk answers 503 with `Retry-After`: sendings lie in the same database, so there is nothing that a valid "
        "party could do, and nobody is let in. The responder goes on with what the rows said last and with the list, "
        f"dated with when that was (`thisUpdate`), for {_said(OUTLASTS)}; then, and after a start without a word of "
        "the rows, it says `tryLater`. The list stays as it is",
    ),
    Source(
        LIST,
        "writing the list: the disk, and the key of the issuing authority",
        CRL_PERIOD - CRL_RENEWAL,
        "The old list stays and counts until its `nextUpdate`, at least "
        f"{_said(CRL_PERIOD - CRL_RENEWAL)} from then on; it is tried again {_every(_HOUSE)}. After its "
        "`nextUpdate` programs that demand a list refuse everybody: that is what the alarm is for. Desk and responder "
        "do not use it while the register speaks",
    ),
    Source(
        SIGNER,
        "the delegates that sign answers (`secrets/ocsp.pem`, `ocsp-2.pem` …), each certified by its issuing authority",
        SIGNER_RENEWAL,
        f"It is good for {_said(SIGNER_LIFE)} and made anew {_said(SIGNER_RENEWAL)} before it ends, so the "
        "authority's key may be away for that long; the old one signs to its end. Then the answer is `tryLater`, never "
        "an unsigned or older one",
    ),
    Source(
        FRONT,
        "whoever has nginx reload (`seikyu deploy nginx --watch`); only with nginx in front",
        CRL_PERIOD - CRL_RENEWAL,
        f"It is silent when nginx has not read a list that is {_said(timedelta(seconds=LAG_S))} old. nginx goes on "
        f"with the list that it read last, at least {_said(CRL_PERIOD - CRL_RENEWAL)}; the office behind refuses "
        "whoever was revoked since. After the `nextUpdate` of that list nginx takes no certificate at all: nobody is "
        "let in, everybody is told 503 `front_list_old`, in words, and the event `front_list_old` is in the log and "
        "counted. A reload, or a start, ends that at once. With `front.ocsp` set to `leaf` nginx refuses everybody in "
        "the same way as soon as the responder is silent and the answers that it keeps have ended, within "
        f"{_said(ANSWER_LIFE)}: that is why it is off unless it is set",
    ),
)


def revocation_page() -> str:
    """Return the page about how a revocation travels."""
    places = "\n".join(
        f"| {one.name} | {_said(one.bound)} | {one.how} | {', '.join(f'`{each}`' for each in one.sources)} |"
        for one in PLACES
    )
    silent = "\n".join(f"| `{one.name}` | {one.what} | {_said(one.endures)} | {one.silent} |" for one in SOURCES_SAID)
    parts = [
        "# Revocation",
        "Drawn from `seikyu.apps.reference_revocation`; a test fails if it is not up to date.",
        (
            "Certificates are revoked by one act, `seikyu ca revoke` or the operator's call of the API, which writes "
            f"rows of the register. Within {_said(PROMISED)} every place that decides or tells knows it:"
        ),
        f"| place | known within | how | sources |\n|---|---|---|---|\n{places}",
        *_many(),
        "## When a source is silent",
        (
            "Who was revoked before stays out, nobody valid is locked out for at least a day, and an alarm is raised: "
            "the line `revocation_source_silent` in the log with `source`, `error` and `wait_s`, when it begins and "
            f"{_every(ALARM_AGAIN)}, and `revocation_source_back` at its end; on the inside face "
            '`seikyu_revocation_source_silent_seconds{source="…"}`, 0 while it speaks, and both events in '
            "`seikyu_events_total`. Without a server nothing is written or answered: what others have counts until it "
            "ends, and the missing metric is the alarm. `seikyu ca crl` writes the list without a server."
        ),
        f"| source | what it is | endures | when it is silent |\n|---|---|---|---|\n{silent}",
        "## Questions and answers (OCSP)",
        (
            "RFC 6960 with one certificate a question (RFC 5019), by GET and POST; hashes SHA-1, SHA-224, SHA-256, "
            "SHA-384, SHA-512; a nonce of 1 to 128 bytes comes back (RFC 9654), and such an answer is kept by nobody."
        ),
        (
            "| answer | when |\n|---|---|\n"
            "| `good`, `revoked`, `unknown` | as the register has it; it has the client certificates. A serial that "
            "another of the office's issuing authorities signed is `unknown` |\n"
            "| `malformedRequest` | what cannot be read, a nonce of another length, an unknown critical extension |\n"
            "| `unauthorized` | the certificate of an authority that is not this office's or has ended, an unknown "
            "hash, several certificates at once |\n"
            "| `tryLater` | nothing can be known or signed now |"
        ),
        (
            "New client certificates name the responder and the list if `public_url` is [set](settings.md). Most "
            "programs follow such an address only in plain HTTP, which nginx in front offers for `/pki/`; answers "
            "and lists are signed."
        ),
        *_rolled_over(),
        *_readers(),
    ]
    return "\n\n".join(parts) + "\n"


def _rolled_over() -> list[str]:
    """Return what becomes of older certificates when the issuing authority gets a new key."""
    first, second, third = (f"`{PKI_PATH}{list_name(generation)}`" for generation in (1, 2, 3))
    return [
        "## After a new key of the issuing authority",
        (
            "`seikyu ca rollover` makes one more issuing authority of the same root, and the older ones go on until "
            "they end. Each has a list of its own and a delegate of its own; the address of the responder is the same."
        ),
        (
            "| certificate issued by | names the list | OCSP answer signed by |\n|---|---|---|\n"
            f"| the first key | {first} | the delegate of the first, `secrets/ocsp.pem` |\n"
            f"| the second key | {second} | the delegate of the second, `secrets/ocsp-2.pem` |\n"
            f"| the third key | {third} | and so on |"
        ),
        (
            "The addresses in certificates go on to work: a list keeps its name for as long as its authority is there. "
            f"`{PKI_PATH}crl.pem` has all lists, the working authority's first and the root's last. Certificates that "
            f"an older version issued after a rollover name {first} as well, which is not their issuer's: renew them."
        ),
        (
            "Who asks by program names the issuer of the certificate: `openssl ocsp -issuer` takes the second "
            "certificate of the client's `cert.pem`; `ca/issuing.pem` is the working authority only."
        ),
    ]


def _readers() -> list[str]:
    """Return what readers of answers and lists have to know."""
    minutes = f"{int(BACK.total_seconds()) // 60} minutes"
    return [
        "## Clocks of readers",
        (
            "OpenSSL takes an answer 5 minutes before and after it counts, unless told otherwise; past that it says "
            "`Status times invalid`, also of a good one. A list counts from "
            f"{minutes} before it is made: a reader whose clock is further behind says `CRL is not yet valid` and "
            f"refuses everybody, one that is a day ahead goes on. So readers keep their clocks within {minutes}. "
            f"Behind the end of its list ({_said(CRL_PERIOD)}) a reader says `CRL has expired` and refuses everybody."
        ),
        "## Who stands on the list",
        (
            "Who was revoked, until it has stood on one list that was made after the certificate's end (RFC 5280, "
            "3.3). Numbers rise from list to list, also after rows were restored from a copy. The server looks for "
            "revocations by counting rows in an index, and reads only what is new."
        ),
    ]


def _many() -> list[str]:
    """Return what is said of many revocations at once."""
    return [
        "## Many at once",
        (
            f"An act that revokes more than {RULES.more_than} is an order, and revokes nothing until another person "
            f"approves it, within {_said(RULES.waits)}: `seikyu admin orders`, `/admin/orders`. At most {RULES.most:,} "
            "are in one. The journal names who ordered and who decided; "
            "[decision 0020](../decisions/0020-a-second-person-is-another-login-or-another-terminal.md) says who "
            "counts as another."
        ),
    ]
