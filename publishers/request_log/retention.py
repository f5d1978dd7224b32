"""Retention of the postback log: batches of its oldest rows are deleted."""

from datetime import datetime

from django.db import connection

# Row ids ascend with time. Only the lowest ids are checked against the age limit, because a search
# for old rows would read the whole table whenever there are none.
_DELETE_OLDEST = (
    "DELETE FROM publishers_logentry WHERE id IN ("
    "WITH oldest AS (SELECT id, at FROM publishers_logentry ORDER BY id LIMIT %s)"
    " SELECT id FROM oldest WHERE at < %s)"
)


def delete_old_rows(*, before: datetime, limit: int) -> int:
    """Delete at most `limit` rows that were written before `before`; return their number."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_OLDEST, [limit, connection.ops.adapt_datetimefield_value(before)])
        return int(cursor.rowcount)
