"""Hours and days in a time zone, and gaps between periods."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from callcontrol.reporting.periods import (
    across,
    days_of,
    hours_of,
    midnight,
    split_period,
    uncovered,
    within,
)

NEW_YORK = ZoneInfo("America/New_York")


def at(hour: int, minute: int = 0, *, day: int = 5) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "count"),
    [
        ("America/New_York", date(2026, 5, 5), 24),
        ("America/New_York", date(2026, 3, 8), 23),  # put forward at two
        ("America/New_York", date(2026, 11, 1), 25),
        ("Asia/Kathmandu", date(2026, 5, 5), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24),  # one of them an hour and a half
        ("America/Havana", date(2026, 3, 8), 23),  # put forward at midnight
    ],
)
def test_hours_of_a_day(zone, day, count):
    clocks = ZoneInfo(zone)
    whole = (midnight(day, clocks), midnight(date.fromordinal(day.toordinal() + 1), clocks))
    found = list(split_period(whole, hours_of(clocks)))
    assert (len(found), found[0][0], found[-1][1], list(split_period(whole, days_of(clocks)))) == (
        count,
        *whole,
        [whole],
    )


def test_hours_begin_at_local_full_hours():
    found = list(
        split_period((at(10, 5), at(12, 20)), hours_of(ZoneInfo("Asia/Kathmandu")))
    )  # 5:45 ahead
    assert found == [
        (at(10, 5), at(10, 15)),
        (at(10, 15), at(11, 15)),
        (at(11, 15), at(12, 15)),
        (at(12, 15), at(12, 20)),
    ]


@pytest.mark.parametrize(
    ("covering", "left"),
    [
        ([], [(at(1), at(9))]),
        ([(at(1), at(9))], []),
        ([(at(4), at(5)), (at(2), at(3))], [(at(1), at(2)), (at(3), at(4)), (at(5), at(9))]),
        ([(at(0), at(2)), (at(8), at(10))], [(at(2), at(8))]),
        ([(at(10), at(11))], [(at(1), at(9))]),
    ],
    ids=["nothing", "all", "middles", "over the ends", "beyond"],
)
def test_uncovered_parts_of_a_period(covering, left):
    assert uncovered((at(1), at(9)), covering) == left


def test_the_period_that_contains_a_piece():
    there = [(at(1), at(3)), (at(3), at(6))]
    pieces = [(at(1), at(2)), (at(3), at(6)), (at(2), at(4)), (at(0), at(1)), (at(5), at(7))]
    assert [within(piece, there) for piece in pieces] == [0, 1, None, None, None]


def test_a_period_is_split_at_the_slots():
    slots = [(at(1), at(3)), (at(3), at(6))]
    assert list(across([(at(2), at(5))], slots)) == [(0, (at(2), at(3))), (1, (at(3), at(5)))]
