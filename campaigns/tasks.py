"""Nightly tasks of caps: delete ended counters, and log counters that differ from the holds."""

import logging
import sys
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from . import leases
from .caps import counters
from .models import Company

_log = logging.getLogger("ringpost.caps")
_BATCH = 500
# A call that began in a window must still be able to release its places there.
_KEPT = timedelta(days=62)


@shared_task(ignore_result=True)
def forget_ended_counters() -> int:
    """Delete counters with windows that ended two months ago; return how many."""
    now = timezone.now()
    return leases.sweep(
        name="forget-ended-counters",
        batch=lambda: counters.forget_ended(before=now - _KEPT, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def recount_caps() -> int:
    """Log every counter that differs from the holds; return how many. Changes no counter."""
    now = timezone.now()
    return leases.sweep(
        name="recount-caps", batch=lambda: log_drifts(now), limit=sys.maxsize, now=now
    )


def log_drifts(now: datetime) -> int:
    drifts = [
        drift
        for company in Company.objects.unretired()
        for drift in counters.recount(company_id=company.pk, now=now)
    ]
    for drift in drifts:
        _log.error(
            "%s %s counts %s, but %s are held", drift.owner, drift.kind, drift.used, drift.held
        )
    return len(drifts)
