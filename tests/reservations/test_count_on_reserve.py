"""Keys that count at once: the place is taken with the answer and released at the end."""

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Buyer, Campaign
from publishers.models import Key
from reservations import lifecycle
from reservations.models import Reservation
from tests.factories import make_conversion, make_key, make_market
from tests.pinging import Answer, dial, held, logged, ping, reservation, rung

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[1, 1], pool=5)


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign, count_on_reserve=True)


def pings(key: Key, number: int) -> list[Answer]:
    """Send pings of `number` callers."""
    return [ping(key, caller_number=f"+1202555010{caller}") for caller in range(number)]


def used() -> list[int]:
    return [held(buyer) for buyer in Buyer.objects.order_by("buyer_id")]


def test_the_place_is_taken_at_once_and_the_next_buyer_gets_the_next(key: Key) -> None:
    rows = [reservation(answer) for answer in pings(key, 2)]
    assert [row.buyer.buyer_id for row in rows if row.buyer] == ["b1", "b2"]
    assert used() == [1, 1]


def test_without_a_place_the_trace_names_the_cap(key: Key) -> None:
    answer = pings(key, 3)[2]
    reasons = [
        (reason, detail, rows)
        for reason, groups in logged().trace["refused"].items()
        for detail, rows in groups
    ]
    assert answer == {"uuid": answer["uuid"], "status": "no-target"}
    assert used() == [1, 1]
    assert sorted(reasons, key=str) == [
        ("concurrency-cap", {"cap": 1}, [buyer.pk]) for buyer in Buyer.objects.order_by("pk")
    ]


def test_a_cap_of_nothing_refuses(key: Key) -> None:
    Buyer.objects.update(concurrency_cap=0)
    assert pings(key, 1)[0]["status"] == "no-target"
    assert used() == [0, 0]


def test_the_pay_is_that_of_the_buyer_with_the_place(campaign: Campaign, key: Key) -> None:
    make_conversion(campaign, payout=7, seconds=7, buyer=Buyer.objects.get(buyer_id="b2"))
    assert [
        (answer["retreaver_payout"], answer["retreaver_seconds"]) for answer in pings(key, 2)
    ] == [(90.0, 120), (7.0, 7)]


def test_a_repeat_takes_no_second_place(key: Key) -> None:
    ping(key)
    ping(key)
    assert used() == [1, 0]


def test_a_ping_finds_the_places_of_expired_reservations_before_the_sweep(
    key: Key, clock: Any
) -> None:
    pings(key, 3)
    clock(30)
    answer = ping(key, caller_number="+13105550103")
    assert answer["status"] == "reserved"
    assert used() == [1, 0]


def test_a_ping_of_the_same_caller_finds_its_own_place(key: Key, clock: Any) -> None:
    Buyer.objects.filter(buyer_id="b2").update(paused=True)
    ping(key)
    clock(30)
    assert ping(key)["status"] == "reserved"
    assert used() == [1, 0]


def test_a_call_finds_the_place_of_an_expired_reservation_before_the_sweep(
    campaign: Campaign, key: Key, clock: Any
) -> None:
    pings(key, 2)
    clock(30)
    call = dial(campaign.numbers.first().number, caller="+13105550103")  # type: ignore[union-attr]
    assert call["buyer_id"] == "b1"
    assert call["reservation_uuid"] is None
    assert used() == [1, 0]


def test_the_sweep_gives_back_once(key: Key, clock: Any) -> None:
    pings(key, 2)
    clock(30)
    swept = [lifecycle.expire_due(now=timezone.now()) for _ in range(2)]
    assert swept == [2, 0]
    assert used() == [0, 0]
    assert set(Reservation.objects.values_list("status", flat=True)) == {"expired"}


@pytest.mark.django_db(transaction=True)
def test_a_cap_lowered_below_its_use_only_refuses_the_next(key: Key) -> None:
    buyer = Buyer.objects.get(buyer_id="b1")
    buyer.concurrency_cap = 0
    first = ping(key)
    buyer.save()
    second = ping(key, caller_number="+13105550103")
    assert reservation(second).buyer.buyer_id == "b2"
    assert used() == [1, 1]  # type: ignore[union-attr]
    assert dial(first["inbound_number"])["buyer_id"] == "b1"
    assert used() == [1, 1]


@pytest.mark.parametrize("how", ["paused", "retired"])
def test_a_call_for_a_buyer_that_is_gone_goes_to_the_next_and_gives_the_place_back(
    key: Key, how: str
) -> None:
    first, buyer = ping(key), Buyer.objects.get(buyer_id="b1")
    if how == "retired":
        buyer.retire(now=timezone.now())
    Buyer.objects.filter(pk=buyer.pk).update(paused=True)
    call = dial(first["inbound_number"])
    assert call["reservation_uuid"] == first["uuid"]
    assert call["buyer_id"] == "b2"
    assert len(rung(call)) == 1
    assert used() == [0, 1]


def test_the_place_moves_to_the_leg(key: Key) -> None:
    first = ping(key)
    assert dial(first["inbound_number"])["buyer_id"] == "b1"
    assert used() == [1, 0]
