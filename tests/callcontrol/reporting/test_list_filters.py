"""Filters that the dashboard adds to the lists of records."""

import pytest
from django.urls import reverse

from config.http.renderers import render
from tests import factories as make
from tests.admin_client import browser, list_rows
from tests.callcontrol.reporting.histories import NOW, World

pytestmark = pytest.mark.django_db
LOG, RESERVATIONS = (
    reverse(f"admin:{page}_changelist")
    for page in ("publishers_logentry", "reservations_reservation")
)


def test_the_ping_filter_leaves_out_confirmations_and_other_keys():
    company = make.make_company()
    ping = make.make_entry(company, type="call_reservation")
    for other in ({"method": "PUT"}, {"type": "call_data_writing"}, {"method": "GET"}):
        make.make_entry(company, **other)
    assert list_rows(browser(company), f"{LOG}?ping=1") == [ping]


def test_pings_without_buyers_are_apart_from_refused_pings():
    company = make.make_company()
    alone = make.make_entry(company, result="no-target", reasons=None)
    make.make_entry(company, result="no-target", reasons=",closed,")
    assert list_rows(browser(company), f"{LOG}?ping=nobody") == [alone]


def test_an_error_is_found_in_either_format():
    company, text = make.make_company(), "no “tag” & so"
    for name in ("json", "xml"):
        make.make_entry(
            company, status=422, result="refused", response=render({"error": text}, name).decode()
        )
    make.make_entry(
        company,
        status=422,
        result="refused",
        response=render({"error": "another"}, "json").decode(),
    )
    answer = browser(company).get(LOG, {"error": text})
    assert len(answer.context["cl"].result_list) == 2


def test_reservations_that_held_a_buyer(clock):
    world = World(seed=1)
    held = [world.reserve(NOW, status=status).pk for status in ("claimed", "expired")]
    world.reserve(NOW, status="no-target")
    assert sorted(
        row.pk for row in list_rows(browser(world.company), f"{RESERVATIONS}?reserved=1")
    ) == sorted(held)


@pytest.mark.parametrize("url", [f"{LOG}?ping=x", f"{LOG}?error=", f"{RESERVATIONS}?reserved=2"])
def test_unknown_filter_values_are_ignored(clock, url):
    world = World(seed=1)
    world.ping(NOW)
    world.reserve(NOW)
    assert len(list_rows(browser(world.company), url)) == 1
