"""Calls and legs as rows of their own, without a carrier: plain functions with what a test does
not care about filled in."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from callcontrol.models import Call, Leg
from campaigns.models import Buyer, Campaign

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
CALLER = "+12025550102"
_counted = count()


def make_call(campaign: Campaign, caller: str | None = CALLER, **fields: Any) -> Call:
    name = f"call-{next(_counted)}"
    usual = {
        "carrier": "simulator",
        "carrier_call_id": name,
        "inbound_number": "+18335550199",
        "started_at": NOW,
        "clock": NOW,
    }
    return Call.objects.create(
        company=campaign.company, campaign=campaign, caller_number=caller, **usual | fields
    )


def make_leg(call: Call, buyer: Buyer | None, **fields: Any) -> Leg:
    """Not inserted yet."""
    return Leg(
        call=call, buyer=buyer, party="handler", number="+14165550101", started_at=NOW, **fields
    )
