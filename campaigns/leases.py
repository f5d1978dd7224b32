"""Leases: one worker at a time runs a periodic job, and a dead worker loses its lease."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from .models import Lease

MAX_BATCHES = 40
LASTS = timedelta(seconds=60)


def acquire(*, name: str, holder: str, lasts: timedelta, now: datetime) -> bool:
    """Take the lease until `now + lasts` if it is free; return whether the holder has it."""
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    free = Lease.objects.filter(Q(until=None) | Q(until__lte=now) | Q(holder=holder), name=name)
    return bool(free.update(holder=holder, until=now + lasts))


def release(*, name: str, holder: str, now: datetime) -> None:
    """Give up the lease, and record the time of the job."""
    Lease.objects.filter(name=name, holder=holder).update(until=None, ticked_at=now)


def sweep(*, name: str, batch: Callable[[], int], limit: int, now: datetime) -> int:
    """Run `batch` until it handles fewer than `limit` rows, under the lease; return how many in
    all.

    After MAX_BATCHES the rest waits for the next run, so that no sweep outlives its lease.
    """
    holder = uuid.uuid4().hex
    if not acquire(name=name, holder=holder, lasts=LASTS, now=now):
        return 0
    done = 0
    for _ in range(MAX_BATCHES):
        step = batch()
        done += step
        if step < limit:
            break
    release(name=name, holder=holder, now=now)
    return done
