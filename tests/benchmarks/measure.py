"""Processor time of requests: this process, and the PostgreSQL process that serves its
connection."""

import io
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

_TICK = os.sysconf("SC_CLK_TCK")
Run = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of each request: processor time of Python and the database, and wall clock."""

    python: float
    database: float
    wall: float

    @property
    def cpu(self) -> float:
        return self.python + self.database


def _database_seconds() -> float:
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def cost(run: Run, times: int) -> Cost:
    """Return the mean cost of `times` runs in a row."""
    database, python, wall = _database_seconds(), time.process_time(), time.perf_counter()
    for _ in range(times):
        run()
    wall, python = time.perf_counter() - wall, time.process_time() - python
    database = _database_seconds() - database
    return Cost(*(seconds / times * 1e6 for seconds in (python, database, wall)))


def interleaved(runs: Sequence[Run], *, times: Sequence[int], rounds: int) -> list[Cost]:
    """Return the median cost of each run, measured in turn: a slow moment meets all of them."""
    for run in runs:
        run()
        run()
    found: list[list[Cost]] = [[] for _ in runs]
    for _ in range(rounds):
        for costs, run, count in zip(found, runs, times, strict=True):
            costs.append(cost(run, count))
    return [sorted(costs, key=lambda item: item.cpu)[len(costs) // 2] for costs in found]


def ratio(runs: Sequence[Run], *, times: Sequence[int], rounds: int) -> float:
    """Return the median over rounds of the second's cost divided by the first's."""
    pairs = [
        [cost(run, count).cpu for run, count in zip(runs, times, strict=True)]
        for _ in range(rounds)
    ]
    return statistics.median(second / first for first, second in pairs)


def _start(
    status: str, headers: list[tuple[str, str]], error: object = None, /
) -> Callable[[bytes], object]:
    return bytes


class Client:
    """Sends pings of new callers into the WSGI application; raises if one is not reserved."""

    _callers = iter(range(10**8))

    def __init__(self, application: WSGIHandler, key: str, path: str = "/rtbs.json") -> None:
        self.application, self.key, self.path = application, key, path

    def __call__(self) -> None:
        caller = f"1202{next(self._callers):07}"
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": self.path,
            "QUERY_STRING": f"key={self.key}&caller_number={caller}&caller_state=CA",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
            "CONTENT_LENGTH": "0",
        }
        body = b"".join(self.application(environ, _start))
        if b'"reserved"' not in body:
            raise RuntimeError(body.decode())

    def statements(self) -> int:
        """Return the number of statements of a request, without BEGIN and COMMIT."""
        with CaptureQueriesContext(connection) as queries:
            self()
        return sum(
            not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
            for query in queries
        )
