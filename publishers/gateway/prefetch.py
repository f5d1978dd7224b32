"""The first statement of a request: key, version of the settings, and what its action needs.

Every part is a SELECT of the part's name and seven texts, joined by UNION ALL: one round trip, the
same text on SQLite and PostgreSQL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A SELECT of its name and seven texts; `parameters` returns its values."""

    name: str
    sql: str
    parameters: Callable[[str, str | None, Any], Sequence[Any]]


KEY = QueryPart(
    "key",
    "SELECT 'key', CAST(k.id AS text), CAST(k.company_id AS text), CAST(v.version AS text),"
    " CAST(NULL AS text), CAST(NULL AS text), CAST(NULL AS text), CAST(NULL AS text)"
    " FROM publishers_key k JOIN campaigns_catalogueversion v ON v.company_id = k.company_id"
    " WHERE k.key = %s",
    lambda key, caller, now: [key],
)


def run_prefetch(
    parts: tuple[QueryPart, ...], *, key: str, caller: str | None, now: datetime
) -> dict[str, list[Row]]:
    """Return the rows of every part by its name, without the name."""
    database = connections[DEFAULT_DB_ALIAS]  # `connection` would look it up at each use
    moment = database.ops.adapt_datetimefield_value(now)
    values: list[Any] = []
    for part in parts:
        values.extend(part.parameters(key, caller, moment))
    rows: dict[str, list[Row]] = {part.name: [] for part in parts}
    for row in _read(database, _statement(parts), values):
        rows[row[0]].append(row[1:])
    return rows


def _read(database: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the read, on a new connection if the server has ended the kept one since its last use.

    It takes the place of Django's health check, which would be a fourth statement of a ping.
    """
    is_unchecked = database.connection is not None and not database.health_check_done
    database.health_check_done = True
    try:
        with database.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()
    except (OperationalError, InterfaceError):
        if not is_unchecked or database.in_atomic_block or database.is_usable():
            raise
    database.close()
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@lru_cache(maxsize=32)
def _statement(parts: tuple[QueryPart, ...]) -> str:
    return " UNION ALL ".join(part.sql for part in parts)


def parse_moment(text: str | None) -> datetime | None:
    """Return the moment in a text, as either database writes it."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
