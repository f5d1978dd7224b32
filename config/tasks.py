"""The tick: a message from beat to a worker, which shows that both are alive."""

from datetime import UTC, datetime

from celery import Task, shared_task
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Lease


def record_tick(*, name: str, at: datetime) -> None:
    """Record that "worker" or "beat" was alive at a moment, unless a later one is recorded."""
    rows = Lease.objects.filter(name=name)
    if not rows.filter(Q(ticked_at=None) | Q(ticked_at__lt=at)).update(ticked_at=at):
        Lease.objects.bulk_create([Lease(name=name, ticked_at=at)], ignore_conflicts=True)


@shared_task(bind=True)
def tick(task: Task) -> None:
    """Record a tick of the worker, and one of beat at the moment at which it sent the message."""
    record_tick(name="worker", at=timezone.now())
    sent_at = (task.request.headers or {}).get("sent_at")
    if sent_at:
        record_tick(name="beat", at=datetime.fromtimestamp(sent_at, UTC))
