"""Stored tags in routing: which campaigns' pings see them, and which value wins."""

import pytest

from campaigns.models import Campaign
from publishers.models import Key, Publisher
from tests.factories import make_buyer, make_campaign, make_key, make_market, make_route
from tests.pinging import OTHER_CALLER, ping
from tests.writing import NO_CALL, status

pytestmark = pytest.mark.django_db
INSIDE, OUTSIDE = "90210", "10001"


@pytest.fixture
def campaign() -> Campaign:
    """A campaign with one buyer, which takes callers from one ZIP code."""
    campaign = make_market(caps=[])
    make_route(campaign, make_buyer(campaign.company, filters=[("zip", "==", INSIDE)]))
    return campaign


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def store_zip(zip_code: str, **key_owner: object) -> None:
    assert status(make_key("call_data_writing", **key_owner), zip=zip_code) == NO_CALL


def test_a_ping_sees_the_tags_of_its_campaign(campaign: Campaign, key: Key) -> None:
    store_zip(INSIDE, campaign=campaign)
    assert ping(key)["status"] == "reserved"


def test_a_ping_sees_the_tags_of_its_company(campaign: Campaign, key: Key) -> None:
    store_zip(INSIDE, publisher=Publisher.objects.get())
    assert ping(key)["status"] == "reserved"


def test_a_ping_does_not_see_the_tags_of_another_campaign(campaign: Campaign, key: Key) -> None:
    store_zip(INSIDE, campaign=make_campaign(campaign.company))
    assert ping(key)["status"] == "no-target"


def test_a_ping_does_not_see_the_tags_of_another_caller(campaign: Campaign, key: Key) -> None:
    store_zip(INSIDE, campaign=campaign)
    assert ping(key, caller_number=OTHER_CALLER)["status"] == "no-target"


@pytest.mark.parametrize(
    ("stored", "sent", "expected"),
    [(OUTSIDE, INSIDE, "reserved"), (INSIDE, OUTSIDE, "no-target")],
)
def test_a_sent_tag_beats_the_stored_one(
    campaign: Campaign, key: Key, stored: str, sent: str, expected: str
) -> None:
    store_zip(stored, campaign=campaign)
    assert ping(key, zip=sent)["status"] == expected
