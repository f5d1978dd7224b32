"""Playing the week: equal each time, resumed after a stop, no effect on other companies."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from pytest_django.plugin import DjangoDbBlocker

from callcontrol.demo import history
from callcontrol.demo.client import DemoResponse, send_request
from callcontrol.models import Call, Delivery
from campaigns.models import Company, Lease
from publishers.gateway import throttles
from publishers.models import LogEntry
from reservations.models import Reservation
from tests.factories import make_ready_key, make_webhook
from tests.keeping import kept
from tests.pinging import dial, ping, reservation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)
BASE = "http://demo.example:8000"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAUSE_SECONDS", 0)


def _build() -> Company:
    call_command("demo", base_url=BASE, no_history=True, stdout=io.StringIO())
    return Company.objects.get(company_id="demo")


@pytest.fixture(scope="module")
def kept_company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with kept(_build, django_db_blocker) as company:
        yield company


@pytest.fixture
def company(kept_company: Company) -> Company:
    return Company.objects.get(pk=kept_company.pk)


def play_day(company: Company, report: Any = lambda line: None) -> None:
    history.prepare(company, now=NOW, days=1)
    history.play(company, report=report, clock=lambda: NOW)


def rows() -> list[Any]:
    requests = LogEntry.objects.order_by("pk").values_list(
        "at", "type", "result", "status", "caller_number", "trace"
    )
    calls = Call.objects.order_by("started_at", "pk").values_list(
        "started_at", "ended_at", "status", "buyer", "payout"
    )
    return [*requests, *calls]


def test_the_week_is_equal_each_time(company: Company, settings: Any) -> None:
    settings.REDIS_URL, weeks = "", []  # rates are forgotten with this process
    for _ in range(2):
        throttles.reset()
        with transaction.atomic():
            play_day(company)
            weeks.append(rows())
            transaction.set_rollback(True)
    assert len(weeks[0]) > 80
    assert weeks[0] == weeks[1]


# --- stopped and resumed ------------------------------------------------------------------------
class Stop(Exception):
    pass


def stop_at(line: str) -> Any:
    def report(reported: str) -> None:
        if line in reported:
            raise Stop

    return report


@pytest.fixture
def stopped(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A week of which a part of the second last day is played."""
    monkeypatch.setattr(history, "_TRANSACTION_SECONDS", 0)
    history.prepare(company, now=NOW, days=2)
    with pytest.raises(Stop):
        history.play(company, report=stop_at("5 of 7"), clock=lambda: NOW)
    return company


def test_a_stopped_week_is_played_on_and_nothing_is_played_twice(stopped: Company) -> None:
    played_until = LogEntry.objects.latest("at").at
    before = LogEntry.objects.count()
    history.play(stopped, report=lambda line: None, clock=lambda: NOW)
    assert LogEntry.objects.filter(at__lte=played_until).count() == before
    assert LogEntry.objects.count() > before
    assert history.is_prepared() is False


def test_a_stopped_week_leaves_no_call_or_reservation_of_the_past_open(stopped: Company) -> None:
    assert Call.objects.live().count() == 0
    assert Reservation.objects.due(now=NOW).count() == 0
    assert Reservation.objects.live(now=NOW).count() == 0


def test_a_ping_meanwhile_does_not_keep_the_week_from_being_played(company: Company) -> None:
    history.prepare(company, now=NOW)
    dial("+18335550153")
    prepared_again = history.prepare(company, now=NOW)
    assert history.is_prepared() is True
    assert prepared_again is False


def test_a_failure_of_the_database_is_tried_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OperationalError("deadlock detected")])
    play_some = history._play_some

    def fail_once(*arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return play_some(*arguments)

    monkeypatch.setattr(history, "_play_some", fail_once)
    play_day(company)
    assert history.is_prepared() is False
    assert LogEntry.objects.count() > 50


def test_a_database_that_keeps_failing_ends_the_run(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(history, "_play_some", fail)
    with pytest.raises(OperationalError):
        play_day(company)
    assert history.is_prepared() is True


def test_ctrl_c_says_that_the_rest_is_played_next_time(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(history, "play", interrupt)
    with pytest.raises(CommandError, match="The next `demo` or `up --demo` plays the rest") as stop:
        call_command("demo", base_url=BASE, stdout=io.StringIO())
    assert stop.value.returncode == 130


def test_a_deferred_history_is_prepared_and_not_played(company: Company) -> None:
    call_command("demo", base_url=BASE, defer_history=True, stdout=io.StringIO())
    assert Lease.objects.get(name=history.LEASE).ticked_at is not None
    assert User.objects.count() == 3
    assert LogEntry.objects.count() == 0


def test_history_only_plays_without_a_line_of_links(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, out = [], io.StringIO()
    monkeypatch.setattr(history, "play", lambda company, **options: played.append(company))
    call_command("demo", base_url=BASE, history_only=True, stdout=out)
    history.prepare(company, now=NOW)
    call_command("demo", base_url=BASE, history_only=True, stdout=out)
    assert played == [company]
    assert out.getvalue() == ""


# --- other data ---------------------------------------------------------------------------------
def test_a_company_with_requests_gets_no_history(company: Company) -> None:
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


def test_a_company_with_a_call_gets_no_history(company: Company) -> None:
    dial("+18335550153")
    assert history.prepare(company, now=NOW) is False
    assert LogEntry.objects.count() == 0


def test_rows_of_other_companies_are_left_alone(company: Company) -> None:
    key = make_ready_key()
    theirs = reservation(ping(key))
    Reservation.objects.filter(pk=theirs.pk).update(expires_at=NOW - timedelta(hours=9))
    call = Call.objects.create(
        company=key.company, campaign=key.campaign, started_at=NOW, clock=NOW
    )
    due_at = NOW - timedelta(hours=9)
    delivery = Delivery.objects.create(
        company=key.company,
        call=call,
        webhook=make_webhook(key.campaign),
        next_attempt_at=due_at,
        created_at=due_at,
    )
    play_day(company)
    theirs.refresh_from_db()
    delivery.refresh_from_db()
    assert theirs.status == "reserved"
    assert delivery.status == "waiting"
    assert delivery.attempts == 0


def test_a_user_with_the_name_of_a_demo_person_is_left_alone(company: Company) -> None:
    olivia = User.objects.create_user("demo-olivia", password="a password of hers", is_staff=False)
    history.prepare(company, now=NOW)
    olivia.refresh_from_db()
    assert olivia.has_usable_password() is True
    assert olivia.is_staff is False
    assert olivia.memberships.count() == 0


# --- requests in this process -------------------------------------------------------------------
def test_a_request_is_made_at_the_moment_that_is_passed_in() -> None:
    key = make_ready_key()
    query = {"key": key.key, "caller_number": "+12025550142"}
    answer = send_request("POST", "/rtbs.json", query=query, address="192.0.2.7", at=NOW)
    row = LogEntry.objects.get()
    assert row.at == NOW
    assert row.address == "192.0.2.7"
    assert row.response == answer.text
    assert Reservation.objects.get().expires_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"status":"reserved","inbound_number":"+18335550160"}', "+18335550160"),
        ('{"call_reservation":{"inbound_number":18335550160,"status":"reserved"}}', "18335550160"),
        ('<hash><inbound-number type="integer">18335550160</inbound-number></hash>', "18335550160"),
        ('<hash><inbound-number nil="true"/><status>no-target</status></hash>', ""),
        ('{"inbound_number":null}', ""),
        ('{"error":"not authorized"}', ""),
    ],
)
def test_a_value_is_read_from_json_and_xml(text: str, value: str) -> None:
    assert DemoResponse(200, text).value("inbound_number") == value
