"""The lower limit: the driver alone reads and writes the same rows, without Django."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Model

from publishers.models import LogEntry
from reservations.models import Reservation


def _row(model: type[Model]) -> tuple[str, list[Any], list[str]]:
    """Return an INSERT of the newest row, without a primary key that the database generates."""
    names = [str(field.column) for field in model._meta.concrete_fields if field.column != "id"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(names)} FROM {model._meta.db_table} ORDER BY {model._meta.pk.column} DESC LIMIT 1"
        )
        values = list(cursor.fetchone())
    mark = "?" if connection.vendor == "sqlite" else "%s"
    places = ", ".join([mark] * len(names))
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({places})",
        values,
        names,
    )


def _prepared(values: list[Any]) -> list[Any]:
    if connection.vendor == "sqlite":
        return [
            str(value) if isinstance(value, uuid.UUID) or hasattr(value, "isoformat") else value
            for value in values
        ]
    return [json.dumps(value) if isinstance(value, dict | list) else value for value in values]


def ping(key: str) -> Callable[[], None]:
    """Return a run of one key look-up, one reservation, one log row and one commit."""
    reservation, values, names = _row(Reservation)
    log, log_values, _ = _row(LogEntry)
    values, log_values = _prepared(values), _prepared(log_values)
    at_uuid, at_caller = names.index("uuid"), names.index("caller_number")
    driver = connection.connection
    mark = "?" if connection.vendor == "sqlite" else "%s"
    read = f"SELECT id, company_id FROM publishers_key WHERE key = {mark}"

    def run() -> None:
        fresh = uuid.uuid4()
        values[at_uuid], values[at_caller] = (
            (fresh.hex if mark == "?" else fresh),
            "+1" + fresh.hex[:10],
        )
        driver.execute(read, [key]).fetchone()
        driver.execute("BEGIN")
        driver.execute(reservation, values)
        driver.execute(log, log_values)
        driver.execute("COMMIT")

    return run
