"""The CSV export: the numbers of the page, exact, without formulas."""

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


def export(world: World, query: str = "", role: str = "owner") -> list[dict[str, str]]:
    answer = browser(world.company, role).get(f"{reverse('dashboard-csv')}{query}")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def section(rows: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    return [row for row in rows if row["section"] == name]


def test_the_range_has_offsets_and_all_numbers(world):
    world.ping(NOW)
    world.reserve(NOW, status="claimed")
    world.call(
        NOW, connected_at=NOW, converted_at=NOW, payout=Decimal("90.1"), revenue=Decimal("33.3333")
    )
    [row] = section(export(world), "range")
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


def test_the_sections_follow_the_page(world):
    world.live_through(NOW.replace(hour=4), NOW, events=30)
    make.make_buyer(world.company, daily_cap=5)
    names = dict.fromkeys(row["section"] for row in export(world))
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


def test_hours_and_breakdowns_add_up_to_the_range(world):
    world.live_through(NOW.replace(hour=4), NOW, events=30)
    rows = export(world)
    [whole] = section(rows, "range")
    for name in ("hour", "campaign", "publisher", "buyer"):
        assert sum(Decimal(row["revenue"]) for row in section(rows, name)) == Decimal(
            whole["revenue"]
        )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_name_that_starts_a_formula_is_quoted(world, name):
    world.campaigns[0].name = name
    world.campaigns[0].save()
    world.call(NOW, campaign=world.campaigns[0])
    assert [row["name"] for row in section(export(world), "campaign")] == [f"'{name}"]


def test_a_negative_number_is_not_quoted(world):
    world.call(NOW, converted_at=NOW, payout=Decimal(10), revenue=Decimal("2.5"))
    assert section(export(world), "range")[0]["profit"] == "-7.5"


def test_a_cap_has_its_usage_and_reset(world):
    make.make_buyer(world.company, name="Full", buyer_id="full", daily_cap=0)
    [row] = section(export(world), "cap of a buyer")
    cells = [row[name] for name in ("to", "name", "code", "used", "cap")]
    assert cells == ["2026-05-06T00:00:00-04:00", "Full", "daily", "0", "0"]


def test_the_export_has_the_filters_and_range_of_the_page(world):
    world.call(NOW, campaign=world.campaigns[0])
    world.call(NOW, campaign=world.campaigns[1])
    rows = export(world, f"?range=7-days&campaign={world.campaigns[0].pk}")
    assert section(rows, "range")[0]["calls"] == "1"
    assert len(section(rows, "day")) == 7
    assert section(rows, "campaign") == []


def test_the_export_has_no_phone_numbers(world):
    call = world.call(NOW, caller_number="+12025550142")
    answer = browser(world.company, "read_only").get(reverse("dashboard-csv")).content.decode()
    assert call.caller_number not in answer
    assert world.buyers[0].number not in answer


def test_an_unusable_query_redirects_to_the_page_with_an_error(world):
    answer = browser(world.company).get(f"{reverse('dashboard-csv')}?from=x", follow=True)
    error = "Not a date. Use a format like 2026-05-31. Showing today."
    assert [str(message) for message in answer.context["messages"]] == [error]
