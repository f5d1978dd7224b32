"""The sweep that tallies. The dashboard is right without it, and quick with it."""

import time
from itertools import islice

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from . import rollups

_JOBS = 24  # between two looks at the clock: a day's hours
_SECONDS = 30.0  # after which the rest is left to the next turn, within its lease


@shared_task(ignore_result=True)
def write_rollups() -> int:
    """Does what is to be tallied, the oldest hours first; how many hours, days and looks for late sales were done."""
    now, until = timezone.now(), time.monotonic() + _SECONDS
    jobs = rollups.rollup_jobs(now=now)

    def batch() -> int:
        return sum(
            1 for job in islice(jobs, _JOBS if time.monotonic() < until else 0) if job() or True
        )

    return leases.sweep(name="tally-hours", batch=batch, limit=_JOBS, now=now)
