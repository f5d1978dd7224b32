"""The dashboard as CSV: what is shown, exact, and harmless."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from callcontrol.reporting.view_model import MEASURES
from tests import factories as make
from tests.admin_client import browser
from tests.callcontrol.reporting.histories import NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clock) -> World:
    return World(seed=1, zone="America/New_York")


def sheet(world: World, query: str = "", role: str = "owner") -> list[dict[str, str]]:
    answer = browser(world.company, role).get(f"{reverse('dashboard-csv')}{query}")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def section(rows: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    return [row for row in rows if row["section"] == name]


def test_the_range_with_its_zone_and_all_its_numbers(world):
    world.ping(NOW)
    world.reserve(NOW, status="claimed")
    world.call(
        NOW, connected_at=NOW, converted_at=NOW, payout=Decimal("90.1"), revenue=Decimal("33.3333")
    )
    [row] = section(sheet(world), "range")
    assert [row["from"], row["to"]] == ["2026-05-05T00:00:00-04:00", "2026-05-05T08:00:01-04:00"]
    assert [row[name] for name in MEASURES] == [
        "1",
        "1",
        "1",
        "1",
        "1",
        "1",
        "90.1",
        "33.3333",
        "-56.7667",
    ]


def test_its_sections_follow_the_page(world):
    world.live_through(NOW.replace(hour=4), NOW, events=30)
    make.make_buyer(world.company, daily_cap=5)
    names = dict.fromkeys(row["section"] for row in sheet(world))
    refused = ["refused by a buyer", "never got to routing"]
    assert list(names) == [
        "range",
        "range before",
        "hour",
        *refused,
        "campaign",
        "publisher",
        "buyer",
        "cap of a buyer",
    ]


def test_the_hours_and_the_shares_add_up_to_the_range(world):
    world.live_through(NOW.replace(hour=4), NOW, events=30)
    rows = sheet(world)
    [whole] = section(rows, "range")
    for name in ("hour", "campaign", "publisher", "buyer"):
        assert sum(Decimal(row["revenue"]) for row in section(rows, name)) == Decimal(
            whole["revenue"]
        )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_name_that_a_spreadsheet_would_run_is_a_text(world, name):
    world.campaigns[0].name = name
    world.campaigns[0].save()
    world.call(NOW, campaign=world.campaigns[0])
    assert [row["name"] for row in section(sheet(world), "campaign")] == [f"'{name}"]


def test_a_negative_number_stays_one(world):
    world.call(NOW, converted_at=NOW, payout=Decimal(10), revenue=Decimal("2.5"))
    assert section(sheet(world), "range")[0]["profit"] == "-7.5"


def test_a_cap_with_its_use(world):
    make.make_buyer(world.company, name="Full", buyer_id="full", daily_cap=0)
    [row] = section(sheet(world), "cap of a buyer")
    told = [row[name] for name in ("to", "name", "code", "used", "cap")]
    assert told == ["2026-05-06T00:00:00-04:00", "Full", "daily", "0", "0"]


def test_it_has_the_pages_filters_and_time(world):
    world.call(NOW, campaign=world.campaigns[0])
    world.call(NOW, campaign=world.campaigns[1])
    rows = sheet(world, f"?range=7-days&campaign={world.campaigns[0].pk}")
    assert section(rows, "range")[0]["calls"] == "1"
    assert len(section(rows, "day")) == 7
    assert section(rows, "campaign") == []


def test_no_number_of_anybody_is_in_it(world):
    call = world.call(NOW, caller_number="+12025550142")
    answer = browser(world.company, "read_only").get(reverse("dashboard-csv")).content.decode()
    assert (call.caller_number in answer) is False
    assert (world.buyers[0].number in answer) is False


def test_what_cannot_be_asked_leads_back_to_the_page_with_the_reason(world):
    answer = browser(world.company).get(f"{reverse('dashboard-csv')}?from=x", follow=True)
    why = "The first day is no date. Write it like 2026-05-31; here is today."
    assert [str(each) for each in answer.context["messages"]] == [why]
