"""The examinations behind `doctor`: each says in a sentence what it found and, if that is bad, how to mend it."""

import shutil
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import redis
from django.conf import settings
from django.core import checks
from django.db import Error, connection
from django.utils import timezone

from callcontrol.carriers.base import CarrierError
from callcontrol.carriers.registry import carrier

from . import health

MEBIBYTE = 2**20
LEAST_FREE_MEBIBYTES = 500
MOST_WAITING_MESSAGES = 1000


class Finding(NamedTuple):
    """`mend` is empty when all is well."""

    text: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """All findings, one by one; never raises because a part is broken."""
    yield from _settings()
    yield from _secrets()
    yield from _time_zones()
    yield from _disk()
    yield from _broker()
    yield from _carrier()
    try:
        connection.ensure_connection()
    except Error as error:
        yield Finding(
            f"The database cannot be reached: {_first_line(error)}.",
            "See that its server runs and that DATABASE_URL is right.",
        )
        return
    for look in _AT_THE_DATABASE:
        yield from look()


# --- without the database -------------------------------------------------------------------------------
def _settings() -> Iterator[Finding]:
    messages = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in messages:
        yield Finding(
            f"Settings: {message.msg}", message.hint or "See the documentation of settings."
        )
    if not messages:
        yield Finding("The settings are consistent.")


def _secrets() -> Iterator[Finding]:
    for path in (
        settings.VAR_DIR,
        settings.VAR_DIR / "secret_key",
        settings.VAR_DIR / "simulator_token",
    ):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding(
                f"Other users of this machine can read {path}.",
                f"chmod {'700' if path.is_dir() else '600'} {path}",
            )
        elif path.exists():
            yield Finding(f"Only its owner can read {path}.")


def _time_zones() -> Iterator[Finding]:
    number = len(zoneinfo.available_timezones())
    mend = (
        ""
        if number > 300
        else "Install the time zones: the system's tzdata package, or `pip install tzdata`."
    )
    yield Finding(f"Time zones known to this machine: {number}.", mend)


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VAR_DIR).free // MEBIBYTE
    mend = (
        "" if free >= LEAST_FREE_MEBIBYTES else "Make room: nothing can be written when it is full."
    )
    yield Finding(f"Free space for {settings.VAR_DIR}: {free:,} MiB.", mend)


def _broker() -> Iterator[Finding]:
    try:
        yield _redis() if settings.REDIS_URL else _folder(settings.BROKER_DIR)
    except (OSError, ValueError, redis.RedisError) as error:
        mend = (
            "See that Redis runs and that REDIS_URL is right."
            if settings.REDIS_URL
            else f"Let this user write to {settings.BROKER_DIR}."
        )
        yield Finding(f"The broker takes no messages: {_first_line(error)}.", mend)


def _redis() -> Finding:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3
    ) as server:
        waiting = int(server.llen("celery"))
    return _backlog(waiting, "Redis answers")


def _folder(folder: Path) -> Finding:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trial = folder / f"{uuid.uuid4()}.writing"
    trial.write_text("doctor")
    trial.unlink()
    return _backlog(
        sum(1 for _ in folder.glob("*.msg")), f"The broker's folder {folder} can be written"
    )


def _backlog(waiting: int, works: str) -> Finding:
    mend = "" if waiting <= MOST_WAITING_MESSAGES else "Start a worker: nobody takes them."
    return Finding(f"{works}; messages waiting: {waiting}.", mend)


def _carrier() -> Iterator[Finding]:
    if any(
        message.level >= checks.ERROR for message in checks.run_checks()
    ):  # it can't be asked with settings that are wrong
        yield Finding(f"The carrier is {settings.CARRIER}.")
        return
    try:
        yield Finding(carrier().check_account())
    except CarrierError as failure:
        yield Finding(
            f"The carrier does not answer: {failure}.",
            "See that its settings are right and that it can be reached.",
        )


# --- at the database ------------------------------------------------------------------------------------
def _version() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        version = ".".join(map(str, connection.Database.sqlite_version_info))  # type: ignore[attr-defined]
        yield Finding(f"The database is SQLite {version} in {connection.settings_dict['NAME']}.")
        return
    major = connection.pg_version // 10000  # type: ignore[attr-defined]
    yield Finding(
        f"The database is PostgreSQL {major}.", "" if major >= 14 else "Use PostgreSQL 14 or newer."
    )


def _migrations() -> Iterator[Finding]:
    waiting = health.migrations_waiting()
    if waiting:
        yield Finding(
            f"Migrations to run: {len(waiting)}, first {waiting[0]}.",
            "Run `python manage.py migrate`.",
        )
    else:
        yield Finding("Every migration has been run.")


def _journal() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        mode = str(cursor.execute("PRAGMA journal_mode").fetchone()[0]).upper()
    wanted, synchronous = settings.SQLITE_JOURNAL
    if mode != wanted:
        yield Finding(
            f"SQLite's journal is {mode}, not {wanted}.",
            f"Stop every process, then `PRAGMA journal_mode={wanted}`.",
        )
    elif wanted == "WAL":
        yield Finding(
            f"SQLite's journal is WAL with synchronous={synchronous}: readers never wait for the writer."
        )
    else:
        yield Finding(
            f"SQLite's journal is {wanted} with synchronous={synchronous}: this version could lose a reset of a WAL."
        )


def _clock() -> Iterator[Finding]:
    skew = health.clock_skew_seconds()
    mend = "" if abs(skew) <= 1 else "Keep both clocks by NTP: reservations live by the second."
    yield Finding(f"This machine's clock differs from the database's by {abs(skew):.3f} s.", mend)


def _ticks() -> Iterator[Finding]:
    for name in ("worker", "beat"):
        seconds = health.seconds_since_tick(name, now=timezone.now())
        start = f"Start it: `python manage.py up`, or `celery -A config.celery:app {name}`."
        if seconds is None:
            yield Finding(f"No {name} has ever ticked.", start)
        else:
            yield Finding(
                f"The {name} ticked {seconds:.0f} s ago.",
                "" if seconds <= health.LATE_SECONDS else start,
            )


def _tables_needed(look: Callable[[], Iterator[Finding]]) -> Callable[[], Iterator[Finding]]:
    """An examination that reads tables of ours, and has nothing to say while they are missing."""

    def careful() -> Iterator[Finding]:
        if not health.migrations_waiting():
            yield from look()

    return careful


_AT_THE_DATABASE = (_version, _migrations, _journal, _clock, _tables_needed(_ticks))


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
