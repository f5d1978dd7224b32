"""Advisory locks: the second transaction waits for a lock of the same name, and no other."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.db import advisory_locks
from tests.races.overlapping import overlapping


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("second", "waits"), [("a", True), ("b", False)])
def test_only_a_lock_of_the_same_name_waits(second: str, waits: bool) -> None:
    def follows() -> None:
        with transaction.atomic():
            advisory_locks.acquire_lock(second)

    assert overlapping(lambda: advisory_locks.acquire_lock("a"), follows) == waits


@pytest.mark.django_db
def test_a_lock_is_one_statement_on_postgresql() -> None:
    with CaptureQueriesContext(connection) as sent:
        advisory_locks.acquire_lock("a")
    assert len(sent) == (connection.vendor == "postgresql")
