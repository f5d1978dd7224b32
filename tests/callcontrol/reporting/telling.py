"""A caller's rows of every kind, and what the page about them shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from callcontrol.models import Call, Delivery
from campaigns.models import Campaign, Company
from publishers.models import LogEntry, StoredTag
from reservations.models import Reservation, Status
from tests import factories as make

CALLER = "+12025550142"
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    """A moment so many minutes after noon."""
    return NOON + timedelta(minutes=number)


def make_ping(campaign: Campaign, at: datetime, **fields: Any) -> LogEntry:
    """A ping that found a buyer, with its reservation of the same moment."""
    key = make.make_key("rtb", campaign=campaign)
    row = make_reservation(key, at)
    return make.make_entry(
        campaign.company,
        at=at,
        key_pk=key.pk,
        caller_number=CALLER,
        reservation_uuid=row.pk,
        **fields,
    )


def make_reservation(key: Any, at: datetime, **fields: Any) -> Reservation:
    usual = {
        "campaign": key.campaign,
        "buyer": make.make_buyer(key.company, name="Buyer One"),
        "inbound_number": "+18335550100",
    }
    lives = {
        "created_at": at,
        "expires_at": at + timedelta(seconds=30),
        "status": Status.EXPIRED,
        "caller_number": CALLER,
    }
    return Reservation.objects.create(
        company=key.company, key=key, scope=f"rtb:key:{key.pk}", **usual | lives | fields
    )


def make_call(campaign: Campaign, at: datetime, **fields: Any) -> Call:
    """A call that ended without anybody taking it."""
    carried = {
        "carrier": "simulator",
        "carrier_call_id": str(uuid4()),
        "inbound_number": "+18335550100",
        "status": "no-target",
    }
    said = {
        "caller_number": CALLER,
        "started_at": at,
        "clock": at,
        "ended_at": at,
        "settled_at": at,
    }
    return Call.objects.create(
        company=campaign.company, campaign=campaign, **{**carried, **said, **fields}
    )


def make_converted(campaign: Campaign, at: datetime, **fields: Any) -> Call:
    buyer = make.make_buyer(campaign.company, name="Buyer One")
    paid = {
        "payout": Decimal("90"),
        "revenue": Decimal("120"),
        "converted_at": at,
        "buyer": buyer,
        "status": "finished",
    }
    return make_call(campaign, at, **paid | fields)


def make_delivery(call: Call, at: datetime) -> Delivery:
    webhook = make.make_webhook(call.campaign, trigger="ended", name=str(call.pk))
    told = {
        "name": "CRM",
        "trigger": "ended",
        "method": "POST",
        "url": "https://crm.example",
        "status": "delivered",
    }
    return Delivery.objects.create(
        company=call.company, call=call, webhook=webhook, created_at=at, **told
    )


def make_waiting(company: Company, at: datetime, **fields: Any) -> StoredTag:
    usual = {
        "name": "zip",
        "value": "20001",
        "caller_number": CALLER,
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
    }
    return StoredTag.objects.create(company=company, written_at=at, **usual | fields)


def page(client: Client, **query: Any) -> Any:
    """What the page shows, as its template gets it."""
    asked = {"number": CALLER, **query}
    return client.get(
        f"{reverse('caller')}?{urlencode({k: v for k, v in asked.items() if v is not None})}"
    ).context


def lines(shown: Any) -> list[Any]:
    """The entries, newest first."""
    return [entry for _, blocks in shown["days"] for block in blocks for entry in block.entries]


def whats(shown: Any) -> list[str]:
    return [entry.what for entry in lines(shown)]


def blocks(shown: Any) -> list[list[str]]:
    """What stands together."""
    return [
        [entry.what for entry in block.entries] for _, found in shown["days"] for block in found
    ]


def newest_request() -> LogEntry:
    return LogEntry.objects.latest("pk")
