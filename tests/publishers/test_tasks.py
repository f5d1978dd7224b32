"""The sweeps of stored tags and of kept answers, as the worker runs them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import leases
from campaigns.models import Company
from publishers import tasks
from publishers.models import IdempotencyRecord, StoredTag
from tests.factories import make_company

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def store_tags(company: Company, ends: list[int]) -> None:
    """Create tags that end `seconds` from now."""
    now = timezone.now()
    for end in ends:
        fields = {"name": str(end), "written_at": now, "expires_at": now + timedelta(seconds=end)}
        StoredTag.objects.create(company=company, caller_number="+12025550102", **fields)


def keep_answers(company: Company, ends: list[int]) -> None:
    now = timezone.now()
    for end in ends:
        fields = {
            "idempotency_key": str(end),
            "locked_until": now,
            "expires_at": now + timedelta(seconds=end),
        }
        IdempotencyRecord.objects.create(
            scope="key:1", method="POST", path="/rtbs", fingerprint="", **fields
        )


SWEEPS: Any = pytest.mark.parametrize(
    ("sweep", "name", "fill", "model"),
    [
        (tasks.expire_stored_tags, "expire-stored-tags", store_tags, StoredTag),
        (
            tasks.trim_idempotency_records,
            "trim-idempotency-records",
            keep_answers,
            IdempotencyRecord,
        ),
    ],
    ids=["tags", "answers"],
)


@SWEEPS
def test_expired_rows_are_deleted_once(
    sweep: Callable[[], int], name: str, fill: Any, model: Any
) -> None:
    fill(make_company(), [-1, 0, 1])
    assert [sweep(), sweep()] == [2, 0]
    assert model.objects.count() == 1


@SWEEPS
def test_batch_after_batch(
    sweep: Callable[[], int], name: str, fill: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_BATCH", 2)
    fill(make_company(), [-5, -4, -3, -2, -1, 5])
    assert sweep() == 5
    assert model.objects.count() == 1


@SWEEPS
def test_another_worker_is_left_to_it(
    sweep: Callable[[], int], name: str, fill: Any, model: Any
) -> None:
    fill(make_company(), [-1])
    leases.acquire(name=name, holder="another", lasts=timedelta(seconds=60), now=timezone.now())
    assert sweep() == 0
    assert model.objects.count() == 1
