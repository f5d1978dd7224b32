"""Calls that are talked over, and sales that their buyers report of them, through the whole
product in this process."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.models import Key
from tests.factories import make_key
from tests.pinging import Answer, act, dial, hang_up, last_leg, shown


def key_of(buyer_id: str) -> Key:
    return make_key("conversion", buyer=Buyer.objects.get(buyer_id=buyer_id))


def talk(campaign: Campaign, **more: str) -> Answer:
    return act(last_leg(dial(campaign.numbers.get().number, **more)), "answer")


def report(key: Key, call: object, **parameters: Any) -> Answer:
    """The answer to a sale of 120.00, unless the parameters say otherwise."""
    query = urlencode({"key": key.key, "call_uuid": call, "revenue": "120.00", **parameters})
    return dict(Client().post(f"/conversions.json?{query}").json())


def money(call: str) -> tuple[str | None, str | None, bool]:
    now = shown(call)
    return now["payout"], now["revenue"], now["converted"]


def duplicate(call: str) -> bool:
    return Call.objects.get(pk=call).duplicate


def end(call: str) -> None:
    """After more than the 120 seconds that its campaign pays for."""
    hang_up(call, at=(timezone.now() + timedelta(minutes=3)).isoformat())
