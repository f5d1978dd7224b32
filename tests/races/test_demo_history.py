"""A story of the demo's past gives way to live requests."""

import io
import time
from threading import Event

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from callcontrol.demo import history
from campaigns.models import Company, Lease
from tests.races.takers import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows"),
]
DEADLOCK_TIMEOUT = 1  # second, PostgreSQL's default; then it ends one of the transactions


def test_a_story_gives_up_its_wait_before_postgresql_looks_for_deadlocks() -> None:
    call_command("demo", base_url="http://demo.example:8000", no_history=True, stdout=io.StringIO())
    company, now = Company.objects.get(company_id="demo"), timezone.now()
    history.prepare(company, now=now, days=1)
    world = history.DemoWorld(company, now=now, until=now)
    locked, done = Event(), Event()

    def live_request() -> None:
        with transaction.atomic():
            Lease.objects.select_for_update().get(name=history.LEASE)
            locked.set()
            done.wait(30)

    def story() -> float:
        locked.wait(30)
        start = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            history._play_some(world, [(now, lambda world: None)])
        done.set()
        return time.monotonic() - start

    assert together([live_request, story])[1] < DEADLOCK_TIMEOUT
