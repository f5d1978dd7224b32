"""The windows of counters, by the calendar of their owner's time zone."""

from datetime import datetime

import pytest

from campaigns.caps import counters
from tests.campaigns.pools import capped


@pytest.mark.parametrize(
    ("zone", "now", "hour", "hour_end", "day", "day_end"),
    [
        (
            "UTC",
            "2026-05-05T12:30Z",
            "2026-05-05T12+0000",
            "2026-05-05T13:00Z",
            "2026-05-05",
            "2026-05-06T00:00Z",
        ),
        (
            "America/New_York",
            "2026-05-05T02:30Z",
            "2026-05-04T22-0400",
            "2026-05-05T03:00Z",
            "2026-05-04",
            "2026-05-05T04:00Z",
        ),
        (
            "Asia/Kolkata",
            "2026-05-05T12:20Z",
            "2026-05-05T17+0530",
            "2026-05-05T12:30Z",
            "2026-05-05",
            "2026-05-05T18:30Z",
        ),
        (
            "America/New_York",
            "2026-11-01T05:30Z",
            "2026-11-01T01-0400",
            "2026-11-01T06:00Z",
            "2026-11-01",
            "2026-11-02T05:00Z",
        ),
        (
            "America/New_York",
            "2026-11-01T06:30Z",
            "2026-11-01T01-0500",
            "2026-11-01T07:00Z",
            "2026-11-01",
            "2026-11-02T05:00Z",
        ),
        (
            "America/New_York",
            "2026-03-08T12:00Z",
            "2026-03-08T08-0400",
            "2026-03-08T13:00Z",
            "2026-03-08",
            "2026-03-09T04:00Z",
        ),
    ],
)
def test_windows_follow_the_clock_of_the_owner(
    zone: str, now: str, hour: str, hour_end: str, day: str, day_end: str
) -> None:
    found = counters.windows(capped(time_zone=zone), datetime.fromisoformat(now))
    assert found[1:3] == (
        ("hourly", hour, datetime.fromisoformat(hour_end)),
        ("daily", day, datetime.fromisoformat(day_end)),
    )


@pytest.mark.parametrize(
    ("now", "month", "month_end"),
    [
        ("2026-12-31T12:00Z", "2026-12", "2027-01-01T05:00Z"),
        ("2026-03-01T04:59Z", "2026-02", "2026-03-01T05:00Z"),
    ],
)
def test_a_month_is_of_the_calendar(now: str, month: str, month_end: str) -> None:
    found = counters.windows(capped(time_zone="America/New_York"), datetime.fromisoformat(now))
    assert found[3] == ("monthly", month, datetime.fromisoformat(month_end))
