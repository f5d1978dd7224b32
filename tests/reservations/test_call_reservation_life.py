"""A call reservation's shield, caps, expiry and claim, and the publisher of its call."""

from typing import Any

import pytest

from campaigns.models import Buyer, Campaign, Route
from publishers.models import Conversion, Key
from reservations.models import Reservation
from tests.factories import make_key, make_market
from tests.pinging import CALLER, OTHER_CALLER, Answer, dial, held, logged, ping, rung
from tests.reserving import ask, dialed, reserve

pytestmark = pytest.mark.django_db
SHIELD = ("retreaver_ping_shield", True)


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[1, 1], pool=3)


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key("call_reservation", campaign=campaign)


@pytest.fixture
def counting(campaign: Campaign) -> Key:
    return make_key("call_reservation", campaign=campaign, count_on_reserve=True)


def statuses() -> list[str]:
    return list(Reservation.objects.order_by("created_at").values_list("status", flat=True))


# --- shield ---------------------------------------------------------------------------------------
def test_a_repeat_gets_the_first_answer_and_says_so_last(key: Key, clock: Any) -> None:
    first = ask(key, zip="90210", age="7")["call_reservation"]
    clock(299)
    assert list(reserve(key, zip="90210", age="7").items()) == [*first.items(), SHIELD]
    assert logged().result == "shielded"
    assert logged().reservation_uuid == Reservation.objects.get().uuid


def test_a_repeat_gets_the_first_answer(campaign: Campaign, key: Key) -> None:
    first = reserve(key, zip="90210")
    Conversion.objects.update(payout=1, seconds=1)
    Route.objects.all().delete()
    Campaign.objects.update(paused=True)
    assert reserve(key, zip="10001", age="7", affiliate_id="nobody") == {**first, SHIELD[0]: True}


def test_a_repeat_of_an_unpaid_ping_has_no_conversion(campaign: Campaign, key: Key) -> None:
    Conversion.objects.update(seconds=0, payout=0)
    first = reserve(key)
    Conversion.objects.update(seconds=120)
    campaign.save()  # settings changed
    assert first["conversion_groups"] == [{"seconds": 0, "payout": 0.0}]
    assert reserve(key)["conversion_groups"] == []


def test_the_prefix_of_the_flag_is_a_setting(key: Key, settings: Any) -> None:
    settings.RTB_FIELD_PREFIX = "acme"
    reserve(key)
    assert list(reserve(key))[-1] == "acme_ping_shield"


@pytest.mark.parametrize(("scope", "shielded"), [("key", False), ("campaign", True)])
def test_the_shield_scope_is_a_setting(campaign: Campaign, scope: str, shielded: bool) -> None:
    keys = [make_key("call_reservation", campaign=campaign, shield_scope=scope) for _ in range(2)]
    assert [SHIELD[0] in reserve(key) for key in keys] == [False, shielded]


def test_never_across_types_of_keys(campaign: Campaign) -> None:
    pinged = ping(make_key(campaign=campaign, shield_scope="campaign"))
    reserved = reserve(make_key("call_reservation", campaign=campaign, shield_scope="campaign"))
    assert (SHIELD[0] in reserved) is False
    assert (dialed(reserved) == pinged["inbound_number"]) is False
    assert statuses() == ["reserved"] * 2


@pytest.mark.parametrize("stops", [Buyer, Campaign])
def test_an_answer_without_a_buyer_is_not_a_shield(key: Key, stops: Any) -> None:
    stops.objects.update(paused=True)
    reserve(key)
    stops.objects.update(paused=False)
    assert reserve(key)["status"] == "reserved"


def test_an_expired_reservation_is_replaced_before_the_sweep(key: Key, clock: Any) -> None:
    reserve(key)
    clock(300)
    assert reserve(key)["expires_at"] == "2026-05-05T12:10:00.000Z"
    assert statuses() == ["expired", "reserved"]


def test_after_the_call_a_ping_reserves_again(key: Key) -> None:
    dial(dialed(reserve(key)))
    again = reserve(key)
    assert again["claimed_at"] is None
    assert (SHIELD[0] in again) is False
    assert statuses() == ["claimed", "reserved"]


# --- caps -----------------------------------------------------------------------------------------
def reserve_for(key: Key, callers: int) -> list[Answer]:
    return [reserve(key, caller_number=f"+1202555010{caller}") for caller in range(callers)]


def used() -> list[int]:
    return [held(buyer) for buyer in Buyer.objects.order_by("buyer_id")]


def test_places_are_taken_at_once_until_none_is_left(counting: Key, clock: Any) -> None:
    answers = reserve_for(counting, 3)
    assert [answer["call"]["target_id"] for answer in answers] == ["b1", "b2", None]
    assert answers[2]["status"] == "no-target"
    assert answers[2]["expires_at"] is None
    assert answers[2]["matched_targets"] == []
    assert used() == [1, 1]


def test_a_ping_that_loses_the_last_place_gets_a_pool_number(
    campaign: Campaign, counting: Key
) -> None:
    Buyer.objects.update(concurrency_cap=5)
    reserve_for(counting, 1)
    Buyer.objects.update(concurrency_cap=0)
    Buyer.objects.filter(buyer_id="b1").update(
        concurrency_cap=1
    )  # the counter, which is read first, knows of five
    answer = reserve(counting, caller_number=OTHER_CALLER)
    row = Reservation.objects.get(caller_number=OTHER_CALLER)
    assert answer["status"] == "no-target"
    assert answer["call"]["target_id"] is None
    assert row.dynamic is True
    assert dialed(answer) == row.inbound_number
    assert campaign.numbers.filter(number=dialed(answer)).count() == 1


def test_the_sweep_gives_the_places_back(counting: Key, clock: Any) -> None:
    reserve_for(counting, 2)
    clock(300)
    assert reserve(counting, caller_number=OTHER_CALLER)["status"] == "reserved"
    assert used() == [1, 0]


def test_without_the_setting_no_place_is_taken(key: Key) -> None:
    assert [answer["call"]["target_id"] for answer in reserve_for(key, 3)] == ["b1"] * 3
    assert used() == [0, 0]


# --- the call -------------------------------------------------------------------------------------
def seen(call: Answer) -> tuple[Any, ...]:
    return call["publisher_id"], call["tags"], call["buyer_id"]


@pytest.mark.parametrize("counts", [False, True])
def test_the_call_is_the_publishers_and_goes_to_the_reserved_buyer(
    campaign: Campaign, counts: bool
) -> None:
    key = make_key("call_reservation", campaign=campaign, count_on_reserve=counts, tag_prefix="x_")
    call = dial(dialed(reserve(key, caller_zip="90210")))
    assert call["reservation_uuid"] == str(Reservation.objects.get(status="claimed").uuid)
    assert seen(call) == ("alpha", {"x_caller_zip": "90210"}, "b1")
    assert used() == [1, 0]


def test_the_call_to_a_sip_address_claims_as_well(campaign: Campaign, key: Key) -> None:
    campaign.numbers.all().delete()
    call = dial(dialed(reserve(key)), caller=None)
    assert call["reservation_uuid"] == str(Reservation.objects.get().uuid)
    assert seen(call) == ("alpha", {}, "b1")


def test_the_reserved_buyer_alone_where_the_key_says_so(campaign: Campaign) -> None:
    key = make_key("call_reservation", campaign=campaign, route_only_to_reserved_buyer=True)
    number = dialed(reserve(key))
    Buyer.objects.filter(buyer_id="b1").update(paused=True)
    call = dial(number)
    assert call["status"] == "no-target"
    assert rung(call) == []


@pytest.mark.parametrize("stops", [Buyer, Campaign])
@pytest.mark.parametrize(
    ("seconds", "whose"), [(299, ("alpha", {"caller_zip": "90210"})), (300, (None, {}))]
)
def test_without_a_buyer_the_call_is_the_publishers_for_a_while(
    key: Key, clock: Any, stops: Any, seconds: int, whose: tuple[Any, ...]
) -> None:
    stops.objects.update(paused=True)
    number = dialed(reserve(key, caller_zip="90210"))
    clock(seconds)
    call = dial(number)
    assert call["reservation_uuid"] is None
    assert seen(call)[:2] == whose


def test_without_a_buyer_another_callers_call_has_no_publisher(key: Key) -> None:
    Buyer.objects.update(paused=True)
    assert seen(dial(dialed(reserve(key)), caller=OTHER_CALLER)) == (None, {}, None)


def test_a_number_answered_without_a_buyer_stays_free(campaign: Campaign, key: Key) -> None:
    campaign.numbers.exclude(pk=campaign.numbers.first().pk).delete()  # type: ignore[union-attr]
    Buyer.objects.update(paused=True)
    numbers = [reserve(key)["inbound_number"] for _ in range(2)]
    Buyer.objects.update(paused=False)
    numbers.append(ping(make_key(campaign=campaign), caller_number=CALLER)["inbound_number"])
    assert numbers == [int(numbers[2])] * 2 + [numbers[2]]
