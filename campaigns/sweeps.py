"""Deletes expired rows in bounded batches, one statement each."""

from datetime import datetime

from django.db import connection, models

# WITH, because PostgreSQL may run a plain subquery more than once, and then exceeds its LIMIT. The
# statement begins with DELETE, because then SQLite's driver counts its rows and its queue of
# writers recognizes it.
_DROP = (
    "DELETE FROM {table} WHERE id IN ("
    "WITH past AS ("
    "SELECT id FROM {table} WHERE expires_at <= %s ORDER BY expires_at LIMIT %s {lock}"
    ") SELECT id FROM past)"
)


def drop_expired_rows(model: type[models.Model], *, now: datetime, limit: int) -> int:
    """Delete at most `limit` expired rows that no other sweep has locked; return how many."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    sql = _DROP.format(table=connection.ops.quote_name(model._meta.db_table), lock=lock)
    with connection.cursor() as cursor:
        cursor.execute(sql, [connection.ops.adapt_datetimefield_value(now), limit])
        return int(cursor.rowcount)
