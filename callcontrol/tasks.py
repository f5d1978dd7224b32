"""Sweeps: timeouts of calls, unconfirmed carrier commands, and webhook deliveries."""

from celery import shared_task
from django.utils import timezone

from campaigns import leases

from .lifecycle import timeouts
from .webhooks import deliveries

_BATCH = 100
_ONE_BATCH = 1_000_000  # more than a batch can have: the sweep ends after one


@shared_task(ignore_result=True)
def catch_up_calls() -> int:
    """Apply the timeouts of overdue calls; return the number of calls."""
    now = timezone.now()
    return leases.sweep(
        name="catch-up-calls",
        batch=lambda: timeouts.apply_due_timeouts(now=now, limit=_BATCH),
        limit=_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def ask_carrier_again() -> int:
    """Repeat unconfirmed commands to the carrier; return the number of legs."""
    now = timezone.now()
    return leases.sweep(
        name="ask-carrier-again",
        batch=lambda: timeouts.repeat_commands(now=now, limit=_BATCH),
        limit=_ONE_BATCH,
        now=now,
    )


@shared_task(ignore_result=True)
def deliver_webhooks() -> int:
    """Send the webhooks that are due; return the number of deliveries."""
    now = timezone.now()
    return leases.sweep(
        name="deliver-webhooks",
        batch=lambda: deliveries.send_due(now=now, limit=_BATCH),
        limit=_ONE_BATCH,
        now=now,
    )
