"""Ticks of worker and beat, the schedule of beat, and the ages of ticks in /readyz."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from campaigns.models import Lease
from config.celery import SWEEPS, app
from config.ops import health
from config.tasks import record_tick, tick

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def ticks() -> dict[str, Any]:
    return dict(Lease.objects.values_list("name", "ticked_at"))


def test_a_tick_is_recorded_and_moved() -> None:
    record_tick(name="worker", at=NOON)
    record_tick(name="worker", at=NOON + timedelta(seconds=10))
    assert ticks() == {"worker": NOON + timedelta(seconds=10)}


def test_an_older_tick_changes_nothing() -> None:
    record_tick(name="beat", at=NOON)
    record_tick(name="beat", at=NOON - timedelta(seconds=10))
    assert ticks() == {"beat": NOON}


def test_a_message_of_beat_records_both() -> None:
    tick.apply(headers={"sent_at": NOON.timestamp()})
    assert ticks()["beat"] == NOON
    assert ticks()["worker"] > NOON


def test_a_message_of_beat_has_the_moment_of_sending() -> None:
    headers: dict[str, Any] = {}
    signals.before_task_publish.send(sender="config.tasks.tick", headers=headers)
    assert list(headers) == ["sent_at"]
    assert (abs(headers["sent_at"] - time.time()) < 5) is True


def test_beat_sends_only_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    assert sorted(set(SWEEPS) - set(app.tasks)) == []


def test_a_message_expires_when_the_next_one_is_due() -> None:
    expiries = {
        name: (entry["schedule"], entry["options"])
        for name, entry in app.conf.beat_schedule.items()
    }
    assert expiries == {name: (every, {"expires": every}) for name, every in SWEEPS.items()}


def test_every_sweep_has_a_file_in_its_app() -> None:
    labels = {name.split(".")[0] for name in SWEEPS}
    assert [
        label
        for label in labels
        if not (Path(apps.get_app_config(label).path) / "tasks.py").exists()
    ] == []


# --- /readyz ------------------------------------------------------------------------------------
def test_seconds_since_a_tick() -> None:
    record_tick(name="worker", at=NOON)
    now = NOON + timedelta(seconds=4.26)
    assert [health.seconds_since_tick(name, now=now) for name in ("worker", "beat")] == [4.3, None]


def test_ready_without_a_worker_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    report = response.json()
    skew = report.pop("clock_skew_seconds")
    assert response.status_code == 200
    assert report == {"database": "ok", "migrations": "ok", "worker": None, "beat": None}
    assert abs(skew) < 1


def test_a_missing_migration_is_not_ready(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "migrations": "1 to run"}
