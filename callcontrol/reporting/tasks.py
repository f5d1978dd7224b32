"""The sweep that writes rollups. The dashboard is right without it, and fast with it."""

import time
from itertools import islice

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from . import rollups

_BATCH = 24  # jobs between two looks at the clock: the hours of a day
_MAX_SECONDS = 30.0  # then the next turn goes on, within the lease


@shared_task(ignore_result=True)
def write_rollups() -> int:
    """Run the rollup jobs that are due, oldest first, and return how many ran."""
    now, until = timezone.now(), time.monotonic() + _MAX_SECONDS
    jobs = rollups.rollup_jobs(now=now)

    def batch() -> int:
        count = 0
        for job in islice(jobs, _BATCH if time.monotonic() < until else 0):
            job()
            count += 1
        return count

    return leases.sweep(name="tally-hours", batch=batch, limit=_BATCH, now=now)
