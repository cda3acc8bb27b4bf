"""What an error code means outside: one table for HTTP statuses, exit statuses and whether trying again may help.

The server answers with it, the client ends with it, and the texts in `apps/words` are found by the same codes. A code
that is missing here is a bug: a test holds the table against every error class of the program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from typing import Final


class Exit(IntEnum):
    """How a command ends. `seikyu check` uses the first four; a program may rely on each."""

    DONE = 0
    ASKS = 1
    REFUSED = 2
    COULD_NOT_RUN = 3
    LATER = 4
    DAMAGED = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141


#: What each status means, for the page of them.
MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.DONE: "done; `check` and `send`: nothing above notice",
    Exit.ASKS: "`check` and `send`: something asks for a look (要確認), nothing is refused; `doctor`: it connects, and "
    "there is something to see to",
    Exit.REFUSED: "refused: by a rule (受付不能), or by the office, which will say the same the next time; "
    "`doctor`: it does not connect",
    Exit.COULD_NOT_RUN: "could not run: wrong usage, a file or setting that cannot be used, a fault of the program; "
    "`doctor`: not known whether it connects",
    Exit.LATER: "not now: the same command may succeed later, unchanged (the line, the hours, room on a disk)",
    Exit.DAMAGED: "damaged: what is there or what arrives is not what was written; nothing of it is used",
    Exit.INTERRUPTED: "interrupted (Ctrl-C, SIGINT)",
    Exit.PIPE_CLOSED: "whoever read the output has gone (SIGPIPE)",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row. `retry`: the same request may succeed later, unchanged."""

    code: str
    status: int
    exit_status: Exit
    retry: bool = False


_OUTCOMES: Final = (
    # what the other end of the line did
    Outcome("bad_request", HTTPStatus.BAD_REQUEST, Exit.COULD_NOT_RUN),
    Outcome("protocol_error", HTTPStatus.BAD_REQUEST, Exit.COULD_NOT_RUN),
    Outcome("not_http", HTTPStatus.BAD_REQUEST, Exit.COULD_NOT_RUN),
    Outcome("line_broken", HTTPStatus.REQUEST_TIMEOUT, Exit.LATER, retry=True),
    Outcome("too_long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Exit.REFUSED),
    Outcome("digest_mismatch", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.DAMAGED, retry=True),
    Outcome("mixed_files", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("key_reused", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("header_too_long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, Exit.COULD_NOT_RUN),
    Outcome("header_too_slow", HTTPStatus.REQUEST_TIMEOUT, Exit.LATER, retry=True),
    Outcome("unsupported_media", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Exit.COULD_NOT_RUN),
    Outcome("method_not_allowed", HTTPStatus.METHOD_NOT_ALLOWED, Exit.COULD_NOT_RUN),
    Outcome("precondition_failed", HTTPStatus.PRECONDITION_FAILED, Exit.DAMAGED),
    Outcome("range_not_satisfiable", HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, Exit.DAMAGED),
    # who the other end is
    Outcome("no_certificate", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("unknown_certificate", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("certificate_revoked", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("party_unknown", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("foreign_page", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("party_not_yet", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("forbidden", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    # who the person is, and what they may do
    Outcome("login_refused", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("login_refused_outside", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("too_many_tries", HTTPStatus.TOO_MANY_REQUESTS, Exit.LATER, retry=True),
    Outcome("registration_refused", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("terms_not_accepted", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("not_filled_in", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("key_refused", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("too_many_keys", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("last_second_factor", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("passwords_differ", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("form_over", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("not_a_form", HTTPStatus.BAD_REQUEST, Exit.COULD_NOT_RUN),
    Outcome("login_locked", HTTPStatus.FORBIDDEN, Exit.LATER, retry=True),
    Outcome("login_locked_by_hand", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("initial_password_over", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("second_factor_needed", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("password_wrong", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("password_refused", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("login_over", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("not_permitted", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("bad_user", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_mandate", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("user_there", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("user_not_there", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("mandate_not_there", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("no_such_party", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    # events and webhooks
    Outcome("events_gone", HTTPStatus.GONE, Exit.REFUSED),
    Outcome("bad_webhook", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("too_many_webhooks", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("bad_signature", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    # the way to a certificate
    Outcome("code_mistyped", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("code_refused", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("code_locked", HTTPStatus.TOO_MANY_REQUESTS, Exit.LATER, retry=True),
    Outcome("notice_closed", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("notices_not_written", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("ticket_over", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("terminal_gone", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("too_many_certificates", HTTPStatus.TOO_MANY_REQUESTS, Exit.LATER),
    Outcome("terminal_there", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("terminal_unknown", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("pairing_over", HTTPStatus.GONE, Exit.REFUSED),
    Outcome("pairing_own_terminal", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("acme_refused", HTTPStatus.BAD_REQUEST, Exit.REFUSED),
    Outcome("host_unproved", HTTPStatus.BAD_REQUEST, Exit.REFUSED),
    Outcome("application_decided", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("application_own", HTTPStatus.CONFLICT, Exit.REFUSED),
    # revoking certificates
    Outcome("certificate_not_there", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("bad_reason", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_serial_list", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("too_many_to_revoke", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("person_needed", HTTPStatus.FORBIDDEN, Exit.COULD_NOT_RUN),
    Outcome("second_person_needed", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("order_not_there", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("order_decided", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("order_lapsed", HTTPStatus.CONFLICT, Exit.REFUSED),
    # what it asked for
    Outcome("not_found", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("not_there", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("already_there", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("not_allowed", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("closed", HTTPStatus.CONFLICT, Exit.LATER, retry=True),
    Outcome("nothing_to_correct", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("not_correctable", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("correction_moved", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("nothing_corrected", HTTPStatus.CONFLICT, Exit.COULD_NOT_RUN),
    Outcome("head_at_fault", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("correction_too_late", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("bad_correction", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("list_not_there", HTTPStatus.CONFLICT, Exit.LATER),
    Outcome("still_checking", HTTPStatus.CONFLICT, Exit.LATER, retry=True),
    Outcome("already_decided", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("upload_incomplete", HTTPStatus.CONFLICT, Exit.COULD_NOT_RUN),
    Outcome("month_not_over", HTTPStatus.CONFLICT, Exit.LATER),
    Outcome("already_closed", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("nothing_to_undo", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("month_closing", HTTPStatus.CONFLICT, Exit.LATER),
    Outcome("wish_decided", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("wish_lapsed", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("reason_needed", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("grant_needed", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("other_person_needed", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("only_in_sandbox", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("list_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_announcement", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("announcement_over", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("bad_notice", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("notice_decided", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("notice_too_early", HTTPStatus.CONFLICT, Exit.LATER),
    Outcome("unknown_body", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_holder", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_certificate_request", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    # not now
    Outcome("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, Exit.LATER, retry=True),
    Outcome("too_many_requests", HTTPStatus.TOO_MANY_REQUESTS, Exit.LATER, retry=True),
    Outcome("busy", HTTPStatus.SERVICE_UNAVAILABLE, Exit.LATER, retry=True),
    Outcome("front_list_old", HTTPStatus.SERVICE_UNAVAILABLE, Exit.LATER, retry=True),
    Outcome("front_alone", HTTPStatus.SERVICE_UNAVAILABLE, Exit.LATER, retry=True),
    Outcome("no_space", HTTPStatus.INSUFFICIENT_STORAGE, Exit.LATER, retry=True),
    Outcome("stopping", HTTPStatus.SERVICE_UNAVAILABLE, Exit.LATER, retry=True),
    # what two programs find out before either has said a word (apps/words/tls.toml); trying again mends none of it
    Outcome("certificate_expired", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("certificate_foreign", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("certificate_refused", HTTPStatus.UNAUTHORIZED, Exit.REFUSED),
    Outcome("server_certificate_expired", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("server_certificate_early", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("server_certificate_revoked", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("server_certificate_foreign", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("server_certificate_name", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("tls_version", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("tls_failed", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("not_tls", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("name_unknown", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    # the client's own end
    Outcome("no_client", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("renewal_running", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("client_taken", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("office_not_trusted", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("office_is_another", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("office_not_named", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("client_not_named", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("file_unusable", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("not_a_list", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("list_of_another", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("file_empty", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("file_no_room", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("file_in_the_way", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("file_folder_named", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("disk_full", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("line_failed", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("broke_while_sending", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("answer_lost", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("delivery_damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    Outcome("fetch_running", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("odd_answer", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("office_said", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("not_a_demo", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("home_unusable", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("promise_broken", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    Outcome("server_died", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bad_client_file", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    # drawing claims
    Outcome("not_a_claim_file", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_such_claim", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    # the office's certificates
    Outcome("no_ca", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("ca_there", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("no_root_key", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("key_locked", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("key_unusable", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("file_there", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("cannot_write", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("party_not_there", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("party_differs", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    # the gateway
    Outcome("bad_gateway_file", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_gateway_file", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("gateway_running", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("gateway_addresses_damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("gateway_file_unusable", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("gateway_office_silent", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("gateway_metrics_taken", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bad_terminals_file", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bad_lists", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("needs_root", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_strongswan", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_esp", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_nftables", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("nftables_refused", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("ike_daemon_silent", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.LATER, retry=True),
    Outcome("ike_daemon_refused", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("ike_daemon_failed", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    # masters
    Outcome("master_unusable", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("master_no_day", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("master_withdraws_too_many", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("no_master_here", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("master_not_there", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.REFUSED),
    Outcome("master_damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    # guides for lines
    Outcome("no_such_guide", HTTPStatus.NOT_FOUND, Exit.COULD_NOT_RUN),
    Outcome("line_file_wrong", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bad_line_value", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    # lines
    Outcome("other_line", HTTPStatus.FORBIDDEN, Exit.REFUSED),
    Outcome("lines_answers_bad", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("lines_list_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("prefecture_table_unreadable", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.REFUSED),
    Outcome("prefecture_table_damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    Outcome("lines_list_damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    Outcome("no_file_chosen", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("too_many_files", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Exit.REFUSED),
    Outcome("changed_since", HTTPStatus.CONFLICT, Exit.REFUSED),
    # forms, the inquiry desk, incidents
    Outcome("bad_paper", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_inquiry", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("bad_report", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("enough_inquiries", HTTPStatus.TOO_MANY_REQUESTS, Exit.LATER, retry=True),
    Outcome("inquiry_unknown", HTTPStatus.NOT_FOUND, Exit.REFUSED),
    Outcome("inquiry_over", HTTPStatus.CONFLICT, Exit.REFUSED),
    Outcome("bad_incident", HTTPStatus.UNPROCESSABLE_ENTITY, Exit.COULD_NOT_RUN),
    Outcome("incident_ended", HTTPStatus.CONFLICT, Exit.REFUSED),
    # ourselves
    Outcome("damaged", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.DAMAGED),
    Outcome("newer_database", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("home_locked", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bad_settings", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_home", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("front_not_set", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("front_conf_missing", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("home_of_another", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("front_path_unfit", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("socket_path_too_long", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("no_root_list", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("front_lags", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("nginx_not_there", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("port_taken", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("office_error", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("error", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
    Outcome("bug", HTTPStatus.INTERNAL_SERVER_ERROR, Exit.COULD_NOT_RUN),
)

OUTCOMES: Final[Mapping[str, Outcome]] = {row.code: row for row in _OUTCOMES}


def outcome_of(code: str) -> Outcome:
    """Return the row of `code`; a code that the table does not know ends like any other error of ours."""
    return OUTCOMES.get(code, OUTCOMES["error"])
