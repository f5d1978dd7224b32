"""A whole call on the softphone: dialed, answered, transferred, talked, ended, and what it paid."""

import re

import pytest

from callcontrol.models import Call
from campaigns.models import Campaign
from tests import factories as make
from tests.browser.seat import Seat, looked_at_once, person

pytestmark = pytest.mark.django_db(transaction=True)


def _campaign() -> Campaign:
    campaign = make.make_campaign(make.make_company(name="Acme Calls"))
    make.make_route(campaign, make.make_buyer(campaign.company, name="Buyer One"))
    make.make_number(
        campaign,
        number="+18335550130",
        publisher=make.make_publisher(campaign.company, name="Alpha Media"),
    )
    make.make_conversion(campaign, seconds=120)
    return campaign


def _dials(seat: Seat, role: str = "owner") -> None:
    seat.sits(person("Ann", _campaign().company, role))
    seat.goes("/admin/softphone/")
    form = seat.page.locator("form", has=seat.page.get_by_role("button", name="Dial"))
    form.get_by_label("Caller’s number").fill("+12025550145")
    seat.follows("Dial", role="button")


def _does(seat: Seat, who: str, what: str) -> None:
    """Press a button on a party's card, and wait for the page."""
    seat.page.get_by_role("group", name=re.compile(who)).get_by_role(
        "button", name=what, exact=True
    ).click()


def test_a_call_is_played_from_dial_to_conversion(seat: Seat) -> None:
    _dials(seat)
    _does(seat, "Buyer One", "Answer")
    seat.page.get_by_text(re.compile("Buyer One hears the caller", re.I)).first.wait_for()
    seat.shows("softphone")
    seat.page.get_by_role("button", name="Skip 2 min").click()
    _does(seat, "Caller", "Hang up")
    seat.page.get_by_role("heading", name="Result").wait_for()
    seat.shows("softphone-end")
    call = Call.objects.get()
    assert f"{call.payout:.2f}" == "90.00"
    assert f"{call.revenue:.2f}" == "120.00"
    assert call.publisher.name == "Alpha Media"


@looked_at_once
def test_the_page_of_a_live_call_is_accessible(seat: Seat) -> None:
    _dials(seat)
    _does(seat, "Buyer One", "Answer")
    seat.page.get_by_text(re.compile("Buyer One hears the caller", re.I)).first.wait_for()
    assert seat.wrong_in_any_way() == []
