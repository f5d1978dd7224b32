"""Calls that were, and the company's key that reads them through the whole product."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from callcontrol.models import Call
from campaigns.models import Campaign, Company
from publishers.models import Key
from tests.factories import make_campaign, make_key
from tests.pinging import CALLER

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def make_call(campaign: Campaign | None = None, minutes: float = 0, **fields: Any) -> Call:
    """Create a call, `minutes` after noon, without a buyer and ten seconds long; `fields`
    override."""
    campaign = campaign or make_campaign()
    at = NOON + timedelta(minutes=minutes)
    end = at + timedelta(seconds=10)
    usual = {
        "caller_number": CALLER,
        "inbound_number": "+18335550199",
        "status": "no-target",
        "started_at": at,
    }
    stands = {
        "clock": end,
        "ended_at": end,
        "settled_at": end,
        "carrier": "simulator",
        "carrier_call_id": uuid.uuid4().hex,
    }
    return Call.objects.create(
        campaign=campaign, company=campaign.company, **{**usual, **stands, **fields}
    )


def make_account(company: Company) -> Key:
    return make_key("account", company=company)


def get_calls(key: Key, query: str = "", path: str = "/calls.json", **more: Any) -> Any:
    """Return the answer to the company's key; `query` is sent as it stands."""
    by = f"api_key={key.key}&company_id={key.company.company_id}"
    return Client().get(path, QUERY_STRING=f"{by}&{query}" if query else by, **more)


def uuids(answer: Any) -> list[str]:
    return [one["call"]["uuid"] for one in answer.json()]
