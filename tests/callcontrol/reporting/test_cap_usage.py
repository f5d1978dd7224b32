"""Cap usage: every buyer and group with a cap, the fullest first."""

from datetime import UTC, datetime

import pytest

from callcontrol.reporting import cap_usage
from callcontrol.reporting.metrics import MetricsScope
from campaigns.caps import counters
from campaigns.models import Buyer
from campaigns.routing.snapshot import capped_of
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, 30, tzinfo=UTC)
ALL = MetricsScope()


def hold(buyer: Buyer, times: int, *, now: datetime = NOW) -> None:
    capped = [capped_of(row, buyer.company) for row in (buyer, *buyer.groups.all())]
    for _ in range(times):
        counters.take_places(company_id=buyer.company_id, buyer_pk=buyer.pk, capped=capped, now=now)


def bars(company, wanted: MetricsScope = ALL) -> list[tuple[str, list[tuple[str, int, int, str]]]]:
    found = cap_usage.cap_bars(company, scope=wanted, now=NOW)
    return [
        (usage.name, [(bar.kind, bar.used, bar.percent, bar.state) for bar in usage.bars])
        for usage in found
    ]


def test_a_buyer_without_a_cap_is_not_listed():
    buyer = make.make_buyer()
    assert bars(buyer.company) == []


def test_owners_and_their_caps_are_sorted_by_usage():
    company = make.make_company()
    calm = make.make_buyer(company, name="Calm", daily_cap=10, hourly_cap=3)
    make.make_buyer(company, name="Empty", hard_cap=5)
    make.make_buyer(company, name="Never", monthly_cap=0)
    hold(calm, 2)
    assert bars(company) == [
        ("Never", [("monthly", 0, 100, "full")]),
        ("Calm", [("hourly", 2, 66, "free"), ("daily", 2, 20, "free")]),
        ("Empty", [("hard", 0, 0, "free")]),
    ]


@pytest.mark.parametrize(
    ("used", "state"), [(7, "free"), (8, "nearly"), (9, "nearly"), (10, "full")]
)
def test_a_cap_is_nearly_full_from_80_percent(used, state):
    buyer = make.make_buyer(daily_cap=10)
    hold(buyer, used)
    assert bars(buyer.company) == [("Buyer", [("daily", used, used * 10, state)])]


def test_usage_of_an_ended_window_does_not_count():
    buyer = make.make_buyer(hourly_cap=5, hard_cap=5)
    hold(buyer, 3, now=NOW.replace(hour=11))
    assert bars(buyer.company) == [("Buyer", [("hard", 3, 60, "free"), ("hourly", 0, 0, "free")])]


def test_a_scope_keeps_its_buyers_and_their_groups():
    company = make.make_company()
    mine, other = (make.make_buyer(company, name=name, daily_cap=5) for name in ("Mine", "Other"))
    make.make_group(company, [mine], name="Ours", daily_cap=5)
    make.make_group(company, [other], name="Theirs", daily_cap=5)
    campaign = make.make_campaign(company)
    make.make_route(campaign, mine)
    scopes = [
        MetricsScope(buyer=mine.pk),
        MetricsScope(campaign=campaign.pk),
        MetricsScope(campaign=campaign.pk, buyer=other.pk),
    ]
    assert [[name for name, _ in bars(company, wanted)] for wanted in scopes] == [
        ["Mine", "Ours"],
        ["Mine", "Ours"],
        [],
    ]


@pytest.mark.parametrize(
    ("cap", "text"),
    [
        ("concurrency_cap", "a place is free again when its call ends"),
        ("hourly_cap", "resets in 30 minutes (09:00 EDT)"),
        ("daily_cap", "resets in 15 hours (00:00 EDT)"),
        ("monthly_cap", "resets in 26 days (00:00 EDT, Jun 1)"),
        ("hard_cap", "does not reset by itself"),
    ],
)
def test_the_reset_is_in_the_time_zone_of_the_owner(cap, text):
    buyer = make.make_buyer(time_zone="America/New_York", **{cap: 5})
    [usage] = cap_usage.cap_bars(buyer.company, scope=ALL, now=NOW)
    assert usage.reset_text(usage.bars[0], now=NOW) == text


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_the_buyers(django_assert_num_queries, count):
    company = make.make_company()
    make.make_group(
        company, [make.make_buyer(company, daily_cap=5) for _ in range(count)], daily_cap=9
    )
    with django_assert_num_queries(4):  # buyers, groups, their members, counters
        cap_usage.cap_bars(company, scope=ALL, now=NOW)
