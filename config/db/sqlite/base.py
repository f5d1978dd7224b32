"""Django's SQLite backend, with one queue for the writers of this process."""

import threading
from typing import Any

from django.db.backends.sqlite3 import base, operations
from django.db.utils import OperationalError

# SQLite lets one connection write at a time and makes the others poll for their turn: twelve threads spend 25 times as
# long asleep as at work. A lock wakes the next one at once.
_turn = threading.Lock()
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLAC")


def _wait_for_turn(seconds: float) -> None:
    """Hold the process's one right to write; OperationalError (a 503 outside) after `seconds`."""
    if not _turn.acquire(timeout=seconds):
        raise OperationalError("database is locked: no turn to write came within the timeout")


class SQLiteCursor(base.SQLiteCursorWrapper):
    """A write outside a transaction is a transaction of its own and waits for its turn like one."""

    seconds: float

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.in_transaction or query.lstrip()[:6].upper() not in _WRITES:
            return super().execute(query, params)
        _wait_for_turn(self.seconds)
        try:
            return super().execute(query, params)
        finally:
            _turn.release()


class DatabaseOperations(operations.DatabaseOperations):
    """Whole numbers as large as PostgreSQL takes them: SQLite alone would let in seconds that no clock can count."""

    def integer_field_range(self, internal_type: str) -> tuple[int, int]:
        return self.integer_field_ranges[internal_type]


class DatabaseWrapper(base.DatabaseWrapper):
    """Holds the turn from BEGIN until SQLite says that no transaction is open any more, however it ended."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_turn = False

    def _seconds(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("timeout", 5))

    def create_cursor(self, name: str | None = None) -> SQLiteCursor:
        cursor = self.connection.cursor(factory=SQLiteCursor)
        cursor.seconds = self._seconds()
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        _wait_for_turn(self._seconds())
        self._has_turn = True
        try:
            super()._start_transaction_under_autocommit()
        finally:
            self._pass_turn()

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._pass_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._pass_turn()

    def _set_autocommit(self, autocommit: bool) -> None:
        try:
            super()._set_autocommit(
                autocommit
            )  # sqlite3 commits what is open when autocommit comes back
        finally:
            self._pass_turn()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._pass_turn(closed=True)

    def _pass_turn(self, *, closed: bool = False) -> None:
        if self._has_turn and (
            closed or self.connection is None or not self.connection.in_transaction
        ):
            self._has_turn = False
            _turn.release()
