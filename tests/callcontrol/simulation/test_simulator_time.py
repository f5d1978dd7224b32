"""A call's own clock, the later of the wall's and the latest moment that it was given, and what
has happened in its time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcontrol.models import Call, Leg
from campaigns.models import Buyer, Campaign, CapCounter
from publishers.models import Conversion
from tests.factories import make_key, make_market, make_number
from tests.pinging import Answer, act, dial, hang_up, held, last_leg, lines, ping, rung, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LINE = "+18335550199"
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(caps=[1, 1])
    make_number(campaign, number=LINE)
    return campaign


@pytest.fixture
def call(campaign: Campaign) -> Answer:
    """Rings the first of two buyers, each for half a minute, at noon."""
    return dial(LINE)


def after(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def told(call: Answer) -> list[tuple[float, str]]:
    """What happened, and how many seconds after noon."""
    events = [(datetime.fromisoformat(event["at"]), event["event"]) for event in call["events"]]
    return [((at - NOON).total_seconds(), what) for at, what in events]


def talked(call: Answer, seconds: float, answer_at: float = 5) -> Answer:
    act(last_leg(call), "answer", at=after(answer_at))
    return hang_up(call["call_uuid"], at=after(answer_at + seconds))


# --- what was due ---------------------------------------------------------------------------------
def test_a_phone_rings_out_by_itself_and_the_next_rings_from_then_on(call: Answer) -> None:
    later = act(call["legs"][0]["leg_uuid"], "answer", at=after(40))
    assert later["status"] == "ringing"
    assert told(later)[3:] == [(30, "taken-off"), (30, "routed"), (30, "dialing")]


def test_who_answers_too_late_finds_that_it_rang_out(call: Answer) -> None:
    later = act(last_leg(call), "answer", at=after(30))
    assert lines(later)[1:] == [("handler", "ended", "no-answer"), ("handler", "ringing", None)]


def test_who_answers_in_the_last_moment_has_the_call(call: Answer) -> None:
    assert act(last_leg(call), "answer", at=after(29.999))["status"] == "in-progress"


def test_with_nobody_to_answer_it_ends_in_its_time(call: Answer) -> None:
    later = act(last_leg(call), "answer", at=after(3600))
    assert later["status"] == "no-target"
    assert told(later)[-3:] == [(60, "taken-off"), (60, "routed"), (60, "ended")]


def test_whoever_reads_sees_the_truth_without_a_worker(call: Answer, clock: Any) -> None:
    clock(61)
    later = shown(call["call_uuid"])
    assert later["status"] == "no-target"
    assert rung(later) == list(Buyer.objects.order_by("priority").values_list("number", flat=True))
    assert told(later)[-1] == (60, "ended")


def test_a_call_that_nobody_ended_ends_after_four_hours(call: Answer) -> None:
    act(last_leg(call), "answer", at=after(5))
    later = act(last_leg(call), "hang-up", at=after(5 * 3600))
    assert later["status"] == "finished"
    assert (4 * 3600, "ended") in told(later)


# --- the clock ------------------------------------------------------------------------------------
@pytest.mark.parametrize("at", [after(-3600), "0001-01-01T00:00:00Z", ""])
def test_the_past_is_now(call: Answer, clock: Any, at: str) -> None:
    clock(7)
    assert told(act(last_leg(call), "answer", at=at))[-1] == (7, "answered")


def test_a_call_that_came_later_than_now_lives_from_then_on(campaign: Campaign) -> None:
    call = dial(LINE, at=after(300))
    assert told(act(last_leg(call), "answer"))[-1] == (300, "answered")


def test_what_comes_after_a_moment_comes_no_earlier(call: Answer) -> None:
    act(last_leg(call), "answer", at=after(10))
    assert told(hang_up(call["call_uuid"], at=after(3)))[-1][0] == 10
    assert Call.objects.get().clock == NOON + timedelta(seconds=10)


def test_a_moment_counts_also_when_nothing_happens(call: Answer) -> None:
    act(call["legs"][0]["leg_uuid"], "busy", at=after(20))
    assert told(act(last_leg(call), "answer"))[-1] == (20, "answered")


def test_a_look_does_not_turn_the_clock_back(call: Answer) -> None:
    there = act(last_leg(call), "answer", at=after(20))
    assert shown(call["call_uuid"]) == there


def test_a_moment_that_was_read_can_be_counted_on_from(campaign: Campaign, clock: Any) -> None:
    clock(0.0009)
    answered = act(last_leg(dial(LINE)), "answer")
    end = datetime.fromisoformat(answered["events"][-1]["at"]) + timedelta(seconds=120)
    assert hang_up(answered["call_uuid"], at=end.isoformat())["converted"] is True


# --- acceptance -----------------------------------------------------------------------------------
def test_who_has_to_accept_and_does_not_loses_the_call_in_its_time(campaign: Campaign) -> None:
    Buyer.objects.filter(buyer_id="b1").update(acceptance="explicit", acceptance_seconds=60)
    call = dial(LINE)
    act(last_leg(call), "answer", at=after(10))
    later = act(call["legs"][0]["leg_uuid"], "answer", at=after(75))
    assert later["status"] == "ringing"
    assert lines(later)[1][2] == "not-accepted"
    assert told(later)[-1] == (70, "dialing")


# --- money ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "paid"),
    [(119, (None, None, False)), (119.999, (None, None, False)), (120, ("90.00", "120.00", True))],
)
def test_a_call_converts_from_its_second_on(
    call: Answer, seconds: float, paid: tuple[Any, ...]
) -> None:
    ended = talked(call, seconds)
    assert (ended["payout"], ended["revenue"], ended["converted"]) == paid


def test_nobody_is_paid_while_they_talk(call: Answer) -> None:
    act(last_leg(call), "answer", at=after(5))
    talking = act(last_leg(call), "answer", at=after(3000))
    assert talking["status"] == "in-progress"
    assert talking["payout"] is None
    assert talking["converted"] is False


def test_who_hangs_up_makes_no_difference(call: Answer) -> None:
    act(last_leg(call), "answer", at=after(5))
    ended = act(last_leg(call), "hang-up", at=after(125))
    assert ended["payout"] == "90.00"
    assert ended["revenue"] == "120.00"


def test_the_reserved_pay_stands(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign), publisher_id="alpha", inbound_number=LINE)
    Conversion.objects.update(seconds=1000, payout="1.00", revenue="2.00")
    ended = talked(dial(LINE), 120)
    assert ended["reservation_uuid"] == answer["uuid"]
    assert ended["payout"] == "90.00"
    assert ended["revenue"] == "120.00"


@pytest.mark.parametrize(("dedupe", "paid"), [(3600, [True, False]), (0, [True, True])])
def test_a_caller_pays_once_in_the_campaigns_time(
    campaign: Campaign, dedupe: int, paid: list[bool]
) -> None:
    Campaign.objects.update(dedupe_seconds=dedupe)
    first = talked(dial(LINE), 120)
    second = talked(dial(LINE, at=after(200)), 120, answer_at=205)
    assert [first["converted"], second["converted"]] == paid
    assert told(second)[-1] == (325, "converted" if paid[1] else "duplicate")


# --- places ---------------------------------------------------------------------------------------
def used(kind: str = "hourly") -> int:
    """How many places of this kind the first buyer's counters say are used."""
    owner = f"buyer:{Buyer.objects.get(buyer_id='b1').pk}"
    return sum(CapCounter.objects.filter(owner=owner, kind=kind).values_list("used", flat=True))


@pytest.mark.parametrize(
    ("what", "kept"),
    [("busy", 0), ("no-answer", 0), ("hang-up", 0), ("ring-out", 0), ("caller", 0), ("talk", 1)],
)
def test_every_end_gives_the_concurrency_back_and_only_talk_keeps_the_other_places(
    call: Answer, what: str, kept: int
) -> None:
    assert used("concurrency") == 1
    assert used() == 1
    if what == "talk":
        talked(call, 10)
    elif what == "caller":
        hang_up(call["call_uuid"])
    else:
        act(last_leg(call), "answer" if what == "ring-out" else what, at=after(30))
    assert used("concurrency") == 0
    assert used() == kept
    assert used("daily") == kept
    assert used("hard") == kept


@pytest.mark.parametrize(("seconds", "kept"), [(119, 0), (120, 1)])
def test_where_conversions_count_a_call_that_does_not_convert_counts_as_none(
    campaign: Campaign, seconds: int, kept: int
) -> None:
    buyer = Buyer.objects.get(buyer_id="b1")
    buyer.cap_counts = "conversion"
    buyer.save()
    talked(dial(LINE), seconds)
    assert held(buyer) == 0
    assert used() == kept


def test_a_leg_is_over_before_its_buyer_is_dialed_again(campaign: Campaign) -> None:
    first = dial(LINE)
    act(last_leg(first), "busy")
    assert dial(LINE)["buyer_id"] == "b1"
    assert Leg.objects.filter(status="ringing").count() == 2
