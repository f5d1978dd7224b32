"""Leases: of many workers one does a periodic job at a time, and a dead one's turn passes."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from .models import Lease

MOST_BATCHES = 40
LASTS = timedelta(seconds=60)


def acquire(*, name: str, holder: str, lasts: timedelta, now: datetime) -> bool:
    """Whether this holder may do the job until `now + lasts`. The winner is told by the row count of one update."""
    Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    free = Lease.objects.filter(Q(until=None) | Q(until__lte=now) | Q(holder=holder), name=name)
    return bool(free.update(holder=holder, until=now + lasts))


def release(*, name: str, holder: str, now: datetime) -> None:
    """Ends the turn, and notes when the job was last done."""
    Lease.objects.filter(name=name, holder=holder).update(until=None, ticked_at=now)


def sweep(*, name: str, batch: Callable[[], int], limit: int, now: datetime) -> int:
    """Calls `batch` until one does fewer than `most`, if no other worker is at it; how many were done.

    A backlog is left to the next turn after MOST_BATCHES, so that no sweep outlives its lease.
    """
    holder = uuid.uuid4().hex
    if not acquire(name=name, holder=holder, lasts=LASTS, now=now):
        return 0
    done = 0
    for _ in range(MOST_BATCHES):
        step = batch()
        done += step
        if step < limit:
            break
    release(name=name, holder=holder, now=now)
    return done
