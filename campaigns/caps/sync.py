"""Puts edited caps on the counters, so that a lowered cap is full for the next decision."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from campaigns.models import Buyer, BuyerGroup, Company
from campaigns.routing.snapshot import capped_of

from .counters import sync_caps


def settings_changed(
    *, company_id: int, now: datetime, owners: Collection[str] | None = None
) -> None:
    """Write the caps in force on the live counters of a company.

    `owners` ("buyer:12", "group:3") limits this to some buyers and groups.
    """
    company = Company.objects.get(pk=company_id)
    capped = {}
    for prefix, model in (("buyer", Buyer), ("group", BuyerGroup)):
        rows = model.objects.of(company).unretired()
        if owners is not None:
            names = (owner.partition(":") for owner in owners)
            rows = rows.filter(pk__in=[pk for kind, _, pk in names if kind == prefix])
        for row in rows:
            owner = capped_of(row, company)
            capped[owner.owner] = owner
    sync_caps(company_id=company_id, capped=capped, now=now)


def sync_on_commit(*, company_id: int, owners: Collection[str] | None = None) -> None:
    """Run `settings_changed` once the transaction commits.

    Every entry point that saves caps or a company's time zone calls this: the admin and the
    catalogue file. Without the call a lowered cap still refuses calls, because taking a place
    compares with the settings in force, but each decision then first offers the call to that buyer.
    """
    # After the commit the counters are written in their one order, whatever order the edits had.
    # The time is read then: with an earlier one, a window that began meanwhile would seem over.
    transaction.on_commit(
        lambda: settings_changed(company_id=company_id, owners=owners, now=timezone.now()),
        robust=True,
    )
