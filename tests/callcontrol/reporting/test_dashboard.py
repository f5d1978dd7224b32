"""The dashboard: each number equals its list, and covers only the user's companies."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from callcontrol.reporting.view_model import DashboardViewModel
from tests import factories as make
from tests.admin_client import browser, list_rows, page_context, unrendered
from tests.callcontrol.reporting.histories import NOW, World, write_due
from tests.keeping import kept

pytestmark = pytest.mark.django_db
URL = "/admin/"
UNKNOWN = "This {} does not exist here. Showing all."
ROLES = ["owner", "account_manager", "read_only"]


def _build() -> World:
    world = World(seed=3, zone="America/New_York")
    world.live_through(NOW.replace(hour=4), NOW, events=12)
    world.live_through(NOW.replace(day=3), NOW.replace(hour=4), events=12)
    return world


@pytest.fixture(scope="module")
def kept_world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with kept(_build, django_db_blocker) as world:
        yield world


@pytest.fixture
def world(kept_world, clock) -> World:
    return copy.deepcopy(kept_world)


def dashboard(client: Client, query: str = "") -> DashboardViewModel:
    return page_context(client, f"{URL}{query}")["dashboard"]


def rows_behind(client: Client, url: str) -> int:
    """Return the number of rows on a list's first page."""
    return len(list_rows(client, url))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found += [
            value
            for name, value in attrs
            if tag == "a" and name == "href" and value.startswith("/admin/")
        ]


def links(client: Client, query: str = "") -> set[str]:
    parser = _Links()
    parser.feed(client.get(f"{URL}{query}").content.decode())
    return set(parser.found)


# --- numbers and their lists ---------------------------------------------------------------------
@pytest.mark.parametrize("has_rollups", [False, True], ids=["counted", "rollups"])
def test_each_number_on_top_equals_its_list(world, has_rollups):
    write_due(now=NOW, jobs=None if has_rollups else 0)
    client = browser(world.company)
    for query in (
        "",
        "?range=yesterday",
        f"?campaign={world.campaigns[0].pk}",
        f"?publisher={world.publishers[1].pk}",
        f"?buyer={world.buyers[0].pk}",
    ):
        counted = [
            card.number
            for card in dashboard(client, query).cards()
            if card.number.url and card.number.name not in ("payout", "revenue", "profit")
        ]
        assert counted
        assert [rows_behind(client, number.url) for number in counted] == [
            number.value for number in counted
        ], query


def test_each_number_of_a_breakdown_equals_its_list(world):
    client = browser(world.company)
    for _, rows in dashboard(client).breakdowns():
        for number in (number for row in rows for number in row.numbers[:-3] if number.url):
            assert rows_behind(client, number.url) == number.value


def test_each_reason_links_to_its_pings(world):
    client = browser(world.company)
    model = dashboard(client)
    reasons = [*model.buyer_refusals, *model.request_refusals]
    assert {row.label for row in reasons} >= {
        "Closed",
        "“caller_zip” missing",
        "Too many requests",
        "The campaign has no buyer",
    }
    assert [rows_behind(client, row.url) for row in reasons] == [row.pings for row in reasons]
    assert rows_behind(client, model.without_buyer.url) == model.without_buyer.value


def test_no_target_is_counted_apart_from_the_reasons_of_buyers(clock):
    world = World(seed=1)
    make.make_entry(
        world.company, at=NOW, key_pk=world.keys[0].pk, result="no-target", reasons=",closed,"
    )
    model = dashboard(browser(world.company))
    assert [row.code for row in (*model.buyer_refusals, *model.request_refusals)] == ["closed"]
    assert model.without_buyer.value == 1


def test_midnight_is_not_in_the_list_of_the_day_before(clock):
    world = World(seed=1)
    world.call(NOW.replace(hour=0))
    client = browser(world.company)
    [card] = [
        card
        for card in dashboard(client, "?range=yesterday").cards()
        if card.number.name == "calls"
    ]
    assert card.number.value == 0
    assert rows_behind(client, card.number.url) == 0


def test_revenue_equals_the_sum_of_its_calls(world):
    client = browser(world.company)
    [card] = [card for card in dashboard(client).cards() if card.number.name == "revenue"]
    calls = list_rows(client, card.number.url)
    assert sum(call.revenue for call in calls) == card.number.value


def test_every_link_of_the_page_opens(world):
    """Lists are read and not rendered: each is rendered without a filter in its own test."""
    client = browser(world.company)
    broken = []
    for url in sorted(links(client, "?range=7-days")):
        with unrendered() if "?" in url else nullcontext():
            answer = client.get(url, follow=True)
        broken += [url] if answer.status_code != 200 else []
    assert broken == []


# --- comparison with the range before ------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "before", "change", "direction"),
    [
        (3, 2, "+50%", "up"),
        (1, 2, "−50%", "down"),
        (2, 2, "same", "level"),
        (2, 0, "", "level"),
        (0, 0, "", "level"),
    ],
    ids=["more", "fewer", "same", "first", "none"],
)
def test_a_number_is_compared_with_the_range_before(clock, now, before, change, direction):
    world = World(seed=1)
    for day, count in ((5, now), (4, before)):
        for _ in range(count):
            world.call(NOW.replace(day=day, hour=11))
    [card] = [
        card for card in dashboard(browser(world.company)).cards() if card.number.name == "calls"
    ]
    assert card.change == change
    assert card.direction == direction


def test_today_is_compared_with_yesterday_until_the_same_time(clock):
    world = World(seed=1)
    for hour in (11, 13):
        world.call(NOW.replace(day=4, hour=hour))
    [card] = [
        card for card in dashboard(browser(world.company)).cards() if card.number.name == "calls"
    ]
    assert card.before.value == 1
    assert card.number.value == 0


def test_rates_are_of_the_metric_that_contains_them(clock):
    world = World(seed=1)
    for status in ("claimed", "expired", "expired"):
        world.reserve(NOW, status=status)
    cards = {card.number.name: card.rate for card in dashboard(browser(world.company)).cards()}
    assert cards["claimed"] == "33% of reserved"
    assert cards["reserved"] == ""
    assert cards["calls"] == ""


# --- queries -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["campaign", "publisher", "buyer"])
@pytest.mark.parametrize("value", ["abc", "\0", "-1", "0", "9" * 10_000, "1" * 18], ids="abcdef")
def test_a_filter_without_a_row_is_a_problem(world, name, value):
    context = page_context(browser(world.company), URL, {name: value})
    assert context["problems"] == [UNKNOWN.format(name)]


@pytest.mark.parametrize(
    "query",
    ["?from=x", "?to=\0", "?range=hat", "?from=2026-05-06", "?from=2020-01-01", "?company=x"],
)
def test_an_unusable_time_shows_the_page(world, query):
    assert browser(world.company).get(f"{URL}{query}").status_code == 200


def test_rows_of_another_company_are_not_shown(world):
    other = World(seed=4)
    other.live_through(NOW.replace(hour=4), NOW, events=5)
    for query in (f"?company={other.company.pk}", f"?campaign={other.campaigns[0].pk}"):
        answer = browser(world.company).get(f"{URL}{query}")
        assert other.company.name not in answer.content.decode()
    assert answer.context["problems"] == [UNKNOWN.format("campaign")]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ["dashboard", "dashboard-csv", "dashboard-caps"])
def test_every_role_reads_the_dashboard(world, name, role):
    assert browser(world.company, role).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["dashboard", "dashboard-csv", "dashboard-caps"])
def test_an_anonymous_user_is_sent_to_the_login(name):
    assert Client().get(reverse(name)).headers["Location"].startswith("/admin/login/")


def test_a_superuser_chooses_the_company(world):
    make.make_company(name="A first one")
    assert dashboard(browser(), f"?company={world.company.pk}").company == world.company


# --- the page ------------------------------------------------------------------------------------
def test_an_empty_range_shows_links(clock):
    world = World(seed=1)
    world.call(NOW.replace(day=3))
    answer = browser(world.company).get(URL).content.decode()
    assert "No pings or calls in this range." in answer
    assert "<canvas" not in answer


def test_a_new_company_sees_only_the_steps_to_the_first_call(clock):
    answer = browser(make.make_company()).get(URL).content.decode()
    assert "Steps to the first call" in answer
    assert 'id="numbers"' not in answer
    assert 'id="caps"' not in answer


def test_a_table_folds_after_25_rows(clock):
    world = World(seed=1)
    for number in range(27):
        world.call(
            NOW,
            publisher=make.make_publisher(world.company, name=f"Publisher {number:02}"),
            revenue=Decimal(number),
        )
    answer = browser(world.company).get(URL).content.decode()
    folded = answer.partition("2 more of 27")[2]
    assert "Publisher 26" in answer.partition("2 more of 27")[0]
    assert "Publisher 00" in folded


def test_a_chosen_retired_campaign_stays_among_the_choices(world):
    world.campaigns[0].retire(now=NOW)
    context = page_context(browser(world.company), f"{URL}?campaign={world.campaigns[0].pk}")
    assert [choice.pk for choice in context["filters"][0]["choices"]] == [
        campaign.pk for campaign in world.campaigns
    ]


def test_the_caps_fragment_is_not_a_whole_page(world):
    make.make_buyer(world.company, name="Full", daily_cap=0)
    answer = browser(world.company).get(reverse("dashboard-caps")).content.decode()
    assert "Full" in answer
    assert "<html" not in answer
    assert "0 of 0, full" in answer


def test_the_caps_fragment_reads_only_caps(world, django_assert_num_queries):
    client, url = browser(world.company), reverse("dashboard-caps")
    client.get(url)
    with django_assert_num_queries(9):  # session, user, companies, buyers, groups, counters
        client.get(url)


def test_pings_without_a_buyer_are_not_a_row_of_buyers(clock):
    world = World(seed=1)
    make.make_entry(world.company, at=NOW, key_pk=world.keys[0].pk)
    breakdowns = {
        name: [row.name for row in rows]
        for name, rows in dashboard(browser(world.company)).breakdowns()
    }
    assert breakdowns == {"campaign": ["Roofing"], "publisher": ["No publisher"], "buyer": []}


def test_a_masked_reason_has_no_link(clock):
    world = World(seed=1)
    entry = {"status": 422, "result": "refused", "response": '{"error":"no tag +12025550142"}'}
    make.make_entry(world.company, at=NOW, key_pk=world.keys[0].pk, **entry)
    [row] = dashboard(browser(world.company, "read_only")).request_refusals
    assert row.label == "No tag +*******0142"
    assert row.pings == 1
    assert row.url == ""


def test_charts_of_today_include_the_hours_to_come(world):
    chart = page_context(browser(world.company), URL)["charts"][0]
    assert chart.data.count(":00") == 24
    assert chart.series == ("pings", "reserved", "claimed", "converted")


def test_the_page_of_a_day_has_a_fixed_number_of_queries(world, django_assert_num_queries):
    write_due(now=NOW)
    client = browser(world.company)
    client.get(URL)
    with django_assert_num_queries(49):
        client.get(URL)
