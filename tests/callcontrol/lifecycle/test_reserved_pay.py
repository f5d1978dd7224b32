"""Pay of a reserved call: the quote counts only if the reserved buyer took the call."""

from decimal import Decimal
from typing import Any

import pytest

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from tests.factories import make_conversion, make_key, make_market
from tests.pinging import Answer, act, dial, hang_up, last_leg, ping

pytestmark = pytest.mark.django_db
QUOTED, OWN = Decimal("90.00"), Decimal("50.00")


@pytest.fixture
def campaign(clock: Any) -> Campaign:
    """A campaign that quotes 90.00 for its first buyer, and pays 50.00 for its second."""
    campaign = make_market(caps=[None, None])
    second = Buyer.objects.get(buyer_id="b2")
    make_conversion(campaign, buyer=second, seconds=60, payout=OWN, revenue=Decimal("70.00"))
    return campaign


@pytest.fixture
def call(campaign: Campaign) -> Answer:
    """A reserved call that rings the first buyer."""
    answer = ping(make_key(campaign=campaign))
    assert answer["retreaver_payout"] == QUOTED
    return dial(answer["inbound_number"])


def talk(call: Answer, clock: Any, *, seconds: int) -> Call:
    """Answer the ringing leg and hang up; return the settled call."""
    act(last_leg(call), "answer")
    clock(seconds)
    hang_up(call["call_uuid"])
    return Call.objects.get(reservation__isnull=False)


def test_the_reserved_buyer_pays_the_quote(call: Answer, clock: Any) -> None:
    assert talk(call, clock, seconds=120).payout == QUOTED


@pytest.mark.parametrize("seconds", [60, 120])
def test_another_buyer_pays_by_its_own_conversion(call: Answer, clock: Any, seconds: int) -> None:
    call = act(last_leg(call), "busy")
    assert call["buyer_id"] == "b2"
    assert talk(call, clock, seconds=seconds).payout == OWN
