"""Django's SQLite backend, with a queue for the writers of this process."""

import threading
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base, operations
from django.db.utils import OperationalError

# SQLite lets one connection write at a time and makes the others poll: twelve threads sleep 25
# times as long as they work. A lock wakes the next writer at once.
_write_lock = threading.Lock()
_LONGEST_KEPT = 10_000  # characters of a statement: one with a long list is rarely run twice
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLAC")


def _acquire_write_lock(seconds: float) -> None:
    """Wait for the write lock; OperationalError (503 in the APIs) after `seconds`."""
    if not _write_lock.acquire(timeout=seconds):
        raise OperationalError("database is locked: the write lock was not free in time")


@lru_cache(maxsize=512)
def _with_question_marks(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class SQLiteCursor(base.SQLiteCursorWrapper):
    """A cursor; a write outside a transaction takes the write lock for one statement."""

    seconds: float

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """Return the statement with SQLite's placeholders; short ones are converted once."""
        if param_names is None and len(query) <= _LONGEST_KEPT:
            return _with_question_marks(query)
        return super().convert_query(query, param_names=param_names)

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.in_transaction or query.lstrip()[:6].upper() not in _WRITES:
            return super().execute(query, params)
        _acquire_write_lock(self.seconds)
        try:
            return super().execute(query, params)
        finally:
            _write_lock.release()


class DatabaseOperations(operations.DatabaseOperations):
    """Integers limited as on PostgreSQL: SQLite itself accepts larger ones than a date can hold."""

    def integer_field_range(self, internal_type: str) -> tuple[int, int]:
        return self.integer_field_ranges[internal_type]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the write lock from BEGIN until SQLite has ended the transaction."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_write_lock = False

    def _seconds(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("timeout", 5))

    def create_cursor(self, name: str | None = None) -> SQLiteCursor:
        cursor = self.connection.cursor(factory=SQLiteCursor)
        cursor.seconds = self._seconds()
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        _acquire_write_lock(self._seconds())
        self._has_write_lock = True
        try:
            super()._start_transaction_under_autocommit()
        finally:
            self._release_write_lock()

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._release_write_lock()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._release_write_lock()

    def _set_autocommit(self, autocommit: bool) -> None:
        try:
            # sqlite3 commits the open transaction when autocommit is switched on
            super()._set_autocommit(autocommit)
        finally:
            self._release_write_lock()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._release_write_lock(closed=True)

    def _release_write_lock(self, *, closed: bool = False) -> None:
        if self._has_write_lock and (
            closed or self.connection is None or not self.connection.in_transaction
        ):
            self._has_write_lock = False
            _write_lock.release()
