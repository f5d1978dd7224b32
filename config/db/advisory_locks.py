"""Turns: those who must do something one after the other, though there is no row yet that they could lock."""

from django.db import connection


def acquire_lock(name: str) -> None:
    """Holds the turn of this name until the open transaction ends; OperationalError (a 503 outside) when it does not come.

    Nothing on SQLite, where one transaction writes at a time. A transaction takes one turn at most, and before it locks
    any row: so nobody waits in a circle.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
