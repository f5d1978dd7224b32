"""The answer to a ping: members, money, tags and publisher, and answers without a buyer."""

from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Buyer, Campaign
from publishers.models import ConversionFilter, Key, Publisher
from reservations.models import Reservation
from tests.factories import make_conversion, make_key, make_market, make_publisher
from tests.pinging import CALLER, logged, ping, reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market()


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def test_the_members_with_a_sip_address(campaign: Campaign, clock: Any) -> None:
    answer = ping(make_key(campaign=campaign, return_sip_address=True, ttl_seconds=45))
    assert list(answer.items()) == [
        ("uuid", answer["uuid"]),
        ("status", "reserved"),
        ("retreaver_payout", 90.0),
        ("retreaver_seconds", 120),
        ("inbound_number", campaign.numbers.get().number),
        ("sip_address", f"{answer['uuid']}@rtb.sip.localhost"),
        ("expires_at", "2026-05-05T12:00:45.000Z"),
    ]


def test_the_prefix_of_the_members_is_a_setting(key: Key, settings: Any) -> None:
    settings.RTB_FIELD_PREFIX = "acme"
    ping(key)
    assert list(ping(key)) == [
        "uuid", "status", "acme_payout", "acme_seconds", "inbound_number", "expires_at",
        "acme_ping_shield",
    ]  # fmt: skip


# --- tags -----------------------------------------------------------------------------------------
def test_what_is_not_reserved_is_a_tag(key: Key) -> None:
    answer = ping(
        key,
        publisher_id="alpha",
        inbound_number="+18335550100",
        caller_zip="90210",
        note="",
        company_id="7",
    )
    assert reservation(answer).tags == {"caller_zip": "90210", "note": ""}


def test_tags_come_under_the_prefix_of_the_key(campaign: Campaign) -> None:
    key = make_key(campaign=campaign, tag_prefix="alpha_", required_tags=["caller_zip"])
    assert reservation(ping(key, caller_zip="90210")).tags == {"alpha_caller_zip": "90210"}


@pytest.mark.parametrize("sent", [{}, {"caller_zip": ""}, {"caller_zip": "  "}])
def test_a_required_tag_must_be_there(campaign: Campaign, sent: dict[str, str]) -> None:
    key = make_key(campaign=campaign, required_tags=["caller_zip"])
    assert ping(key, **sent) == {"error": "FAILED must include caller_zip (string)"}
    assert Reservation.objects.count() == 0
    assert logged().status == 422
    assert logged().result == "refused"


# --- publisher ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["publisher_id", "source_id", "affiliate_id"])
def test_a_publisher_is_named_in_three_ways(key: Key, name: str) -> None:
    row = reservation(ping(key, **{name: "alpha"}))
    assert row.publisher == Publisher.objects.get()
    assert row.tags == {}


def test_an_unknown_publisher_is_a_tag_and_noted(campaign: Campaign) -> None:
    row = reservation(ping(make_key(campaign=campaign, tag_prefix="x_"), affiliate_id="nobody"))
    assert row.publisher is None
    assert row.tags == {"publisher_id": "nobody"}
    assert logged().notes == ["No publisher is called “nobody”: kept as the tag publisher_id."]


def test_a_publisher_of_another_company_is_unknown(key: Key) -> None:
    make_publisher(publisher_id="theirs")
    assert reservation(ping(key, publisher_id="theirs")).publisher is None


# --- no buyer -------------------------------------------------------------------------------------
@pytest.mark.parametrize("paused", [Campaign, Publisher])
def test_paused_means_rejected(key: Key, paused: Any) -> None:
    paused.objects.update(paused=True)
    answer = ping(key, publisher_id="alpha")
    assert answer == {"uuid": str(Reservation.objects.get().uuid), "status": "rejected"}
    assert logged().status == 200
    assert logged().result == "rejected"
    assert logged().trace is None


def test_no_buyer_means_no_target_and_the_log_says_why(key: Key) -> None:
    Buyer.objects.update(paused=True)
    answer = ping(key)
    assert answer == {"uuid": str(Reservation.objects.get().uuid), "status": "no-target"}
    assert logged().result == "no-target"
    assert logged().trace["refused"] == {"paused": [[None, [Buyer.objects.get().pk]]]}


def test_the_log_leads_to_the_reservation(key: Key) -> None:
    answer = ping(key)
    row = logged()
    assert str(row.reservation_uuid) == answer["uuid"]
    assert row.result == "reserved"
    assert row.caller_number == CALLER
    assert row.trace["refused"] == {}


# --- money ----------------------------------------------------------------------------------------
def quoted(key: Key, **parameters: str) -> tuple[float, int]:
    answer = ping(key, **parameters)
    return answer["retreaver_payout"], answer["retreaver_seconds"]


@pytest.mark.parametrize(
    ("publisher", "payout"),
    [("alpha", 4.0), ("beta", 3.0), ("gamma", 2.0), ("", 2.0)],
    ids=["both", "publisher", "buyer", "nobody"],
)
def test_the_most_specific_set_is_quoted(campaign: Campaign, publisher: str, payout: float) -> None:
    alpha, beta, buyer = (
        Publisher.objects.get(),
        make_publisher(campaign.company, publisher_id="beta"),
        Buyer.objects.get(),
    )
    make_publisher(campaign.company, publisher_id="gamma")
    for money, owners in [
        (2, {"buyer": buyer}),
        (3, {"publisher": beta}),
        (3, {"publisher": alpha}),
    ]:
        make_conversion(campaign, payout=Decimal(money), seconds=money, **owners)
    make_conversion(campaign, payout=Decimal(4), seconds=4, publisher=alpha, buyer=buyer)
    assert quoted(make_key(campaign=campaign), publisher_id=publisher) == (payout, int(payout))


def test_of_a_set_the_first_is_quoted(campaign: Campaign, key: Key) -> None:
    make_conversion(campaign, payout=Decimal("12.5"), seconds=30, position=1)
    assert quoted(key) == (90.0, 120)


def test_a_conversion_for_others_is_passed_over(campaign: Campaign, key: Key) -> None:
    special = make_conversion(
        campaign, payout=Decimal("12.5"), seconds=30, publisher=Publisher.objects.get()
    )
    ConversionFilter.objects.create(
        conversion=special, key="caller_zip", operator="==", value="90210"
    )
    assert [
        quoted(key, publisher_id="alpha", caller_number=f"+1202555010{zip_[-1]}", caller_zip=zip_)
        for zip_ in ("90210", "10001")
    ] == [
        (12.5, 30),
        (90.0, 120),
    ]


def test_nothing_is_quoted_without_a_conversion(campaign: Campaign, key: Key) -> None:
    campaign.conversions.all().delete()
    answer = ping(key)
    assert repr((answer["retreaver_payout"], answer["retreaver_seconds"])) == "(0.0, 0)"
