"""The log is kept for so many days, and trimmed in batches from its old end."""

from datetime import datetime

from django.db import connection

# Rows are numbered as they are written: of the oldest few, those that are old enough go. Looking for old rows among all of
# them would read the whole table each time that there are none.
_TRIM = (
    "DELETE FROM publishers_logentry WHERE id IN ("
    "WITH oldest AS (SELECT id, at FROM publishers_logentry ORDER BY id LIMIT %s) SELECT id FROM oldest WHERE at < %s)"
)


def delete_old_rows(*, before: datetime, limit: int) -> int:
    """Deletes at most so many of the oldest rows of the log that were written before a moment; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, [limit, connection.ops.adapt_datetimefield_value(before)])
        return int(cursor.rowcount)
