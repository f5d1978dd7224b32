"""An account manager creates a key and its posting instructions; a publisher tries them."""

import re
from typing import Any

import httpx
import pytest

from campaigns.models import Campaign
from publishers.models import LogEntry, Publisher
from tests import factories as make
from tests.browser.seat import Seat, looked_at_once, person

pytestmark = pytest.mark.django_db(transaction=True)


def _campaign() -> Campaign:
    """One that can sell, and a publisher beside it; its key is still to be made."""
    campaign = make.make_campaign(make.make_company(name="Acme Calls"))
    make.make_route(campaign, make.make_buyer(campaign.company, name="Buyer One"))
    make.make_number(campaign, in_pool=True)
    make.make_conversion(campaign, seconds=120, payout="90.00")
    make.make_publisher(campaign.company, publisher_id="alpha", name="Alpha Media")
    return campaign


def _makes_key(seat: Seat, campaign: Campaign) -> None:
    """On the campaign's page, at its bottom; ends there again."""
    seat.goes(f"/admin/campaigns/campaign/{campaign.pk}/change/")
    seat.follows("Add: Real-time bidding")
    seat.page.get_by_label("Name").fill("Alpha pings")
    seat.follows("Save", role="button")


def _asked(url: str) -> dict[str, Any]:
    return dict(httpx.post(url).json())


def test_a_key_is_made_and_pinged_with_the_copied_address(seat: Seat) -> None:
    campaign = _campaign()
    seat.sits(person("Ann", campaign.company, "account_manager"))
    _makes_key(seat, campaign)
    seat.shows("key", of="#keys")
    seat.page.get_by_role("button", name=re.compile("Copy the ready URL")).click()
    seat.page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    url = seat.copied().replace("CALLER_NUMBER", "12025550142").replace("PUBLISHER_ID", "alpha")
    answer, alpha = _asked(url), Publisher.objects.get()
    assert answer["status"] == "reserved"
    assert answer["retreaver_payout"] == 90.0
    assert LogEntry.objects.get().publisher_pk == alpha.pk


def _creates_link(seat: Seat) -> str:
    """Create posting instructions from the key's card; return the copied link."""
    seat.page.get_by_role("link", name=re.compile("Create for a publisher")).click()
    seat.page.get_by_label("Publisher").select_option(label="Alpha Media")
    seat.follows("Create the page", role="button")
    seat.page.get_by_role("button", name=re.compile("Copy the link")).click()
    seat.page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    return seat.copied()


def test_posting_instructions_are_created_and_tried_without_an_account(seat: Seat) -> None:
    campaign = _campaign()
    seat.sits(person("Ann", campaign.company))
    _makes_key(seat, campaign)
    link = _creates_link(seat)
    seat.leaves()
    seat.goes(link)
    seat.shows("instructions")
    form = seat.page.locator("form.test-form").first
    form.get_by_label("caller_number").fill("+12025550143")
    form.get_by_role("button", name="Send a test").click()
    form.get_by_text('"reserved"').wait_for()
    seat.shows("instructions-tried", of="form.test-form")
    entry, alpha = LogEntry.objects.get(), Publisher.objects.get()
    assert entry.caller_number == "+12025550143"
    assert entry.publisher_pk == alpha.pk
    assert entry.result == "reserved"


@looked_at_once
def test_the_public_page_is_accessible(seat: Seat) -> None:
    campaign = _campaign()
    seat.sits(person("Ann", campaign.company))
    _makes_key(seat, campaign)
    link = _creates_link(seat)
    seat.leaves()
    seat.goes(link)
    assert seat.wrong_in_any_way() == []


def test_a_link_that_was_switched_off_leads_nowhere(seat: Seat) -> None:
    campaign = _campaign()
    seat.sits(person("Ann", campaign.company))
    _makes_key(seat, campaign)
    link = _creates_link(seat)
    seat.follows(re.compile("Switch off$"))
    seat.follows(re.compile("Switch off$"), role="button")
    seat.leaves()
    seat.goes(link)
    assert seat.page.get_by_text("Alpha").count() == 0
    assert seat.page.get_by_role("heading").count() == 1
