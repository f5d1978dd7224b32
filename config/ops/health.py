"""The state of the installation: `/healthz`, `/readyz`, and the ticks of worker and beat."""

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import Lease

# Four ticks and a little: a worker or beat that is later has a problem.
LATE_SECONDS = 45


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer without the database: restarting this process would not bring it back."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Report whether requests can be served: 503 without a database or with pending migrations."""
    try:
        report = read_health(now=timezone.now())
    except Error:
        report = {"database": "cannot be reached"}
    ready = report["database"] == report.get("migrations") == "ok"
    return JsonResponse(report, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


def read_health(*, now: datetime) -> dict[str, Any]:
    """Return the body of /readyz: states, seconds since a tick (null: never), seconds of skew."""
    pending = pending_migrations()
    if pending:
        return {"database": "ok", "migrations": f"{len(pending)} to run"}
    return {
        "database": "ok",
        "migrations": "ok",
        "worker": seconds_since_tick("worker", now=now),
        "beat": seconds_since_tick("beat", now=now),
        "clock_skew_seconds": clock_skew_seconds(),
    }


def pending_migrations() -> list[str]:
    """Return the names of the migrations that have not been applied."""
    executor = MigrationExecutor(connection)
    return [
        str(migration)
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def seconds_since_tick(name: str, *, now: datetime) -> float | None:
    """Return the age of the last tick of "worker" or "beat"; None: never."""
    ticked_at = Lease.objects.filter(name=name).values_list("ticked_at", flat=True).first()
    return round((now - ticked_at) / timedelta(seconds=1), 1) if ticked_at else None


def clock_skew_seconds() -> float:
    """Return how far this machine's clock is ahead of the database's; SQLite has none."""
    if connection.vendor == "sqlite":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (database_now,) = cursor.fetchone()
    return round((timezone.now() - database_now) / timedelta(seconds=1), 3)
