"""Sweeps of stored tags, idempotency records and the log.

Readers compare expiry times themselves, so a late sweep does no harm.
"""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from campaigns import leases

from . import stored_tags
from .gateway import idempotency
from .request_log import retention

_BATCH = 500


@shared_task(ignore_result=True)
def expire_stored_tags() -> int:
    """Delete expired tags; return their number."""
    now = timezone.now()
    return leases.sweep(
        name="expire-stored-tags",
        batch=lambda: stored_tags.drop_expired_tags(now=now, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def trim_idempotency_records() -> int:
    """Delete answers older than a day; return their number."""
    now = timezone.now()
    return leases.sweep(
        name="trim-idempotency-records",
        batch=lambda: idempotency.drop_expired_records(now=now, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def trim_log() -> int:
    """Delete rows of the log older than RETENTION_DAYS; return their number."""
    now = timezone.now()
    before = now - timedelta(days=settings.RETENTION_DAYS)
    return leases.sweep(
        name="trim-log",
        batch=lambda: retention.delete_old_rows(before=before, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )
