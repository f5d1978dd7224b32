"""A call continues after a crash between two steps, and no place is lost."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from callcontrol import tasks
from callcontrol.carriers import registry
from callcontrol.carriers.base import Arrival, DialRequest
from callcontrol.carriers.simulator import Simulator
from callcontrol.lifecycle import arrival, legs
from callcontrol.models import Call, Leg, Outcome
from callcontrol.state.locked_call import lock_call
from campaigns.models import Buyer, Campaign
from reservations.models import Reservation
from tests.factories import make_key, make_market
from tests.pinging import CALLER, confirm, dial, held, ping

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[1, 1])


def _age(model: type[Call] | type[Leg]) -> None:
    model.objects.update(started_at=timezone.now() - timedelta(seconds=61))


def _left_in_routing(campaign: Campaign, name: str = "left", caller: str = CALLER) -> Call:
    answer = ping(make_key(campaign=campaign, count_on_reserve=True), caller_number=caller)
    to = arrival.destination_of(answer["inbound_number"])
    return arrival.record_arrival(
        Arrival("simulator", name, answer["inbound_number"], caller, None, timezone.now()), to
    )


def test_a_call_that_was_claimed_and_never_rung_rings(campaign: Campaign) -> None:
    call = _left_in_routing(campaign)
    _age(Call)
    assert tasks.catch_up_calls() == 1
    call.refresh_from_db()
    assert call.status == "ringing"
    assert call.buyer.buyer_id == "b1"
    assert call.reservation == Reservation.objects.get()  # type: ignore[union-attr]


def test_a_young_one_is_left_to_its_process(campaign: Campaign) -> None:
    _left_in_routing(campaign)
    assert tasks.catch_up_calls() == 0
    assert Call.objects.get().status == "routing"


def test_a_leg_that_the_carrier_never_heard_of_fails_and_the_next_buyer_rings(
    campaign: Campaign,
) -> None:
    dial(campaign.numbers.get().number)
    Leg.objects.filter(party="handler").update(carrier_leg_id="")
    _age(Leg)
    _age(Call)
    tasks.catch_up_calls()
    legs = (
        Leg.objects.filter(party="handler")
        .order_by("started_at")
        .values_list("buyer__buyer_id", "status")
    )
    assert list(legs) == [("b1", "ended"), ("b2", "ringing")]


def test_it_gives_its_place_back(campaign: Campaign) -> None:
    dial(campaign.numbers.get().number)
    Leg.objects.filter(party="handler").update(carrier_leg_id="")
    _age(Leg)
    _age(Call)
    tasks.catch_up_calls()
    assert [held(buyer) for buyer in Buyer.objects.order_by("buyer_id")] == [0, 1]


def test_a_calls_own_clock_ends_nobody_elses_reservation(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, ttl_seconds=30)
    other = confirm(key, ping(key, caller_number="12025550177")["uuid"])
    dial(campaign.numbers.get().number, at=(timezone.now() + timedelta(minutes=2)).isoformat())
    assert Reservation.objects.get(uuid=other["uuid"]).status == "confirmed"


def test_one_call_that_cannot_go_on_does_not_keep_the_others(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _left_in_routing(campaign), _left_in_routing(campaign, "other", "+13105550103")
    _age(Call)

    class Stumbling(Simulator):
        def dial(self, order: DialRequest) -> str:
            if order.call_uuid == first.pk:
                raise RuntimeError("something nobody foresaw")
            return super().dial(order)

    monkeypatch.setitem(registry.all_carriers(), "simulator", Stumbling)
    assert tasks.catch_up_calls() == 2
    assert Leg.objects.filter(party="handler").exclude(carrier_leg_id="").get().call == second


def test_a_line_whose_name_comes_while_it_is_being_ended_is_hung_up(campaign: Campaign) -> None:
    dial(campaign.numbers.get().number)
    handler = Leg.objects.filter(party="handler")
    handler.update(carrier_leg_id="")
    with transaction.atomic():
        locked_call = lock_call(Call.objects.get().pk)
        handler.update(carrier_leg_id="late")
        legs.end_leg(
            locked_call, locked_call.dialed_legs()[0], outcome=Outcome.REJECTED, at=timezone.now()
        )
    assert [(command.name, command.leg.carrier_leg_id) for command in locked_call.commands] == [
        ("hang_up", "late")
    ]
