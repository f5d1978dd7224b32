"""Date ranges of the dashboard, and the ranges before them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcontrol.reporting.date_ranges import DateRange, InvalidDateRange, parse_date_range

NOT_A_DATE = "Not a date. Use a format like 2026-05-31. Showing today."
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 5, 18, 37, 12, 400_000, tzinfo=UTC)  # 14:37 of a Tuesday in New York


def parse(**query: str) -> DateRange:
    return parse_date_range(query, zone=ZONE, now=NOW)


def bounds(range: DateRange) -> list[str]:
    """Return the bounds of the range and of the one before, in the company's time zone."""
    return [
        f"{moment.astimezone(ZONE):%m-%d %H:%M:%S}" for moment in (*range.period, *range.before)
    ]


@pytest.mark.parametrize(
    ("query", "periods"),
    [
        ({}, ["05-05 00:00:00", "05-05 14:37:13", "05-04 00:00:00", "05-04 14:37:13"]),
        (
            {"range": "yesterday"},
            ["05-04 00:00:00", "05-05 00:00:00", "05-03 00:00:00", "05-04 00:00:00"],
        ),
        (
            {"range": "7-days"},
            ["04-29 00:00:00", "05-05 14:37:13", "04-22 00:00:00", "04-28 14:37:13"],
        ),
        (
            {"range": "30-days"},
            ["04-06 00:00:00", "05-05 14:37:13", "03-07 00:00:00", "04-05 14:37:13"],
        ),
        (
            {"range": "month"},
            ["05-01 00:00:00", "05-05 14:37:13", "04-26 00:00:00", "04-30 14:37:13"],
        ),
        (
            {"from": "2026-05-01", "to": "2026-05-02"},
            ["05-01 00:00:00", "05-03 00:00:00", "04-29 00:00:00", "05-01 00:00:00"],
        ),
        (
            {"from": "2026-05-04"},
            ["05-04 00:00:00", "05-05 14:37:13", "05-02 00:00:00", "05-03 14:37:13"],
        ),
        (
            {"to": "2026-05-04"},
            ["05-04 00:00:00", "05-05 00:00:00", "05-03 00:00:00", "05-04 00:00:00"],
        ),
        (
            {"from": "2026-05-04", "to": "2027-01-01"},
            ["05-04 00:00:00", "05-05 14:37:13", "05-02 00:00:00", "05-03 14:37:13"],
        ),
    ],
    ids=lambda value: "-".join(value.values()) or "today" if isinstance(value, dict) else "",
)
def test_a_range_and_the_one_before_are_equally_long(query, periods):
    assert bounds(parse(**query)) == periods


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({}, ("Today", "yesterday until 14:37")),
        ({"range": "yesterday"}, ("Yesterday", "May 3, 2026")),
        ({"range": "7-days"}, ("Last 7 days", "Apr 22 to Apr 28, 2026 until 14:37")),
        (
            {"from": "2026-01-02", "to": "2026-01-03"},
            ("Jan 2 to Jan 3, 2026", "Dec 31, 2025 to Jan 1, 2026"),
        ),
    ],
    ids=["today", "yesterday", "week", "own"],
)
def test_ranges_have_labels(query, labels):
    range = parse(**query)
    assert range.label == labels[0]
    assert range.before_label == labels[1]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (
            {"range": "hat"},
            "The link names an unknown range. Showing today.",
        ),
        ({"from": "x"}, NOT_A_DATE),
        (
            {"from": "2026-05-01", "to": "2026-13-01"},
            NOT_A_DATE,
        ),
        (
            {"from": "0001-01-01"},
            NOT_A_DATE,
        ),
        ({"from": "\0"}, NOT_A_DATE),
        (
            {"from": "9" * 10_000},
            NOT_A_DATE,
        ),
        (
            {"from": "2026-05-06"},
            "The first day is in the future. Showing today.",
        ),
        (
            {"from": "2026-05-03", "to": "2026-05-01"},
            "The first day is after the last day. Showing today.",
        ),
        ({"from": "2025-05-04"}, "Choose at most 366 days. Showing today."),
    ],
    ids=["name", "no-date", "no-month", "long-ago", "nul", "long", "future", "swapped", "many"],
)
def test_an_unusable_range_is_an_error(query, error):
    with pytest.raises(InvalidDateRange, match="^" + error.replace(".", r"\.") + "$"):
        parse(**query)


def test_a_day_that_clocks_skipped_is_an_error():
    """Samoa crossed the date line after December 29, 2011."""
    with pytest.raises(InvalidDateRange, match="does not exist"):
        parse_date_range({"to": "2011-12-30"}, zone=ZoneInfo("Pacific/Apia"), now=NOW)


def test_366_days_are_a_range():
    assert parse(**{"from": "2025-05-05"}).days == 366


def test_a_day_has_hourly_slots_and_a_longer_range_daily_ones():
    ranges = (parse(), parse(range="yesterday"), parse(range="7-days"))
    assert [(range.by_hour, len(range.slots)) for range in ranges] == [
        (True, 15),
        (True, 24),
        (False, 7),
    ]


@pytest.mark.parametrize(
    "moment", ["05-05T04:00:00", "05-06T03:59:59.999999", "11-01T05:30:00", "03-08T07:00:00"]
)
def test_no_moment_of_the_year_makes_an_empty_range(moment):
    range = parse_date_range({}, zone=ZONE, now=datetime.fromisoformat(f"2026-{moment}+00:00"))
    assert all(
        end - start >= timedelta(seconds=1)
        for start, end in (range.period, range.before, *range.slots)
    )
