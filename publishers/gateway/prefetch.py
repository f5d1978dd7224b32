"""The one statement that begins a request: whose key it is, which settings are in force, and what its entrance adds.

Every part is a SELECT of the part's name and seven texts, joined by UNION ALL: one round trip, the same text on SQLite
and PostgreSQL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A part: `sql` selects its name and seven texts, `parameters` gives its values for a key, a caller and a moment."""

    name: str
    sql: str
    parameters: Callable[[str, str | None, Any], Sequence[Any]]


KEY = QueryPart(
    "key",
    "SELECT 'key', CAST(k.id AS text), CAST(k.company_id AS text), CAST(v.version AS text),"
    " CAST(NULL AS text), CAST(NULL AS text), CAST(NULL AS text), CAST(NULL AS text)"
    " FROM publishers_key k JOIN campaigns_catalogueversion v ON v.company_id = k.company_id WHERE k.key = %s",
    lambda key, caller, now: [key],
)


def run_prefetch(
    parts: Sequence[QueryPart], *, key: str, caller: str | None, now: datetime
) -> dict[str, list[Row]]:
    """The rows of every part by its name, without the name."""
    moment = connection.ops.adapt_datetimefield_value(now)
    values: list[Any] = []
    for part in parts:
        values.extend(part.parameters(key, caller, moment))
    found: dict[str, list[Row]] = {part.name: [] for part in parts}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(part.sql for part in parts), values)
        for name, *row in cursor.fetchall():
            found[name].append(tuple(row))
    return found


def parse_moment(text: str | None) -> datetime | None:
    """A moment as either database writes it in a text."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
