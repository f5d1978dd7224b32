"""Ping Shield: a repeat for the same caller gets the first answer, and no second reservation."""

from typing import Any

import pytest

from campaigns.models import Buyer, Campaign
from publishers.models import Key
from reservations.models import Reservation, Status
from tests.factories import make_key, make_market
from tests.pinging import CALLER, OTHER_CALLER, confirm, dial, logged, ping

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market(pool=3)


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def statuses() -> list[str]:
    return list(Reservation.objects.order_by("created_at").values_list("status", flat=True))


def test_a_repeat_gets_the_first_answer_and_says_so_last(key: Key, clock: Any) -> None:
    first = ping(key, caller_zip="90210")
    clock(29)
    assert list(ping(key, caller_zip="10001").items()) == [
        *first.items(),
        ("retreaver_ping_shield", True),
    ]
    assert logged().result == "shielded"
    assert str(logged().reservation_uuid) == first["uuid"]
    assert statuses() == ["reserved"]


def test_the_same_caller_however_the_number_is_written(key: Key) -> None:
    first = ping(key, caller_number="12025550102")
    assert [
        ping(key, caller_number=said)["uuid"]
        for said in ("+12025550102", " 12025550102", "(202) 555-0102")
    ] == [first["uuid"]] * 3


def test_a_repeat_has_the_status_of_now(key: Key) -> None:
    first = ping(key)
    confirm(key, first["uuid"])
    assert ping(key) == {**first, "status": "confirmed", "retreaver_ping_shield": True}


def test_a_repeat_is_answered_though_the_campaign_was_paused(campaign: Campaign, key: Key) -> None:
    first = ping(key)
    Campaign.objects.update(paused=True)
    assert ping(key) == {**first, "retreaver_ping_shield": True}


def test_after_the_end_there_is_a_new_reservation_before_the_sweep(key: Key, clock: Any) -> None:
    first = ping(key)
    clock(30)
    second = ping(key)
    assert ("retreaver_ping_shield" in second) is False
    assert (second["uuid"] == first["uuid"]) is False
    assert statuses() == ["expired", "reserved"]


def test_after_the_call_there_is_a_new_reservation(key: Key) -> None:
    dial(ping(key)["inbound_number"])
    assert ping(key)["status"] == "reserved"
    assert statuses() == ["claimed", "reserved"]


@pytest.mark.parametrize("stops", ["rejected", "no-target"])
def test_an_answer_without_a_buyer_is_not_a_shield(key: Key, stops: str) -> None:
    {"rejected": Campaign, "no-target": Buyer}[stops].objects.update(paused=True)  # type: ignore[attr-defined]
    first = ping(key)
    Campaign.objects.update(paused=False)
    Buyer.objects.update(paused=False)
    assert first["status"] == stops
    assert ping(key)["status"] == "reserved"


def test_another_caller_is_not_shielded(key: Key) -> None:
    assert [list(ping(key, caller_number=caller))[-1] for caller in (CALLER, OTHER_CALLER)] == [
        "expires_at"
    ] * 2


def test_without_a_caller_there_is_no_shield(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, allow_no_caller_number=True)
    answers = [ping(key, caller_number=caller) for caller in ("", "", "anonymous")]
    assert len({answer["uuid"] for answer in answers}) == 3
    assert statuses() == ["reserved"] * 3


# --- scopes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "second", "shielded"),
    [
        ("key", "key", False),
        ("campaign", "campaign", True),
        ("key", "campaign", False),
        ("campaign", "key", False),
    ],
)
def test_the_shield_scope_is_a_setting(
    campaign: Campaign, first: str, second: str, shielded: bool
) -> None:
    ping(make_key(campaign=campaign, shield_scope=first))
    assert (
        "retreaver_ping_shield" in ping(make_key(campaign=campaign, shield_scope=second))
    ) == shielded


def test_another_campaign_is_another_shield(campaign: Campaign) -> None:
    ping(make_key(campaign=campaign, shield_scope="campaign"))
    other = make_market()
    assert "retreaver_ping_shield" not in ping(make_key(campaign=other, shield_scope="campaign"))


def test_a_reservation_by_another_key_type_is_not_a_shield(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, shield_scope="campaign")
    ping(key)
    Reservation.objects.update(scope=f"call_reservation:campaign:{campaign.pk}")
    assert ping(key)["status"] == "reserved"
    assert Reservation.objects.filter(status=Status.RESERVED).count() == 2


def test_the_numbers_of_one_caller_differ_between_scopes(campaign: Campaign) -> None:
    answers = [ping(make_key(campaign=campaign))["inbound_number"] for _ in range(3)]
    assert sorted(answers) == sorted(campaign.numbers.values_list("number", flat=True))
