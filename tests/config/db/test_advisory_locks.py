"""Advisory locks: the second transaction of a name waits for the first; others do not."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.db import advisory_locks
from tests.races.overlapping import overlapping


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("second", "waits"), [("a", True), ("b", False)])
def test_the_second_of_a_name_waits_and_that_of_another_does_not(second: str, waits: bool) -> None:
    def follows() -> None:
        with transaction.atomic():
            advisory_locks.acquire_lock(second)

    assert overlapping(lambda: advisory_locks.acquire_lock("a"), follows) == waits


@pytest.mark.django_db
def test_it_is_one_statement_where_transactions_write_at_once() -> None:
    with CaptureQueriesContext(connection) as sent:
        advisory_locks.acquire_lock("a")
    assert len(sent) == (connection.vendor == "postgresql")
