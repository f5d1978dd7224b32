"""The Celery application: `celery -A config.celery:app worker|beat`, and the schedule of beat."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, setup_logging
from django.conf import settings

from .ops import broker
from .ops.processes import die_with_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery would import all views for Django's checks, and drop the messages. `up` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")
die_with_up()

# Seconds between two runs of each task. All are sweeps, which may run twice or late.
# A message that has waited longer than that is dropped: the next one does its work.
SWEEPS: dict[str, float] = {
    "config.tasks.tick": 10,
    "reservations.tasks.expire_reservations": 5,
    "callcontrol.tasks.catch_up_calls": 5,
    "callcontrol.tasks.ask_carrier_again": 10,
    "callcontrol.tasks.deliver_webhooks": 2,
    "publishers.tasks.expire_stored_tags": 60,
    "publishers.tasks.trim_idempotency_records": 3600,
    "publishers.tasks.trim_log": 3600,
    "reservations.tasks.wipe_reservations": 3600,
    "callcontrol.reporting.tasks.write_rollups": 60,
    "campaigns.tasks.forget_ended_counters": 24 * 3600,
    "campaigns.tasks.recount_caps": 24 * 3600,
}

app = Celery("ringpost")
app.conf.update(
    broker_url=settings.REDIS_URL or "filesystem://localhost",
    broker_transport_options=(
        {"socket_connect_timeout": 5, "socket_timeout": 30}
        if settings.REDIS_URL
        else broker.install(settings.BROKER_DIR)
    ),
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    # Threads share one queue of SQLite's writers, start at once and leave no process behind.
    worker_pool="threads",
    worker_concurrency=4,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_redirect_stdouts=False,
    beat_schedule={
        name: {"task": name, "schedule": every, "options": {"expires": every}}
        for name, every in SWEEPS.items()
    },
    beat_schedule_filename=str(settings.VAR_DIR / "beat"),
)
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_kwargs: Any) -> None:
    """Keep Celery from configuring logging, which it does unless this signal has a receiver."""


@before_task_publish.connect(sender="config.tasks.tick")
def add_sent_at(headers: dict[str, Any], **_kwargs: Any) -> None:
    """Add the moment at which beat sent a tick."""
    headers["sent_at"] = time.time()


@beat_init.connect
def send_first_tick(**_kwargs: Any) -> None:
    """Send a tick at the start, so that /readyz shows worker and beat within a second."""
    app.send_task("config.tasks.tick", expires=SWEEPS["config.tasks.tick"])
