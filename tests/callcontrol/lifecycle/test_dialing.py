"""Dialing: the reserved buyer first, then the others; places are taken once and released."""

from collections.abc import Iterator
from datetime import time
from typing import ClassVar

import pytest
from django.utils import timezone

from callcontrol.carriers import registry
from callcontrol.carriers.base import Arrival, CarrierError, CarrierLeg, DialRequest
from callcontrol.carriers.simulator import Simulator
from callcontrol.lifecycle import events
from callcontrol.lifecycle.arrival import destination_of, record_arrival
from callcontrol.models import Call, Leg
from campaigns.caps import counters
from campaigns.models import BusinessHours, Buyer, Campaign, CapHold, Filter, Route
from publishers.models import Key, Publisher
from tests.factories import make_key, make_market
from tests.pinging import CALLER, Answer, confirm, dial, held, ping, rung

pytestmark = pytest.mark.django_db


class Broken(Simulator):
    """A carrier that can't reach the numbers in `dead`."""

    dead: ClassVar[set[str]] = set()
    turned_away: ClassVar[list[str]] = []

    def dial(self, order: DialRequest) -> str:
        if order.number in self.dead:
            raise CarrierError("no route to that number", is_final=True)
        return "leg-1"

    def turn_away(self, caller: CarrierLeg) -> None:
        self.turned_away.append(caller.carrier_leg_id)


@pytest.fixture
def broken() -> Iterator[type[Broken]]:
    """In the simulator's place."""
    real = registry.all_carriers()["simulator"]
    registry.all_carriers()["simulator"] = Broken
    Broken.dead, Broken.turned_away = set(), []
    yield Broken
    registry.all_carriers()["simulator"] = real


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[1, 1, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def buyer(name: str) -> Buyer:
    return Buyer.objects.get(buyer_id=name)


def used() -> list[int]:
    return [held(one) for one in Buyer.objects.order_by("buyer_id")]


def timeline(call: Answer) -> list[tuple[str, object]]:
    return [(event["event"], event["detail"].get("why")) for event in call["events"]]


# --- the reserved buyer ---------------------------------------------------------------------------
def test_the_reserved_buyer_is_rung_though_others_come_first_now(key: Key) -> None:
    number = ping(key)["inbound_number"]
    Buyer.objects.filter(buyer_id="b1").update(priority=9)
    call = dial(number)
    assert call["buyer_id"] == "b1"
    assert rung(call) == [buyer("b1").number]
    assert used() == [1, 0, 0]
    assert timeline(call) == [("arrived", None), ("routed", None), ("dialing", None)]


@pytest.mark.parametrize("how", ["closed", "filter"])
@pytest.mark.usefixtures("clock")
def test_the_reserved_buyer_is_rung_though_it_would_not_be_chosen_now(key: Key, how: str) -> None:
    number = ping(key)["inbound_number"]
    if how == "closed":
        BusinessHours.objects.create(buyer=buyer("b1"), day="sunday", open=time(9), close=time(10))
    else:
        Filter.objects.create(buyer=buyer("b1"), key="caller_zip", operator="==", value="90210")
    assert dial(number)["buyer_id"] == "b1"
    assert ping(key)["status"] == "reserved"
    assert dial(number)["buyer_id"] == "b2"


@pytest.mark.parametrize("how", ["paused", "retired", "off the campaign"])
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_reserved_buyer_that_is_gone_is_passed_over(key: Key, how: str, confirmed: bool) -> None:
    answer = ping(key)
    if confirmed:
        confirm(key, answer["uuid"])
    _remove(buyer("b1"), how)
    call = dial(answer["inbound_number"])
    assert call["buyer_id"] == "b2"
    assert call["reservation_uuid"] == answer["uuid"]
    assert used() == [0, 1, 0]
    assert timeline(call)[1] == (
        "reserved-buyer-passed-over",
        "it is paused" if how == "paused" else "it is no longer on the campaign",
    )


def _remove(gone: Buyer, how: str) -> None:
    if how == "paused":
        Buyer.objects.filter(pk=gone.pk).update(paused=True)
    elif how == "retired":
        gone.retire(now=timezone.now())
    else:
        Route.objects.get(buyer=gone).delete()


def test_a_reserved_buyer_that_is_full_is_passed_over(campaign: Campaign, key: Key) -> None:
    first, second = ping(key), ping(make_key(campaign=campaign, ttl_seconds=60))
    calls = [dial(answer["inbound_number"]) for answer in (first, second)]
    assert [(call["buyer_id"], call["reservation_uuid"]) for call in calls] == [
        ("b1", first["uuid"]),
        ("b2", second["uuid"]),
    ]
    assert timeline(calls[1])[1] == ("reserved-buyer-passed-over", "its concurrency cap is full")


def test_a_place_that_is_held_is_used_though_the_cap_is_full(key: Key) -> None:
    answer = ping(key)
    confirm(key, answer["uuid"])
    call = dial(answer["inbound_number"])
    assert call["buyer_id"] == "b1"
    assert used() == [1, 0, 0]
    assert CapHold.objects.count() == 1


def test_a_key_may_want_nobody_but_the_reserved_buyer(campaign: Campaign) -> None:
    answer = ping(
        make_key(campaign=campaign, route_only_to_reserved_buyer=True, count_on_reserve=True)
    )
    Buyer.objects.filter(buyer_id="b1").update(paused=True)
    call = dial(answer["inbound_number"])
    assert call["status"] == "no-target"
    assert rung(call) == []
    assert used() == [0, 0, 0]
    assert timeline(call)[-1] == ("ended", "no buyer is left")


def test_who_looks_at_a_call_too_late_gives_nothing_back(campaign: Campaign, key: Key) -> None:
    answer = ping(key)
    confirm(key, answer["uuid"])
    arrival = Arrival(
        "simulator",
        "call",
        to=answer["inbound_number"],
        caller=CALLER,
        digits=None,
        now=timezone.now(),
    )
    early = record_arrival(arrival, destination_of(arrival.to))
    late = Call.objects.get(pk=early.pk)
    for call in (early, late):
        events.dial_next(call.pk, now=arrival.now)
        Buyer.objects.update(paused=True)
    assert CapHold.objects.get().status == "held"
    assert used() == [1, 0, 0]


def test_a_place_that_the_reserved_buyers_call_used_is_not_given_back_later(key: Key) -> None:
    Buyer.objects.update(cap_counts="conversion")
    answer = ping(key)
    confirm(key, answer["uuid"])
    dial(answer["inbound_number"])
    counters.end_hold(hold_id=CapHold.objects.get().pk, converted=None, now=timezone.now())
    Leg.objects.filter(party="handler").update(status="ended", ended_at=timezone.now())
    Call.objects.update(status="routing")
    Buyer.objects.filter(buyer_id="b1").update(paused=True)
    events.dial_next(Call.objects.get().pk, now=timezone.now())
    assert [(hold.status, hold.buyer_pk) for hold in CapHold.objects.order_by("pk")] == [
        ("held", buyer("b1").pk),
        ("held", buyer("b2").pk),
    ]


# --- routing --------------------------------------------------------------------------------------
def test_calls_fill_the_buyers_in_their_order(campaign: Campaign) -> None:
    number = campaign.numbers.get().number
    assert [dial(number)["buyer_id"] for _ in range(4)] == ["b1", "b2", "b3", "b3"]
    assert used() == [1, 1, 2]


def test_a_routed_call_says_of_each_buyer_why(campaign: Campaign) -> None:
    Buyer.objects.filter(buyer_id="b1").update(paused=True, name="Buyer One")
    call = dial(campaign.numbers.get().number)
    told = next(event["verdicts"] for event in call["events"] if event["event"] == "routed")
    assert told[0].partition(": ")[2] == "chosen"
    assert told[-1] == "Buyer One: paused"


def test_a_claimed_call_says_it_too_with_the_reserved_buyer_first(campaign: Campaign) -> None:
    answer = ping(make_key(campaign=campaign))
    Buyer.objects.filter(buyer_id="b1").update(name="Buyer One", hourly_cap=2)
    Buyer.objects.filter(buyer_id="b2").update(name="Buyer Two", paused=True)
    Buyer.objects.filter(buyer_id="b3").update(name="Buyer Three")
    told = next(
        event["verdicts"]
        for event in dial(answer["inbound_number"])["events"]
        if event["event"] == "routed"
    )
    assert told == [
        "Buyer One: reserved for this caller",
        "Buyer Three: eligible, place 2",
        "Buyer Two: paused",
    ]


@pytest.mark.parametrize(
    ("paused", "why"),
    [(Campaign, "the campaign is paused"), (Publisher, "the publisher is paused")],
)
def test_a_paused_campaign_or_publisher_rings_nobody(
    campaign: Campaign, paused: type[Campaign], why: str
) -> None:
    answer = ping(make_key(campaign=campaign, count_on_reserve=True), publisher_id="alpha")
    paused.objects.update(paused=True)
    call = dial(answer["inbound_number"])
    assert call["status"] == "no-target"
    assert call["buyer_id"] is None
    assert used() == [0, 0, 0]
    assert timeline(call)[-1] == ("ended", why)


def test_with_nobody_left_the_caller_is_turned_away(
    campaign: Campaign, broken: type[Broken]
) -> None:
    Buyer.objects.update(paused=True)
    call = dial(campaign.numbers.get().number)
    assert call["status"] == "no-target"
    assert call["legs"] == [
        {
            **call["legs"][0],
            "number": CALLER,
            "status": "ended",
            "outcome": "no-target",
            "hears": [],
        }
    ]
    assert len(broken.turned_away) == 1


# --- a leg that fails -----------------------------------------------------------------------------
def test_a_buyer_whom_the_carrier_cannot_reach_is_followed_by_the_next(
    campaign: Campaign, key: Key, broken: type[Broken]
) -> None:
    broken.dead = {buyer("b1").number, buyer("b2").number}
    call = dial(ping(key)["inbound_number"])
    assert [(leg["number"], leg["status"], leg.get("outcome")) for leg in call["legs"][1:]] == [
        (buyer("b1").number, "ended", "failed"),
        (buyer("b2").number, "ended", "failed"),
        (buyer("b3").number, "ringing", None),
    ]
    assert call["buyer_id"] == "b3"
    assert call["status"] == "ringing"
    assert used() == [0, 0, 1]


def test_a_place_that_was_held_goes_back_when_the_leg_fails(key: Key, broken: type[Broken]) -> None:
    answer = ping(key)
    confirm(key, answer["uuid"])
    broken.dead = {one.number for one in Buyer.objects.all()}
    call = dial(answer["inbound_number"])
    assert call["status"] == "no-target"
    assert len(rung(call)) == 3
    assert used() == [0, 0, 0]
    assert len(broken.turned_away) == 1


def test_the_carriers_own_name_of_the_leg_is_kept(campaign: Campaign, broken: type[Broken]) -> None:
    dial(campaign.numbers.get().number)
    call = Call.objects.get()
    assert list(Leg.objects.order_by("party").values_list("party", "carrier_leg_id")) == [
        ("caller", call.carrier_call_id),
        ("handler", "leg-1"),
    ]


def test_a_reserved_place_that_was_given_back_meanwhile_is_taken_anew(campaign: Campaign) -> None:
    to, now = (
        ping(make_key(campaign=campaign, count_on_reserve=True))["inbound_number"],
        timezone.now(),
    )
    call = record_arrival(Arrival("simulator", "one", to, CALLER, None, now), destination_of(to))
    counters.release_places(hold_ids=list(CapHold.objects.values_list("pk", flat=True)), now=now)
    events.dial_next(call.pk, now=now)
    assert held(buyer("b1")) == 1
    assert Leg.objects.get(party="handler").hold.status == "held"  # type: ignore[union-attr]
