"""Choices of the softphone: numbers to dial, and keys and publishers for a ping."""

from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Company
from publishers.models import InboundNumber, Key, Publisher
from reservations.key_types.rtb import RealTimeBidding

CALLER = "+12025550102"  # fictional
_MAX_CHOICES = 200  # other numbers can be typed


def choices(company: Company) -> dict[str, Any]:
    """Return the choices: keys, publishers, and (number, label) of the numbers by campaign."""
    keys = Key.objects.unretired().filter(
        company=company, type=RealTimeBidding.slug, paused=False, campaign__retired_at=None
    )
    publishers = Publisher.objects.unretired().filter(company=company)
    rows = InboundNumber.objects.unretired().filter(company=company, campaign__retired_at=None)
    # Numbers outside of the pool come first, so that a large pool does not push them out.
    rows = rows.order_by("in_pool", "campaign__name", "number")
    numbers = list(rows.select_related("campaign", "publisher")[:_MAX_CHOICES])
    numbers.sort(key=lambda row: (row.campaign.name, row.campaign_id, row.in_pool, row.number))
    by_campaign = groupby(numbers, key=lambda row: (row.campaign_id, row.campaign.name))
    return {
        "numbers": [
            (name, [(row.number, _label(row)) for row in of_campaign])
            for (__, name), of_campaign in by_campaign
        ],
        "keys": keys.select_related("campaign").order_by("campaign__name", "name", "pk")[
            :_MAX_CHOICES
        ],
        "publishers": publishers.order_by("name")[:_MAX_CHOICES],
        "example": CALLER,
        "ping_url": RealTimeBidding.path,
    }


def _label(row: InboundNumber) -> str:
    if row.publisher:
        label = f"{row.number} ({row.publisher.name})"
    elif row.in_pool:
        label = _("%(number)s (pool)") % {"number": row.number}
    else:
        label = _("%(number)s (no publisher)") % {"number": row.number}
    if row.ask_caller_number:
        label = _("%(number)s, asks for the caller’s number") % {"number": label}
    return label
