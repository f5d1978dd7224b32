"""A request of the log, tried again: as it was decided, with today's settings, and now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Buyer
from publishers.dry_run import replay
from publishers.dry_run.replay import NotReplayable, Replay, ReplayQuestion
from publishers.models import Key, LogEntry
from tests.factories import (
    make_buyer,
    make_campaign,
    make_entry,
    make_key,
    make_publisher,
    make_route,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
CALLER = "+12025550102"


@pytest.fixture
def key() -> Key:
    """Of a campaign with three buyers: b1 before b2, and b3 for the old."""
    campaign = make_campaign()
    for place, filters in ((1, []), (2, []), (3, [("age", ">", "65")])):
        buyer = make_buyer(
            campaign.company,
            name=f"b{place}",
            buyer_id=f"b{place}",
            priority=place,
            filters=filters,
        )
        make_route(campaign, buyer)
    return make_key("rtb", campaign=campaign)


def logged(key: Key, **fields: Any) -> LogEntry:
    sent = {
        "parameters": {"key": "…cafe", "caller_number": CALLER},
        "caller_number": CALLER,
        "at": NOW - timedelta(days=1),
    }
    return make_entry(key.company, key_pk=key.pk, **sent | fields)


def decided(key: Key, **fields: Any) -> LogEntry:
    """A row with the trace of what is decided of it now."""
    entry = logged(key, **fields)
    entry.trace = again(entry, key).now.decision.stored()
    entry.save()
    return entry


def asked(entry: LogEntry, key: Key) -> ReplayQuestion:
    return replay.replay_question(entry, company=key.company)


def again(entry: LogEntry, key: Key) -> Replay:
    return replay.replay_request(asked(entry, key), company=key.company, now=NOW)


def changes(found: Replay) -> dict[str, str]:
    return {one.name: one.change for one in found.compared}


def test_nothing_has_changed(key: Key) -> None:
    assert changes(again(decided(key), key)) == {"b1": "", "b2": "", "b3": ""}


def test_what_has_changed_is_told_buyer_by_buyer(key: Key) -> None:
    entry = decided(key)
    for row in Buyer.objects.filter(name__in=["b1", "b3"]):
        row.paused, row.name = row.name == "b1", row.name
        row.filters.all().delete()
        row.save()
    told = {
        "b1": "was chosen, is paused now",
        "b2": "was eligible, is chosen now",
        "b3": "was filtered out, is eligible now",
    }
    assert changes(again(entry, key)) == told


def test_who_came_and_went_is_told(key: Key) -> None:
    entry = decided(key)
    Buyer.objects.get(name="b2").retire(now=NOW)
    make_route(key.campaign, make_buyer(key.company, name="b4", priority=9))
    assert {name: told for name, told in changes(again(entry, key)).items() if told} == {
        "b2": "no longer on the campaign",
        "b4": "new on the campaign",
    }


def test_a_full_cap_is_full_whichever_it_is(key: Key) -> None:
    entry = decided(key)
    Buyer.objects.filter(name="b1").update(hourly_cap=0)
    assert changes(again(entry, key))["b1"] == "was chosen, is full now"


def test_the_stored_decision_is_drawn_again_exactly(key: Key) -> None:
    for place in range(20):
        make_route(key.campaign, make_buyer(key.company, buyer_id=f"x{place}"))
    entry = logged(key)
    first = again(entry, key).now.decision
    entry.trace = first.stored()
    found = again(entry, key)
    order = [one.row for one in first.order]
    assert [
        [one.row for one in each if one.place] for each in (found.then or [], found.now.standings())
    ] == [order, order]


def test_settings_are_told_from_time(key: Key) -> None:
    """Today's settings at that moment are between then and now."""
    entry = decided(key)
    buyer = Buyer.objects.get(name="b1")
    buyer.closed_dates.create(date=NOW.date())
    [one] = [one for one in again(entry, key).compared if one.name == "b1"]
    states = [each.state if each else None for each in (one.then, one.settings, one.now)]
    assert states == ["chosen", "chosen", "closed"]


def test_without_a_trace_nothing_was_looked_for(key: Key) -> None:
    found = again(logged(key, result="rejected"), key)
    assert found.then is None
    assert set(changes(found).values()) == {""}


# --- what was asked ------------------------------------------------------------------------------------------
def test_tags_and_publisher_are_those_that_were_sent(key: Key) -> None:
    make_publisher(key.company, publisher_id="alpha")
    sent = {
        "key": "…cafe",
        "caller_number": CALLER,
        "source_id": "alpha",
        "age": "70",
        "inbound_number": "+18335550100",
    }
    found = asked(logged(key, parameters=sent), key)
    assert found.publisher_id == "alpha"
    assert found.tags == {"age": "70"}


def test_an_unknown_publisher_is_asked_as_a_tag(key: Key) -> None:
    assert again(logged(key, parameters={"publisher_id": "nobody"}), key).now.ping.tags == {
        "publisher_id": "nobody"
    }


def test_the_keys_prefix_is_put_before_the_names() -> None:
    key = make_key("rtb", tag_prefix="ping_")
    assert asked(logged(key, parameters={"age": "70"}), key).tags == {"ping_age": "70"}


def test_a_masked_value_is_no_tag(key: Key) -> None:
    found = asked(
        logged(key, parameters={"age": "70", "lead_token": "…cafe", "password": "…"}), key
    )
    assert found.tags == {"age": "70"}
    assert found.lost == ("lead_token", "password")


def test_the_tags_that_its_key_wants_by_now(key: Key) -> None:
    key.settings = {**key.settings, "required_tags": ["age", "zip"]}
    key.save()
    assert asked(logged(key, parameters={"age": "70"}), key).missing() == ["zip"]


# --- what can't be asked -------------------------------------------------------------------------------------
def refused(entry: LogEntry, key: Key) -> tuple[str, int | None]:
    with pytest.raises(NotReplayable) as caught:
        asked(entry, key)
    return caught.value.text, caught.value.ping


def test_a_key_without_a_campaign() -> None:
    key = make_key("call_data_writing", publisher=make_publisher())
    assert refused(logged(key), key) == (
        "Its key belongs to no campaign, so no buyer is looked for with it.",
        None,
    )


def test_a_campaign_that_was_retired(key: Key) -> None:
    key.campaign.retire(now=NOW)
    assert refused(logged(key), key) == (
        "Its campaign was retired, so nobody can be asked any more.",
        None,
    )


def test_what_is_about_an_earlier_ping_names_it(key: Key) -> None:
    uuid = "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1"
    ping = decided(key, reservation_uuid=uuid)
    about = logged(key, method="PUT", reservation_uuid=uuid)
    text = "No buyer was looked for: it is about a reservation that an earlier ping made."
    assert refused(about, key) == (text, ping.pk)


def test_what_contradicts_itself(key: Key) -> None:
    entry = logged(key, parameters={"publisher_id": "a", "source_id": "b"})
    text = "What it asked can't be understood: publisher_id, source_id, affiliate_id contradict each other."
    assert refused(entry, key) == (text, None)
