"""Stored tags: written for the caller's next call, taken by one call, dropped when expired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from campaigns import sweeps
from config.db import advisory_locks

from .models import StoredTag


@dataclass(frozen=True, slots=True)
class StoredTags:
    """A stored tag, and the publisher of the key that wrote it."""

    name: str
    value: str
    publisher_pk: int | None
    written_at: datetime


_TAKE = """
DELETE FROM publishers_storedtag
WHERE company_id = %s AND caller_number = %s AND scope IN ('', %s) AND expires_at > %s
RETURNING name, value, publisher_id, written_at
"""


def wait_for_turn(*, company_pk: int, caller_number: str) -> None:
    """Serialize arrivals of calls and writes of tags for this caller until the transaction ends."""
    advisory_locks.acquire_lock(f"caller:{company_pk}:{caller_number}")


def store_tags(
    *,
    company_pk: int,
    campaign_pk: int | None,
    publisher_pk: int | None,
    caller_number: str,
    tags: Mapping[str, str],
    seconds: int,
    now: datetime,
) -> None:
    """Store tags for the caller's next call in the company or on one campaign; replace older
    values.

    The caller must hold the lock of `wait_for_turn`.
    """
    rows = [
        StoredTag(
            company_id=company_pk,
            scope=f"campaign:{campaign_pk}" if campaign_pk else "",
            publisher_id=publisher_pk,
            caller_number=caller_number,
            name=name,
            value=value,
            written_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
        for name, value in tags.items()
    ]
    StoredTag.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["company", "caller_number", "scope", "name"],
        update_fields=["publisher", "value", "written_at", "expires_at"],
    )


def take_stored_tags(
    *, company_pk: int, campaign_pk: int, caller_number: str, now: datetime
) -> list[StoredTags]:
    """Return the caller's tags for a call on this campaign, oldest first.

    They are deleted in the same statement, so that only one call gets them.
    """
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [company_pk, caller_number, f"campaign:{campaign_pk}", moment])
        rows = []
        for name, value, publisher, at in cursor.fetchall():
            if isinstance(at, str):  # SQLite stores text, in UTC
                at = datetime.fromisoformat(at)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            rows.append(StoredTags(name, value, publisher, at))
    return sorted(rows, key=lambda row: row.written_at)


def drop_expired_tags(*, now: datetime, limit: int) -> int:
    """Delete at most `limit` expired tags; return their number."""
    return sweeps.drop_expired_rows(StoredTag, now=now, limit=limit)
