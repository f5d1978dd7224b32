"""The queue of writers: waiting, timing out, and releasing the lock however a transaction ends."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction

from config.db.sqlite import base

ALIAS = "queue"


@pytest.fixture
def table(tmp_path: Path, django_db_blocker: object) -> Iterator[None]:
    """A new SQLite file, whatever database the other tests run on."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": 0.3}
    own = {
        "ENGINE": "config.db.sqlite",
        "NAME": str(tmp_path / "queue.sqlite3"),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": False,
    }
    connections.settings[ALIAS] = connections.settings["default"] | own
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        run("CREATE TABLE seat (number integer PRIMARY KEY, taken integer NOT NULL)")
        run("INSERT INTO seat VALUES (1, 0)")
        yield
        connections[ALIAS].close()
    del connections[ALIAS], connections.settings[ALIAS]


def run(sql: str) -> list[tuple[int, ...]]:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def in_thread(act: Callable[[], object]) -> BaseException | None:
    """Return what `act` raises in another thread with another connection."""
    raised: list[BaseException] = []

    def body() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - returned to the calling thread
            raised.append(error)
        finally:
            connections[ALIAS].close()

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def add_one() -> None:
    with transaction.atomic(using=ALIAS):
        taken = run("SELECT taken FROM seat")[0][0]
        time.sleep(0.001)
        run(f"UPDATE seat SET taken = {taken + 1}")


def test_writers_of_many_threads_lose_no_update(table: None) -> None:
    threads = [threading.Thread(target=lambda: in_thread(add_one)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run("SELECT taken FROM seat") == [(12,)]


def test_a_transaction_waits_until_the_first_has_committed(table: None) -> None:
    with transaction.atomic(using=ALIAS):
        raised = in_thread(add_one)
    assert str(raised) == "database is locked: the write lock was not free in time"


def test_a_write_outside_a_transaction_waits_too(table: None) -> None:
    with transaction.atomic(using=ALIAS):
        raised = in_thread(lambda: run("update seat SET taken = 5"))
    assert type(raised) is OperationalError


def test_readers_do_not_wait(table: None) -> None:
    with transaction.atomic(using=ALIAS):
        assert in_thread(lambda: run("SELECT taken FROM seat")) is None


def after_rollback() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(using=ALIAS):
        raise ZeroDivisionError


def after_rolled_back_savepoint() -> None:
    with (
        transaction.atomic(using=ALIAS),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(using=ALIAS),
    ):
        raise ZeroDivisionError


def after_failed_commit() -> None:
    run("CREATE TABLE guest (seat integer REFERENCES seat DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(IntegrityError), transaction.atomic(using=ALIAS):
        run("INSERT INTO guest VALUES (9)")


def after_close_inside() -> None:
    with transaction.atomic(using=ALIAS):
        connections[ALIAS].close()


def after_failed_begin() -> None:
    connections[ALIAS].ensure_connection()
    connections[ALIAS].connection.close()
    with pytest.raises(Exception, match="closed"), transaction.atomic(using=ALIAS):
        pass
    connections[ALIAS].close()


def after_failed_write() -> None:
    with pytest.raises(IntegrityError):
        run("INSERT INTO seat VALUES (1, 0)")


def after_autocommit_came_back() -> None:
    connection = connections[ALIAS]
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.set_autocommit(True)


ENDS = [
    after_rollback,
    after_rolled_back_savepoint,
    after_failed_commit,
    after_close_inside,
    after_failed_begin,
    after_failed_write,
]


@pytest.mark.parametrize("end", [*ENDS, after_autocommit_came_back])
def test_the_turn_is_given_back(table: None, end: Callable[[], None]) -> None:
    end()
    assert in_thread(add_one) is None
    assert base._write_lock.locked() is False


def test_the_turn_is_kept_after_a_savepoint(table: None) -> None:
    with transaction.atomic(using=ALIAS):
        with transaction.atomic(using=ALIAS):
            run("UPDATE seat SET taken = 1")
        assert base._write_lock.locked() is True


def test_every_command_at_the_start_of_a_connection_is_run(table: None) -> None:
    connections[ALIAS].close()
    connections[ALIAS].settings_dict["OPTIONS"]["init_command"] = (
        "PRAGMA cache_size=123; PRAGMA synchronous=EXTRA;"
    )
    assert run("PRAGMA cache_size") + run("PRAGMA synchronous") == [(123,), (3,)]
