"""Is it alive, can it serve, who ticked when, and the counters: `/healthz`, `/readyz`, `/metrics`."""

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import Lease

# Four beats of the pulse and a little: past this, somebody should look.
LATE_SECONDS = 45


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Alive: answers without a look at the database, so that a restart is never the cure for an absent one."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Can serve. 503 without a database or with migrations to run; a silent worker or beat is said, and late is never wrong."""
    try:
        report = read_health(now=timezone.now())
    except Error:
        report = {"database": "cannot be reached"}
    ready = report["database"] == report.get("migrations") == "ok"
    return JsonResponse(report, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


def read_health(*, now: datetime) -> dict[str, Any]:
    """What /readyz shows: words for database and migrations, seconds since a tick (null: never), seconds of skew."""
    waiting = migrations_waiting()
    if waiting:
        return {"database": "ok", "migrations": f"{len(waiting)} to run"}
    return {
        "database": "ok",
        "migrations": "ok",
        "worker": seconds_since_tick("worker", now=now),
        "beat": seconds_since_tick("beat", now=now),
        "clock_skew_seconds": clock_skew_seconds(),
    }


def migrations_waiting() -> list[str]:
    """Names of the migrations that are in the code and not in the database."""
    executor = MigrationExecutor(connection)
    return [
        str(migration)
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def seconds_since_tick(name: str, *, now: datetime) -> float | None:
    """How long ago "worker" or "beat" last showed itself; None: never."""
    ticked_at = Lease.objects.filter(name=name).values_list("ticked_at", flat=True).first()
    return round((now - ticked_at) / timedelta(seconds=1), 1) if ticked_at else None


def clock_skew_seconds() -> float:
    """How far this machine's clock is ahead of the database's; SQLite has no clock of its own."""
    if connection.vendor == "sqlite":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    return round((timezone.now() - theirs) / timedelta(seconds=1), 3)
