"""Two overlapping transactions: the second begins before the first commits."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from tests.races.takers import together


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> bool:
    """The first commits when the second is done or waits for it; whether it waited. Only where transactions overlap."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    begun, done = Event(), Event()

    def holds() -> bool:
        with transaction.atomic():
            first()
            begun.set()
            while not done.wait(0.01) and not _somebody_waits():
                pass
            return not done.is_set()

    def follows() -> None:
        begun.wait(timeout=30)
        second()
        done.set()

    return bool(together([holds, follows])[0])


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
