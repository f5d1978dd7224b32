"""Sweeps of reservations: those past their end, and those past the retention of personal data.

Readers compare `expires_at` with the clock, so a late sweep changes no answer.
"""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from campaigns import leases

from . import lifecycle, redaction


@shared_task(ignore_result=True)
def expire_reservations() -> int:
    """Close due reservations batch by batch, release their places, and return how many."""
    now = timezone.now()
    return leases.sweep(
        name="expire-reservations",
        batch=lambda: lifecycle.expire_due(now=now),
        limit=lifecycle.BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def wipe_reservations() -> int:
    """Wipe the personal data of reservations older than RETENTION_DAYS; return how many."""
    now, limit = timezone.now(), lifecycle.BATCH
    before = now - timedelta(days=settings.RETENTION_DAYS)
    return leases.sweep(
        name="wipe-reservations",
        batch=lambda: redaction.redact_ended(before=before, limit=limit, now=now),
        limit=limit,
        now=now,
    )
