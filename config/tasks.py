"""The pulse: a message from beat that a worker takes shows that both are alive."""

from datetime import UTC, datetime

from celery import Task, shared_task
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Lease


def mark(*, name: str, at: datetime) -> None:
    """Note that `name` ("worker" or "beat") was alive at `at`; an older note never overwrites a newer one."""
    rows = Lease.objects.filter(name=name)
    if not rows.filter(Q(ticked_at=None) | Q(ticked_at__lt=at)).update(ticked_at=at):
        Lease.objects.bulk_create([Lease(name=name, ticked_at=at)], ignore_conflicts=True)


@shared_task(bind=True)
def tick(task: Task) -> None:
    """When the message was sent says when beat last ticked; that it runs says the same of the worker."""
    mark(name="worker", at=timezone.now())
    sent_at = (task.request.headers or {}).get("sent_at")
    if sent_at:
        mark(name="beat", at=datetime.fromtimestamp(sent_at, UTC))
