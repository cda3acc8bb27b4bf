"""Every limit of the system: one table, with unit and reason.

Code takes its limits from here and nowhere else; `docs/reference/limits.md` is generated from this table. A limit that
an operator may change is a key of the same name in `office.toml` ([limits]).
"""

from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB


@dataclass(frozen=True)
class Limit:
    """One limit: its name, number, unit and the reason for the number."""

    name: str
    number: int
    unit: str
    reason: str
    adjustable: bool = False


LIMITS: Final = (
    Limit("line_bytes", 64 * KIB, "bytes", "the longest lawful record (SJ) has under 3 KB; a longer line is not text"),
    Limit("claim_lines", 100_000, "lines", "a long hospital stay has a few thousand; one claim must fit in memory"),
    Limit("claims_drawn", 100, "claims", "`show` without --claim; more pages than that nobody reads"),
    Limit("drawn_claim_bytes", 8 * MIB, "bytes", "a drawn claim is held in memory; a long DPC claim has 100 KB"),
    Limit("claims_compared", 50_000, "claims", "so many claims of a file are held against each other; 4 MB of memory"),
    Limit("findings_per_file", 100_000, "findings", "past this the list helps nobody; the rest is counted"),
    Limit("list_bytes", 64 * MIB, "bytes", "an official list of one sending; a row of a result has under 1 KB"),
    Limit("corrections_per_sending", 1000, "claims", "corrected on the screen; more are corrected at the source"),
    Limit("corrected_lines", 200, "lines", "changed, added or removed in one claim by hand; more is another claim"),
    Limit("corrections_kept_days", 93, "days", "what was typed into a correction; its month is over by then",
          adjustable=True),
    Limit("lists_at_once", 8, "lists", "being made for all parties; each reads a file again, beside what is received; "
          "past it 503", adjustable=True),
    Limit("lists_per_party", 3, "lists", "being made for one party, which must not take every place", adjustable=True),
    Limit("list_papers_at_once", 1, "documents", "PDFs of lists being set: each takes a core and 200 MB"),
    Limit("list_papers_waiting", 2, "documents", "PDFs of lists that wait, each in a thread; past it 503"),
    Limit("list_part_rows", 500, "rows", "of one PDF of a long list, which goes on in the next part; 0.6 s and 200 MB"),
    Limit("list_page_rows", 100, "rows", "of a list on one page of the screen"),
    Limit("archive_sendings", 200, "sendings", "of one 一括ダウンロード; past it the wish must be narrowed"),
    Limit("month_claims", 200_000, "claims", "that a month's sums by type are made of; each is read again"),
    Limit("file_bytes", 4 * GIB, "bytes", "real files are 1-100 MB; an upload must end on one disk", adjustable=True),
    Limit("files_per_sending", 100, "files", "one sending is one act; 7 kinds and late months fit well"),
    Limit("uploads_per_party", 4, "uploads", "one terminal sends one upload; three more for a broken line's remains"),
    Limit("claims_left_out", 10_000, "claims", "left out of one file one by one; past it one leaves the file out"),
    Limit("status_list_pages", 50, "pages", "of 200 sendings, in one list for a spreadsheet"),
    Limit("page_sending_bytes", GIB, "bytes", "a sending from a browser; a larger one goes with `seikyu send`, which "
          "takes up a line that breaks", adjustable=True),
    Limit("upload_life_s", 3600, "seconds", "an upload begun and not finished is erased after this", adjustable=True),
    Limit("idle_s", 30, "seconds", "a line silent for longer is taken as broken", adjustable=True),
    Limit("handshake_wait_s", 10, "seconds", "a TLS handshake must be complete by then"),
    Limit("tls_close_wait_s", 5, "seconds", "a peer that does not answer the close of TLS is dropped after this"),
    Limit("peer_lost_s", 60, "seconds", "a peer that confirms no byte and answers no probe for so long has vanished"),
    Limit("header_wait_s", 10, "seconds", "a request's header must be complete by then"),
    Limit("keep_alive_s", 15, "seconds", "an idle connection is closed after this"),
    Limit("front_answer_wait_s", 180, "seconds", "a front server waits so long for the next byte of an answer; to sync "
          "4 GB takes a slow disk a minute or two"),
    Limit("header_bytes", 32 * KIB, "bytes", "the header of a lawful request has under 4 KB"),
    Limit("json_bytes", 64 * KIB, "bytes", "bodies other than files are small acts"),
    Limit("line_file_bytes", 256 * KIB, "bytes", "network.toml and site.toml; a network of ten areas has 4 KB"),
    Limit("guides_at_once", 4, "documents", "PDFs and folders of guides, drawn or waiting; half a second of a core"),
    Limit("prefecture_table_bytes", 512 * KIB, "bytes", "a table of 48 rows has 20 KB"),
    Limit("prefecture_lines", 500, "lines", "48 bodies have a row each; a cell may have line breaks of its own"),
    Limit("form_bytes", 192 * KIB, "bytes", "what a form of a page sends; a text far too long is told at its field: "
          "10,000 emoji take 120 KB"),
    Limit("form_fields", 160, "fields", "the longest form has the 113 items of a dispensing record"),
    Limit("logins_at_once", 4, "logins", "each takes 64 MiB and a core for 0.2 s, and anybody may try"),
    Limit("logins_waiting", 40, "logins", "about 5 s of waiting; past it 503, before any password is looked at"),
    Limit("ocsp_request_bytes", 4 * KIB, "bytes", "a question about one certificate has 100, with a long nonce 300"),
    Limit("ticket_life_s", 900, "seconds", "who has shown a PIN may go on for so long, to fetch and read a password"),
    Limit("csr_bytes", 16 * KIB, "bytes", "a certification request with the largest key has 2, with an odd maker's "
          "extensions 4"),
    Limit("ocsp_at_once", 4, "answers", "anybody may ask; a flood must not take the threads that the desk works with"),
    Limit("ocsp_answers_kept", 4096, "answers", "signed ones, of 1 KB each, that are given again while young"),
    Limit("code_tries_per_address", 60, "tries", "codes tried on the public face from one address within the window; a "
          "hospital behind one address fetches for 20 terminals and mistypes now and then", adjustable=True),
    Limit("code_tries_window_s", 600, "seconds", "so long a try from an address is remembered"),
    Limit("codes_at_once", 4, "tries", "hashing a code takes 64 MiB on purpose; four of them fit a small server"),
    Limit("codes_waiting", 32, "tries", "so many more wait for their turn, under a second each; past it 503"),
    Limit("addresses_kept", 10_000, "addresses", "whose tries are remembered, in some 5 MB; past it the quietest is "
          "forgotten"),
    Limit("networks_of_site", 4, "times", "as many tries as an address has, the IPv6 networks (/64) of one site (/48) "
          "have together"),
    Limit("pairings_per_address", 4, "machines", "that ask from one address to be approved, within a quarter of an "
          "hour; each asks once", adjustable=True),
    Limit("pairing_looks_per_address", 1200, "looks", "within a quarter of an hour, at whether it is approved; four "
          "machines that look every three seconds"),
    Limit("certificate_request_bytes", 16 * KIB, "bytes", "a request for a certificate (CSR) has 1 KB, with RSA 2 KB"),
    Limit("acme_request_bytes", 32 * KIB, "bytes", "a signed request of ACME; the largest holds a certificate or CSR"),
    Limit("connections", 500, "connections", "memory of a small server; past it 503 with Retry-After", adjustable=True),
    Limit("requests_per_party", 125, "requests", "a quarter of the connections; one party must not take them all",
          adjustable=True),
    Limit("receiving_at_once", 100, "bodies", "each holds a file handle and a buffer; past it 503", adjustable=True),
    Limit("receiving_per_party", 8, "bodies", "one party must not take every place", adjustable=True),
    Limit("preparations", 32, "files", "files whose check is prepared while they arrive, with three handles and 1 MB "
          "each; the others are checked when they are in", adjustable=True),
    Limit("preparations_per_party", 8, "files", "as many as a party may send at once; one must not take every place",
          adjustable=True),
    Limit("drain_s", 8, "seconds", "a stop lets what is under way finish for so long; gone within 10 s"),
    Limit("page_items", 200, "items", "one page of a list"),
    Limit("page_items_default", 50, "items", "a page when nothing is asked"),
    Limit("idempotency_key_chars", 128, "characters", "a UUID has 36"),
    Limit("free_bytes", 256 * MIB, "bytes", "below this nothing new is received, so that what is there can be checked",
          adjustable=True),
    Limit("deliveries_at_once", 32, "objects", "closing writes so many deliveries in one pass over the month's files"),
    Limit("delivery_piece_bytes", 8 * MIB, "bytes", "a browser fetches a delivery in such pieces; one that "
          "was damaged is fetched again", adjustable=True),
    Limit("delivery_bytes", 2 * GIB, "bytes", "a larger delivery goes on in the next volume", adjustable=True),
    Limit("master_bytes", 256 * MIB, "bytes", "the largest official master has 20 MB; it is read as a whole"),
    Limit("master_withdrawn_percent", 10, "percent", "a new version of a master takes few codes away"),
    Limit("register_bytes", 64 * MIB, "bytes", "a list of parties; a row has under 300 bytes"),
    Limit("register_rows", 100_000, "rows", "writing so many takes 6 s, and others that write wait for 10 s at most",
          adjustable=True),
    Limit("register_rows_told", 1000, "rows", "of each kind, what a list comes to; past it the rows are counted"),
    Limit("lines_list_bytes", 4 * MIB, "bytes", "a list of lines and providers; a row has under 1 KB"),
    Limit("lines_rows", 5000, "rows", "of a list of lines and providers; the real one has some hundred"),
    Limit("serials_asked", 1000, "serials", "to revoke with one request; with 40 bytes each they fit a small act"),
    Limit("serial_list_bytes", 8 * MIB, "bytes", "a list of certificates to revoke; 100,000 serials have 4 MB"),
    Limit("gateway_terminals", 2000, "terminals", "of one gateway: a handshake is held against each connection, which "
          "takes 70 ms with so many, and seconds with ten times as many"),
    Limit("gateway_certificates", 50_000, "certificates", "of a gateway's list of who may come; a few a terminal"),
    Limit("gateway_list_bytes", 64 * MIB, "bytes", "revocation lists that a gateway fetches; 100,000 lines have 3 MB"),
    Limit("gateway_fetch_s", 10, "seconds", "an office that has not said a byte for so long is silent to its gateway"),
    Limit("gateway_answer_s", 15, "seconds", "a gateway waits so long for a list as a whole; 3 MB come in one"),
    Limit("gateway_log_bytes", 32 * MIB, "bytes", "of the IKE daemon's log, and of the one before; a client that comes "
          "writes 2 KB"),
    Limit("gateway_events", 10_000, "events", "tunnels that came and went and were not told yet; past it none is told"),
    Limit("event_days", 100, "days", "a program that was off for a quarter of a year finds what happened; past it, it "
          "begins with the lists", adjustable=True),
    Limit("event_wait_s", 25, "seconds", "a long poll ends before anything on the way takes the line as broken (30 s)"),
    Limit("event_waits", 200, "requests", "that wait for events at once, out of `connections`; past it 503"),
    Limit("event_waits_per_party", 4, "requests", "of one party that wait for events; a vendor's machine needs one"),
    Limit("webhooks_per_party", 10, "webhooks", "one for each system of a vendor, and some to try things",
          adjustable=True),
    Limit("webhook_attempts", 50, "tries", "of a webhook that are kept to be looked at"),
    Limit("webhook_days", 3, "days", "nothing has arrived for so long: the webhook is dead; a weekend is shorter",
          adjustable=True),
    Limit("webhook_wait_s", 10, "seconds", "the other end must have answered; it takes note and works afterwards"),
    Limit("webhooks_at_once", 8, "webhooks", "told at the same time; each holds a thread while the other end thinks"),
    Limit("inquiry_chars", 2000, "characters", "one message of an inquiry; whoever needs more sends a second one"),
    Limit("inquiry_messages", 100, "messages", "of one inquiry; past it a new one is clearer to both sides"),
    Limit("inquiries_per_address", 5, "inquiries", "that a stranger makes from one address within a day; a practice "
          "has one line and one trouble at a time", adjustable=True),
    Limit("inquiries_per_party", 50, "inquiries", "that a party makes within a day", adjustable=True),
    Limit("inquiries_of_strangers", 2000, "inquiries", "of people without a login that are not closed; the desk reads "
          "each, and nobody must be able to bury it", adjustable=True),
    Limit("inquiry_kept_days", 400, "days", "a closed inquiry is removed, with its texts, when nobody has touched it "
          "for so long", adjustable=True),
    Limit("inquiry_look_s", 900, "seconds", "who has typed the code of an inquiry may go on there for so long"),
    Limit("doctor_report_bytes", 40 * KIB, "bytes", "a doctor's report with ten faults has 20; a form holds 64"),
    Limit("papers_at_once", 4, "documents", "forms that are set at once or wait for it; a tenth of a second of a core"),
    Limit("waits_kept_days", 7, "days", "how long each check waited; the pace is told from the last of them"),
    Limit("quarters_kept_days", 62, "days", "what each quarter of an hour saw; two months show the last 10th beside "
          "this one", adjustable=True),
    Limit("incidents_shown", 20, "incidents", "past ones on the status page; the operator lists all"),
    Limit("outlook_s", 2, "seconds", "the status page is made anew after so long, whoever asks how often"),
    Limit("client_retries", 8, "tries", "with back-off this is about five minutes"),
)  # fmt: skip

_NUMBERS: Final = {limit.name: limit.number for limit in LIMITS}


def limit(name: str) -> int:
    """Return the number of the limit `name`.

    Errors: KeyError for a name that is not in the table (a bug).
    """
    return _NUMBERS[name]
