"""The dashboard: each number is that of the rows it leads to, of one's own companies, whatever its address asks."""

from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from callcontrol.reporting.view_model import DashboardViewModel
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting.histories import NOW, World, tally

pytestmark = pytest.mark.django_db
URL = "/admin/"
UNKNOWN = "There is no such {} here, so the numbers are those of all."
ROLES = ["owner", "account_manager", "read_only"]


@pytest.fixture
def world(clock) -> World:
    world = World(seed=3, zone="America/New_York")
    world.live_through(NOW.replace(hour=4), NOW, events=12)
    world.live_through(NOW.replace(day=3), NOW.replace(hour=4), events=12)
    return world


def board(client: Client, query: str = "") -> DashboardViewModel:
    return client.get(f"{URL}{query}").context["board"]


def rows_behind(client: Client, url: str) -> int:
    """How many rows a list has, at most a page of them."""
    return len(client.get(url).context["cl"].result_list)


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


# --- numbers and their rows -------------------------------------------------------------------------------
@pytest.mark.parametrize("tallied", [False, True], ids=["counted", "tallied"])
@pytest.mark.parametrize(
    "query",
    ["", "?range=yesterday", "?campaign={campaign}", "?publisher={publisher}", "?buyer={buyer}"],
)
def test_each_number_on_top_is_that_of_its_list(world, query, tallied):
    tally(now=NOW, jobs=None if tallied else 0)
    client = browser(world.company)
    rows = {
        "campaign": world.campaigns[0].pk,
        "publisher": world.publishers[1].pk,
        "buyer": world.buyers[0].pk,
    }
    cards = board(client, query.format(**rows)).cards()
    counted = [
        card.number
        for card in cards
        if card.number.url and card.number.name not in ("payout", "revenue", "profit")
    ]
    assert [rows_behind(client, number.url) for number in counted] == [
        number.value for number in counted
    ]


def test_each_number_by_campaign_publisher_and_buyer_is_that_of_its_list(world):
    client = browser(world.company)
    for _, rows in board(client).shares():
        for number in (number for row in rows for number in row.numbers[:-3] if number.url):
            assert rows_behind(client, number.url) == number.value


def test_each_reason_leads_to_its_pings(world):
    client = browser(world.company)
    shown = board(client)
    reasons = [*shown.refused, *shown.unasked]
    assert {one.words for one in reasons} >= {
        "Closed",
        "“caller_zip” missing",
        "Too many requests",
        "The campaign has no buyer",
    }
    assert [rows_behind(client, one.url) for one in reasons] == [one.pings for one in reasons]
    assert rows_behind(client, shown.without_buyer.url) == shown.without_buyer.value


def test_that_no_buyer_was_left_is_no_reason_beside_those_of_the_buyers(clock):
    world = World(seed=1)
    make.make_entry(
        world.company, at=NOW, key_pk=world.keys[0].pk, result="no-target", reasons=",closed,"
    )
    shown = board(browser(world.company))
    assert [one.code for one in (*shown.refused, *shown.unasked)] == ["closed"]
    assert shown.without_buyer.value == 1


def test_the_first_moment_of_a_day_is_not_in_the_list_of_the_day_before(clock):
    world = World(seed=1)
    world.call(NOW.replace(hour=0))
    client = browser(world.company)
    [card] = [
        card for card in board(client, "?range=yesterday").cards() if card.number.name == "calls"
    ]
    assert card.number.value == 0
    assert rows_behind(client, card.number.url) == 0


def test_money_is_that_of_the_calls_behind_it(world):
    client = browser(world.company)
    [card] = [card for card in board(client).cards() if card.number.name == "revenue"]
    calls = client.get(card.number.url).context["cl"].result_list
    assert sum(call.revenue for call in calls) == card.number.value


def test_every_link_of_the_page_leads_somewhere(world):
    client = browser(world.company)
    wrong = [
        url
        for url in sorted(links(client, "?range=7-days"))
        if client.get(url, follow=True).status_code != 200
    ]
    assert wrong == []


# --- against the range before -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (3, 2, ("+50%", "up")),
        (1, 2, ("−50%", "down")),
        (2, 2, ("same", "level")),
        (2, 0, ("", "level")),
        (0, 0, ("", "level")),
    ],
    ids=["more", "fewer", "same", "first", "none"],
)
def test_a_number_is_told_against_the_one_before(clock, now, before, told):
    world = World(seed=1)
    for day, count in ((5, now), (4, before)):
        for _ in range(count):
            world.call(NOW.replace(day=day, hour=11))
    [card] = [card for card in board(browser(world.company)).cards() if card.number.name == "calls"]
    assert (card.change, card.direction) == told


def test_yesterday_after_this_time_of_day_is_not_compared_with(clock):
    world = World(seed=1)
    for hour in (11, 13):
        world.call(NOW.replace(day=4, hour=hour))
    [card] = [card for card in board(browser(world.company)).cards() if card.number.name == "calls"]
    assert card.before.value == 1
    assert card.number.value == 0


def test_rates_are_told_where_they_say_something(clock):
    world = World(seed=1)
    for status in ("claimed", "expired", "expired"):
        world.reserve(NOW, status=status)
    cards = {card.number.name: card.rate for card in board(browser(world.company)).cards()}
    assert cards["claimed"] == "33% of reserved"
    assert cards["reserved"] == ""
    assert cards["calls"] == ""


# --- what an address may ask ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["campaign", "publisher", "buyer"])
@pytest.mark.parametrize("value", ["abc", "\0", "-1", "0", "9" * 10_000, "1" * 18], ids="abcdef")
def test_a_filter_that_names_nothing_is_told(world, name, value):
    answer = browser(world.company).get(URL, {name: value})
    assert answer.status_code == 200
    assert answer.context["problems"] == [UNKNOWN.format(name)]


@pytest.mark.parametrize(
    "query",
    ["?from=x", "?to=\0", "?range=hat", "?from=2026-05-06", "?from=2020-01-01", "?company=x"],
)
def test_a_time_that_makes_no_sense_is_no_failure(world, query):
    assert browser(world.company).get(f"{URL}{query}").status_code == 200


def test_another_companys_rows_are_not_there(world):
    other = World(seed=4)
    other.live_through(NOW.replace(hour=4), NOW, events=5)
    for query in (f"?company={other.company.pk}", f"?campaign={other.campaigns[0].pk}"):
        answer = browser(world.company).get(f"{URL}{query}")
        assert other.company.name not in answer.content.decode()
    assert answer.context["problems"] == [UNKNOWN.format("campaign")]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ["dashboard", "dashboard-csv", "dashboard-caps"])
def test_members_of_every_role_read_all_of_it(world, name, role):
    assert browser(world.company, role).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["dashboard", "dashboard-csv", "dashboard-caps"])
def test_who_is_not_logged_in_is_asked_to(name):
    assert Client().get(reverse(name)).headers["Location"].startswith("/admin/login/")


def test_a_superuser_chooses_among_the_companies(world):
    make.make_company(name="A first one")
    assert board(browser(), f"?company={world.company.pk}").company == world.company


# --- the rest of the page ---------------------------------------------------------------------------------
def test_without_anything_the_page_says_where_to_look(clock):
    world = World(seed=1)
    world.call(NOW.replace(day=3))
    answer = browser(world.company).get(URL).content.decode()
    assert ("Nothing came in yet today." in " ".join(answer.split())) is True
    assert ("<canvas" in answer) is False


def test_where_nothing_ever_came_in_the_page_is_the_way_to_the_first_call(clock):
    answer = browser(make.make_company()).get(URL).content.decode()
    assert "To the first call" in answer
    assert ('id="numbers"' in answer) is False
    assert ('id="caps"' in answer) is False


def test_beyond_25_rows_a_table_is_folded(clock):
    world = World(seed=1)
    for number in range(27):
        world.call(
            NOW,
            publisher=make.make_publisher(world.company, name=f"Publisher {number:02}"),
            revenue=Decimal(number),
        )
    answer = browser(world.company).get(URL).content.decode()
    folded = answer.partition("All 27: 2 more")[2]
    assert "Publisher 26" in answer.partition("All 27")[0]
    assert "Publisher 00" in folded


def test_a_retired_campaign_can_still_be_looked_at(world):
    world.campaigns[0].retire(now=NOW)
    answer = browser(world.company).get(f"{URL}?campaign={world.campaigns[0].pk}")
    assert [one.pk for one in answer.context["filters"][0]["choices"]] == [
        campaign.pk for campaign in world.campaigns
    ]


def test_the_caps_come_alone_for_the_page_to_put_in(world):
    make.make_buyer(world.company, name="Full", daily_cap=0)
    answer = browser(world.company).get(reverse("dashboard-caps")).content.decode()
    assert "Full" in answer
    assert ("<html" in answer) is False
    assert "0 of 0, full" in answer


def test_the_caps_alone_count_nothing_else(world, django_assert_num_queries):
    client, url = browser(world.company), reverse("dashboard-caps")
    client.get(url)
    with django_assert_num_queries(9):  # who asks and whose it is, buyers and groups
        client.get(url)


def test_pings_alone_make_no_row_of_nobody_among_the_buyers(clock):
    world = World(seed=1)
    make.make_entry(world.company, at=NOW, key_pk=world.keys[0].pk)
    shares = {
        name: [row.name for row in rows] for name, rows in board(browser(world.company)).shares()
    }
    assert shares == {"campaign": ["Roofing"], "publisher": ["No publisher"], "buyer": []}


def test_a_reason_that_no_list_finds_is_no_link(clock):
    world = World(seed=1)
    entry = {"status": 422, "result": "refused", "response": '{"error":"no tag +12025550142"}'}
    make.make_entry(world.company, at=NOW, key_pk=world.keys[0].pk, **entry)
    [one] = board(browser(world.company, "read_only")).unasked
    assert one.words == "No tag +*******0142"
    assert one.pings == 1
    assert one.url == ""


def test_pictures_are_drawn_with_the_hours_to_come(world):
    picture = browser(world.company).get(URL).context["charts"][0]
    assert picture.data.count(":00") == 24
    assert picture.series == ("pings", "reserved", "claimed", "converted")


def test_a_days_page_asks_a_fixed_number_of_questions(world, django_assert_num_queries):
    tally(now=NOW)
    client = browser(world.company)
    client.get(URL)
    with django_assert_num_queries(49):
        client.get(URL)
