"""Calls through Twilio, over HTTP: rung, answered, hung up, and what their buyers and callers
hear."""

import pytest

from callcontrol.models import Call, Leg, Party
from campaigns.models import Campaign
from tests.callcontrol.twilio.rest import Api
from tests.callcontrol.twilio.standin import Line
from tests.factories import make_market, make_number

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+18335550199"


@pytest.fixture
def campaign() -> Campaign:
    """Two buyers, b1 first, and a number."""
    campaign = make_market(caps=[None, None])
    make_number(campaign, number=NUMBER)
    return campaign


def stands() -> str:
    return Call.objects.get().status


def rung() -> list[tuple[str, str]]:
    """The buyers' legs in their order, each with its status or how it ended."""
    legs = Leg.objects.exclude(party=Party.CALLER).select_related("buyer").order_by("place")
    return [(leg.buyer.buyer_id, leg.outcome or leg.status) for leg in legs]


def newest(twilio: Api) -> Line:
    """The line that was dialed last."""
    return list(twilio.standin.lines.values())[-1]


def test_the_caller_hears_ringing_and_the_first_buyer_rings(
    twilio: Api, campaign: Campaign
) -> None:
    caller = twilio.standin.call(NUMBER)
    assert stands() == "ringing"
    assert rung() == [("b1", "ringing")]
    assert twilio.standin.audible_parties(caller) == []
    assert (
        twilio.standin.conferences[caller.conference].wait_url
        == "https://calls.example.com/static/callcontrol/ringing.xml"
    )


def test_the_buyer_picks_up_and_both_hear_each_other(twilio: Api, campaign: Campaign) -> None:
    caller = twilio.standin.call(NUMBER)
    twilio.standin.answer(newest(twilio))
    assert stands() == "in-progress"
    assert rung() == [("b1", "in-progress")]
    assert twilio.standin.audible_parties(caller) == [newest(twilio).label]


@pytest.mark.parametrize("who", ["caller", "buyer"])
def test_either_side_hangs_up_and_the_other_line_ends(
    twilio: Api, campaign: Campaign, who: str
) -> None:
    caller = twilio.standin.call(NUMBER)
    buyer = newest(twilio)
    twilio.standin.answer(buyer)
    twilio.standin.end(caller if who == "caller" else buyer, "completed")
    assert stands() == "finished"
    assert rung() == [("b1", "completed")]
    assert caller.is_live is False
    assert buyer.is_live is False


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
def test_who_does_not_pick_up_leaves_the_call_to_the_next(
    twilio: Api, campaign: Campaign, outcome: str
) -> None:
    twilio.standin.call(NUMBER)
    twilio.standin.end(newest(twilio), outcome)
    assert stands() == "ringing"
    assert rung() == [("b1", outcome), ("b2", "ringing")]
