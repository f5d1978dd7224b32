"""What routing decides upon, as it is built from a company's rows."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from campaigns.models import BusinessHours, Campaign, ClosedDate, SpecialHours
from campaigns.routing.engine import Candidate, CappedOwner, Condition, Hours, Opening
from campaigns.routing.snapshot import pools_of
from tests.factories import make_buyer, make_campaign, make_company, make_group, make_route

pytestmark = pytest.mark.django_db


def candidates(campaign: Campaign) -> list[Candidate]:
    return list(pools_of(campaign.company)[campaign.pk].candidates)


def test_a_buyer_becomes_a_candidate_with_all_its_settings() -> None:
    campaign = make_campaign(make_company(time_zone="America/New_York"))
    filters = [("age", ">", "18"), ("state", "in", "CA,NY")]
    buyer = make_buyer(
        campaign.company,
        filters,
        buyer_id="b1",
        name="One",
        number="sip:[agent]@x.com",
        daily_cap=3,
    )
    make_route(campaign, buyer)
    own = CappedOwner(
        f"buyer:{buyer.pk}",
        "b1",
        "One",
        "America/New_York",
        "connection",
        (None, None, 3, None, None),
    )
    conditions = (Condition("age", ">", "18"), Condition("state", "in", "CA,NY"))
    assert candidates(campaign) == [
        Candidate(
            buyer.pk,
            "b1",
            "One",
            "sip:[agent]@x.com",
            ("agent",),
            False,
            1,
            1,
            None,
            conditions,
            own,
            (),
        )
    ]


def test_hours_are_in_the_buyers_time_zone() -> None:
    campaign = make_campaign()
    buyer = make_buyer(campaign.company, time_zone="Asia/Kolkata")
    make_route(campaign, buyer)
    BusinessHours.objects.create(buyer=buyer, day="sunday", open=time(9), close=time(17))
    ClosedDate.objects.create(buyer=buyer, date=date(2026, 5, 5))
    SpecialHours.objects.create(buyer=buyer, date=date(2026, 5, 6), open=time(10), close=time(12))
    weekly = (Opening(6, None, time(9), time(17)),)
    special = (Opening(None, date(2026, 5, 6), time(10), time(12)),)
    assert [one.hours for one in candidates(campaign)] == [
        Hours("Asia/Kolkata", weekly, frozenset([date(2026, 5, 5)]), special)
    ]


@pytest.mark.parametrize(
    ("direct", "through_group", "expected"),
    [
        ({}, {"priority": 2}, (1, 5)),
        ({"priority": 3}, {"priority": 2, "weight": 9}, (2, 9)),
        ({"weight": 4}, {"weight": 9}, (1, 4)),
        ({"priority": 2}, {}, (1, 5)),
    ],
)
def test_a_buyer_reached_twice_is_taken_once_at_its_lowest_priority(
    direct: Any, through_group: Any, expected: Any
) -> None:
    campaign = make_campaign()
    buyer = make_buyer(campaign.company, weight=5)
    make_route(campaign, make_group(campaign.company, [buyer]), **through_group)
    make_route(campaign, buyer, **direct)
    assert [(one.priority, one.weight) for one in candidates(campaign)] == [expected]


def test_the_weight_of_a_groups_route_is_that_of_each_member() -> None:
    campaign = make_campaign()
    buyers = [make_buyer(campaign.company, weight=weight) for weight in (1, 2)]
    make_route(campaign, make_group(campaign.company, buyers), weight=7)
    assert [(one.row, one.weight) for one in candidates(campaign)] == [
        (buyer.pk, 7) for buyer in buyers
    ]


def test_the_caps_of_every_group_count_also_of_those_not_routed_to() -> None:
    campaign = make_campaign()
    buyer = make_buyer(campaign.company)
    groups = [make_group(campaign.company, [buyer], hard_cap=number) for number in (1, 2)]
    make_route(campaign, buyer)
    assert [one.owner for one in candidates(campaign)[0].groups] == [
        f"group:{group.pk}" for group in groups
    ]


def test_the_retired_are_left_out() -> None:
    campaign, now = make_campaign(), datetime(2026, 5, 5, tzinfo=UTC)
    gone, stays, other = (make_buyer(campaign.company) for _ in range(3))
    group = make_group(campaign.company, [gone, stays])
    retired_group = make_group(campaign.company, [stays, other])
    make_route(campaign, group)
    make_route(campaign, retired_group)
    gone.retire(now=now)
    retired_group.retire(now=now)
    assert [(one.row, len(one.groups)) for one in candidates(campaign)] == [(stays.pk, 1)]


def test_a_retired_campaign_has_no_pool_and_an_empty_one_has() -> None:
    company = make_company()
    retired, empty = make_campaign(company), make_campaign(company)
    retired.retire(now=datetime(2026, 5, 5, tzinfo=UTC))
    assert {pk: pool.candidates for pk, pool in pools_of(company).items()} == {empty.pk: ()}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_queries_does_not_grow(rows: int, django_assert_num_queries: Any) -> None:
    company = make_company()
    for _ in range(rows):
        campaign, buyer = make_campaign(company), make_buyer(company, [("a", "exists", "")])
        BusinessHours.objects.create(buyer=buyer, day="sunday", open=time(9), close=time(17))
        make_route(campaign, make_group(company, [buyer]))
    with django_assert_num_queries(9):
        pools_of(company)
