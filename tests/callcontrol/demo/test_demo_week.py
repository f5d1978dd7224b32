"""The week of history of the demo company: made by the product itself, so that all of it agrees; nothing later than now."""

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

from callcontrol.demo import plan, week
from callcontrol.models import Call, CallEvent, Delivery, DeliveryAttempt, Leg, Outcome, Transfer
from campaigns.caps import counters
from campaigns.models import Buyer, CapHold, Company, Member
from publishers import snapshot
from publishers.models import Key, LogEntry, StoredTag
from reservations.models import Reservation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 16, 30, tzinfo=UTC)  # a Tuesday, half past twelve in New York
BASE = "http://demo.example:8000"
BEGAN = NOW - timedelta(days=7)


@dataclass
class Made:
    company: Company
    said: list[str] = field(default_factory=list)
    statements: int = 0

    def count(self, execute: Any, *given: Any) -> Any:
        self.statements += 1
        return execute(*given)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Made]:
    """Once for all the tests that look at it, in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        snapshot._held.clear()
        call_command("demo", base_url=BASE, no_history=True, stdout=io.StringIO())
        found = Made(Company.objects.get(company_id="demo"))
        with connection.execute_wrapper(found.count):
            week.make(company=found.company, base_url=BASE, now=NOW, say=found.said.append)
        yield found
        transaction.set_rollback(True)
    snapshot._held.clear()


# --- it all agrees ----------------------------------------------------------------------------------------
def test_the_caps_are_what_a_recount_finds(made: Made) -> None:
    assert counters.recount(company_id=made.company.pk, now=NOW) == []


def test_who_still_holds_a_place_lives(made: Made) -> None:
    live = set(Leg.objects.live().exclude(hold=None).values_list("hold_id", flat=True))
    live |= set(
        Reservation.objects.live(now=NOW).exclude(hold=None).values_list("hold_id", flat=True)
    )
    assert set(CapHold.objects.filter(status="held").values_list("pk", flat=True)) == live


def test_every_claimed_reservation_has_its_call(made: Made) -> None:
    claimed = set(Reservation.objects.filter(status="claimed").values_list("pk", flat=True))
    assert len(claimed) > 100
    assert claimed == set(
        Call.objects.exclude(reservation=None).values_list("reservation_id", flat=True)
    )


def test_what_the_log_names_is_there(made: Made) -> None:
    named = LogEntry.objects.filter(company_pk=made.company.pk)
    reservations = set(
        named.exclude(reservation_uuid=None).values_list("reservation_uuid", flat=True)
    )
    calls = set(named.exclude(call_uuid=None).values_list("call_uuid", flat=True))
    assert reservations == set(Reservation.objects.values_list("pk", flat=True))
    assert calls - set(Call.objects.values_list("pk", flat=True)) == set()


def test_a_call_pays_what_its_timeline_tells(made: Made) -> None:
    told = CallEvent.objects.filter(kind__in=["converted", "sold"]).values_list("call_id", "detail")
    paid = Call.objects.exclude(converted_at=None)
    assert {call: detail["payout"] for call, detail in told} == {
        call.pk: f"{call.payout:.2f}" for call in paid
    }


def test_whoever_did_not_talk_long_enough_was_sold_or_pays_nothing(made: Made) -> None:
    sold = set(CallEvent.objects.filter(kind="sold").values_list("call_id", flat=True))
    paid = Call.objects.exclude(converted_at=None).exclude(connected_at=None).exclude(pk__in=sold)
    assert [
        call for call in paid if call.ended_at - call.connected_at < timedelta(seconds=60)
    ] == []


# --- it is as planned -------------------------------------------------------------------------------------
def test_every_planned_ping_was_sent_at_its_moment(made: Made) -> None:
    planned = plan.leads(began=BEGAN, until=NOW, zone=ZoneInfo("America/New_York"))
    pings = {
        (lead.at, lead.stream.publisher)
        for lead in planned
        if lead.stream.kind in ("bid", "reservation")
    }
    logged = LogEntry.objects.filter(method="POST").values_list("at", "parameters")
    assert (
        pings - {(at, said.get("publisher_id") or said.get("affiliate_id")) for at, said in logged}
        == set()
    )


def test_it_is_as_large_as_a_busy_little_company(made: Made) -> None:
    pings = LogEntry.objects.filter(method="POST", type__in=["rtb", "call_reservation"]).count()
    assert (600 <= pings <= 1000, 200 <= Call.objects.count() <= 400) == (True, True), (
        pings,
        Call.objects.count(),
    )


def test_mornings_and_afternoons_are_busy_and_nights_and_weekends_are_not() -> None:
    zone = ZoneInfo("America/New_York")
    moments = [lead.at.astimezone(zone) for lead in plan.leads(began=BEGAN, until=NOW, zone=zone)]
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
def test_every_kind_of_key_is_used(made: Made, type: str, results: set[str]) -> None:
    assert set(LogEntry.objects.filter(type=type).values_list("result", flat=True)) == results


def test_pings_are_refused_for_many_reasons(made: Made) -> None:
    refused = LogEntry.objects.filter(type="rtb", result="refused").values_list("status", flat=True)
    reasons = LogEntry.objects.exclude(trace=None).values_list("trace", flat=True)
    seen = {reason for trace in reasons for reason in trace["refused"]}
    assert set(refused) == {403, 422, 429}
    assert {
        "paused",
        "closed",
        "filter",
        "hard-cap",
        "concurrency-cap",
        "daily-cap",
    } - seen == set()


def test_nothing_failed(made: Made) -> None:
    assert LogEntry.objects.filter(status__gte=500).count() == 0


def test_lines_end_in_every_way_that_a_simulated_line_can(made: Made) -> None:
    assert set(Outcome.values) - set(Leg.objects.values_list("outcome", flat=True)) == {"failed"}


def test_callers_are_held_and_joined_and_transfers_stopped(made: Made) -> None:
    assert set(Transfer.objects.values_list("hold_caller", "status")) == {
        (True, "ended"),
        (False, "ended"),
    }
    assert {"caller-held", "caller-joined"} <= set(CallEvent.objects.values_list("kind", flat=True))


def test_some_callers_had_converted_before(made: Made) -> None:
    assert Call.objects.filter(duplicate=True, converted_at=None).exists()


def test_a_webhook_was_told_of_every_plumbing_sale_at_its_time(made: Made) -> None:
    sales = Call.objects.filter(campaign__campaign_id="plumbing").exclude(converted_at=None)
    told = Delivery.objects.filter(status="delivered", tries__status=200).values_list(
        "call_id", flat=True
    )
    tagged = Call.objects.filter(tags__name="sold_for", tags__value="40.00").values_list(
        "pk", flat=True
    )
    assert set(told) == set(tagged) == set(sales.values_list("pk", flat=True))
    assert Delivery.objects.filter(
        finished_at__gt=NOW - timedelta(days=5), finished_at__lt=NOW
    ).exists()


def test_the_callers_are_fictional_and_from_many_states(made: Made) -> None:
    numbers = set(Call.objects.exclude(caller_number=None).values_list("caller_number", flat=True))
    assert [number for number in numbers if not re.fullmatch(r"\+1\d{3}55501\d\d", number)] == []
    assert len({number[2:5] for number in numbers}) >= 20


# --- the present ------------------------------------------------------------------------------------------
def test_nothing_is_later_than_now_or_earlier_than_the_week(made: Made) -> None:
    rows: list[tuple[Any, str]] = [
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
    ]
    late = [model for model, name in rows if model.objects.filter(**{f"{name}__gt": NOW}).exists()]
    assert late == []
    assert [
        model for model, name in rows if model.objects.filter(**{f"{name}__lt": BEGAN}).exists()
    ] == []


def test_one_call_is_talked_in_and_one_phone_rings(made: Made) -> None:
    assert sorted(Call.objects.live().values_list("status", flat=True)) == [
        "in-progress",
        "ringing",
    ]


def test_the_phone_that_rings_does_so_for_two_minutes(made: Made) -> None:
    leg = Leg.objects.get(status="ringing")
    assert leg.buyer.buyer_id == "anytime"
    assert leg.rings_until > NOW + timedelta(seconds=75)


def test_a_buyer_is_reserved_and_another_confirmed(made: Made) -> None:
    assert set(Reservation.objects.live(now=NOW).values_list("status", flat=True)) == {
        "reserved",
        "confirmed",
    }


def test_nothing_is_left_for_a_sweep(made: Made) -> None:
    assert Reservation.objects.due(now=NOW - timedelta(seconds=5)).count() == 0
    assert Call.objects.exclude(ended_at=None).filter(settled_at=None).count() == 0
    assert Delivery.objects.filter(status="waiting").count() == 0


def test_somebodys_form_waits_for_a_call(made: Made) -> None:
    waiting = StoredTag.objects.filter(expires_at__gt=NOW).values_list("name", flat=True)
    assert set(waiting) == {"project", "roof_age", "caller_zip"}


# --- people -----------------------------------------------------------------------------------------------
def test_each_role_has_somebody_and_nobody_can_log_in(made: Made) -> None:
    members = Member.objects.filter(company=made.company)
    assert sorted(members.values_list("role", flat=True)) == [
        "account_manager",
        "owner",
        "read_only",
    ]
    assert [
        user for user in User.objects.filter(memberships__in=members) if user.has_usable_password()
    ] == []


def test_settings_were_changed_and_changed_back(made: Made) -> None:
    summit = Buyer.objects.get(buyer_id="summit").history.order_by("history_date", "pk")
    assert list(summit.values_list("history_user__username", "daily_cap")) == [
        ("demo-olivia", cap) for cap in (12, 20, 12)
    ]


def test_the_settings_are_older_than_what_was_asked_by_them(made: Made) -> None:
    assert Key.objects.filter(company=made.company, created_at__gte=BEGAN).count() == 0
    assert (
        Buyer.history.filter(
            company=made.company, history_type="+", history_date__gte=BEGAN
        ).count()
        == 0
    )


# --- its making -------------------------------------------------------------------------------------------
def test_it_says_how_far_it_is(made: Made) -> None:
    assert made.said == [f"A week of history: day {day} of 7 …" for day in range(1, 8)]


def test_it_asks_the_database_no_more_than_it_must(made: Made) -> None:
    assert made.statements < 50_000


def test_a_second_time_adds_nothing(made: Made) -> None:
    before, said = LogEntry.objects.count(), io.StringIO()
    call_command("demo", base_url=BASE, stdout=io.StringIO(), stderr=said)
    assert LogEntry.objects.count() == before
    assert said.getvalue() == ""
