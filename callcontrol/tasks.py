"""What the clock brings about for calls, what a dying process or a silent carrier left, and whom webhooks tell."""

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from .lifecycle import timeouts
from .webhooks import deliveries

_BATCH = 100
_ONE_BATCH = 1_000_000  # a turn is one batch: the next one comes soon


@shared_task(ignore_result=True)
def catch_up_calls() -> int:
    """Rings out, takes back, goes on with and ends the calls that are behind; how many."""
    now = timezone.now()
    return leases.sweep(
        name="catch-up-calls",
        batch=lambda: timeouts.apply_due_timeouts(now=now, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def ask_carrier_again() -> int:
    """Tells the carrier once more of lines that should be over; how many."""
    now = timezone.now()
    return leases.sweep(
        name="ask-carrier-again",
        batch=lambda: timeouts.repeat_commands(now=now, limit=_BATCH),
        limit=_ONE_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def deliver_webhooks() -> int:
    """Sends the webhooks that are due; how many."""
    now = timezone.now()
    return leases.sweep(
        name="deliver-webhooks",
        batch=lambda: deliveries.send_due(now=now, limit=_BATCH),
        limit=_ONE_BATCH,
        now=now,
    )
