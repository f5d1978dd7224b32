"""Twilio's events of a call's lines, from recorded payloads: repeated, late, disordered, lost,
unknown."""

import itertools
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from callcontrol.lifecycle import timeouts
from callcontrol.models import Call, CallEvent, Leg, Party
from campaigns.models import Campaign
from tests.callcontrol.twilio.posting import LEG_SID, NUMBER, path, posted, recorded
from tests.callcontrol.twilio.rest import Api, refusal
from tests.factories import make_conversion, make_market, make_number
from tests.pinging import held

pytestmark = pytest.mark.django_db
Clock = Callable[[float], object]


@pytest.fixture
def campaign(twilio_here: Api) -> Campaign:
    """Two buyers, b1 first, and a number."""
    campaign = make_market(caps=[1, 1])
    make_number(campaign, number=NUMBER)
    return campaign


def caller() -> Leg:
    return Leg.objects.get(party=Party.CALLER)


def handler(buyer_id: str = "b1") -> Leg:
    return Leg.objects.get(buyer__buyer_id=buyer_id)


def report(name: str) -> int:
    """Post a recorded webhook about this call's lines; return the status of the answer."""
    parameters = {key: _placed(value) for key, value in recorded(name).items()}
    if name.startswith("leg-"):
        return posted(path("status", leg=handler().pk), parameters)[0]
    if name == "caller-left":
        return posted(path("left", leg=caller().pk), parameters)[0]
    if name in ("caller-joins", "caller-leaves", "conference-ends"):
        return posted(path("conference", call=caller().call_id, leg=caller().pk), parameters)[0]
    return posted(path("status"), parameters)[0]


def _placed(value: str) -> str:
    return {"LEG": str(caller().pk), "UUID": str(caller().call_id)}.get(value, value)


def ring_first_buyer() -> None:
    """Let a call come in, and ring its first buyer."""
    posted(path("voice"), recorded("voice"))
    report("caller-joins")
    Leg.objects.filter(pk=handler().pk).update(carrier_leg_id=LEG_SID)


def state() -> dict[str, Any]:
    """Return what the order of the events must not change."""
    call = Call.objects.get()
    return {
        "status": call.status,
        "outcome": handler().outcome,
        "money": (call.payout, call.revenue),
        "connected": call.connected_at,
        "places": held(handler().buyer),
        "buyers": call.legs.exclude(party=Party.CALLER).count(),
    }


# --- a call from its beginning to its end ---------------------------------------------------------
def test_the_caller_joins_and_the_first_buyer_rings(campaign: Campaign, twilio_here: Api) -> None:
    posted(path("voice"), recorded("voice"))
    before = Leg.objects.count()
    assert report("caller-joins") == 200
    assert before == 1
    assert handler().status == "ringing"
    assert Call.objects.get().status == "ringing"


def test_a_call_of_two_minutes_converts(campaign: Campaign, clock: Clock) -> None:
    ring_first_buyer()
    clock(5)
    report("leg-answered")
    clock(125)
    assert [report("leg-completed"), report("caller-leaves")] == [200, 200]
    assert Call.objects.get().status == "finished"
    assert handler().ended_at - handler().answered_at == timedelta(seconds=125)
    assert Call.objects.get().payout == Decimal(90)


def test_late_events_keep_twilios_moments(campaign: Campaign, clock: Clock) -> None:
    ring_first_buyer()
    clock(600)
    report("leg-answered")
    report("leg-completed")
    assert handler().ended_at - handler().answered_at == timedelta(seconds=125)
    assert Call.objects.get().status == "finished"


@pytest.mark.parametrize(
    "moment",
    ["", "yesterday", "Tue, 05 May 2036 12:00:05 +0000", "Mon, 05 May 2025 12:00:05 +0000"],
)
def test_an_impossible_moment_counts_as_now(campaign: Campaign, clock: Clock, moment: str) -> None:
    ring_first_buyer()
    clock(7)
    posted(path("status", leg=handler().pk), recorded("leg-answered", Timestamp=moment))
    assert handler().answered_at == timezone.now()


def test_a_timeline_event_has_the_carriers_event_id(campaign: Campaign) -> None:
    ring_first_buyer()
    report("leg-answered")
    assert CallEvent.objects.get(kind="answered").carrier_event_id == f"{LEG_SID}:2:in-progress"


@pytest.mark.parametrize(
    "name", ["caller-leaves", "conference-ends", "caller-left", "caller-completed"]
)
def test_each_event_of_a_callers_hang_up_ends_the_call(
    campaign: Campaign, twilio_here: Api, name: str
) -> None:
    ring_first_buyer()
    status = report(name)
    assert status == 200
    assert Call.objects.get().status == "finished"
    assert handler().outcome == "canceled"
    assert twilio_here.told()[-1] == f"/Calls/{LEG_SID}.json"


@pytest.mark.parametrize(
    ("name", "outcome"), [("leg-busy", "busy"), ("leg-no-answer", "no-answer")]
)
def test_each_event_of_an_unanswered_line_rings_the_next_buyer(
    campaign: Campaign, name: str, outcome: str
) -> None:
    ring_first_buyer()
    assert report(name) == 200
    assert handler().outcome == outcome
    assert handler("b2").status == "ringing"


def test_a_ringing_line_changes_nothing(campaign: Campaign) -> None:
    ring_first_buyer()
    before = state()
    assert [report("leg-initiated"), report("leg-ringing")] == [200, 200]
    assert state() == before


# --- again, late, in the wrong order --------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    [
        "caller-joins",
        "leg-initiated",
        "leg-answered",
        "leg-completed",
        "caller-leaves",
        "caller-left",
        "caller-completed",
    ],
)
def test_a_repeated_event_changes_nothing(campaign: Campaign, clock: Clock, name: str) -> None:
    ring_first_buyer()
    clock(130)
    for earlier in ("leg-answered", "leg-completed", "caller-leaves"):
        report(earlier)
    first = (report(name), state(), CallEvent.objects.count())
    assert (report(name), state(), CallEvent.objects.count()) == first


ORDERS = list(
    itertools.permutations(["leg-ringing", "leg-answered", "leg-completed", "caller-leaves"])
)


@pytest.mark.parametrize("order", ORDERS, ids=[str(number) for number in range(len(ORDERS))])
def test_every_order_of_events_ends_the_call_in_the_same_state(
    campaign: Campaign, clock: Clock, order: tuple[str, ...]
) -> None:
    ring_first_buyer()
    clock(130)
    statuses = [report(name) for name in order]
    assert statuses == [200] * 4
    assert state()["status"] == "finished"
    assert state()["outcome"] == "completed"
    assert state()["places"] == 0
    assert state()["buyers"] == 1
    assert handler().answered_at is not None


# --- lost and unknown lines -----------------------------------------------------------------------
def test_the_sweep_rings_a_buyer_when_the_callers_join_was_lost(
    campaign: Campaign, clock: Clock
) -> None:
    posted(path("voice"), recorded("voice"))
    clock(61)
    assert timeouts.apply_due_timeouts(now=timezone.now(), limit=10) == 1
    assert handler().status == "ringing"


@pytest.mark.parametrize("webhook", ["status", "left"])
@pytest.mark.parametrize("leg", [uuid.UUID(int=1), "nonsense", "", "%00"])
def test_an_unknown_leg_is_not_found(campaign: Campaign, webhook: str, leg: object) -> None:
    status, text = posted(path(webhook, leg=leg), recorded("leg-completed"))
    assert (status, text[:9]) == ((422, '{"error":') if leg == "%00" else (404, '{"error":'))


@pytest.mark.parametrize("name", ["caller-joins", "conference-ends"])
def test_a_conference_of_an_unknown_call_is_not_found(campaign: Campaign, name: str) -> None:
    query = {"call": uuid.UUID(int=1), "leg": uuid.UUID(int=2)}
    assert (
        posted(path("conference", **query), recorded(name, ParticipantLabel=str(query["leg"])))[0]
        == 404
    )


@pytest.mark.parametrize("status", ["completed", "busy"])
def test_the_end_of_a_call_that_never_came_in_is_not_found(campaign: Campaign, status: str) -> None:
    assert posted(path("status"), recorded("caller-completed", CallStatus=status)) == (
        404,
        '{"error":"call not found"}',
    )


@pytest.mark.parametrize("status", ["", "in-progress", "ringing", "queued", "held"])
def test_other_statuses_of_a_callers_line_are_ignored(campaign: Campaign, status: str) -> None:
    assert posted(path("status"), recorded("caller-completed", CallStatus=status))[0] == 200


# --- an answer of the API that got lost -----------------------------------------------------------
def test_a_ringing_line_of_a_failed_leg_is_hung_up(campaign: Campaign, twilio_here: Api) -> None:
    twilio_here.troubles.append(refusal(503, 20503))
    posted(path("voice"), recorded("voice"))
    report("caller-joins")
    assert handler().outcome == "failed"
    assert handler("b2").status == "ringing"
    assert report("leg-ringing") == 200
    assert twilio_here.told()[-1] == f"/Calls/{LEG_SID}.json"


def test_a_late_answer_of_a_failed_leg_is_hung_up(campaign: Campaign, twilio_here: Api) -> None:
    make_conversion(campaign, seconds=0)
    twilio_here.troubles.append(refusal(503, 20503))
    posted(path("voice"), recorded("voice"))
    report("caller-joins")
    assert report("leg-answered") == 200
    assert handler().outcome == "failed"
    assert handler("b2").status == "ringing"
    assert twilio_here.told()[-1] == f"/Calls/{LEG_SID}.json"


def test_the_first_event_gives_a_leg_its_lost_carrier_id(campaign: Campaign) -> None:
    ring_first_buyer()
    Leg.objects.filter(pk=handler().pk).update(carrier_leg_id="")
    report("leg-ringing")
    assert handler().carrier_leg_id == LEG_SID


def test_a_handlers_leave_of_the_conference_ends_the_call(
    campaign: Campaign,
) -> None:
    ring_first_buyer()
    report("leg-answered")
    parameters = {
        **recorded("caller-leaves"),
        "ParticipantLabel": str(handler().pk),
        "CallSid": LEG_SID,
    }
    posted(path("conference", call=caller().call_id, leg=caller().pk), parameters)
    assert handler().status == "ended"
    assert handler().outcome == "completed"
    assert Call.objects.get().status == "finished"


def test_an_unknown_participants_leave_is_not_found(campaign: Campaign) -> None:
    ring_first_buyer()
    parameters = {**recorded("caller-leaves"), "ParticipantLabel": "somebody"}
    assert posted(path("conference", call=caller().call_id, leg=caller().pk), parameters)[0] == 404
    assert Call.objects.get().status == "ringing"
