"""The number of statements of the hot paths, for any number of buyers."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events
from campaigns.models import Buyer, Campaign
from publishers.models import Key
from tests.factories import make_key, make_market
from tests.pinging import CALLER, confirm, ping
from tests.repeating import converted
from tests.reserving import reserve

pytestmark = pytest.mark.django_db
_NO_WORK = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def statements(act: Callable[[], object]) -> int:
    """Return the statements, without BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as sent:
        act()
    return sum(not query["sql"].startswith(_NO_WORK) for query in sent.captured_queries)


@pytest.fixture(params=[1, 3])
def key(request: pytest.FixtureRequest) -> Key:
    """Create a key of a campaign with `buyers` buyers, and load its snapshot."""
    key = make_key(campaign=make_market(caps=[5] * request.param, pool=2))
    ping(key, caller_number="+13105550103")
    return key


def test_a_ping(key: Key) -> None:
    assert statements(lambda: ping(key)) == 3


def test_a_repeat(key: Key) -> None:
    ping(key)
    assert statements(lambda: ping(key)) == 3


@pytest.mark.parametrize("duplicates", ["pay_once", "exclude_buyer", "refuse"])
def test_a_ping_of_a_caller_that_converted(key: Key, duplicates: str) -> None:
    Campaign.objects.update(duplicates=duplicates, dedupe_seconds=60)
    converted(Campaign.objects.get(), CALLER)
    ping(key, caller_number="+13105550104")
    assert statements(lambda: ping(key)) == 3


def test_a_ping_that_takes_its_place(key: Key) -> None:
    key.settings["count_on_reserve"] = True
    key.save()
    ping(key, caller_number="+13105550104")
    assert statements(lambda: ping(key)) == 6


@pytest.mark.parametrize("paused", [False, True])
def test_a_call_reservation(key: Key, paused: bool) -> None:
    older = make_key("call_reservation", campaign=key.campaign)
    Buyer.objects.update(paused=paused)
    reserve(older, caller_number="+13105550104")
    assert [statements(lambda: reserve(older)) for _ in range(2)] == [
        3,
        3,
    ]  # the second is a repeat, or finds no buyer again


def test_a_confirmation(key: Key) -> None:
    first = ping(key)
    assert statements(lambda: confirm(key, first["uuid"])) == 7


def test_a_confirmation_that_comes_twice(key: Key) -> None:
    first = ping(key)
    confirm(key, first["uuid"])
    assert statements(lambda: confirm(key, first["uuid"])) == 5


def test_the_arrival_of_a_call(key: Key) -> None:
    arrival = Arrival(
        "simulator",
        "call",
        to=ping(key)["inbound_number"],
        caller=CALLER,
        digits=None,
        now=timezone.now(),
    )
    turn = (
        connection.vendor == "postgresql"
    )  # one statement more: a lock for writers of the caller’s tags
    assert statements(lambda: events.handle_arrival(arrival)) == 32 + turn
