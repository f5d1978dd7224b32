"""Rows of one caller, and its rendered page."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from callcontrol.models import Call, Delivery
from campaigns.models import Campaign, Company
from publishers.models import LogEntry, StoredTag
from reservations.models import Reservation, Status
from tests import factories as make

CALLER = "+12025550142"
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    """Return the moment this many minutes after noon."""
    return NOON + timedelta(minutes=number)


def make_ping(campaign: Campaign, at: datetime, **fields: Any) -> LogEntry:
    """Make a ping with the reservation that it got at the same moment."""
    key = make.make_key("rtb", campaign=campaign)
    row = make_reservation(key, at)
    defaults = {"key_pk": key.pk, "caller_number": CALLER, "reservation_uuid": row.pk}
    return make.make_entry(campaign.company, at=at, **defaults | fields)


def make_reservation(key: Any, at: datetime, **fields: Any) -> Reservation:
    defaults = {
        "campaign": key.campaign,
        "buyer": make.make_buyer(key.company, name="Buyer One"),
        "inbound_number": "+18335550100",
        "caller_number": CALLER,
        "created_at": at,
        "expires_at": at + timedelta(seconds=30),
        "status": Status.EXPIRED,
        "scope": f"rtb:key:{key.pk}",
    }
    return Reservation.objects.create(company=key.company, key=key, **defaults | fields)


def make_call(campaign: Campaign, at: datetime, **fields: Any) -> Call:
    """Make a call that ended without a buyer."""
    times = dict.fromkeys(("started_at", "clock", "ended_at", "settled_at"), at)
    defaults = {
        "carrier": "simulator",
        "carrier_call_id": str(uuid4()),
        "inbound_number": "+18335550100",
        "status": "no-target",
        "caller_number": CALLER,
    }
    return Call.objects.create(
        company=campaign.company, campaign=campaign, **times | defaults | fields
    )


def make_converted(campaign: Campaign, at: datetime, **fields: Any) -> Call:
    defaults = {
        "payout": Decimal("90"),
        "revenue": Decimal("120"),
        "converted_at": at,
        "buyer": make.make_buyer(campaign.company, name="Buyer One"),
        "status": "finished",
    }
    return make_call(campaign, at, **defaults | fields)


def make_delivery(call: Call, at: datetime) -> Delivery:
    webhook = make.make_webhook(call.campaign, trigger="ended", name=str(call.pk))
    return Delivery.objects.create(
        company=call.company,
        call=call,
        webhook=webhook,
        created_at=at,
        name="CRM",
        trigger="ended",
        method="POST",
        url="https://crm.example",
        status="delivered",
    )


def make_stored_tag(company: Company, at: datetime, **fields: Any) -> StoredTag:
    defaults = {
        "name": "zip",
        "value": "20001",
        "caller_number": CALLER,
        "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
    }
    return StoredTag.objects.create(company=company, written_at=at, **defaults | fields)


def get_page(client: Client, **query: Any) -> Any:
    """Return the response; `number` is CALLER unless the query says otherwise."""
    query = {name: text for name, text in {"number": CALLER, **query}.items() if text is not None}
    return client.get(f"{reverse('caller')}?{urlencode(query)}")


def page(client: Client, **query: Any) -> Any:
    """Return the page's context."""
    return get_page(client, **query).context


def types(context: Any) -> list[str]:
    """Return the type of each entry, newest first; requests by what they are."""
    return [_type(entry) for entry in context["entries"]]


def blocks(context: Any) -> list[list[str]]:
    """Return the types of the entries of each box."""
    boxes: dict[str, list[str]] = {}
    for entry in context["entries"]:
        boxes.setdefault(entry["block"], []).append(_type(entry))
    return list(boxes.values())


def sentences(client: Client, **query: Any) -> list[str]:
    """Return the text of each entry without its time."""
    html = get_page(client, **query).content.decode()
    html = html.partition('<section aria-labelledby="timeline">')[2].partition("</section>")[0]
    entries = re.split(r'<li class="caller-entry">\s*<time.*?</time>', html, flags=re.DOTALL)[1:]
    return [" ".join(strip_tags(re.sub("</ol>.*<ol.*", "", entry)).split()) for entry in entries]


def _type(entry: Any) -> str:
    return str(entry.get("request") or entry["template"].rpartition("/")[2].partition(".")[0])
