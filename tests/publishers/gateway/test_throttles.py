"""How many requests a name may make: the same numbers here and, with Redis, in all processes."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishers.gateway import throttles

NOW = datetime(2026, 5, 5, 6, 25, tzinfo=UTC)
PLACES = [
    "here",
    pytest.param(
        "redis",
        marks=pytest.mark.skipif(
            "REDIS_URL" not in os.environ, reason="ENGINES=postgres has Redis"
        ),
    ),
]


@pytest.fixture(autouse=True, params=PLACES)
def place(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Every test twice: counted in this process, and in Redis."""
    if request.param == "here":
        settings.REDIS_URL = ""
    yield
    throttles.reset()


def waits(per_second: float, burst: int, moments: list[float]) -> list[int]:
    return [
        throttles.seconds_to_wait(
            "a", per_second=per_second, burst=burst, now=NOW + timedelta(seconds=at)
        )
        for at in moments
    ]


@pytest.mark.parametrize(
    ("per_second", "burst", "moments", "expected"),
    [
        (1, 1, [0, 0, 0.5, 1, 1.5, 2], [0, 1, 1, 0, 1, 0]),
        (1, 3, [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 1]),
        (10, 1, [0, 0.05, 0.1, 0.2], [0, 1, 0, 0]),
        (0.1, 1, [0, 1, 9, 10], [0, 9, 1, 0]),
        (1, 2, [0, 0, 100, 100, 100], [0, 0, 0, 0, 1]),
    ],
)
def test_seconds_to_wait(
    per_second: float, burst: int, moments: list[float], expected: list[int]
) -> None:
    assert waits(per_second, burst, moments) == expected


@pytest.mark.parametrize("per_second", [3, 6, 7, 11])
def test_a_burst_is_let_through_to_the_last(per_second: int) -> None:
    assert waits(per_second, 300, [0.0] * 301) == [0] * 300 + [1]


def test_names_are_apart() -> None:
    told = [
        throttles.seconds_to_wait(name, per_second=1, burst=1, now=NOW) for name in ("a", "b", "a")
    ]
    assert told == [0, 0, 1]


def test_counted_since_the_first_time() -> None:
    moments = [0, 1, 2, 3, 59.5, 60, 60, 60, 60]
    told = [
        throttles.count_request("c", limit=3, seconds=60, now=NOW + timedelta(seconds=at))
        for at in moments
    ]
    assert told == [0, 0, 0, 57, 1, 0, 0, 0, 60]


def test_threads_do_not_exceed_it() -> None:
    barrier = threading.Barrier(12)

    def ask(_: int) -> list[int]:
        barrier.wait()
        return waits(1, 20, [0.0] * 10)

    with ThreadPoolExecutor(12) as threads:
        told = [wait for some in threads.map(ask, range(12)) for wait in some]
    assert told.count(0) == 20
    assert len(told) == 120


def test_redis_that_is_away_lets_requests_through(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert waits(1, 1, [0, 0]) == [0, 0]
    assert [record.message for record in caplog.records] == [
        "rate limits are not counted: Redis does not answer"
    ] * 2


def test_memory_is_bounded(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setattr(throttles, "_MAX_NAMES", 3)
    for number in range(10):
        throttles.seconds_to_wait(str(number), per_second=1, burst=1, now=NOW)
    assert sorted(throttles._counts) == ["9"]


def test_names_past_their_wait_are_dropped_first(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setattr(throttles, "_MAX_NAMES", 2)
    for name, at in (("old", 0), ("new", 9), ("newest", 10)):
        throttles.seconds_to_wait(name, per_second=0.1, burst=1, now=NOW + timedelta(seconds=at))
    assert sorted(throttles._counts) == ["new", "newest"]
