"""Redis as broker: a real beat and a real worker, between which it carries the messages."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.management.commands.up import BEAT, WORKER
from config.ops import health
from reservations.models import Reservation
from tests.config.running import PATIENCE, ROOT
from tests.factories import make_ready_key
from tests.pinging import ping, reservation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not settings.REDIS_URL or connection.vendor == "sqlite",
        reason="needs a Redis and a database for several processes: run with ENGINES=postgres",
    ),
]


@contextmanager
def celery(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker or beat on the Redis and the database of this test."""
    environment = os.environ | {"VAR_DIR": str(folder), "DATABASE_URL": database_url()}
    with (
        (folder / f"{len(command)}.log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def database_url() -> str:
    """The URL of the database that pytest-django made beside the one of DATABASE_URL."""
    url, name = os.environ["DATABASE_URL"], connection.settings_dict["NAME"]
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def wait_until(condition: Callable[[], Any]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return bool(condition())


@pytest.fixture
def expired(transactional_db: None) -> Reservation:
    row = reservation(ping(make_ready_key()))
    past = timezone.now() - timedelta(minutes=5)
    Reservation.objects.filter(pk=row.pk).update(expires_at=past)
    return row


def test_worker_and_beat_work_over_redis(expired: Reservation, tmp_path: Path) -> None:
    def is_alive(name: str) -> bool:
        seconds = health.seconds_since_tick(name, now=timezone.now())
        return seconds is not None and seconds < health.LATE_SECONDS

    with celery(WORKER, tmp_path), celery(BEAT, tmp_path):
        ticked = wait_until(lambda: is_alive("worker") and is_alive("beat"))
        swept = wait_until(lambda: Reservation.objects.get(pk=expired.pk).status == "expired")
    logs = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert ticked, logs
    assert swept, logs
    assert not (tmp_path / "broker").exists()
