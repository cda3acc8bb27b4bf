"""Webhooks: told of everything, in order, at least once, by their own key; never of another party's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from builders import INSTITUTION_ID, claim, uke
from seikyu.apps.words import has
from seikyu.ports.errors import BadRequest, Busy, KeyReused, NotFound
from seikyu.ports.events import Webhook
from seikyu.ports.webhooks import ARRIVED, OUTCOMES, Posted
from seikyu.services import webhooks as services
from seikyu.services.events import What, note
from seikyu.services.webhooks import BadWebhook, Telling, TooManyWebhooks
from seikyu.trust.webhooks import Target, WebhookRefused, verify
from services.office_lab import OTHER_INSTITUTION, Lab, institution
from services.people_lab import CountingVault

ADDRESS = "https://vendor.example.com/hook"
ME, OTHER = institution(), institution(OTHER_INSTITUTION)


@dataclass
class Outside:
    """The other end: it keeps what came, and answers as it is told to."""

    answers: list[Posted] = field(default_factory=list)
    came: list[tuple[Target, bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Take a message."""
        self.came.append((target, body, dict(headers)))
        return self.answers.pop(0) if self.answers else Posted(ARRIVED, 204)

    @property
    def types(self) -> list[str]:
        """The types of what came."""
        return [json.loads(body)["type"] for _, body, _ in self.came]


@dataclass
class Bench:
    """An office and the other end."""

    lab: Lab
    outside: Outside
    telling: Telling

    def add(self, **asked: object) -> services.Made:
        """Add a webhook of the first institution."""
        given = {"address": ADDRESS, **asked}
        return services.add_webhook(self.lab.office, self.telling, ME, **given)  # type: ignore[arg-type]

    def tell(self) -> int:
        """Tell whoever is due, until nobody is; return how many events arrived."""
        arrived = 0
        for _ in range(20):
            ready = services.due(self.lab.office, limit=9)
            if not ready:
                break
            arrived += sum(services.tell_one(self.lab.office, self.telling, each) for each in ready)
        return arrived

    def now(self, made: services.Made) -> Webhook:
        """Return a webhook as it is now."""
        with self.lab.office.store.read() as tx:
            found = tx.webhook(made.webhook.id)
        assert found is not None
        return found


@pytest.fixture
def bench(lab: Lab) -> Bench:
    """Return an office whose real time is the lab's."""
    outside = Outside()
    return Bench(lab, outside, Telling(CountingVault(), outside))


def test_a_webhook_is_told_of_what_happens_from_now_on(bench: Bench) -> None:
    """In order, each signed with the secret that was shown once, and never of another party's."""
    bench.lab.send_and_check(uke(claim(1)))
    made = bench.add()
    sending = bench.lab.send_and_check(uke(claim(1), claim(2)))
    bench.lab.send(uke(claim(1), institution="0112359"), party=OTHER_INSTITUTION)

    assert bench.tell() == 2
    assert bench.outside.types == ["sending.recorded", "sending.checked"]
    target, body, headers = bench.outside.came[1]
    assert target == Target("vendor.example.com", 443, "/hook")
    data = json.loads(body)["data"]
    assert (data["subject"], data["facts"]["claims"], data["public"]) == (sending.id, 2, False)
    assert headers["webhook-id"] == data["id"]
    signed = {"message_id": headers["webhook-id"], "timestamp": headers["webhook-timestamp"], "body": body,
              "signatures": headers["webhook-signature"], "now": bench.lab.clock.at}  # fmt: skip
    verify(made.secret or "", **signed)  # type: ignore[arg-type]
    with pytest.raises(WebhookRefused):
        verify("whsec_" + "a" * 44, **signed)  # type: ignore[arg-type]
    assert bench.tell() == 0
    shown = services.show_webhook(bench.lab.office, ME, made.webhook.id)
    assert [each["outcome"] for each in shown["attempts"]] == ["arrived", "arrived"]
    assert "secret" not in shown


def test_only_the_types_that_are_wanted_are_told(bench: Bench) -> None:
    """The place moves past the others, so that they are not looked at again and again."""
    made = bench.add(types=["sending.checked"])
    bench.lab.send_and_check(uke(claim(1)))
    bench.lab.send(uke(claim(1), claim(2)))

    assert bench.tell() == 1
    assert bench.outside.types == ["sending.checked"]
    assert bench.now(made).own_no == 3
    with pytest.raises(BadRequest):
        bench.add(types=["sending.sent"])


def test_what_does_not_arrive_is_tried_again_later_and_later(bench: Bench) -> None:
    """The same event with the same id, and those behind it wait for it."""
    made = bench.add()
    bench.lab.send_and_check(uke(claim(1)))
    bench.outside.answers = [Posted("status", 500), Posted("late"), Posted("connection")]

    waits = []
    for _ in range(3):
        assert bench.tell() == 0
        waits.append((bench.now(made).next_at - bench.lab.clock.at).total_seconds())
        bench.lab.clock.at = bench.now(made).next_at
    assert waits == list(services.WAITS_S[:3])
    assert bench.tell() == 2

    ids = [headers["webhook-id"] for _, _, headers in bench.outside.came]
    assert len(set(ids[:4])) == 1
    assert bench.outside.types == ["sending.recorded"] * 4 + ["sending.checked"]
    assert (bench.now(made).failures, bench.now(made).failing_since) == (0, None)


def test_a_webhook_where_nothing_arrives_for_days_is_dead_and_can_be_resumed(bench: Bench) -> None:
    """The party's own feed says so; resumed, it goes on from where it stopped."""
    made = bench.add()
    bench.lab.send_and_check(uke(claim(1)))
    bench.outside.answers = [Posted("status", 503)] * 99
    while bench.now(made).state == "active":
        bench.tell()
        bench.lab.clock.at = max(bench.now(made).next_at, bench.lab.clock.at)

    assert (bench.now(made).state, bench.now(made).reason) == ("dead", "days")
    assert bench.lab.clock.at - made.webhook.created_at >= timedelta(days=3)
    assert len(bench.outside.came) <= 20
    with bench.lab.office.store.read() as tx:
        assert tx.events(INSTITUTION_ID, after=2, limit=9)[0].what == "webhook.dead"

    bench.outside.answers, bench.outside.came = [], []
    services.resume(bench.lab.office, ME, made.webhook.id)
    assert bench.tell() == 3
    assert bench.outside.types == ["sending.recorded", "sending.checked", "webhook.dead"]


def test_the_other_end_may_say_that_it_wants_no_more(bench: Bench) -> None:
    """410 is the end at once; so is pausing, and both can be taken back, also from now on."""
    made = bench.add()
    bench.lab.send(uke(claim(1)))
    bench.outside.answers = [Posted("gone", 410)]
    bench.tell()
    assert (bench.now(made).state, bench.now(made).reason) == ("dead", "gone")

    services.resume(bench.lab.office, ME, made.webhook.id, from_now=True)
    services.pause(bench.lab.office, ME, made.webhook.id)
    services.pause(bench.lab.office, ME, made.webhook.id)
    bench.lab.send(uke(claim(1), claim(2)))
    assert bench.tell() == 0
    services.resume(bench.lab.office, ME, made.webhook.id)
    services.resume(bench.lab.office, ME, made.webhook.id)
    assert bench.tell() == 1


def test_a_kill_between_the_answer_and_the_note_tells_again(bench: Bench) -> None:
    """At least once: the place moves only with the transaction that notes the arrival."""
    made = bench.add()
    bench.lab.send(uke(claim(1)))

    def killed(target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        bench.outside(target, body, headers)
        raise SystemExit

    with pytest.raises(SystemExit):
        services.tell_one(bench.lab.office, Telling(bench.telling.vault, killed), made.webhook.id)
    assert bench.tell() == 1

    first, second = (headers["webhook-id"] for _, _, headers in bench.outside.came)
    assert first == second


def test_what_a_party_does_while_it_is_told_holds(bench: Bench) -> None:
    """Removed or paused in the middle of a try: the try ends with that, and nothing comes back."""
    made = bench.add()
    bench.lab.send_and_check(uke(claim(1)))

    def pausing(target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        services.pause(bench.lab.office, ME, made.webhook.id)
        return bench.outside(target, body, headers)

    services.tell_one(bench.lab.office, Telling(bench.telling.vault, pausing), made.webhook.id)
    assert (bench.now(made).state, bench.now(made).own_no) == ("paused", 1)

    def removing(target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        services.remove(bench.lab.office, ME, made.webhook.id)
        return bench.outside(target, body, headers)

    services.resume(bench.lab.office, ME, made.webhook.id)
    assert services.tell_one(bench.lab.office, Telling(bench.telling.vault, removing), made.webhook.id) == 0
    with pytest.raises(NotFound):
        services.show_webhook(bench.lab.office, ME, made.webhook.id)


def test_a_secret_is_exchanged_without_a_gap(bench: Bench) -> None:
    """For a day both sign; then the new one alone."""
    made = bench.add()
    fresh = services.rotate(bench.lab.office, bench.telling, ME, made.webhook.id)
    assert fresh.secret != made.secret
    for hours, old_holds in ((0, True), (25, False)):
        bench.lab.clock.at += timedelta(hours=hours)
        services.test(bench.lab.office, bench.telling, ME, made.webhook.id)
        _, body, headers = bench.outside.came[-1]
        said = {"message_id": headers["webhook-id"], "timestamp": headers["webhook-timestamp"], "body": body,
                "signatures": headers["webhook-signature"], "now": bench.lab.clock.at}  # fmt: skip
        verify(fresh.secret or "", **said)  # type: ignore[arg-type]
        if old_holds:
            verify(made.secret or "", **said)  # type: ignore[arg-type]
        else:
            with pytest.raises(WebhookRefused):
                verify(made.secret or "", **said)  # type: ignore[arg-type]


def test_a_test_says_what_became_of_it_and_moves_nothing(bench: Bench) -> None:
    """One at a time; it is among the tries, and the feed does not know it."""
    made = bench.add()
    bench.outside.answers = [Posted("redirect", 302)]

    attempt = services.test(bench.lab.office, bench.telling, ME, made.webhook.id)

    assert (attempt.what, attempt.outcome, attempt.status) == ("webhook.test", "redirect", 302)
    assert (bench.now(made).own_no, bench.now(made).failures) == (0, 0)
    with bench.telling.turns.taken(made.webhook.id, INSTITUTION_ID), pytest.raises(Busy):
        services.test(bench.lab.office, bench.telling, ME, made.webhook.id)


def test_a_webhook_is_its_partys_alone(bench: Bench) -> None:
    """To anybody else it is not there, as one that never was; the key makes a repeat a repeat."""
    made = bench.add(key="k")
    for act in (services.show_webhook, services.pause, services.resume, services.remove):
        with pytest.raises(NotFound):
            act(bench.lab.office, OTHER, made.webhook.id)
    for another in (services.rotate, services.test):
        with pytest.raises(NotFound):
            another(bench.lab.office, bench.telling, OTHER, made.webhook.id)
    assert services.list_webhooks(bench.lab.office, OTHER) == []

    again = bench.add(key="k")
    assert (again.webhook.id, again.secret, again.repeat) == (made.webhook.id, None, True)
    with pytest.raises(KeyReused):
        bench.add(key="k", address="https://other.example.com/")


def test_addresses_and_their_number_are_bounded(bench: Bench) -> None:
    """None inside of the house, none in the clear, and not more than ten."""
    for address in ("http://vendor.example.com/", "https://127.0.0.1/", "https://u:p@vendor.example.com/"):
        with pytest.raises(BadWebhook) as bad:
            bench.add(address=address)
        assert has(f"{bad.value.words_code}.text")
    for number in range(10):
        bench.add(address=f"https://vendor.example.com/{number}")
    with pytest.raises(TooManyWebhooks):
        bench.add()


def test_a_damaged_secret_sends_nothing(bench: Bench) -> None:
    """What cannot be signed is not sent; a new secret mends it."""
    made = bench.add()
    with bench.lab.office.store.write() as tx:
        from dataclasses import replace

        tx.put_webhook(replace(bench.now(made), secret="rubbish"))
        note(tx, bench.lab.office, What.SENDING_CHECKED, party=INSTITUTION_ID, subject="s")
    bench.tell()
    assert bench.outside.came == []
    assert services.show_webhook(bench.lab.office, ME, made.webhook.id)["attempts"][0]["outcome"] == "damaged"


def test_every_outcome_has_words() -> None:
    """Nobody is shown a bare word."""
    assert all(has(f"webhooks.outcomes.{each}") for each in OUTCOMES)
