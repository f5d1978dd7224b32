"""Tags are stored for the next call, wait on the live call, or go on the ended call at once."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callcontrol.models import CallTag
from campaigns.models import Buyer, Campaign
from publishers.models import Key, Publisher, StoredTag
from tests.factories import (
    make_campaign,
    make_company,
    make_key,
    make_market,
    make_number,
    make_publisher,
)
from tests.pinging import (
    CALLER,
    OTHER_CALLER,
    Answer,
    act,
    dial,
    hang_up,
    last_leg,
    logged,
    ping,
    rung,
    shown,
)
from tests.writing import (
    ENDED,
    LIVE,
    NO_CALL,
    on_calls,
    status,
    waiting_for_a_call,
    waiting_on_calls,
    written,
)

pytestmark = pytest.mark.django_db
Clock = Callable[[float], object]


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    """Create a key of the publisher alpha."""
    return make_key(
        "call_data_writing",
        publisher=Publisher.objects.get(),
        cut_off_seconds=60,
        storage_seconds=3600,
    )


def call_in(campaign: Campaign, **more: str) -> Answer:
    return dial(campaign.numbers.filter(in_pool=True)[0].number, **more)


# --- before the call ------------------------------------------------------------------------------
def test_before_the_call_they_wait_for_it(campaign: Campaign, key: Key) -> None:
    assert status(key, prequalified="true") == NO_CALL
    assert call_in(campaign)["tags"] == {"prequalified": "true"}
    assert waiting_for_a_call() == {}


def test_they_are_on_one_call_once(campaign: Campaign, key: Key) -> None:
    status(key, prequalified="true")
    calls = [call_in(campaign) for _ in range(2)]
    assert [call["tags"] for call in calls] == [{"prequalified": "true"}, {}]


def test_another_callers_call_does_not_get_them(campaign: Campaign, key: Key) -> None:
    status(key, prequalified="true")
    assert call_in(campaign, caller=OTHER_CALLER)["tags"] == {}
    assert waiting_for_a_call() == {"prequalified": "true"}


def test_several_writes_are_merged_and_the_later_value_of_a_name_wins(
    campaign: Campaign, key: Key
) -> None:
    for value in ("1", "2"):
        status(key, **{"a": value, f"only_{value}": "x"})
    assert call_in(campaign)["tags"] == {"a": "2", "only_1": "x", "only_2": "x"}


def test_the_later_of_a_write_and_a_ping_wins(campaign: Campaign, key: Key) -> None:
    status(key, a="written first", b="written first")
    ping(make_key(campaign=campaign), a="pinged")
    status(key, b="written last")
    assert call_in(campaign)["tags"] == {"a": "pinged", "b": "written last"}


def test_a_repeated_write_renews_value_and_expiry(key: Key, clock: Clock) -> None:
    status(key, a="1")
    clock(3000)
    status(key, a="2")
    tag = StoredTag.objects.get()
    assert tag.value == "2"
    assert (tag.expires_at - timezone.now()).total_seconds() == 3600


@pytest.mark.parametrize(("seconds", "tags"), [(3599, {"a": "1"}), (3600, {})])
def test_they_wait_as_long_as_the_key_says(
    campaign: Campaign, key: Key, clock: Clock, seconds: int, tags: Answer
) -> None:
    status(key, a="1")
    clock(seconds)
    assert call_in(campaign)["tags"] == tags


def test_a_publishers_tags_wait_for_any_call_in_the_company(campaign: Campaign, key: Key) -> None:
    other = make_number(make_campaign(campaign.company))
    status(key, a="1")
    assert dial(other.number)["tags"] == {"a": "1"}


def test_a_campaigns_tags_wait_for_a_call_on_it(campaign: Campaign) -> None:
    other = make_number(make_campaign(campaign.company))
    status(make_key("call_data_writing", campaign=campaign), a="1")
    assert dial(other.number)["tags"] == {}
    assert waiting_for_a_call() == {"a": "1"}
    assert call_in(campaign)["tags"] == {"a": "1"}


def test_another_companys_call_does_not_count(campaign: Campaign, key: Key) -> None:
    dial(make_number().number)
    assert status(key, a="1") == NO_CALL


def test_a_tag_carries_the_publisher_of_its_key(campaign: Campaign, key: Key) -> None:
    status(key, by_publisher="1")
    status(make_key("call_data_writing", campaign=campaign), by_campaign="1")
    call_in(campaign)
    publishers = dict(CallTag.objects.values_list("name", "publisher__publisher_id"))
    assert publishers == {"by_publisher": "alpha", "by_campaign": None}


def test_routing_sees_what_was_written(campaign: Campaign, key: Key) -> None:
    Buyer.objects.filter(buyer_id="b1").update(number="[agent]")
    status(key, agent="+14165550177")
    assert rung(call_in(campaign)) == ["+14165550177"]


# --- while it lives -------------------------------------------------------------------------------
def test_on_a_live_call_they_wait_for_its_next_decision(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign)
    assert status(key, a="1") == LIVE
    assert on_calls() == {}
    assert waiting_on_calls() == {"a": "1"}
    assert act(last_leg(call), "busy")["tags"] == {"a": "1"}
    assert waiting_on_calls() == {}


def test_they_take_part_in_that_decision(campaign: Campaign, key: Key) -> None:
    Buyer.objects.filter(buyer_id="b2").update(number="[agent]")
    call = call_in(campaign)
    status(key, agent="+14165550177")
    assert rung(act(last_leg(call), "busy"))[1:] == ["+14165550177"]


def test_they_never_re_route_the_call(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign)
    act(last_leg(call), "answer")
    status(key, a="1")
    assert shown(call["call_uuid"])["tags"] == {}
    assert len(shown(call["call_uuid"])["legs"]) == 2


def test_without_a_further_decision_they_are_on_the_call_at_its_end(
    campaign: Campaign, key: Key
) -> None:
    call = call_in(campaign)
    act(last_leg(call), "answer")
    status(key, a="1")
    assert hang_up(call["call_uuid"])["tags"] == {"a": "1"}
    assert waiting_on_calls() == {}


def test_they_are_on_a_call_that_finds_no_other_buyer(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign)
    status(key, a="1")
    Buyer.objects.update(paused=True)
    ended = act(last_leg(call), "busy")
    assert ended["status"] == "no-target"
    assert ended["tags"] == {"a": "1"}


def test_several_writes_on_a_live_call_are_merged(campaign: Campaign, key: Key) -> None:
    status(key, a="before")
    call = call_in(campaign)
    for value in ("1", "2"):
        status(key, **{"a": value, f"only_{value}": "x"})
    assert hang_up(call["call_uuid"])["tags"] == {"a": "2", "only_1": "x", "only_2": "x"}


def test_what_is_due_in_a_live_call_comes_before_what_is_written(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    Buyer.objects.filter(buyer_id="b2").update(number="[agent]")
    call = call_in(campaign)
    clock(31)
    assert status(key, agent="+14165550177") == ENDED
    assert shown(call["call_uuid"])["status"] == "no-target"


# --- after it -------------------------------------------------------------------------------------
def test_on_a_call_that_has_ended_they_are_at_once(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign)
    hang_up(call["call_uuid"])
    assert status(key, a="1") == ENDED
    assert shown(call["call_uuid"])["tags"] == {"a": "1"}
    assert waiting_for_a_call() == {}


@pytest.mark.parametrize(("seconds", "found"), [(60, ENDED), (61, NO_CALL)])
def test_the_key_says_how_long_an_ended_call_is_found(
    campaign: Campaign, key: Key, clock: Clock, seconds: int, found: str
) -> None:
    hang_up(call_in(campaign)["call_uuid"])
    clock(seconds)
    assert status(key, a="1") == found


def test_the_newest_call_decides(campaign: Campaign, key: Key, clock: Clock) -> None:
    older = call_in(campaign)
    clock(1)
    hang_up(call_in(campaign)["call_uuid"])
    assert status(key, a="1") == ENDED
    assert shown(older["call_uuid"])["status"] == "ringing"


def test_of_two_calls_of_one_moment_the_live_one_is_the_newest(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    calls = [call_in(campaign) for _ in range(2)]
    hang_up(calls[1]["call_uuid"])
    assert status(key, a="1") == LIVE
    assert logged().call_uuid == UUID(calls[0]["call_uuid"])


def test_a_simulated_call_that_ends_in_the_future_has_ended(campaign: Campaign, key: Key) -> None:
    hang_up(call_in(campaign)["call_uuid"], at="2031-05-05T12:00:00Z")
    assert status(key, a="1") == ENDED


# --- one call by its UUID -------------------------------------------------------------------------
def test_a_call_named_by_its_uuid_is_found_however_old(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    call = call_in(campaign)
    hang_up(call["call_uuid"])
    clock(10_000)
    answer = written(key, call_uuid=call["call_uuid"], a="1")
    assert answer == {"tag_values": {"a": "1"}, "call_uuid": call["call_uuid"], "status": ENDED}
    assert shown(call["call_uuid"])["tags"] == {"a": "1"}


def test_a_live_call_named_by_its_uuid_keeps_them_for_later(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign)
    assert status(key, call_uuid=call["call_uuid"], a="1") == LIVE
    assert waiting_on_calls() == {"a": "1"}


def test_a_withheld_callers_call_can_be_named(campaign: Campaign, key: Key) -> None:
    call = call_in(campaign, caller="anonymous")
    assert status(key, call_uuid=call["call_uuid"], caller_number="anonymous", a="1") == LIVE


def test_with_both_the_call_is_used_and_answered(
    campaign: Campaign, key: Key, clock: Clock
) -> None:
    named = call_in(campaign)
    clock(1)
    call_in(campaign)
    answer = written(key, call_uuid=named["call_uuid"], caller_number=CALLER, a="1")
    assert list(answer) == ["tag_values", "call_uuid", "status"]
    assert logged().call_uuid == UUID(named["call_uuid"])


@pytest.mark.parametrize("caller", [CALLER, "anonymous"])
def test_a_call_of_another_caller_contradicts(campaign: Campaign, key: Key, caller: str) -> None:
    call = call_in(campaign, caller=caller)
    answer = written(key, call_uuid=call["call_uuid"], caller_number=OTHER_CALLER, a="1")
    assert answer == {"error": "caller_number and call_uuid contradict each other"}
    assert waiting_on_calls() == {}


def test_a_call_of_another_company_is_unknown(campaign: Campaign) -> None:
    key = make_key("call_data_writing", publisher=make_publisher(make_company()))
    call = call_in(campaign)
    assert written(key, call_uuid=call["call_uuid"], a="1") == {"error": "call not found"}
    assert waiting_on_calls() == {}


# --- what it costs --------------------------------------------------------------------------------
def statements(act: Callable[[], object]) -> int:
    """Return the statements, without transactions and the wait for a turn."""
    with CaptureQueriesContext(connection) as sent:
        act()
    apart = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT pg_advisory")
    return sum(not query["sql"].startswith(apart) for query in sent.captured_queries)


@pytest.mark.parametrize("tags", [1, 100])
def test_a_write_before_the_call_costs_the_same_for_few_tags_and_many(key: Key, tags: int) -> None:
    status(key, warm="1")
    assert statements(lambda: status(key, **{f"t{number}": "1" for number in range(tags)})) == 5
