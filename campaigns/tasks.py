"""The nightly look at the caps: counters that nobody needs any more, and counters that are not what the holds say."""

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
# Long enough for a call that began in a window to give its places back there.
_KEPT = timedelta(days=62)


@shared_task(ignore_result=True)
def forget_ended_counters() -> int:
    """Deletes counters whose windows ended two months ago; how many."""
    now = timezone.now()
    return leases.sweep(
        name="forget-ended-counters",
        batch=lambda: counters.forget_ended(before=now - _KEPT, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def recount_caps() -> int:
    """Compares every counter with the holds and logs each that differs; how many. Nothing is mended by itself."""
    now = timezone.now()
    return leases.sweep(
        name="recount-caps", batch=lambda: _told_drifts(now), limit=sys.maxsize, now=now
    )


def _told_drifts(now: datetime) -> int:
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
