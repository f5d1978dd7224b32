"""Conversions of callers, as the settlement of a call records them."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from campaigns import duplicates
from campaigns.models import Buyer, Campaign


def converted(
    campaign: Campaign,
    caller: str | None,
    *,
    buyer: Buyer | None = None,
    at: datetime | None = None,
    **more: Any,
) -> bool:
    """Record a conversion of the caller at `at` (default now); return whether it pays."""
    usual = {
        "company_pk": campaign.company_id,
        "campaign_pk": campaign.pk,
        "caller_number": caller,
        "buyer_pk": buyer.pk if buyer else 1,
        "call_uuid": uuid4(),
        "dedupe_seconds": campaign.dedupe_seconds,
        "duplicates": campaign.duplicates,
        "now": at or timezone.now(),
    }
    return duplicates.record_conversion(**(usual | more))
