"""An account manager finds out why a caller got no buyer."""

from datetime import time, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from campaigns.models import BusinessHours, Campaign
from tests import factories as make
from tests.browser.seat import Seat, person

pytestmark = pytest.mark.django_db(transaction=True)
CALLER = "+12025550144"


def _campaign() -> Campaign:
    """Buyer One is closed but for a minute of three days from now, and Buyer Two takes callers
    from Texas alone."""
    campaign = make.make_campaign(make.make_company(name="Acme Calls"))
    one, two = (make.make_buyer(campaign.company, name=f"Buyer {name}") for name in ("One", "Two"))
    later = timezone.now() + timedelta(days=3)
    BusinessHours.objects.create(
        buyer=one, day=f"{later:%A}".lower(), open=time(9), close=time(9, 1)
    )
    two.filters.create(key="caller_state", operator="==", value="TX")
    for buyer in (one, two):
        make.make_route(campaign, buyer)
    make.make_number(campaign, in_pool=True)
    return campaign


def _pings(seat: Seat, campaign: Campaign) -> dict[str, Any]:
    key: Any = make.make_key("rtb", campaign=campaign, name="Alpha pings")
    return dict(
        httpx.post(
            f"{seat.base_url}/rtbs.json", params={"key": key.key, "caller_number": CALLER}
        ).json()
    )


def _finds(seat: Seat) -> None:
    """The caller's number as it was said on the phone leads to the request."""
    seat.goes("/admin/publishers/logentry/")
    seat.page.locator("#searchbar").fill("(202) 555 0144")
    with seat.page.expect_navigation():
        seat.page.locator("#searchbar").press("Enter")
    with seat.page.expect_navigation():
        seat.page.locator("#result_list tbody a").first.click()


def test_the_log_says_why_each_buyer_did_not_take_the_caller(seat: Seat) -> None:
    campaign = _campaign()
    assert _pings(seat, campaign)["status"] == "no-target"
    seat.sits(person("Ann", campaign.company, "account_manager"))
    _finds(seat)
    seat.shows("log-row")
    said = sorted(seat.page.locator("li", has_text="Buyer").all_inner_texts())
    assert said[0].startswith("Buyer One: closed, opens ") is True
    assert said[1] == "Buyer Two: filter “caller_state == TX” not met, the caller's is “DC”"


def test_the_same_is_asked_again_after_the_mending(seat: Seat) -> None:
    campaign = _campaign()
    _pings(seat, campaign)
    campaign.routes.get(buyer__name="Buyer Two").buyer.filters.all().delete()
    campaign.save()  # a new version of the settings, as saving a page makes
    seat.sits(person("Ann", campaign.company, "account_manager"))
    _finds(seat)
    seat.follows("Replay")
    seat.shows("ask-again")
    row = seat.page.get_by_role("row").filter(has_text="Buyer Two")
    told = [cell.split("\n")[0].lower() for cell in row.get_by_role("cell").all_inner_texts()]
    assert told[-3:] == ["filter", "chosen", "chosen"]


def test_everything_of_a_caller_is_on_one_page(seat: Seat) -> None:
    campaign = _campaign()
    _pings(seat, campaign)
    seat.sits(person("Ann", campaign.company))
    _finds(seat)
    seat.follows("Open the caller")
    assert seat.page.get_by_role("heading", name="(202) 555-0144").count() == 1
