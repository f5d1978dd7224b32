"""The log is kept for RETENTION_DAYS, and trimmed in bounded batches from its old end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from publishers import tasks
from publishers.models import LogEntry
from publishers.request_log import retention

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def _entry(at: datetime) -> LogEntry:
    values = {
        "method": "POST",
        "path": "/rtbs",
        "parameters": {},
        "status": 200,
        "response": "",
        "result": "done",
        "duration_ms": 1.0,
    }
    return LogEntry.objects.create(at=at, **values)


def _left() -> list[int]:
    return list(LogEntry.objects.order_by("id").values_list("pk", flat=True))


def test_rows_older_than_the_retention_are_deleted() -> None:
    _entry(NOON - timedelta(seconds=1))
    kept = [_entry(NOON), _entry(NOON + timedelta(days=1))]
    assert retention.delete_old_rows(before=NOON, limit=10) == 1
    assert _left() == [row.pk for row in kept]


def test_a_batch_is_bounded() -> None:
    rows = [_entry(NOON - timedelta(days=3 - number)) for number in range(3)]
    assert retention.delete_old_rows(before=NOON, limit=2) == 2
    assert _left() == [rows[2].pk]


def test_the_sweep_goes_by_the_setting(settings: Any) -> None:
    settings.RETENTION_DAYS = 7
    now = timezone.now()
    _entry(now - timedelta(days=7, seconds=1))
    kept = _entry(now - timedelta(days=6))
    assert tasks.trim_log() == 1
    assert _left() == [kept.pk]
