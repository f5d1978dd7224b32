"""Locks by name, for transactions that must follow each other before a row exists to lock."""

from django.db import connection


def acquire_lock(name: str) -> None:
    """Hold a named lock until the open transaction ends; OperationalError after the lock timeout.

    SQLite needs none: one transaction writes at a time. To rule out deadlocks, a transaction takes
    at most one such lock, and takes it before it locks any row.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
