"""What the clock brings about for calls, and what a dying process or a silent carrier left."""

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from . import due

_BATCH = 100


@shared_task(ignore_result=True)
def catch_up_calls() -> int:
    """Rings out, takes back, goes on with and ends the calls that are behind; how many."""
    now = timezone.now()
    return leases.sweep(name="catch-up-calls", batch=lambda: due.catch_up_due(now=now, most=_BATCH), most=_BATCH, now=now)


@shared_task(ignore_result=True)
def hang_up_again() -> int:
    """Tells the carrier once more of lines that should be over; how many."""
    now = timezone.now()
    return leases.sweep(name="hang-up-again", batch=lambda: due.hang_up_again(now=now, most=_BATCH), most=1_000_000, now=now)
