"""The conversion that a ping is quoted: recorded with its reservation, shown on its page."""

from typing import Any

import pytest
from django.urls import reverse

from campaigns.models import Buyer, Campaign
from publishers.models import Conversion, Key
from reservations.models import Reservation
from tests.admin_client import browser
from tests.factories import make_conversion, make_key, make_market
from tests.pinging import CALLER, ping, reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[None, None])


@pytest.fixture
def key(campaign: Campaign) -> Key:
    return make_key(campaign=campaign)


def page(row: Reservation) -> str:
    url = reverse("admin:reservations_reservation_change", args=[row.pk])
    return browser(row.company).get(url).content.decode()


def test_the_quoted_conversion_is_recorded(key: Key) -> None:
    assert reservation(ping(key)).conversion_pk == Conversion.objects.get().pk


def test_of_equal_amounts_the_buyers_own_conversion_is_recorded(
    campaign: Campaign, key: Key
) -> None:
    own = make_conversion(campaign, buyer=Buyer.objects.get(buyer_id="b1"))
    assert reservation(ping(key)).conversion_pk == own.pk


def test_a_place_with_another_buyer_records_that_buyers_conversion(campaign: Campaign) -> None:
    first, second = Buyer.objects.order_by("buyer_id")
    Buyer.objects.filter(pk=first.pk).update(concurrency_cap=1)
    make_conversion(campaign, buyer=first)
    own = make_conversion(campaign, buyer=second, payout=50)
    key = make_key(campaign=campaign, count_on_reserve=True)
    ping(key)
    assert reservation(ping(key, caller_number="+13105550103")).conversion_pk == own.pk


def test_without_a_conversion_none_is_recorded(key: Key) -> None:
    Conversion.objects.all().delete()
    assert reservation(ping(key)).conversion_pk is None


def test_without_a_buyer_none_is_recorded(key: Key) -> None:
    Buyer.objects.update(paused=True)
    ping(key)
    assert Reservation.objects.get().conversion_pk is None


def test_an_edited_conversion_stays_recorded_and_the_page_shows_the_edit(key: Key) -> None:
    row = reservation(ping(key))
    conversion = Conversion.objects.get()
    conversion.payout = 10
    conversion.save()
    row.refresh_from_db()
    assert row.conversion_pk == conversion.pk
    assert row.payout == 90
    assert "edited after the ping" in page(row)


def test_the_page_names_a_conversion_that_was_not_edited(key: Key, clock: Any) -> None:
    row = reservation(ping(key, caller_number=CALLER))
    text = page(row)
    assert str(Conversion.objects.get()) in text
    assert "edited after the ping" not in text


def test_a_deleted_conversion_stays_recorded(key: Key) -> None:
    row = reservation(ping(key))
    Conversion.objects.all().delete()
    row.refresh_from_db()
    assert row.conversion_pk is not None
    assert "Deleted after the ping" in page(row)
