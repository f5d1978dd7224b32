"""The caller's number and tags are wiped from reservations that ended RETENTION_DAYS ago."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from reservations import redaction, tasks
from reservations.models import Reservation
from tests.factories import make_ready_key
from tests.pinging import CALLER, ping, reservation

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _made(age: timedelta, status: str = "expired", caller: str = CALLER) -> Reservation:
    row = reservation(ping(make_ready_key(), caller_number=caller, caller_zip="90210"))
    Reservation.objects.filter(pk=row.pk).update(status=status, created_at=timezone.now() - age)
    return row


def _known(row: Reservation) -> tuple[Any, ...]:
    row.refresh_from_db()
    return row.caller_number, row.tags, row.wiped_at


def test_an_old_one_keeps_its_numbers_and_loses_its_caller() -> None:
    row, now = _made(2 * DAY), timezone.now()
    assert redaction.redact_ended(before=now - DAY, limit=10, now=now) == 1
    assert _known(row) == (None, {}, now)
    assert row.inbound_number is not None


@pytest.mark.parametrize(("age", "status"), [(2, "reserved"), (2, "confirmed"), (0, "claimed")])
def test_what_lives_or_is_young_is_left_alone(age: int, status: str) -> None:
    row, now = _made(age * DAY, status), timezone.now()
    redaction.redact_ended(before=now - DAY, limit=10, now=now)
    assert _known(row) == (CALLER, {"caller_zip": "90210"}, None)


def test_twice_is_once_and_a_batch_is_bounded() -> None:
    for _ in range(3):
        _made(2 * DAY)
    now = timezone.now()
    assert [redaction.redact_ended(before=now - DAY, limit=2, now=now) for _ in range(3)] == [
        2,
        1,
        0,
    ]


def test_the_sweep_goes_by_the_setting(settings: Any) -> None:
    settings.RETENTION_DAYS = 7
    old, young = _made(8 * DAY), _made(6 * DAY)
    assert tasks.wipe_reservations() == 1
    assert _known(old)[0] is None
    assert _known(young)[0] == CALLER
