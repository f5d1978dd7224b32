"""A start webhook on each carrier: sent before a buyer is dialed, and its answer is dialed."""

from typing import Any

import httpx
import pytest

from callcontrol.models import Call, Leg
from campaigns.models import Campaign
from tests.callcontrol.hooked import hook_to
from tests.callcontrol.twilio.rest import Api
from tests.factories import make_buyer, make_campaign, make_number, make_route
from tests.far_ends import FarEnds, OnSimulator, OnTwilio
from tests.outsiders import answer, somebody

pytestmark = pytest.mark.django_db(transaction=True)
RESERVED = b'{"inbound_number": 14165550177, "status": "reserved"}'


@pytest.fixture
def campaign() -> Campaign:
    """Create a campaign whose buyer is dialed at the number in the webhook's answer."""
    campaign = make_campaign()
    make_route(campaign, make_buyer(campaign.company, number="[inbound_number]"))
    make_number(campaign)
    return campaign


def rung() -> list[str | None]:
    return list(Leg.objects.filter(party="handler").values_list("number", flat=True))


@pytest.fixture(params=["simulator", "twilio"])
def ends(request: pytest.FixtureRequest, http: httpx.Client) -> FarEnds:
    return (
        OnTwilio(request.getfixturevalue("twilio"))
        if request.param == "twilio"
        else OnSimulator(http)
    )


def test_the_buyer_is_dialed_where_the_answer_says(
    ends: FarEnds, campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(RESERVED)) as server:
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        hook_to(
            server,
            campaign,
            "/?from=[caller_number]",
            values={"inbound_number": "inbound_number"},
            deadline_ms=10_000,
        )
        ends.dial(campaign.numbers.get().number)
        assert server.asked() == ["POST /?from=%2B12025550102 HTTP/1.1"]
        assert rung() == ["+14165550177"]


def test_twilio_is_answered_before_the_webhook_is_sent(
    twilio: Api, campaign: Campaign, settings: Any
) -> None:
    with somebody(answer(RESERVED)) as server:
        settings.WEBHOOK_ALLOWED_HOSTS = [server.host]
        hook_to(server, campaign, values={"inbound_number": "inbound_number"}, deadline_ms=10_000)
        twilio.standin.call(campaign.numbers.get().number, joins=False)
        assert Call.objects.get().status == "routing"
        assert server.heard == []
        assert rung() == []
        twilio.standin.settle()
        assert len(server.heard) == 1
        assert rung() == ["+14165550177"]
