"""The sweep of reservations, as the worker runs it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import leases
from campaigns.models import Buyer
from publishers.models import Key
from reservations import lifecycle
from reservations.models import Reservation
from reservations.tasks import expire_reservations
from tests.factories import make_key, make_market
from tests.pinging import held, ping

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> Key:
    return make_key(campaign=make_market(), count_on_reserve=True)


def state() -> list[tuple[str, Any]]:
    return list(Reservation.objects.order_by("created_at").values_list("status", "closed_at"))


def test_the_sweep_closes_due_reservations_and_releases_places(key: Key, clock: Any) -> None:
    ping(key)
    clock(15)
    ping(key, caller_number="+13105550103")
    clock(15)
    assert expire_reservations() == 1
    assert held(Buyer.objects.get()) == 1
    assert state() == [("expired", timezone.now()), ("reserved", None)]


def test_a_second_sweep_changes_nothing(key: Key, clock: Any) -> None:
    ping(key)
    clock(30)
    assert [expire_reservations(), expire_reservations()] == [1, 0]
    assert held(Buyer.objects.get()) == 0


def test_the_sweep_takes_batches_until_none_is_due(
    key: Key, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BATCH", 2)
    for caller in range(5):
        ping(key, caller_number=f"+1202555010{caller}")
    clock(30)
    assert expire_reservations() == 5
    assert held(Buyer.objects.get()) == 0


def test_a_running_sweep_is_not_doubled(key: Key, clock: Any) -> None:
    ping(key)
    clock(30)
    leases.acquire(
        name="expire-reservations",
        holder="another",
        lasts=timedelta(seconds=60),
        now=timezone.now(),
    )
    assert expire_reservations() == 0
    assert state() == [("reserved", None)]


def test_places_of_two_companies_are_released_in_each(key: Key, clock: Any) -> None:
    ping(key)
    ping(make_key(campaign=make_market(), count_on_reserve=True))
    clock(30)
    assert expire_reservations() == 2
    assert [held(buyer) for buyer in Buyer.objects.all()] == [0, 0]


def test_days_without_a_worker_change_no_answer(key: Key, clock: Any) -> None:
    first = ping(key)
    clock(3 * 24 * 3600)
    second = ping(key)
    assert [second[name] == first[name] for name in ("status", "inbound_number", "uuid")] == [
        True,
        True,
        False,
    ]
    assert held(Buyer.objects.get()) == 1
    assert [status for status, _ in state()] == ["expired", "reserved"]
