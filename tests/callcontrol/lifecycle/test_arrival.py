"""What is known of a call when it arrives: its caller, its publisher, its tags; and that it
arrives once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events
from callcontrol.lifecycle.arrival import destination_of, record_arrival
from callcontrol.models import Call, CallEvent, CallTag, Leg
from campaigns.models import Campaign
from publishers.models import InboundNumber, Key, Publisher, StoredTag
from tests.factories import make_key, make_market, make_number, make_publisher
from tests.pinging import CALLER, OTHER_CALLER, Answer, dial, ping

pytestmark = pytest.mark.django_db
LINE = "+18335550199"
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market()
    make_number(campaign, number=LINE)
    return campaign


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign, allow_no_caller_number=True)


def store(
    campaign: Campaign, name: str, value: str, *, age: int = 60, lasts: int = 3600, **fields: Any
) -> None:
    """Store a tag for the caller, written `ago` seconds ago and kept for `kept` seconds."""
    written = {
        "written_at": NOW - timedelta(seconds=age),
        "expires_at": NOW + timedelta(seconds=lasts),
    }
    StoredTag.objects.create(
        company=campaign.company,
        **{"caller_number": CALLER, "name": name, "value": value, **written, **fields},
    )


# --- the caller -----------------------------------------------------------------------------------
def caller_of(call: Answer) -> str | None:
    return call["legs"][0]["number"]


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("12025550102", CALLER),
        ("(202) 555-0102", CALLER),
        ("sip:+12025550102@carrier.example.com", CALLER),
        ("anonymous", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("+266696687", None),
        ("", None),
        (None, None),
        ("undefined", None),
    ],
)
def test_the_caller_as_the_carrier_shows_it(
    campaign: Campaign, said: str | None, known: str | None
) -> None:
    assert caller_of(dial(LINE, caller=said)) == known


@pytest.mark.parametrize(
    ("digits", "known"), [("3105550103", OTHER_CALLER), ("12", None), ("", None)]
)
def test_an_agent_keys_in_the_real_caller(
    campaign: Campaign, digits: str, known: str | None
) -> None:
    InboundNumber.objects.filter(number=LINE).update(ask_caller_number=True)
    assert caller_of(dial(LINE, digits=digits)) == known


def test_what_an_agent_keys_in_is_recognized(campaign: Campaign, key: Key) -> None:
    InboundNumber.objects.filter(number=LINE).update(ask_caller_number=True)
    answer = ping(key, caller_number=OTHER_CALLER, inbound_number=LINE)
    assert dial(LINE, digits="13105550103")["reservation_uuid"] == answer["uuid"]


def test_digits_on_an_ordinary_number_mean_nothing(campaign: Campaign) -> None:
    assert caller_of(dial(LINE, digits="3105550103")) == CALLER


# --- the publisher --------------------------------------------------------------------------------
def test_the_publisher_is_the_reservations_else_the_numbers(campaign: Campaign, key: Key) -> None:
    InboundNumber.objects.filter(number=LINE).update(
        publisher=make_publisher(campaign.company, publisher_id="beta")
    )
    ping(key, publisher_id="alpha", inbound_number=LINE)
    ping(key, caller_number=OTHER_CALLER, inbound_number=LINE)
    calls = [dial(LINE, caller=caller) for caller in (CALLER, OTHER_CALLER, None)]
    assert [(call["publisher_id"], call["reservation_uuid"] is not None) for call in calls] == [
        ("alpha", True),
        ("beta", True),
        ("beta", False),
    ]


# --- tags -----------------------------------------------------------------------------------------
def test_a_number_brings_its_tags_and_everything_else_wins_over_them(
    campaign: Campaign, key: Key
) -> None:
    InboundNumber.objects.filter(number=LINE).update(tags={"line": "tv", "age": "1"})
    ping(key, inbound_number=LINE, age="65")
    assert [dial(LINE, caller=caller)["tags"] for caller in (CALLER, None)] == [
        {"age": "65", "line": "tv"},
        {"age": "1", "line": "tv"},
    ]


def test_waiting_tags_are_taken_once(campaign: Campaign, clock: Any) -> None:
    store(campaign, "age", "65")
    assert [dial(LINE)["tags"] for _ in range(2)] == [{"age": "65"}, {}]


def test_waiting_tags_of_others_are_left(campaign: Campaign, clock: Any) -> None:
    store(campaign, "age", "1", caller_number=OTHER_CALLER)
    store(campaign, "age", "2", lasts=0)
    store(campaign, "age", "3", scope="campaign:0")
    store(make_market(), "age", "4")
    assert dial(LINE)["tags"] == {}
    assert dial(LINE, caller=None)["tags"] == {}
    assert StoredTag.objects.count() == 4


def test_of_all_that_was_written_the_latest_wins(campaign: Campaign, key: Key, clock: Any) -> None:
    store(campaign, "a", "old", age=20)
    store(campaign, "a", "new", age=10, scope=f"campaign:{campaign.pk}")
    store(campaign, "b", "before the ping", age=5)
    store(campaign, "c", "after the ping", age=-5)
    ping(key, inbound_number=LINE, b="ping", c="ping")
    clock(10)
    assert dial(LINE)["tags"] == {"a": "new", "b": "ping", "c": "after the ping"}


def test_a_tag_knows_the_publisher_who_wrote_it(campaign: Campaign, key: Key, clock: Any) -> None:
    beta = make_publisher(campaign.company, publisher_id="beta")
    store(campaign, "age", "65", publisher=beta)
    ping(key, publisher_id="alpha", inbound_number=LINE, zip="90210")
    dial(LINE)
    written = CallTag.objects.order_by("name").values_list("name", "publisher__publisher_id")
    assert list(written) == [("age", "beta"), ("zip", "alpha")]
    assert Publisher.objects.count() == 2


# --- once -----------------------------------------------------------------------------------------
def arrive(to: str = LINE) -> Call:
    return events.handle_arrival(
        Arrival(
            carrier="simulator", carrier_call_id="twice", to=to, caller=CALLER, digits=None, now=NOW
        )
    )


def test_a_carrier_may_say_what_is_no_number(campaign: Campaign) -> None:
    said = Arrival(
        carrier="simulator",
        carrier_call_id="odd",
        to=LINE,
        caller="no number",
        digits="12",
        now=NOW,
    )
    assert events.handle_arrival(said).caller_number is None


def test_a_call_that_is_announced_twice_is_one(campaign: Campaign, key: Key) -> None:
    ping(key, inbound_number=LINE)
    first, second = arrive(), arrive()
    assert first == second
    assert Call.objects.count() == 1
    assert Leg.objects.count() == 2
    assert list(CallEvent.objects.order_by("id").values_list("kind", flat=True)) == [
        "arrived",
        "routed",
        "dialing",
    ]


def test_a_call_that_was_left_alone_goes_on_when_it_is_announced_again(
    campaign: Campaign, key: Key
) -> None:
    ping(key, inbound_number=LINE)
    arrival = Arrival(
        carrier="simulator", carrier_call_id="twice", to=LINE, caller=CALLER, digits=None, now=NOW
    )
    left = record_arrival(arrival, destination_of(LINE))
    again = arrive()
    assert left.status == "routing"
    assert again.status == "ringing"
    assert again.pk == left.pk
    assert again.reservation_id == left.reservation_id
