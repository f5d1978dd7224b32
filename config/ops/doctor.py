"""The examinations of `doctor`: each yields findings, and a remedy for a bad one."""

import shutil
import uuid
import zoneinfo
from collections.abc import Iterator
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
MIN_FREE_MEBIBYTES = 500
MAX_WAITING_MESSAGES = 1000


class Finding(NamedTuple):
    """A sentence, and a remedy, which is blank without a problem."""

    text: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Yield all findings; a broken part becomes a finding, not an exception."""
    for examination in WITHOUT_DATABASE:
        yield from examination()
    try:
        connection.ensure_connection()
    except Error as error:
        yield Finding(
            f"The database cannot be reached: {_first_line(error)}.",
            "See that its server runs and that DATABASE_URL is right.",
        )
        return
    for examination in WITH_DATABASE:
        yield from examination()


# --- without the database -----------------------------------------------------------------------
def examine_settings() -> Iterator[Finding]:
    messages = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in messages:
        yield Finding(
            f"Settings: {message.msg}", message.hint or "See the documentation of settings."
        )
    if not messages:
        yield Finding("The settings are consistent.")


def examine_secrets() -> Iterator[Finding]:
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


def examine_time_zones() -> Iterator[Finding]:
    number = len(zoneinfo.available_timezones())
    remedy = (
        ""
        if number > 300
        else "Install the time zones: the system's tzdata package, or `pip install tzdata`."
    )
    yield Finding(f"Time zones known to this machine: {number}.", remedy)


def examine_disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VAR_DIR).free // MEBIBYTE
    remedy = (
        ""
        if free >= MIN_FREE_MEBIBYTES
        else "Free some space: Ringpost stops when the disk is full."
    )
    yield Finding(f"Free space for {settings.VAR_DIR}: {free:,} MiB.", remedy)


def examine_broker() -> Iterator[Finding]:
    try:
        if settings.REDIS_URL:
            seconds = {"socket_connect_timeout": 3, "socket_timeout": 3}
            with redis.Redis.from_url(settings.REDIS_URL, **seconds) as server:
                works, waiting = "Redis answers", int(server.llen("celery"))
        else:
            folder: Path = settings.BROKER_DIR
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            trial = folder / f"{uuid.uuid4()}.writing"
            trial.write_text("doctor")
            trial.unlink()
            works = f"The broker's folder {folder} can be written"
            waiting = sum(1 for _ in folder.glob("*.msg"))
    except (OSError, ValueError, redis.RedisError) as error:
        remedy = (
            "See that Redis runs and that REDIS_URL is right."
            if settings.REDIS_URL
            else f"Let this user write to {settings.BROKER_DIR}."
        )
        yield Finding(f"The broker takes no messages: {_first_line(error)}.", remedy)
        return
    remedy = "" if waiting <= MAX_WAITING_MESSAGES else "Start a worker: messages pile up."
    yield Finding(f"{works}; messages waiting: {waiting}.", remedy)


def examine_carrier() -> Iterator[Finding]:
    if any(message.level >= checks.ERROR for message in checks.run_checks()):
        # with wrong settings it can't be asked
        yield Finding(f"The carrier is {settings.CARRIER}.")
        return
    try:
        yield Finding(carrier().check_account())
    except CarrierError as failure:
        yield Finding(
            f"The carrier does not answer: {failure}.",
            "See that its settings are right and that it can be reached.",
        )


# --- at the database ----------------------------------------------------------------------------
def examine_database() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        version = ".".join(map(str, connection.Database.sqlite_version_info))  # type: ignore[attr-defined]
        yield Finding(f"The database is SQLite {version} in {connection.settings_dict['NAME']}.")
        return
    major = connection.pg_version // 10000  # type: ignore[attr-defined]
    yield Finding(
        f"The database is PostgreSQL {major}.", "" if major >= 14 else "Use PostgreSQL 14 or newer."
    )


def examine_migrations() -> Iterator[Finding]:
    pending = health.pending_migrations()
    if pending:
        yield Finding(
            f"Migrations to run: {len(pending)}, first {pending[0]}.",
            "Run `python manage.py migrate`.",
        )
    else:
        yield Finding("Every migration has been run.")


def examine_journal() -> Iterator[Finding]:
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
            f"SQLite's journal is WAL with synchronous={synchronous}: "
            "readers never wait for the writer."
        )
    else:
        yield Finding(
            f"SQLite's journal is {wanted} with synchronous={synchronous}: "
            "this version could lose a reset of a WAL."
        )


def examine_clock() -> Iterator[Finding]:
    skew = health.clock_skew_seconds()
    remedy = "" if abs(skew) <= 1 else "Set both clocks by NTP: reservations expire by the second."
    yield Finding(f"This machine's clock differs from the database's by {abs(skew):.3f} s.", remedy)


def examine_ticks() -> Iterator[Finding]:
    if health.pending_migrations():
        return  # the table may be missing
    for name in ("worker", "beat"):
        seconds = health.seconds_since_tick(name, now=timezone.now())
        start = f"Start it: `python manage.py up`, or `celery -A config.celery:app {name}`."
        if seconds is None:
            yield Finding(f"The {name} has never ticked.", start)
        else:
            yield Finding(
                f"The {name} ticked {seconds:.0f} s ago.",
                "" if seconds <= health.LATE_SECONDS else start,
            )


WITHOUT_DATABASE = (
    examine_settings,
    examine_secrets,
    examine_time_zones,
    examine_disk,
    examine_broker,
    examine_carrier,
)
WITH_DATABASE = (
    examine_database,
    examine_migrations,
    examine_journal,
    examine_clock,
    examine_ticks,
)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
