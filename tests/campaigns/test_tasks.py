"""The nightly look at the caps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import tasks
from campaigns.caps import counters
from campaigns.models import Buyer, CapCounter, CapHold
from campaigns.routing.snapshot import capped_of
from tests.factories import make_buyer

pytestmark = pytest.mark.django_db


def _take(buyer: Buyer) -> CapHold:
    return counters.take_places(
        company_id=buyer.company_id,
        buyer_pk=buyer.pk,
        capped=[capped_of(buyer, buyer.company)],
        now=timezone.now(),
    )


def test_a_counter_that_equals_its_holds_is_not_a_drift() -> None:
    _take(make_buyer())
    assert tasks.recount_caps() == 0


def test_a_counter_that_lost_a_place_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    buyer = make_buyer()
    _take(buyer)
    CapCounter.objects.filter(kind="daily").update(used=3)
    assert tasks.recount_caps() == 1
    assert caplog.messages == [f"buyer:{buyer.pk} daily counts 3, but 1 are held"]


def test_counters_of_two_months_ago_are_forgotten_and_others_kept() -> None:
    _take(make_buyer())
    CapCounter.objects.filter(kind__in=["hourly", "daily"]).update(
        ends_at=timezone.now() - timedelta(days=63)
    )
    assert tasks.forget_ended_counters() == 2
    assert sorted(CapCounter.objects.values_list("kind", flat=True)) == [
        "concurrency",
        "hard",
        "monthly",
    ]
