"""Personal data of reservations that ended long ago is wiped: who called, and what was known of the caller."""

from datetime import datetime

from django.db import connection

# WITH, because PostgreSQL may run a plain subquery more than once, and then goes past its LIMIT. Not in front: SQLite's
# driver counts the rows of a statement that begins with UPDATE.
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
    """Wipes at most so many ended reservations that were made before a moment; how many. What another wipes is left to it."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_WIPE.format(lock=lock), ["{}", moment(now), moment(before), limit])
        return int(cursor.rowcount)
