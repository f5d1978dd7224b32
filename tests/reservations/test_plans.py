"""No ping and no call reads all rows of its company, also before the database has statistics."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishers.models import Key
from reservations import lifecycle
from tests.factories import make_ready_key
from tests.pinging import CALLER, OTHER_CALLER, confirm, dial, ping

pytestmark = pytest.mark.django_db
_WHOLE_PAST = ("reservation_newest", "SCAN reservations_reservation", "SCAN r")


@pytest.fixture
def key() -> Key:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL counts by itself, and looks through a small table as a whole")
    return make_ready_key()


def plans(act: Callable[[], object]) -> list[str]:
    """Return the query plan of each statement."""
    with CaptureQueriesContext(connection) as sent:
        act()
    asked = [
        query["sql"]
        for query in sent.captured_queries
        if "reservations_reservation" in query["sql"]
    ]
    with connection.cursor() as cursor:
        told = [
            cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%")).fetchall()
            for sql in asked
        ]
    return [row[3] for rows in told for row in rows]


def test_a_ping_and_its_repeat_are_found_by_their_caller(key: Key) -> None:
    found = plans(lambda: (ping(key), ping(key)))
    assert [
        plan for plan in found if plan.startswith(_WHOLE_PAST) or "reservation_newest" in plan
    ] == []


def test_a_call_is_found_by_its_number(key: Key) -> None:
    numbers = [
        ping(key, caller_number=caller)["inbound_number"] for caller in (CALLER, OTHER_CALLER)
    ]
    found = plans(lambda: (dial(numbers[0]), dial(numbers[1], caller="+12025550199")))
    assert [
        plan for plan in found if plan.startswith(_WHOLE_PAST) or "reservation_newest" in plan
    ] == []


def test_confirming_and_expiring_are_found_by_what_is_open(key: Key) -> None:
    answer = ping(key)
    found = plans(
        lambda: (
            confirm(key, answer["uuid"]),
            lifecycle.expire_all_due(now=timezone.now(), company_pk=key.company_id),
        )
    )
    assert [
        plan for plan in found if plan.startswith(_WHOLE_PAST) or "reservation_newest" in plan
    ] == []
