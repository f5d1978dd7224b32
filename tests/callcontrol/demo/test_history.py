"""The week of the demo company, played by the product: all of it agrees, none of it is later."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from callcontrol.demo import history, plan
from callcontrol.models import Call, CallEvent, Delivery, DeliveryAttempt, Leg, Outcome, Transfer
from callcontrol.reporting.models import RollupPeriod
from campaigns.caps import counters
from campaigns.models import Buyer, CapHold, Company, Lease, Member
from publishers import snapshot
from publishers.models import Key, LogEntry, StoredTag
from reservations.models import Reservation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)  # a Tuesday, half past twelve in New York
BASE = "http://demo.example:8000"
BEGAN = NOW - timedelta(days=7)


@dataclass
class Played:
    company: Company
    reports: list[str] = field(default_factory=list)
    statements: int = 0

    def count(self, execute: Any, *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[Played]:
    """Once for all tests that only look at it, in a transaction that is rolled back."""
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(history, "_PAUSE_SECONDS", 0)
        snapshot._cache.clear()
        call_command("demo", base_url=BASE, no_history=True, stdout=io.StringIO())
        found = Played(Company.objects.get(company_id="demo"))
        history.prepare(found.company, now=NOW)
        with connection.execute_wrapper(found.count):
            history.play(found.company, report=found.reports.append, clock=lambda: NOW)
        yield found
        transaction.set_rollback(True)
    snapshot._cache.clear()


# --- all of it agrees ---------------------------------------------------------------------------
def test_the_caps_are_what_a_recount_finds(played: Played) -> None:
    assert counters.recount(company_id=played.company.pk, now=NOW) == []


def test_only_live_legs_and_reservations_hold_places(played: Played) -> None:
    live = set(Leg.objects.live().exclude(hold=None).values_list("hold_id", flat=True))
    live |= set(
        Reservation.objects.live(now=NOW).exclude(hold=None).values_list("hold_id", flat=True)
    )
    assert set(CapHold.objects.filter(status="held").values_list("pk", flat=True)) == live


def test_every_claimed_reservation_has_its_call(played: Played) -> None:
    claimed = set(Reservation.objects.filter(status="claimed").values_list("pk", flat=True))
    calls = Call.objects.exclude(reservation=None).values_list("reservation_id", flat=True)
    assert len(claimed) > 60
    assert claimed == set(calls)


def test_the_log_names_reservations_and_calls_that_exist(played: Played) -> None:
    log = LogEntry.objects.filter(company_pk=played.company.pk)
    named = set(log.exclude(reservation_uuid=None).values_list("reservation_uuid", flat=True))
    calls = set(log.exclude(call_uuid=None).values_list("call_uuid", flat=True))
    assert named == set(Reservation.objects.values_list("pk", flat=True))
    assert calls - set(Call.objects.values_list("pk", flat=True)) == set()


def test_a_call_pays_what_its_timeline_says(played: Played) -> None:
    events = CallEvent.objects.filter(kind__in=["converted", "sold"])
    paid = Call.objects.exclude(converted_at=None)
    assert {call: detail["payout"] for call, detail in events.values_list("call_id", "detail")} == {
        call.pk: f"{call.payout:.2f}" for call in paid
    }


def test_a_short_call_was_sold_or_pays_nothing(played: Played) -> None:
    sold = set(CallEvent.objects.filter(kind="sold").values_list("call_id", flat=True))
    paid = Call.objects.exclude(converted_at=None).exclude(connected_at=None).exclude(pk__in=sold)
    minute = timedelta(seconds=60)
    assert [call for call in paid if call.ended_at - call.connected_at < minute] == []


# --- it is as planned ---------------------------------------------------------------------------
def test_every_planned_lead_was_played(played: Played) -> None:
    until = NOW - timedelta(minutes=5)
    leads = plan.plan_leads(since=BEGAN, until=until, zone=ZoneInfo("America/New_York"))
    callers = {lead.caller.number for lead in leads if lead.stream.type == "bid"}
    logged = set(LogEntry.objects.filter(type="rtb").values_list("caller_number", flat=True))
    assert len(callers) > 120
    assert callers - logged == set()


def test_it_is_as_large_as_a_small_company(played: Played) -> None:
    pings = LogEntry.objects.filter(method="POST", type__in=["rtb", "call_reservation"]).count()
    assert 250 <= pings <= 450
    assert 120 <= Call.objects.count() <= 220


def test_working_hours_are_busy_and_nights_and_weekends_are_not() -> None:
    zone = ZoneInfo("America/New_York")
    moments = [
        lead.at.astimezone(zone) for lead in plan.plan_leads(since=BEGAN, until=NOW, zone=zone)
    ]
    hours, days = Counter(at.hour for at in moments), Counter(at.weekday() for at in moments)
    assert sum(hours[hour] for hour in range(9, 18)) > 10 * sum(hours[hour] for hour in range(6))
    assert min(days[day] for day in range(5)) > 2 * max(days[5], days[6])


@pytest.mark.parametrize(
    ("type", "results"),
    [
        (
            "rtb",
            {"confirmed", "no-target", "refused", "rejected", "replayed", "reserved", "shielded"},
        ),
        ("call_reservation", {"no-target", "refused", "reserved"}),
        ("call_data_writing", {"applied", "in-progress", "refused", "stored"}),
        ("call_control", {"done"}),
        ("conversion", {"converted"}),
        ("account", {"done"}),
        ("transfer", {"done"}),
        ("", {"refused"}),
    ],
)
def test_every_type_of_key_is_used(played: Played, type: str, results: set[str]) -> None:
    logged = LogEntry.objects.filter(type=type).values_list("result", flat=True)
    assert results - set(logged) == set()


def test_pings_are_refused_for_many_reasons(played: Played) -> None:
    refused = LogEntry.objects.filter(type="rtb", result="refused").values_list("status", flat=True)
    traces = LogEntry.objects.exclude(trace=None).values_list("trace", flat=True)
    reasons = {"paused", "closed", "filter", "hard-cap", "concurrency-cap", "daily-cap"}
    assert set(refused) == {422, 429}
    assert reasons - {reason for trace in traces for reason in trace["refused"]} == set()


def test_no_request_failed(played: Played) -> None:
    assert LogEntry.objects.filter(status__gte=500).count() == 0


def test_legs_end_in_every_way_that_a_simulated_leg_can(played: Played) -> None:
    outcomes = set(Leg.objects.values_list("outcome", flat=True))
    assert set(Outcome.values) - outcomes == {"failed"}


def test_callers_are_held_and_join_conferences(played: Played) -> None:
    transfers = Transfer.objects.values_list("hold_caller", "status")
    kinds = set(CallEvent.objects.values_list("kind", flat=True))
    assert set(transfers) == {(True, "ended"), (False, "ended")}
    assert {"caller-held", "caller-joined"} <= kinds


def test_some_callers_are_duplicates(played: Played) -> None:
    assert Call.objects.filter(duplicate=True, converted_at=None).exists()


def test_a_webhook_reported_every_plumbing_conversion(played: Played) -> None:
    sales = Call.objects.filter(campaign__campaign_id="plumbing").exclude(converted_at=None)
    delivered = Delivery.objects.filter(status="delivered", tries__status=200)
    tagged = Call.objects.filter(tags__name="sold_for", tags__value="40.00")
    calls = set(sales.values_list("pk", flat=True))
    assert set(delivered.values_list("call_id", flat=True)) == calls
    assert set(tagged.values_list("pk", flat=True)) == calls


def test_a_webhook_was_delivered_at_the_time_of_its_call(played: Played) -> None:
    finished = Delivery.objects.order_by("finished_at").values_list("finished_at", flat=True)
    assert BEGAN < finished[0] < NOW - timedelta(days=3)


def test_the_callers_are_fictional_and_from_many_states(played: Played) -> None:
    numbers = set(Call.objects.exclude(caller_number=None).values_list("caller_number", flat=True))
    assert [number for number in numbers if not re.fullmatch(r"\+1\d{3}55501\d\d", number)] == []
    assert len({number[2:5] for number in numbers}) >= 12


# --- the present --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "name"),
    [
        (LogEntry, "at"),
        (CallEvent, "at"),
        (Call, "ended_at"),
        (Call, "settled_at"),
        (Leg, "started_at"),
        (Reservation, "created_at"),
        (Reservation, "closed_at"),
        (CapHold, "taken_at"),
        (StoredTag, "written_at"),
        (DeliveryAttempt, "at"),
    ],
)
def test_every_moment_is_in_the_week(played: Played, model: Any, name: str) -> None:
    assert model.objects.filter(**{f"{name}__gt": NOW}).count() == 0
    assert model.objects.filter(**{f"{name}__lt": BEGAN}).count() == 0


def test_one_call_is_in_progress_and_one_phone_rings(played: Played) -> None:
    statuses = Call.objects.live().values_list("status", flat=True)
    assert sorted(statuses) == ["in-progress", "ringing"]


def test_the_ringing_phone_has_most_of_two_minutes_left(played: Played) -> None:
    leg = Leg.objects.get(status="ringing")
    assert leg.buyer.buyer_id == "anytime"
    assert leg.rings_until > NOW + timedelta(seconds=75)


def test_a_buyer_is_reserved_and_another_confirmed(played: Played) -> None:
    live = Reservation.objects.live(now=NOW).values_list("status", flat=True)
    assert set(live) == {"reserved", "confirmed"}


def test_nothing_is_left_for_a_sweep(played: Played) -> None:
    assert Reservation.objects.due(now=NOW - timedelta(seconds=5)).count() == 0
    assert Call.objects.exclude(ended_at=None).filter(settled_at=None).count() == 0
    assert Delivery.objects.filter(status="waiting").count() == 0


def test_a_form_waits_for_a_call(played: Played) -> None:
    waiting = StoredTag.objects.filter(expires_at__gt=NOW).values_list("name", flat=True)
    assert set(waiting) == {"project", "roof_age", "caller_zip"}


# --- people -------------------------------------------------------------------------------------
def test_each_role_has_a_person_who_cannot_log_in(played: Played) -> None:
    members = Member.objects.filter(company=played.company)
    people = User.objects.filter(memberships__in=members)
    roles = sorted(members.values_list("role", flat=True))
    assert roles == ["account_manager", "owner", "read_only"]
    assert [user for user in people if user.has_usable_password()] == []


def test_settings_were_changed_and_changed_back(played: Played) -> None:
    summit = Buyer.objects.get(buyer_id="summit").history.order_by("history_date", "pk")
    assert list(summit.values_list("history_user__username", "daily_cap")) == [
        ("demo-olivia", cap) for cap in (5, 8, 5)
    ]


def test_the_settings_are_older_than_the_requests(played: Played) -> None:
    created = Buyer.history.filter(company=played.company, history_type="+")
    assert Key.objects.filter(company=played.company, created_at__gte=BEGAN).count() == 0
    assert created.filter(history_date__gte=BEGAN).count() == 0


# --- playing ------------------------------------------------------------------------------------
def test_progress_is_reported_day_by_day(played: Played) -> None:
    days = [f"Demo history: {day} of 7 days" for day in range(1, 7)]
    assert played.reports == [*days, "Demo history: complete"]


def test_statements_are_bounded(played: Played) -> None:
    assert played.statements < 35_000


def test_rollups_are_written_anew_afterwards(played: Played) -> None:
    assert RollupPeriod.objects.count() == 0


def test_a_second_time_nothing_is_added(played: Played) -> None:
    before, progress = LogEntry.objects.count(), io.StringIO()
    call_command("demo", base_url=BASE, stdout=io.StringIO(), stderr=progress)
    assert LogEntry.objects.count() == before
    assert progress.getvalue() == ""
    assert Lease.objects.filter(name=history.LEASE).count() == 0
