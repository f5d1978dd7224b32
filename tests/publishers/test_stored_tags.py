"""Tags that wait for a call: taken once, by the right one, and dropped when their time is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from campaigns.models import Campaign
from publishers.models import StoredTag
from publishers.stored_tags import StoredTags, drop_expired_tags, store_tags, take_stored_tags
from tests.factories import make_campaign, make_publisher

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 6, 25, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CALLER = "+12025550102"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def store(campaign: Campaign, name: str, **fields: Any) -> StoredTag:
    usual = {
        "caller_number": CALLER,
        "value": "1",
        "written_at": NOW,
        "expires_at": NOW + 60 * SECOND,
    }
    return StoredTag.objects.create(company=campaign.company, name=name, **{**usual, **fields})


def taken(campaign: Campaign, **more: Any) -> list[StoredTags]:
    given = {
        "company_pk": campaign.company_id,
        "campaign_pk": campaign.pk,
        "caller_number": CALLER,
        "now": NOW,
    }
    return take_stored_tags(**{**given, **more})


def keep(campaign: Campaign, tags: dict[str, str], **more: Any) -> None:
    given = {
        "company_pk": campaign.company_id,
        "campaign_pk": None,
        "publisher_pk": None,
        "caller_number": CALLER,
    }
    store_tags(**{**given, "tags": tags, "seconds": 60, "now": NOW, **more})


# --- kept -----------------------------------------------------------------------------------------
def test_kept_for_so_long(campaign: Campaign) -> None:
    publisher = make_publisher(campaign.company)
    keep(campaign, {"a": "1", "b": ""}, publisher_pk=publisher.pk)
    rows = StoredTag.objects.order_by("name")
    assert [(row.name, row.value, row.scope, row.publisher) for row in rows] == [
        ("a", "1", "", publisher),
        ("b", "", "", publisher),
    ]
    assert {(row.written_at, row.expires_at) for row in rows} == {(NOW, NOW + 60 * SECOND)}


def test_a_tag_that_waits_is_renewed(campaign: Campaign) -> None:
    keep(campaign, {"a": "1", "b": "1"}, publisher_pk=make_publisher(campaign.company).pk)
    keep(campaign, {"a": "2"}, now=NOW + SECOND)
    tag = StoredTag.objects.get(name="a")
    assert tag.value == "2"
    assert tag.publisher is None
    assert tag.written_at == NOW + SECOND
    assert tag.expires_at == NOW + 61 * SECOND
    assert StoredTag.objects.count() == 2


def test_an_expired_tag_is_renewed_before_and_after_the_sweep(campaign: Campaign) -> None:
    for moment in (NOW, NOW + 3600 * SECOND):
        keep(campaign, {"a": "1"}, now=moment)
    assert [tag.name for tag in taken(campaign, now=NOW + 3601 * SECOND)] == ["a"]


def test_a_name_waits_for_the_company_and_for_a_campaign_apart(campaign: Campaign) -> None:
    keep(campaign, {"a": "any"})
    keep(campaign, {"a": "this"}, campaign_pk=campaign.pk, now=NOW + SECOND)
    assert [tag.value for tag in taken(campaign, now=NOW + SECOND)] == ["any", "this"]


# --- taken ----------------------------------------------------------------------------------------
def test_taken_once_oldest_first(campaign: Campaign) -> None:
    publisher = make_publisher(campaign.company)
    store(campaign, "later", publisher=publisher)
    store(campaign, "earlier", written_at=NOW - SECOND, value="2")
    expected = [
        StoredTags("earlier", "2", None, NOW - SECOND),
        StoredTags("later", "1", publisher.pk, NOW),
    ]
    assert taken(campaign) == expected
    assert taken(campaign) == []


def test_another_campaigns_tags_stay(campaign: Campaign) -> None:
    store(campaign, "ours", scope=f"campaign:{campaign.pk}")
    store(campaign, "theirs", scope=f"campaign:{campaign.pk + 1}")
    assert [tag.name for tag in taken(campaign)] == ["ours"]
    assert StoredTag.objects.get().name == "theirs"


def test_another_callers_and_companys_tags_stay(campaign: Campaign) -> None:
    store(campaign, "a", caller_number="+12025550103")
    store(make_campaign(), "b")
    assert taken(campaign) == []
    assert StoredTag.objects.count() == 2


@pytest.mark.parametrize(("seconds", "found"), [(59, 1), (60, 0), (61, 0)])
def test_at_its_end_a_tag_is_dead_swept_or_not(
    campaign: Campaign, seconds: int, found: int
) -> None:
    store(campaign, "a")
    assert len(taken(campaign, now=NOW + seconds * SECOND)) == found


def test_dropped_in_bounded_batches(campaign: Campaign) -> None:
    for name in "abc":
        store(campaign, name, expires_at=NOW - SECOND)
    store(campaign, "alive")
    assert [drop_expired_tags(now=NOW, limit=2) for _ in range(3)] == [2, 1, 0]
    assert StoredTag.objects.get().name == "alive"


@pytest.mark.django_db(transaction=True)
def test_of_two_calls_at_once_one_gets_them(campaign: Campaign) -> None:
    for name in "abcdefgh":
        store(campaign, name)
    barrier = Barrier(6)

    def call(_: int) -> int:
        barrier.wait()
        found = len(taken(campaign))
        connection.close()
        return found

    with ThreadPoolExecutor(6) as threads:
        counts = list(threads.map(call, range(6)))
    assert sum(counts) == 8
