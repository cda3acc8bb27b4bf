"""The API's description, and the API against it."""

import warnings
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, Connected, DeskLab
from builders import claim, uke
from services.office_lab import make_lab, with_limits


def test_the_description_is_for_anybody(desk: DeskLab) -> None:
    """OpenAPI 3.1, under the API's root, without a certificate."""
    told = desk.ask("GET", "/openapi.json", party=None).json()

    assert told["openapi"].startswith("3.1")
    assert told["servers"] == [{"url": "/api/v1"}]
    assert {
        "/sendings", "/sendings/{sending_id}", "/sendings/{sending_id}/findings", "/sendings/{sending_id}/confirm",
        "/sendings/{sending_id}/cancel", "/sendings/uploads/{upload_id}/files/{no}",
        "/sendings/uploads/{upload_id}/finish", "/arrivals", "/deliveries", "/deliveries/{delivery_id}",
        "/deliveries/{delivery_id}/content", "/deliveries/{delivery_id}/received",
        "/events", "/webhooks", "/webhooks/{webhook_id}", "/webhooks/{webhook_id}/test",
    } <= told["paths"].keys()  # fmt: skip


def test_every_error_of_the_description_is_a_problem(desk: DeskLab) -> None:
    """One form for all of them."""
    told = desk.ask("GET", "/openapi.json", party=None).json()

    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert "application/problem+json" in response["content"], f"{method} {path} {status}"


@pytest.mark.slow
@pytest.mark.parametrize("party", [FIRST, PAYER, OPERATOR])
def test_whatever_is_asked_the_answers_are_as_described(party: str) -> None:
    """Made-up requests get no 500 and nothing that the description does not know."""
    # A party that begins upload after upload is told 503, rightly; here it is not meant to.
    desk = DeskLab.make(with_limits(make_lab(calendar="sandbox"), uploads_per_party=10_000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The tool's own imports.
        import schemathesis
        from hypothesis import HealthCheck, given, settings

    desk.send(uke(claim(1)))
    desk.lab.work()
    desk.put_delivery(b"sealed")
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", Connected(desk.app, party))

    tried = 0
    for found in schema.get_all_operations():
        operation, tried = found.ok(), tried + 1

        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def each(case: Any) -> None:
            if str((case.query or {}).get("wait", "")).isdigit():
                case.query["wait"] = 0  # Nothing happens while it is asked, and the tool does not wait so long.
            # What a calendar or a party may be is more than a schema can say.
            case.call_and_validate(excluded_checks=[schemathesis.checks.positive_data_acceptance])

        each()
    described = desk.ask("GET", "/openapi.json", party=None).json()["paths"]
    assert tried == sum(map(len, described.values()))
