"""Leases: one worker at a time runs a job, and a dead worker loses its lease."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns import leases
from campaigns.models import Lease

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)


def acquired(holder: str, *, at: int = 0) -> bool:
    return leases.acquire(
        name="job", holder=holder, lasts=timedelta(seconds=60), now=NOW + timedelta(seconds=at)
    )


def swept(steps: list[int], *, limit: int = 5, at: int = 0) -> int:
    """Return the result of a sweep with batches of these sizes."""
    left = iter(steps)
    return leases.sweep(
        name="job", batch=lambda: next(left), limit=limit, now=NOW + timedelta(seconds=at)
    )


def test_a_lease_has_one_holder() -> None:
    assert [acquired(holder) for holder in ("a", "b", "a")] == [True, False, True]


def test_the_turn_of_a_dead_holder_passes() -> None:
    assert [acquired("a"), acquired("b", at=59), acquired("b", at=60), acquired("a", at=61)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_lease_that_was_let_go_is_free_at_once() -> None:
    acquired("a")
    leases.release(name="job", holder="a", now=NOW)
    assert acquired("b") is True
    assert Lease.objects.get().ticked_at == NOW


def test_a_holder_releases_only_its_own_lease() -> None:
    acquired("a")
    leases.release(name="job", holder="b", now=NOW)
    assert acquired("b") is False
    assert Lease.objects.get().ticked_at is None


def test_a_sweep_goes_on_while_its_batches_are_full() -> None:
    assert swept([5, 5, 2, 9]) == 12
    assert Lease.objects.get().until is None


def test_a_sweep_leaves_a_job_that_another_is_at() -> None:
    acquired("a")
    assert swept([5]) == 0
    assert swept([3], at=60) == 3


def test_a_sweep_stops_before_its_lease_does() -> None:
    assert swept([5] * 99) == 5 * leases.MAX_BATCHES


def test_the_lease_of_a_failed_sweep_expires() -> None:
    with pytest.raises(StopIteration):
        swept([])
    assert [swept([1], at=59), swept([1], at=60)] == [0, 1]
