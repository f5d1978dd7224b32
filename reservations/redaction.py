"""Retention: the caller's number and tags are wiped from reservations that ended long ago."""

from datetime import datetime

from django.db import connection

# WITH: PostgreSQL may run a plain subquery more than once and so exceed its LIMIT. UPDATE in front:
# SQLite's driver counts only the rows of a statement that begins with it.
_WIPE = """
UPDATE reservations_reservation SET caller_number = NULL, tags = %s, wiped_at = %s WHERE uuid IN (
  WITH old AS (
    SELECT uuid FROM reservations_reservation
    WHERE wiped_at IS NULL AND created_at < %s AND status NOT IN ('reserved', 'confirmed')
    ORDER BY created_at LIMIT %s {lock}
  ) SELECT uuid FROM old
)
"""


def redact_ended(*, before: datetime, limit: int, now: datetime) -> int:
    """Wipe at most `limit` ended reservations that were made before a moment; return how many.

    Rows that another worker has locked are left to it.
    """
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_WIPE.format(lock=lock), ["{}", moment(now), moment(before), limit])
        return int(cursor.rowcount)
