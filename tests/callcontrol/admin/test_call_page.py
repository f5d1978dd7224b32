"""The call page: the summary, the legs over time, and the conference."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from callcontrol.admin.call_page import pay_reason
from callcontrol.admin.diagrams import conference_diagram, leg_chart
from callcontrol.lifecycle.summary import all_of, call_headline, lasted
from callcontrol.models import PAY_RULE, Call, CallEvent, Leg
from callcontrol.state.locked_call import LockedCall, read_call
from campaigns.models import Buyer
from tests.callcontrol.call_center import (
    THIRD,
    arrive,
    handler_key,
    leave,
    line,
    now_of,
    pick_up,
    talk,
    transfer,
)
from tests.callcontrol.lines import make_call
from tests.factories import make_buyer, make_campaign, make_market, make_publisher

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Call:
    return talk(make_market(caps=[9, 9]))


def make_transfer(call: Call, to: str = THIRD, *, hold: bool = False) -> None:
    """Transfer the call by its buyer b1."""
    transfer(call, handler_key(Buyer.objects.get(buyer_id="b1")), to, hold)


def locked_call(call: Call) -> LockedCall:
    return read_call(now_of(call))


def headline(call: Call) -> str:
    return call_headline(locked_call(call))


# --- headlines ----------------------------------------------------------------------------------
def test_a_ringing_call():
    assert headline(arrive(make_market())) == "Buyer 1 rings."


def test_a_call_in_routing():
    assert headline(make_call(make_campaign())) == "Routing looks for a buyer."


def test_a_call_that_is_not_accepted_yet():
    campaign = make_market()
    Buyer.objects.update(acceptance="explicit")
    assert (
        headline(talk(campaign))
        == "The caller talks with Buyer 1. Buyer 1 has not accepted the call yet."
    )


def test_an_attended_transfer(call: Call):
    make_transfer(call)
    rings = headline(call)
    pick_up(call, "transferee")
    assert rings == f"The caller talks with Buyer 1. {THIRD} rings, to join them."
    assert headline(call) == f"The caller talks with Buyer 1 and {THIRD}."


def test_a_transfer_with_the_caller_on_hold(call: Call):
    make_transfer(call, hold=True)
    rings = headline(call)
    pick_up(call, "transferee")
    assert rings == f"The caller is on hold, and Buyer 1 is alone. {THIRD} rings, to join them."
    assert headline(call) == f"The caller is on hold, while Buyer 1 and {THIRD} talk."


def test_a_caller_that_waits_for_a_transferee(call: Call):
    make_transfer(call)
    leave(call)
    assert headline(call) == f"The caller waits, and {THIRD} rings."


def test_a_call_that_no_buyer_answered():
    call = arrive(make_market(caps=[9, 9]))
    leave(call, outcome="busy")
    leave(call, outcome="no-answer")
    assert headline(call) == "No buyer took the call. Buyer 1 was busy. Buyer 2 did not answer."


def test_a_call_without_a_buyer():
    campaign = make_market(caps=[0])
    assert headline(arrive(campaign)) == "No buyer could take the call."


def test_a_caller_that_hung_up_before_an_answer():
    call = arrive(make_market())
    leave(call, "caller")
    ended = now_of(call)
    Call.objects.update(ended_at=ended.started_at + timedelta(seconds=12))
    assert (
        call_headline(locked_call(call), why="the caller hung up")
        == "The caller hung up after 0:12 min, before any buyer answered."
    )


def talked_headline(**fields: Any) -> str:
    """Return the headline of a call that Buyer had for 40 seconds."""
    now = timezone.now()
    end = now + timedelta(seconds=40)
    call = make_call(
        make_campaign(),
        started_at=now,
        ended_at=end,
        status="finished",
        **{"settled_at": end, **fields},
    )
    Leg.objects.create(
        call=call, party="caller", started_at=now, ended_at=end, status="ended", outcome="completed"
    )
    kept = {
        "status": "ended",
        "outcome": "completed",
        "answered_at": now,
        "ended_at": end,
        "place": 1,
    }
    Leg.objects.create(
        call=call, party="handler", buyer=make_buyer(call.company), started_at=now, **kept
    )
    return headline(call)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Buyer talked 0:40 min; not enough to convert."),
        (
            {"duplicate": True},
            "Buyer talked 0:40 min; the caller had converted before, so it does not pay again.",
        ),
        ({"settled_at": None}, "Buyer talked 0:40 min; the settlement is pending."),
        (
            {"converted_at": timezone.now(), "payout": 90, "revenue": 120},
            "Buyer talked 0:40 min; the call earned 120.00 USD; its payout of 90.00 USD has no publisher.",
        ),
    ],
    ids=["too short", "duplicate", "undecided", "no publisher"],
)
def test_an_ended_call_without_a_publisher(fields: dict[str, Any], text: str):
    assert talked_headline(**fields) == text


def test_a_call_that_paid_its_publisher():
    paid = {
        "converted_at": timezone.now(),
        "payout": 90,
        "revenue": 120,
        "publisher": make_publisher(name="Alpha Media"),
    }
    assert (
        talked_headline(**paid)
        == "Buyer talked 0:40 min; the call paid Alpha Media 90.00 USD and earned 120.00 USD."
    )


@pytest.mark.parametrize(
    ("for_publisher", "for_buyer", "scope"),
    [
        (False, False, ""),
        (True, False, ", for calls of Alpha Media"),
        (False, True, ", for calls to Summit Roofing"),
        (True, True, ", for calls of Alpha Media to Summit Roofing"),
    ],
)
def test_a_recorded_rule_names_its_scope(for_publisher: bool, for_buyer: bool, scope: str):
    campaign = make_campaign()
    call = make_call(
        campaign,
        payout=Decimal(90),
        publisher=make_publisher(campaign.company, name="Alpha Media"),
        buyer=make_buyer(campaign.company, name="Summit Roofing"),
    )
    rule = {
        "quoted": False,
        "seconds": 120,
        "for_publisher": for_publisher,
        "for_buyer": for_buyer,
    }
    events = [CallEvent(kind="settled", detail={PAY_RULE: rule})]
    assert pay_reason(call, events) == f"By the campaign’s conversion after 120 s of talk{scope}."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00 min"), (130, "2:10 min"), (3725, "1:02:05 h"), (-5, "0:00 min")],
)
def test_durations(seconds: int, text: str):
    assert lasted(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_in_a_sentence(names: list[str], text: str):
    assert all_of(names) == text


# --- legs over time -------------------------------------------------------------------------------
def test_the_chart_of_a_call_with_a_hold():
    call, begin = make_call(make_campaign()), timezone.now()
    at = [begin + timedelta(seconds=10 * place) for place in range(11)]
    Call.objects.update(started_at=begin, ended_at=at[10], status="finished")
    whole = {"status": "ended", "ended_at": at[10]}
    Leg.objects.create(call=call, party="caller", started_at=begin, answered_at=begin, **whole)
    Leg.objects.create(
        call=call,
        party="handler",
        buyer=make_buyer(call.company),
        started_at=begin,
        answered_at=at[2],
        place=1,
        **whole,
    )
    for kind, moment in (("caller-held", at[4]), ("caller-joined", at[7])):
        call.events.create(at=moment, kind=kind)
    chart = leg_chart(locked_call(call), list(call.events.order_by("id")), at=at[10], mask=str)
    assert [[(bar.state, bar.left, bar.width) for bar in row.bars] for row in chart.rows] == [
        [
            *(("waits", "0.00%", "20.00%"), ("talks", "20.00%", "20.00%")),
            *(("holds", "40.00%", "30.00%"), ("talks", "70.00%", "30.00%")),
        ],
        [("rings", "0.00%", "20.00%"), ("talks", "20.00%", "80.00%")],
    ]
    assert [row.text for row in chart.rows] == [
        "waited 0:20 min, talked 0:50 min and was on hold 0:30 min",
        "rang 0:20 min and talked 1:20 min",
    ]
    assert chart.marks == [
        ("0.00%", "0:00"),
        ("30.00%", "0:30"),
        ("60.00%", "1:00"),
        ("90.00%", "1:30"),
    ]


def test_the_chart_of_a_call_that_ended_at_once():
    call = arrive(make_market(caps=[0]))
    chart = leg_chart(locked_call(call), [], at=call.clock, mask=str)
    assert [(row.name, row.text) for row in chart.rows] == [("the caller", "ended at once")]
    assert chart.marks == [("0.00%", "0:00"), ("100.00%", "0:01")]


# --- the conference -------------------------------------------------------------------------------
def audio(call: Call) -> tuple[list[str], list[str]]:
    """Return the states of the links between parties, and a sentence for each party."""
    diagram = conference_diagram(locked_call(call), mask=str)
    return sorted(link.state for link in diagram.links), diagram.sentences


def test_a_ringing_leg_has_no_audio():
    assert audio(arrive(make_market())) == (
        ["rings"],
        ["The caller hears the ringing tone.", "Buyer 1 rings."],
    )


def test_all_three_hear_each_other(call: Call):
    make_transfer(call)
    pick_up(call, "transferee")
    assert audio(call) == (
        ["talks", "talks", "talks"],
        [
            f"The caller hears Buyer 1 and {THIRD}.",
            f"Buyer 1 hears the caller and {THIRD}.",
            f"{THIRD} hears the caller and Buyer 1.",
        ],
    )


def test_a_held_caller_hears_music(call: Call):
    make_transfer(call, hold=True)
    pick_up(call, "transferee")
    assert audio(call) == (
        ["talks"],
        [
            "The caller is on hold and hears music.",
            f"Buyer 1 hears {THIRD}.",
            f"{THIRD} hears Buyer 1.",
        ],
    )


def test_parties_stand_apart(call: Call):
    make_transfer(call)
    places = [
        (party.x, party.y, party.above)
        for party in conference_diagram(locked_call(call), mask=str).parties
    ]
    assert places == [(69, 105, False), (213, 60, True), (213, 150, False)]


def test_the_diagram_of_an_ended_call_is_empty(call: Call):
    leave(call, "caller")
    assert audio(call) == ([], [])
    assert line(call).is_live is False
