"""Campaigns whose webhooks ask a server of the test's own, and what became of each word."""

import re
from typing import Any

from callcontrol.models import Call, Delivery, DeliveryAttempt
from campaigns.models import Campaign, Webhook
from tests.factories import make_webhook
from tests.outsiders import Outsider


def hook_to(server: Outsider, campaign: Campaign, path: str = "/", **fields: Any) -> Webhook:
    """A webhook of the campaign that asks this server; the settings must allow its host."""
    return make_webhook(campaign, url=server.url + path, **fields)


def tags(call: Call) -> dict[str, str]:
    return dict(call.tags.values_list("name", "value"))


def words(call: Call) -> list[tuple[str, str]]:
    """Each delivery's trigger and status, in the order in which they were written down."""
    rows = Delivery.objects.filter(call=call).order_by("created_at", "trigger", "name")
    return [(row.trigger, row.status) for row in rows]


def tries(call: Call) -> list[tuple[int | None, str]]:
    """The HTTP status and the error of each try to tell of this call."""
    rows = DeliveryAttempt.objects.filter(delivery__call=call).order_by("pk")
    return [(row.status, row.error) for row in rows]


def said(call: Call, kind: str) -> list[str]:
    """What the timeline keeps of webhooks, without how long an answer took."""
    events = call.events.filter(kind=f"webhook-{kind}").order_by("pk")
    return [re.sub(r"\bin \d+ ms", "in ms", event.detail["said"]) for event in events]
