"""How the history of the demo company is made: the same each time, all or nothing, and for nobody else."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction

from callcontrol.demo import client, week
from callcontrol.demo.client import DemoRequest, DemoResponse
from callcontrol.models import Call, Delivery
from campaigns.models import Company
from publishers.gateway import throttles
from publishers.models import LogEntry
from reservations.models import Reservation
from tests.factories import make_ready_key, make_webhook
from tests.pinging import dial, ping, reservation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)
BASE = "http://demo.example:8000"


@pytest.fixture
def company() -> Company:
    call_command("demo", base_url=BASE, no_history=True, stdout=io.StringIO())
    return Company.objects.get(company_id="demo")


def make_day(company: Company) -> None:
    week.make(company=company, base_url=BASE, now=NOW, say=lambda line: None, days=1)


def story() -> list[Any]:
    requests = LogEntry.objects.order_by("pk").values_list(
        "at", "type", "result", "status", "caller_number", "trace"
    )
    calls = Call.objects.order_by("started_at", "pk").values_list(
        "started_at", "ended_at", "status", "buyer", "payout"
    )
    return [*requests, *calls]


def test_it_is_the_same_story_each_time(company: Company, settings: Any) -> None:
    settings.REDIS_URL, told = "", []  # rates are forgotten with this process
    for _ in range(2):
        throttles.reset()
        with transaction.atomic():
            make_day(company)
            told.append(story())
            transaction.set_rollback(True)
    assert len(told[0]) > 100
    assert [pair for pair in zip(*told, strict=True) if pair[0] != pair[1]] == []


def test_who_stops_it_has_none_of_it(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(line: str) -> None:
        if "day 2" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        week.make(company=company, base_url=BASE, now=NOW, say=stop)
    assert LogEntry.objects.count() == 0
    assert Call.objects.count() == 0
    assert User.objects.count() == 0


def test_what_somebody_asked_before_is_not_added_to(company: Company) -> None:
    LogEntry.objects.create(
        at=NOW,
        company_pk=company.pk,
        method="GET",
        path="/calls",
        parameters={},
        status=200,
        result="done",
        duration_ms=1,
    )
    call_command("demo", base_url=BASE, stdout=io.StringIO())
    assert LogEntry.objects.count() == 1
    assert User.objects.count() == 0


def test_a_call_that_nobody_asked_for_is_a_past_too(company: Company) -> None:
    before = week.has_past(company)
    dial("+18335550153")
    assert before is False
    assert week.has_past(company) is True
    assert LogEntry.objects.count() == 0


def test_the_rows_of_others_are_for_others_to_close(company: Company) -> None:
    key = make_ready_key()
    theirs = reservation(ping(key))
    Reservation.objects.filter(pk=theirs.pk).update(expires_at=NOW - timedelta(hours=9))
    call = Call.objects.create(
        company=key.company, campaign=key.campaign, started_at=NOW, clock=NOW
    )
    due_at = NOW - timedelta(hours=9)
    told = Delivery.objects.create(
        company=key.company,
        call=call,
        webhook=make_webhook(key.campaign),
        next_attempt_at=due_at,
        created_at=due_at,
    )
    make_day(company)
    theirs.refresh_from_db()
    told.refresh_from_db()
    assert theirs.status == "reserved"
    assert told.status == "waiting"
    assert told.attempts == 0


def test_whoever_has_a_demo_persons_name_keeps_what_is_theirs(company: Company) -> None:
    somebody = User.objects.create_user(
        "demo-olivia", password="a password of hers", is_staff=False
    )
    make_day(company)
    somebody.refresh_from_db()
    assert somebody.has_usable_password() is True
    assert somebody.is_staff is False
    assert somebody.memberships.count() == 0


# --- asking at another time -------------------------------------------------------------------------------
def test_a_request_is_made_at_the_moment_that_is_handed_in() -> None:
    key = make_ready_key()
    query = {"key": key.key, "caller_number": "+12025550142"}
    answer = client.request(DemoRequest("POST", "/rtbs.json", query, address="192.0.2.7"), at=NOW)
    row = LogEntry.objects.get()
    assert row.at == NOW
    assert row.address == "192.0.2.7"
    assert row.response == answer.text
    assert Reservation.objects.get().expires_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"status":"reserved","inbound_number":"+18335550160"}', "+18335550160"),
        ('{"call_reservation":{"inbound_number":18335550160,"status":"reserved"}}', "18335550160"),
        ('<hash><inbound-number type="integer">18335550160</inbound-number></hash>', "18335550160"),
        ('<hash><inbound-number nil="true"/><status>no-target</status></hash>', ""),
        ('{"inbound_number":null}', ""),
        ('{"error":"not authorized"}', ""),
    ],
)
def test_answers_are_read_in_either_format(text: str, said: str) -> None:
    assert DemoResponse(200, text).value("inbound_number") == said
