"""A leg to a number of this installation is a second call: answered and ended together."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcontrol.control import transfers
from callcontrol.control.access import Controller
from callcontrol.models import Call, Leg
from campaigns.models import Buyer, Campaign, CapHold
from tests.factories import (
    make_buyer,
    make_conversion,
    make_key,
    make_market,
    make_number,
    make_route,
)
from tests.pinging import CALLER, Answer, act, dial, hang_up, last_leg, lines, ping, rung, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HERE, THERE = "+18335550199", "+18335550188"
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.fixture
def there() -> Campaign:
    """Of another company: one buyer, after two minutes 90.00 for 120.00."""
    campaign = make_market()
    make_number(campaign, number=THERE)
    return campaign


@pytest.fixture
def here(there: Campaign) -> Campaign:
    """Its first buyer is the number over there, its second an ordinary phone; after a minute
    5.00 for 7.00."""
    campaign = make_market(caps=[None, None], pool=0)
    make_number(campaign, number=HERE)
    make_conversion(campaign, seconds=60, payout="5.00", revenue="7.00", position=0)
    campaign.conversions.filter(seconds=120).delete()  # type: ignore[attr-defined]
    Buyer.objects.filter(company=campaign.company, buyer_id="b1").update(number=THERE)
    return campaign


@pytest.fixture
def call(here: Campaign) -> Answer:
    return dial(HERE)


def after(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def dialed(call: Answer) -> Answer:
    """The call that the call's last leg arrived as, as it stands."""
    return shown(call["legs"][-1]["arrived_as"])


def both(call: Answer) -> list[Answer]:
    """The call and the one that its first leg arrived as, as they stand."""
    now = shown(call["call_uuid"])
    return [now, shown(now["legs"][1]["arrived_as"])]


def statuses(call: Answer) -> list[str]:
    return [one["status"] for one in both(call)]


def money(call: Answer) -> list[tuple[Any, ...]]:
    return [(one["payout"], one["revenue"]) for one in both(call)]


# --- together -------------------------------------------------------------------------------------
def test_the_leg_arrives_as_a_call_with_the_same_caller(call: Answer, there: Campaign) -> None:
    number = Buyer.objects.get(company=there.company).number
    assert statuses(call) == ["ringing", "ringing"]
    assert rung(dialed(call)) == [number]
    assert dialed(call)["legs"][0]["number"] == CALLER


def test_who_answers_there_answers_here(call: Answer) -> None:
    act(last_leg(dialed(call)), "answer")
    assert [[leg["hears"] for leg in one["legs"]] for one in both(call)] == [
        [["handler"], ["caller"]]
    ] * 2


@pytest.mark.parametrize(
    "who", ["the caller", "the handler there", "the leg here", "the caller there"]
)
def test_whoever_hangs_up_ends_both(call: Answer, who: str) -> None:
    act(last_leg(dialed(call)), "answer", at=after(5))
    here, there = both(call)
    leg = {
        "the caller": here["legs"][0],
        "the handler there": there["legs"][1],
        "the leg here": here["legs"][1],
        "the caller there": there["legs"][0],
    }
    act(leg[who]["leg_uuid"], "hang-up", at=after(125))
    assert statuses(call) == ["finished", "finished"]
    assert money(call) == [("5.00", "7.00"), ("90.00", "120.00")]


def test_each_has_the_money_of_its_own_seconds(call: Answer) -> None:
    act(last_leg(dialed(call)), "answer", at=after(5))
    hang_up(call["call_uuid"], at=after(124))
    assert money(call) == [("5.00", "7.00"), (None, None)]


def test_a_caller_who_gives_up_gives_up_on_both(call: Answer) -> None:
    hang_up(call["call_uuid"])
    assert statuses(call) == ["finished", "finished"]
    assert CapHold.objects.filter(status="held").count() == 0


@pytest.mark.parametrize("what", ["busy", "no-answer"])
def test_with_nobody_there_the_next_buyer_here_rings(call: Answer, what: str) -> None:
    act(last_leg(dialed(call)), what)
    now = shown(call["call_uuid"])
    assert statuses(call) == ["ringing", "no-target"]
    assert lines(now)[1:] == [("handler", "ended", "no-answer"), ("handler", "ringing", None)]


# --- the line between them ------------------------------------------------------------------------
def test_the_leg_here_is_answered_by_nobody_but_the_call_there(call: Answer) -> None:
    assert act(last_leg(call), "answer") == call


@pytest.mark.parametrize(
    ("what", "outcome"), [("busy", "busy"), ("no-answer", "no-answer"), ("hang-up", "busy")]
)
def test_a_cut_line_is_cut_at_both_ends(call: Answer, what: str, outcome: str) -> None:
    now = act(last_leg(call), what)
    assert statuses(call) == ["ringing", "finished"]
    assert lines(now)[1][2] == outcome
    assert now["buyer_id"] == "b2"


def test_who_answers_a_line_that_was_left_meanwhile_has_nobody_on_it(call: Answer) -> None:
    there = dialed(call)
    Leg.objects.filter(pk=last_leg(call)).update(status="ended", outcome="canceled", ended_at=NOON)
    assert act(last_leg(there), "answer")["status"] == "finished"


# --- one clock ------------------------------------------------------------------------------------
def test_what_is_due_there_comes_before_what_is_told_here(call: Answer, there: Campaign) -> None:
    Buyer.objects.filter(company=there.company).update(timeout_seconds=10)
    again = dial(HERE)
    act(again["legs"][0]["leg_uuid"], "answer", at=after(25))
    now = shown(again["call_uuid"])
    assert statuses(again) == ["ringing", "no-target"]
    assert now["legs"][1]["outcome"] == "no-answer"
    assert now["events"][-1]["at"] == "2026-05-05T12:00:10.000Z"


def test_a_look_at_the_call_there_sees_what_was_due_here(
    call: Answer, there: Campaign, clock: Any
) -> None:
    Buyer.objects.filter(company=there.company).update(timeout_seconds=300)
    patient = dialed(dial(HERE))
    clock(31)
    now = shown(patient["call_uuid"])
    assert now["status"] == "finished"
    assert now["events"][-1]["at"] == "2026-05-05T12:00:30.000Z"


def test_of_two_lines_that_ring_out_at_once_the_first_callers_is_first(
    call: Answer, clock: Any
) -> None:
    calls = [dial(HERE) for _ in range(5)]
    clock(31)
    assert [statuses(one) for one in calls] == [["ringing", "finished"]] * 5


def test_a_moment_that_one_was_given_is_the_others(call: Answer) -> None:
    act(call["legs"][0]["leg_uuid"], "answer", at=after(20))
    answered = act(last_leg(dialed(call)), "answer")
    assert (answered["events"][-1]["at"], both(call)[0]["events"][-1]["at"]) == (
        "2026-05-05T12:00:20.000Z",
    ) * 2


# --- other ways to get there ----------------------------------------------------------------------
def test_the_sip_address_of_a_reservation_claims_it(here: Campaign, there: Campaign) -> None:
    answer = ping(make_key(campaign=there, return_sip_address=True), publisher_id="alpha")
    Buyer.objects.filter(company=here.company, buyer_id="b1").update(
        number=f"sip:{answer['sip_address']}"
    )
    assert dialed(dial(HERE))["reservation_uuid"] == answer["uuid"]


def handler_of(call: Answer) -> Controller:
    row = Leg.objects.get(pk=call["legs"][-1]["leg_uuid"])
    assert row.buyer_id
    return Controller(
        0, row.call.company_id, frozenset({row.buyer_id}), return_seconds=60, reject_seconds=90
    )


def test_a_transfer_to_a_number_of_ours_too(there: Campaign) -> None:
    campaign = make_market(pool=0)
    make_number(campaign, number=HERE)
    call = act(last_leg(dial(HERE)), "answer")
    uuid = Call.objects.get().pk
    transfers.begin_transfer(
        call_uuid=uuid, controller=handler_of(call), transfer_to=THERE, hold_caller=True, now=NOON
    )
    act(last_leg(dialed(shown(str(uuid)))), "answer")
    assert [leg["hears"] for leg in shown(str(uuid))["legs"]] == [[], ["transferee"], ["handler"]]


def test_a_transfer_to_a_number_of_ours_where_nobody_is_brings_the_caller_back(
    there: Campaign,
) -> None:
    campaign = make_market(pool=0)
    make_number(campaign, number=HERE)
    call = act(last_leg(dial(HERE)), "answer")
    uuid = Call.objects.get().pk
    transfers.begin_transfer(
        call_uuid=uuid, controller=handler_of(call), transfer_to=THERE, hold_caller=True, now=NOON
    )
    act(last_leg(dialed(shown(str(uuid)))), "busy")
    now = shown(str(uuid))
    assert lines(now)[-1] == ("transferee", "ended", "no-answer")
    assert [leg["hears"] for leg in now["legs"][:2]] == [["handler"], ["caller"]]


# --- in circles -----------------------------------------------------------------------------------
def in_circles(numbers: list[str], buyers: int = 1) -> None:
    """Each of these numbers is a campaign's, whose buyers are all the next of them, and the last
    one's the first."""
    for number, following in zip(numbers, [*numbers[1:], numbers[0]], strict=True):
        campaign = make_market(caps=[], pool=0)
        make_number(campaign, number=number)
        for _ in range(buyers):
            make_route(campaign, make_buyer(campaign.company, number=following))


@pytest.mark.parametrize(("length", "calls"), [(1, 2), (2, 4), (7, 6)])
def test_a_number_that_leads_back_to_itself_ends_as_no_target(length: int, calls: int) -> None:
    in_circles([f"+183355501{place:02}" for place in range(length)])
    call = dial("+18335550100")
    assert call["status"] == "no-target"
    assert Call.objects.exclude(status="no-target").count() == 0
    assert Call.objects.count() == calls


def test_its_places_go_back() -> None:
    in_circles([HERE, THERE], buyers=2)
    dial(HERE)
    assert set(CapHold.objects.values_list("status", flat=True)) == {"released"}
    assert Leg.objects.live().count() == 0


def test_the_leg_says_why() -> None:
    in_circles([HERE])
    dial(HERE)
    second = shown(str(Leg.objects.get(outcome="failed").call_id))
    assert "The handler could not be dialed: that number leads in circles." in [
        event["text"] for event in second["events"]
    ]


def test_buyers_at_numbers_where_nobody_is_are_tried_one_after_the_other(there: Campaign) -> None:
    """Not one inside the other: a long list of them would not fit on the stack."""
    Buyer.objects.filter(company=there.company).update(paused=True)
    campaign = make_market(caps=[], pool=0)
    make_number(campaign, number=HERE)
    for _ in range(30):
        make_route(campaign, make_buyer(campaign.company, number=THERE))
    with stack_of(300):
        assert dial(HERE)["status"] == "no-target"
        assert Call.objects.count() == 31


@contextmanager
def stack_of(frames: int) -> Iterator[None]:
    """`count` more calls may nest, and none beyond."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
