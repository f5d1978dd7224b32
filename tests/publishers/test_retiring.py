"""What follows when a campaign or a company is retired."""

import pytest
from django.utils import timezone

from publishers.models import InboundNumber
from tests.factories import make_campaign, make_number

pytestmark = pytest.mark.django_db


def test_a_retired_campaigns_number_may_be_anothers() -> None:
    number = make_number(number="+18335550101")
    number.campaign.retire(now=timezone.now())
    other = make_number(make_campaign(), number="+18335550101")
    assert list(InboundNumber.objects.unretired()) == [other]


def test_a_retired_companys_numbers_may_be_anothers() -> None:
    number = make_number(number="+18335550101")
    number.company.retire(now=timezone.now())
    other = make_number(make_campaign(), number="+18335550101")
    assert list(InboundNumber.objects.unretired()) == [other]


@pytest.mark.parametrize("owner", ["campaign", "company"])
def test_the_history_of_a_number_has_the_time_when_its_owner_was_retired(owner: str) -> None:
    number, now = make_number(), timezone.now()
    getattr(number, owner).retire(now=now)
    assert list(number.history.values_list("retired_at", flat=True)) == [now, None]


def test_a_number_of_a_campaign_that_is_saved_stays() -> None:
    number = make_number()
    number.campaign.save()
    assert list(InboundNumber.objects.unretired()) == [number]
