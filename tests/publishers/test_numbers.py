"""Filling a campaign's pool."""

import pytest

from publishers.models import InboundNumber
from publishers.numbers import add_to_pool
from tests.factories import make_campaign, make_number

pytestmark = pytest.mark.django_db


def test_each_number_is_added_once():
    campaign = make_campaign()
    assert add_to_pool(
        campaign=campaign, numbers=["+18335550100", "+18335550101", "+18335550100"]
    ) == (2, [])
    kept = InboundNumber.objects.order_by("number").values_list("number", "campaign", "in_pool")
    assert list(kept) == [("+18335550100", campaign.pk, True), ("+18335550101", campaign.pk, True)]


def test_a_number_in_use_is_returned_and_left():
    number = make_number()
    assert add_to_pool(campaign=make_campaign(), numbers=[number.number, "+18335550100"]) == (
        1,
        [number.number],
    )


def test_a_retired_number_is_free():
    number = make_number()
    number.retire(now=number.history.first().history_date)
    assert add_to_pool(campaign=make_campaign(), numbers=[number.number]) == (1, [])
