"""The page of EST and ACME: addresses, words and numbers, as the code has them."""

from seikyu.apps.api import acme, est
from seikyu.apps.words import say
from seikyu.trust.acme import acme_rules
from seikyu.trust.enrolment import enrolment_rules
from seikyu.trust.jws import ALGORITHMS

_EST = (
    ("`GET {root}/cacerts`", "public, desk", "root and issuing authorities (certs-only PKCS#7)"),
    ("`GET {root}/csrattrs`", "public, desk", "204: nothing is wanted of a request but its key"),
    (
        "`POST {root}/simpleenroll`",
        "public",
        "HTTP Basic: reference number and PIN, or recovery code (told by its length)",
    ),
    ("`POST {root}/simplereenroll`", "desk", "the client certificate in hand"),
)


def enrolment_page() -> str:
    """Return the page of enrolment over EST and ACME."""
    est_rows = [f"| {where.format(root=est.ROOT)} | {face} | {what} |" for where, face, what in _EST]
    words = [
        f"| `{kind}` | {acme.status_of(kind)} | {say(f'acme.{kind}', 'en')} | {say(f'acme.{kind}', 'ja')} |"
        for kind in acme.KINDS
    ]
    parts = [
        "# EST and ACME",
        "Drawn from `seikyu.apps.reference_enrolment`; a test fails if it is not up to date.",
        (
            "How to: [enrol with EST](../how-to/enrol-with-est.md), "
            "[enrol a server with ACME](../how-to/enrol-a-server-with-acme.md)."
        ),
        "## EST (RFC 7030, RFC 8951)",
        _table("address | face | what", est_rows),
        (
            "Bodies are base64 of DER (`application/pkcs10` in, `application/pkcs7-mime; smime-type=certs-only` out). "
            "A failure is plain text in Japanese or English by `Accept-Language`; to a program that accepts "
            "`application/problem+json`, a problem with a `code`. The same key gets the same certificate again."
        ),
        "## ACME (RFC 8555)",
        (
            f"The directory is `{acme.DIRECTORY}` of the public face. Challenges: `http-01`. Identifiers: `dns`, and "
            "`ip` (RFC 8738), without wildcards. An account needs an external account binding (`HS256`). Requests are "
            f"signed with {', '.join(ALGORITHMS)}, as the key says. When to renew is told by `renewalInfo` (RFC 9773)."
        ),
        _table("number | what", [f"| {number} | {what} |" for number, what in _numbers()]),
        "A refusal is a problem of type `urn:ietf:params:acme:error:` and one of these words:",
        _table("word | status | English | Japanese", words),
        "What is another account's is not there (404, `malformed`), like what never was.",
    ]
    return "\n\n".join(parts) + "\n"


def _numbers() -> list[tuple[str, str]]:
    rules, terminals = acme_rules(), enrolment_rules()
    window = f"it is {rules.renewal_window.days} days long"
    return [
        (f"{rules.order_life.total_seconds() / 3600:g} h", "an order and its authorizations are good for so long"),
        (f"{rules.orders_per_hour}", "orders of one account within an hour"),
        (f"{rules.failures_per_hour}", "names of one account not proved within an hour; then no host is asked"),
        (f"{rules.accounts_per_hour}", "tries for an account from one address within an hour"),
        (f"{rules.validation_s} s", f"the whole of one question to a host; {rules.validations_at_once} at once"),
        (f"{rules.answer_bytes} bytes", f"of an answer of a host; {rules.redirects} redirects, to the same host only"),
        (f"{rules.nonce_life.total_seconds() / 60:g} min", "a nonce can be used for so long, once"),
        (f"{terminals.renewal_overlap.days} days", "the certificate before a new one goes on, then it is revoked"),
        (f"{rules.renewal_percent} %", f"of a certificate's life, then its window for renewal begins; {window}"),
    ]


def _table(head: str, rows: list[str]) -> str:
    return f"| {head} |\n|{'---|' * (head.count('|') + 1)}\n" + "\n".join(rows)
