"""Replay of a logged request: then, with today's settings, and now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Buyer
from publishers.dry_run import replay
from publishers.dry_run.replay import LoggedRequest, NotReplayable, Replay
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
    """The key of a campaign with three buyers: b1 before b2, and b3 for callers over 65."""
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
    """Return a row with the trace of its present decision."""
    entry = logged(key, **fields)
    entry.trace = replayed(entry, key).now.decision.stored()
    entry.save()
    return entry


def read(entry: LogEntry, key: Key) -> LoggedRequest:
    return replay.read_request(entry, company=key.company)


def replayed(entry: LogEntry, key: Key) -> Replay:
    return replay.replay_request(read(entry, key), company=key.company, now=NOW)


def changes(found: Replay) -> dict[str, str]:
    return {each.name: each.change for each in found.comparisons}


def test_unchanged_buyers_have_no_change(key: Key) -> None:
    assert changes(replayed(decided(key), key)) == {"b1": "", "b2": "", "b3": ""}


def test_each_changed_buyer_has_a_sentence(key: Key) -> None:
    entry = decided(key)
    for row in Buyer.objects.filter(name__in=["b1", "b3"]):
        row.paused, row.name = row.name == "b1", row.name
        row.filters.all().delete()
        row.save()
    expected = {
        "b1": "was chosen, now paused",
        "b2": "was eligible, now chosen",
        "b3": "was filtered out, now eligible",
    }
    assert changes(replayed(entry, key)) == expected


def test_added_and_removed_buyers_have_a_sentence(key: Key) -> None:
    entry = decided(key)
    Buyer.objects.get(name="b2").retire(now=NOW)
    make_route(key.campaign, make_buyer(key.company, name="b4", priority=9))
    assert {name: change for name, change in changes(replayed(entry, key)).items() if change} == {
        "b2": "no longer on the campaign",
        "b4": "new on the campaign",
    }


def test_a_full_cap_is_named(key: Key) -> None:
    entry = decided(key)
    Buyer.objects.filter(name="b1").update(hourly_cap=0)
    assert changes(replayed(entry, key))["b1"] == "was chosen, now hourly cap full"


def test_the_replay_draws_the_stored_order(key: Key) -> None:
    for place in range(20):
        make_route(key.campaign, make_buyer(key.company, buyer_id=f"x{place}"))
    entry = logged(key)
    first = replayed(entry, key).now.decision
    entry.trace = first.stored()
    found = replayed(entry, key)
    order = [one.row for one in first.order]
    assert [
        [one.row for one in each if one.place] for each in (found.then or [], found.now.standings())
    ] == [order, order]


def test_changes_of_settings_are_separate_from_changes_of_time(key: Key) -> None:
    """Today's settings at that moment are between then and now."""
    entry = decided(key)
    buyer = Buyer.objects.get(name="b1")
    buyer.closed_dates.create(date=NOW.date())
    [one] = [one for one in replayed(entry, key).comparisons if one.name == "b1"]
    states = [each.state if each else None for each in (one.then, one.settings, one.now)]
    assert states == ["chosen", "chosen", "closed"]


def test_without_a_trace_there_is_no_then(key: Key) -> None:
    found = replayed(logged(key, result="rejected"), key)
    assert found.then is None
    assert set(changes(found).values()) == {""}


# --- reading the request --------------------------------------------------------------------------
def test_tags_and_publisher_are_as_sent(key: Key) -> None:
    make_publisher(key.company, publisher_id="alpha")
    sent = {
        "key": "…cafe",
        "caller_number": CALLER,
        "source_id": "alpha",
        "age": "70",
        "inbound_number": "+18335550100",
    }
    found = read(logged(key, parameters=sent), key)
    assert found.publisher_id == "alpha"
    assert found.tags == {"age": "70"}


def test_an_unknown_publisher_is_a_tag(key: Key) -> None:
    assert replayed(logged(key, parameters={"publisher_id": "nobody"}), key).now.ping.tags == {
        "publisher_id": "nobody"
    }


def test_the_keys_prefix_is_added() -> None:
    key = make_key("rtb", tag_prefix="ping_")
    assert read(logged(key, parameters={"age": "70"}), key).tags == {"ping_age": "70"}


def test_a_masked_value_is_not_a_tag(key: Key) -> None:
    found = read(logged(key, parameters={"age": "70", "lead_token": "…cafe", "password": "…"}), key)
    assert found.tags == {"age": "70"}
    assert found.masked_tags == ("lead_token", "password")


def test_tags_that_the_key_requires_now_are_missing(key: Key) -> None:
    key.settings = {**key.settings, "required_tags": ["age", "zip"]}
    key.save()
    assert read(logged(key, parameters={"age": "70"}), key).missing_tags() == ["zip"]


# --- refusals -------------------------------------------------------------------------------------
def refused(entry: LogEntry, key: Key) -> tuple[str, int | None]:
    with pytest.raises(NotReplayable) as caught:
        read(entry, key)
    return caught.value.text, caught.value.ping


def test_a_key_without_a_campaign_is_not_replayed() -> None:
    key = make_key("call_data_writing", publisher=make_publisher())
    assert refused(logged(key), key) == (
        "Its key does not belong to a campaign, so it looks for no buyer.",
        None,
    )


def test_a_retired_campaign_is_not_replayed(key: Key) -> None:
    key.campaign.retire(now=NOW)
    assert refused(logged(key), key) == (
        "Its campaign was retired. Retired campaigns cannot be replayed.",
        None,
    )


def test_a_confirmation_names_its_ping(key: Key) -> None:
    uuid = "7d5a1cf0-8f43-4f26-9a5e-4a4f64a1f8f1"
    ping = decided(key, reservation_uuid=uuid)
    about = logged(key, method="PUT", reservation_uuid=uuid)
    text = "No buyer was looked for: it is about the reservation of an earlier ping."
    assert refused(about, key) == (text, ping.pk)


def test_contradicting_parameters_are_not_replayed(key: Key) -> None:
    entry = logged(key, parameters={"publisher_id": "a", "source_id": "b"})
    text = "Its parameters cannot be read: publisher_id, source_id, affiliate_id contradict each other."
    assert refused(entry, key) == (text, None)
