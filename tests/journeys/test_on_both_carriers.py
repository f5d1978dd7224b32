"""A whole call over HTTP, the same on the simulator and on Twilio."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from campaigns.models import Buyer, Campaign
from tests.callcontrol.twilio.rest import Api
from tests.factories import make_key, make_market
from tests.far_ends import FarEnds, OnSimulator, OnTwilio

pytestmark = pytest.mark.django_db(transaction=True)
Clock = Callable[[float], object]
THIRD = "+16465550142"


class Story:
    """A publisher pings, a caller dials and buyers act, each through the API."""

    def __init__(self, http: httpx.Client, ends: FarEnds, campaign: Campaign) -> None:
        self.http, self.ends = http, ends
        company = campaign.company
        self.rtb = make_key(campaign=campaign).key
        self.read = {
            "api_key": make_key("account", company=company).key,
            "company_id": company.company_id,
        }
        words = ["active_calls", "transfer", "return", "accept", "reject"]
        self.keys = {
            buyer.buyer_id: make_key("call_control", buyer=buyer, actions=words).key
            for buyer in Buyer.objects.all()
        }

    def ping_and_call(self) -> str:
        """Send a ping and place the call that it reserved; return the ping's answer."""
        answer = self.http.post(
            f"/rtbs.json?key={self.rtb}&caller_number=12025550102&publisher_id=alpha"
        ).json()
        self.ends.dial(answer["inbound_number"])
        return str(answer["uuid"])

    def call(self) -> dict[str, Any]:
        """Return the only call, as its company's key lists it."""
        uuid = self.http.get("/calls.json", params=self.read).json()[0]["call"]["uuid"]
        call: dict[str, Any] = self.http.get(f"/calls/{uuid}.json", params=self.read).json()["call"]
        return call

    def stands(self) -> tuple[str, list[tuple[str, str]]]:
        """Return the call's status, and each leg's party or buyer with its status or outcome."""
        call = self.call()
        return call["status"], [
            (leg["buyer_id"] or leg["party"], leg["outcome"] or leg["status"])
            for leg in call["legs"]
        ]

    def leg(self, who: str) -> str:
        """Return the newest leg of a buyer or party."""
        return next(
            leg["leg_uuid"]
            for leg in reversed(self.call()["legs"])
            if who in (leg["buyer_id"], leg["party"])
        )

    def hears(self, who: str) -> list[str]:
        return next(
            leg["hears"]
            for leg in reversed(self.call()["legs"])
            if who in (leg["buyer_id"], leg["party"])
        )

    def do(self, action: str, buyer_id: str, **said: Any) -> dict[str, Any]:
        path = f"/call_control/v1/calls/{self.call()['uuid']}/{action}.json?api_key={self.keys[buyer_id]}"
        return dict(self.http.post(path, json=said).json())


@pytest.fixture(params=["simulator", "twilio"])
def story(request: pytest.FixtureRequest, http: httpx.Client, clock: Clock) -> Story:
    ends: FarEnds = OnSimulator(http)
    if request.param == "twilio":
        api: Api = request.getfixturevalue("twilio")
        ends = OnTwilio(api)
    return Story(http, ends, make_market(caps=[None, None]))


def test_a_call_is_transferred_connected_hung_up_and_paid(story: Story, clock: Clock) -> None:
    reserved = story.ping_and_call()
    story.ends.answer(story.leg("b1"))
    transfer = story.do("transfer", "b1", transfer_to=THIRD, hold_caller=True)["transfer_uuid"]
    story.ends.answer(story.leg("transferee"))
    assert story.hears("caller") == []
    assert story.hears("b1") == ["transferee"]
    assert story.hears("transferee") == ["handler"]
    connected = story.http.post(
        f"/call_control/v1/transfers/{transfer}/conference_caller.json"
    ).json()
    assert connected == {"success": True}
    assert story.hears("caller") == ["handler", "transferee"]
    clock(125)
    story.ends.end(story.leg("b1"))
    assert story.stands()[0] == "in-progress"
    assert story.hears("caller") == ["transferee"]
    story.ends.end(story.leg("caller"))
    call = story.call()
    assert call["status"] == "finished"
    assert call["reservation_uuid"] == reserved
    assert call["publisher_id"] == "alpha"
    assert call["converted"] is True
    assert call["payout"] == "90.00"
    assert call["revenue"] == "120.00"


def test_the_first_buyer_returns_the_call_and_the_second_accepts_it(story: Story) -> None:
    Buyer.objects.filter(buyer_id="b2").update(acceptance="explicit")
    story.ping_and_call()
    story.ends.answer(story.leg("b1"))
    assert story.do("return", "b1") == {"success": True}
    assert story.stands() == (
        "ringing",
        [("caller", "in-progress"), ("b1", "returned"), ("b2", "ringing")],
    )
    story.ends.answer(story.leg("b2"))
    assert story.do("accept", "b2") == {"success": True}
    assert story.hears("caller") == ["handler"]


def test_a_rejected_call_rings_the_next_buyer_until_the_window_is_over(
    story: Story, clock: Clock
) -> None:
    story.ping_and_call()
    assert story.do("reject", "b1") == {"success": True}
    assert story.stands()[1] == [("caller", "in-progress"), ("b1", "rejected"), ("b2", "ringing")]
    story.ends.answer(story.leg("b2"))
    clock(91)
    assert story.do("reject", "b2") == {"success": False, "error": "reject timeout passed"}


@pytest.mark.parametrize("outcome", ["busy", "no-answer"])
def test_without_a_buyer_the_caller_hears_a_message(story: Story, outcome: str) -> None:
    story.ping_and_call()
    story.ends.end(story.leg("b1"), outcome)
    story.ends.end(story.leg("b2"), outcome)
    assert story.stands() == (
        "no-target",
        [("caller", "no-target"), ("b1", outcome), ("b2", outcome)],
    )
