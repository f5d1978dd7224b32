"""How full the caps are: every buyer and group with one, the fullest first."""

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
EVERYBODY = MetricsScope()


def hold(buyer: Buyer, times: int, *, now: datetime = NOW) -> None:
    capped = [capped_of(row, buyer.company) for row in (buyer, *buyer.groups.all())]
    for _ in range(times):
        counters.take_places(company_id=buyer.company_id, buyer_pk=buyer.pk, capped=capped, now=now)


def shown(
    company, asked: MetricsScope = EVERYBODY
) -> list[tuple[str, list[tuple[str, int, int, str]]]]:
    found = cap_usage.cap_bars(company, asked=asked, now=NOW)
    return [
        (one.name, [(bar.kind, bar.used, bar.percent, bar.state) for bar in one.bars])
        for one in found
    ]


def test_a_buyer_without_a_cap_is_not_there():
    buyer = make.make_buyer()
    assert shown(buyer.company) == []


def test_the_fullest_come_first_and_of_each_the_fullest_cap():
    company = make.make_company()
    calm = make.make_buyer(company, name="Calm", daily_cap=10, hourly_cap=3)
    make.make_buyer(company, name="Empty", hard_cap=5)
    make.make_buyer(company, name="Never", monthly_cap=0)
    hold(calm, 2)
    assert shown(company) == [
        ("Never", [("monthly", 0, 100, "full")]),
        ("Calm", [("hourly", 2, 66, "free"), ("daily", 2, 20, "free")]),
        ("Empty", [("hard", 0, 0, "free")]),
    ]


@pytest.mark.parametrize(
    ("used", "state"), [(7, "free"), (8, "nearly"), (9, "nearly"), (10, "full")]
)
def test_a_cap_tells_when_it_is_nearly_full(used, state):
    buyer = make.make_buyer(daily_cap=10)
    hold(buyer, used)
    assert shown(buyer.company) == [("Buyer", [("daily", used, used * 10, state)])]


def test_what_was_used_in_a_window_that_is_over_does_not_count():
    buyer = make.make_buyer(hourly_cap=5, hard_cap=5)
    hold(buyer, 3, now=NOW.replace(hour=11))
    assert shown(buyer.company) == [("Buyer", [("hard", 3, 60, "free"), ("hourly", 0, 0, "free")])]


def test_a_filter_leaves_those_whom_it_concerns():
    company = make.make_company()
    mine, other = (make.make_buyer(company, name=name, daily_cap=5) for name in ("Mine", "Other"))
    make.make_group(company, [mine], name="Ours", daily_cap=5)
    make.make_group(company, [other], name="Theirs", daily_cap=5)
    campaign = make.make_campaign(company)
    make.make_route(campaign, mine)
    by = [
        MetricsScope(buyer=mine.pk),
        MetricsScope(campaign=campaign.pk),
        MetricsScope(campaign=campaign.pk, buyer=other.pk),
    ]
    assert [[name for name, _ in shown(company, asked)] for asked in by] == [
        ["Mine", "Ours"],
        ["Mine", "Ours"],
        [],
    ]


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        ("concurrency_cap", "each place comes back when its call ends"),
        ("hourly_cap", "anew in 30 minutes, at 09:00 EDT"),
        ("daily_cap", "anew in 15 hours, at 00:00 EDT"),
        ("monthly_cap", "anew in 26 days, at 00:00 EDT on Jun 1"),
        ("hard_cap", "until somebody resets it"),
    ],
)
def test_when_a_cap_counts_anew_is_told_by_its_owners_clocks(cap, words):
    buyer = make.make_buyer(time_zone="America/New_York", **{cap: 5})
    [one] = cap_usage.cap_bars(buyer.company, asked=EVERYBODY, now=NOW)
    assert one.resets(one.bars[0], now=NOW) == words


@pytest.mark.parametrize("count", [1, 3])
def test_more_buyers_ask_no_more_questions(django_assert_num_queries, count):
    company = make.make_company()
    make.make_group(
        company, [make.make_buyer(company, daily_cap=5) for _ in range(count)], daily_cap=9
    )
    with django_assert_num_queries(4):  # buyers, groups, their members, counters
        cap_usage.cap_bars(company, asked=EVERYBODY, now=NOW)
