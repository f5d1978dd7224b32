"""Goes on with calls that a dying process left between two steps."""

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from . import lifecycle

_BATCH = 100


@shared_task(ignore_result=True)
def resume_stuck_calls() -> int:
    """Rings the next buyer of each stuck call, or ends it; how many."""
    now = timezone.now()
    return leases.sweep(
        name="resume-stuck-calls", batch=lambda: lifecycle.resume_stuck(now=now, most=_BATCH), most=_BATCH, now=now
    )
