"""Confirmation takes the place once; a reservation that cannot be confirmed has ended."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Buyer, Campaign, CapHold
from publishers.models import Key, Publisher
from reservations import lifecycle
from tests.factories import make_key, make_market
from tests.pinging import Answer, confirm, dial, held, logged, ping, reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[1], pool=2)


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def used() -> int:
    return held(Buyer.objects.get(buyer_id="b1"))


def ended(answer: Answer) -> Answer:
    return {"uuid": answer["uuid"], "status": "no-target"}


def test_the_create_body_is_answered_with_another_status(key: Key, clock: Any) -> None:
    first = ping(key)
    clock(29)
    assert list(confirm(key, first["uuid"]).items()) == list(
        {**first, "status": "confirmed"}.items()
    )


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("body", ["query", "json", "form"])
def test_put_and_patch_with_the_values_anywhere(key: Key, method: str, body: str) -> None:
    first, said = ping(key), {"key": key.key, "status": "confirmed"}
    sent: dict[str, Any] = {
        "query": {"query_params": said},
        "json": {"data": said, "content_type": "application/json"},
        "form": {
            "data": f"key={key.key}&status=confirmed",
            "content_type": "application/x-www-form-urlencoded",
        },
    }[body]
    assert getattr(Client(), method)(f"/rtbs/{first['uuid']}", **sent).json() == {
        **first,
        "status": "confirmed",
    }


def test_the_place_is_taken_once(key: Key) -> None:
    first = ping(key)
    before = used()
    answers = [confirm(key, first["uuid"]) for _ in range(3)]
    assert before == 0
    assert used() == 1
    assert CapHold.objects.count() == 1
    assert answers == [{**first, "status": "confirmed"}] * 3


def test_a_place_taken_with_the_reservation_is_not_taken_again(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, count_on_reserve=True)
    first = ping(key)
    assert used() == 1
    assert confirm(key, first["uuid"])["status"] == "confirmed"
    assert used() == 1


def test_tags_of_the_confirmation_are_added(key: Key) -> None:
    first = ping(key, caller_zip="90210", age="64")
    confirm(key, first["uuid"], age="65")
    assert reservation(first).tags == {"caller_zip": "90210", "age": "65"}


def test_the_log_leads_to_the_reservation(key: Key) -> None:
    first = ping(key)
    confirm(key, first["uuid"])
    assert str(logged().reservation_uuid) == first["uuid"]
    assert logged().result == "confirmed"


# --- too late -------------------------------------------------------------------------------------
def test_a_cap_that_filled_in_between_ends_it(key: Key) -> None:
    first, second = ping(key), ping(key, caller_number="+13105550103")
    confirm(key, first["uuid"])
    assert [confirm(key, second["uuid"]) for _ in range(2)] == [ended(second)] * 2
    assert used() == 1
    assert reservation(second).status == "no-target"


def test_a_place_that_an_unswept_reservation_holds_is_free(
    campaign: Campaign, key: Key, clock: Any
) -> None:
    first, second = ping(key), ping(make_key(campaign=campaign, ttl_seconds=60))
    confirm(key, first["uuid"])
    clock(30)
    assert confirm(reservation(second).key, second["uuid"])["status"] == "confirmed"
    assert used() == 1


@pytest.mark.parametrize("paused", [Buyer, Campaign, Publisher])
@pytest.mark.parametrize("counts", [False, True])
def test_a_pause_in_between_ends_it_and_gives_its_place_back(
    campaign: Campaign, paused: Any, counts: bool
) -> None:
    key = make_key(campaign=campaign, count_on_reserve=counts)
    first = ping(key, publisher_id="alpha")
    paused.objects.update(paused=True)
    assert [confirm(key, first["uuid"]) for _ in range(2)] == [ended(first)] * 2
    paused.objects.update(paused=False)
    assert confirm(key, first["uuid"]) == ended(first)
    assert used() == 0


def test_a_buyer_deleted_in_between_ends_it(key: Key) -> None:
    first = ping(key)
    Buyer.objects.get().retire(now=timezone.now())
    assert confirm(key, first["uuid"]) == ended(first)


def test_at_its_end_it_has_expired_swept_or_not(key: Key, clock: Any) -> None:
    first = ping(key)
    clock(30)
    unswept = confirm(key, first["uuid"])
    lifecycle.expire_due(now=timezone.now())
    assert unswept == ended(first)
    assert confirm(key, first["uuid"]) == ended(first)
    assert used() == 0


def test_a_confirmed_one_expires_too(key: Key, clock: Any) -> None:
    first = ping(key)
    confirm(key, first["uuid"])
    clock(30)
    assert confirm(key, first["uuid"]) == ended(first)
    assert used() == 0


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_claimed_one_is_answered_as_claimed(key: Key, clock: Any, seconds: int) -> None:
    first = ping(key)
    dial(first["inbound_number"])
    clock(seconds)
    assert confirm(key, first["uuid"]) == {**first, "status": "claimed"}
    assert used() == 1


# --- refused --------------------------------------------------------------------------------------
def refusal(key: Key, name: str, query: str) -> tuple[int, Any]:
    answer = Client().put(f"/rtbs/{name}.json?key={key.key}&{query}")
    return answer.status_code, answer.json()


def test_another_keys_reservation_is_not_found(campaign: Campaign, key: Key) -> None:
    first = ping(make_key(campaign=campaign))
    assert refusal(key, first["uuid"], "status=confirmed") == (
        404,
        {"error": "reservation not found"},
    )


@pytest.mark.parametrize(
    "name", ["97d2e4a8-0769-4622-a9d5-b20371145100", "nonsense", "1", "%00", "x" * 300]
)
def test_an_unknown_reservation_is_not_found(key: Key, name: str) -> None:
    assert refusal(key, name, "status=confirmed") == (404, {"error": "reservation not found"})


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "FAILED must include status (string)"),
        ("status=", "FAILED must include status (string)"),
        ("status=claimed", "status must be confirmed"),
        ("status=reserved", "status must be confirmed"),
    ],
)
def test_another_status_is_refused(key: Key, query: str, text: str) -> None:
    first = ping(key)
    assert refusal(key, first["uuid"], query) == (422, {"error": text})
    assert reservation(first).status == "reserved"
