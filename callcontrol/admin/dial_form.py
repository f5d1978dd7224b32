"""What the softphone offers to dial: the company's numbers, and keys and publishers for a ping first."""

from itertools import groupby
from typing import Any

from campaigns.models import Company
from publishers.models import InboundNumber, Key, Publisher
from reservations.key_types.rtb import RealTimeBidding

CALLER = "+12025550102"  # fictional
_MOST = 200  # numbers, keys and publishers to choose from; any other number can be typed


def choices(company: Company) -> dict[str, Any]:
    """Numbers by campaign, those outside the pool first; the keys by which a ping can be sent, and publishers to send it for."""
    keys = Key.objects.unretired().filter(
        company=company, type=RealTimeBidding.slug, paused=False, campaign__retired_at=None
    )
    publishers = Publisher.objects.unretired().filter(company=company)
    return {
        "numbers": _numbers(company),
        "keys": keys.select_related("campaign").order_by("campaign__name", "name", "pk")[:_MOST],
        "publishers": publishers.order_by("name")[:_MOST],
        "example": CALLER,
        "ping_address": RealTimeBidding.path,
    }


def _numbers(company: Company) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each campaign's name, with its numbers and what is to be known of them."""
    rows = InboundNumber.objects.unretired().filter(company=company, campaign__retired_at=None)
    first = list(
        rows.select_related("campaign", "publisher").order_by(
            "in_pool", "campaign__name", "number"
        )[:_MOST]
    )
    first.sort(key=lambda row: (row.campaign.name, row.campaign_id, row.in_pool, row.number))
    grouped = groupby(first, key=lambda row: (row.campaign_id, row.campaign.name))
    return [(name, [(row.number, _known(row)) for row in of]) for (_, name), of in grouped]


def _known(row: InboundNumber) -> str:
    whose = (
        row.publisher.name if row.publisher else "in the pool" if row.in_pool else "no publisher"
    )
    return (
        f"{row.number}, {whose}{', asks for the caller’s number' if row.ask_caller_number else ''}"
    )
