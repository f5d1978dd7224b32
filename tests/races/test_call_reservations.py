"""Concurrent call reservations: one for a caller, a number for each key, no place too many."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events as calls
from campaigns.caps import counters
from campaigns.models import Buyer, Campaign, CapHold
from reservations.models import Reservation
from tests.factories import make_key, make_market
from tests.pinging import CALLER, held, ping
from tests.races.takers import together
from tests.reserving import dialed, reserve

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 12
ROUNDS = 5


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[3, 3], pool=2 * MANY)


def callers() -> list[str]:
    return [f"+120255501{number:02}" for number in range(MANY)]


def drift(campaign: Campaign) -> list[counters.Drift]:
    return counters.recount(company_id=campaign.company_id, now=timezone.now())


@pytest.mark.parametrize("counts", [False, True])
def test_identical_requests_are_one_reservation(campaign: Campaign, counts: bool) -> None:
    key = make_key("call_reservation", campaign=campaign, count_on_reserve=counts)
    for caller in callers()[:ROUNDS]:
        answers = together([lambda caller=caller: reserve(key, caller_number=caller)] * MANY)  # type: ignore[misc]
        assert Counter("retreaver_ping_shield" in answer for answer in answers) == {
            True: MANY - 1,
            False: 1,
        }
        assert (
            len(
                {
                    (answer["inbound_number"], answer["expires_at"], answer["call"]["target_id"])
                    for answer in answers
                }
            )
            == 1
        )
    assert Reservation.objects.count() == ROUNDS
    assert drift(campaign) == []


def test_no_place_too_many_is_reserved(campaign: Campaign) -> None:
    key = make_key("call_reservation", campaign=campaign, count_on_reserve=True)
    answers = together(
        [lambda caller=caller: reserve(key, caller_number=caller) for caller in callers()]
    )  # type: ignore[misc]
    assert Counter(answer["status"] for answer in answers) == {"reserved": 6, "no-target": MANY - 6}
    assert [held(buyer) for buyer in Buyer.objects.all()] == [3, 3]
    assert CapHold.objects.count() == 6
    assert drift(campaign) == []


def test_reservations_and_pings_for_one_caller_have_numbers_of_their_own(
    campaign: Campaign,
) -> None:
    rtb = [make_key(campaign=campaign) for _ in range(MANY)]
    older = [make_key("call_reservation", campaign=campaign) for _ in range(MANY)]
    pings: list[Callable[[], Any]] = [lambda key=key: ping(key)["inbound_number"] for key in rtb]  # type: ignore[misc]
    numbers = together([*pings, *[lambda key=key: dialed(reserve(key)) for key in older]])  # type: ignore[misc]
    assert sorted(numbers) == sorted(campaign.numbers.values_list("number", flat=True))


def test_a_reservation_is_claimed_by_one_call(campaign: Campaign) -> None:
    number = dialed(reserve(make_key("call_reservation", campaign=campaign)))
    arrivals = [
        Arrival("simulator", str(n), to=number, caller=CALLER, digits=None, now=timezone.now())
        for n in range(MANY)
    ]
    made = together([lambda arrival=arrival: calls.handle_arrival(arrival) for arrival in arrivals])  # type: ignore[misc]
    assert Counter(call.reservation_id for call in made) == {
        Reservation.objects.get().pk: 1,
        None: MANY - 1,
    }
