"""Sweeps of reservations: past their end, and past the time that personal data is kept. Readers look at the clock."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from campaigns import leases

from . import lifecycle, redaction


@shared_task(ignore_result=True)
def expire_reservations() -> int:
    """Closes what is due, batch by batch, and gives its places back; how many."""
    now = timezone.now()
    return leases.sweep(
        name="expire-reservations",
        batch=lambda: lifecycle.expire_due(now=now),
        limit=lifecycle.BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def wipe_reservations() -> int:
    """Wipes the personal data of what ended before RETENTION_DAYS, batch by batch; how many."""
    now, limit = timezone.now(), lifecycle.BATCH
    before = now - timedelta(days=settings.RETENTION_DAYS)
    return leases.sweep(
        name="wipe-reservations",
        batch=lambda: redaction.redact_ended(before=before, limit=limit, now=now),
        limit=limit,
        now=now,
    )
