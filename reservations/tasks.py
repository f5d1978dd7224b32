"""The sweep of reservations past their end. Readers look at the clock, so late is never wrong."""

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from . import lifecycle


@shared_task(ignore_result=True)
def expire_reservations() -> int:
    """Closes what is due, batch by batch, and gives its places back; how many."""
    now = timezone.now()
    return leases.sweep(name="expire-reservations", batch=lambda: lifecycle.expire_due(now=now), most=lifecycle.BATCH, now=now)
