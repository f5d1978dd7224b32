"""Two overlapping transactions: the second begins before the first commits."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from tests.races.takers import together


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> bool:
    """Commit the first once the second is done or waits for it; return whether it waited."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    begun, done = Event(), Event()

    def holds() -> bool:
        with transaction.atomic():
            first()
            begun.set()
            while not done.wait(0.01) and not _is_waiting():
                pass
            return not done.is_set()

    def follows() -> None:
        begun.wait(timeout=30)
        second()
        done.set()

    return bool(together([holds, follows])[0])


def _is_waiting() -> bool:
    with connection.cursor() as cursor:
        # The server's other databases belong to other test processes.
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
