"""Pings of callers that converted before, by the campaign's setting for duplicates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Buyer, Campaign
from publishers.models import Key
from tests.factories import make_key, make_market
from tests.pinging import CALLER, logged, ping, reservation
from tests.repeating import converted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
FIRST_BUYER = "b1"


def key_of(duplicates: str, dedupe_seconds: int = 60) -> Key:
    """Create a key of a campaign with two buyers; the caller has converted with the first."""
    campaign = make_market(caps=[None, None])
    Campaign.objects.update(duplicates=duplicates, dedupe_seconds=dedupe_seconds)
    converted(
        Campaign.objects.get(), CALLER, buyer=Buyer.objects.get(buyer_id=FIRST_BUYER), at=NOON
    )
    return make_key(campaign=campaign)


def rows(*buyer_ids: str) -> list[int]:
    return [Buyer.objects.get(buyer_id=buyer_id).pk for buyer_id in buyer_ids]


def test_a_duplicate_is_refused_in_the_trace() -> None:
    assert ping(key_of("refuse"))["status"] == "no-target"
    assert logged().trace["refused"] == {"duplicate": [[None, rows("b1", "b2")]]}


def test_a_duplicate_goes_to_another_buyer_in_the_trace() -> None:
    answer = ping(key_of("exclude_buyer"))
    assert reservation(answer).buyer.buyer_id == "b2"
    assert logged().trace["refused"] == {"duplicate": [[None, rows("b1")]]}


@pytest.mark.parametrize(
    ("duplicates", "seconds"), [("pay_once", 60), ("exclude_buyer", 0), ("refuse", 0)]
)
def test_an_accepted_duplicate_is_routed_as_usual(duplicates: str, seconds: int) -> None:
    answer = ping(key_of(duplicates, seconds))
    assert reservation(answer).buyer.buyer_id == FIRST_BUYER
    assert logged().trace["refused"] == {}


@pytest.mark.parametrize(("seconds", "status"), [(59, "no-target"), (60, "reserved")])
def test_a_caller_is_a_duplicate_until_the_time_is_over(
    clock: Callable[[float], object], seconds: int, status: str
) -> None:
    key = key_of("refuse")
    clock(seconds)
    assert ping(key)["status"] == status


@pytest.mark.parametrize("caller", ["anonymous", "+13105550103"])
def test_other_callers_are_not_duplicates(caller: str) -> None:
    key = key_of("refuse")
    key.settings["allow_no_caller_number"] = True
    key.save()
    assert ping(key, caller_number=caller, inbound_number="+18335550199")["status"] == "reserved"


def test_a_conversion_on_another_campaign_is_not_a_duplicate() -> None:
    key_of("refuse")
    elsewhere = make_market()
    Campaign.objects.filter(pk=elsewhere.pk).update(duplicates="refuse", dedupe_seconds=60)
    assert ping(make_key(campaign=elsewhere))["status"] == "reserved"


def test_a_change_of_the_policy_holds_from_the_next_ping() -> None:
    key = key_of("refuse")
    first = ping(key)["status"]
    Campaign.objects.update(duplicates="pay_once")
    assert first == "no-target"
    assert ping(key)["status"] == "reserved"


def test_the_newest_conversions_of_a_shared_number_count() -> None:
    key, other = key_of("exclude_buyer"), Buyer.objects.get(buyer_id="b2")
    for seconds in range(500):
        converted(
            Campaign.objects.get(),
            CALLER,
            buyer=other,
            at=NOON + timedelta(milliseconds=seconds + 1),
        )
    ping(key)
    assert logged().trace["refused"] == {"duplicate": [[None, rows("b2")]]}
