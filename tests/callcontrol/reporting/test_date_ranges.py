"""The time that the dashboard speaks of, and the time that it is compared with."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcontrol.reporting.date_ranges import DateRange, InvalidDateRange, parse_date_range

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 5, 18, 37, 12, 400_000, tzinfo=UTC)  # 14:37 of a Tuesday in New York


def asked(**query: str) -> DateRange:
    return parse_date_range(query, zone=ZONE, now=NOW)


def told(one: DateRange) -> list[str]:
    """Both stretches by the company's clocks."""
    return [f"{moment.astimezone(ZONE):%m-%d %H:%M:%S}" for moment in (*one.now_part, *one.before)]


@pytest.mark.parametrize(
    ("query", "stretches"),
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
def test_a_range_and_the_one_before_are_equally_long_by_the_clocks(query, stretches):
    assert told(asked(**query)) == stretches


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
def test_ranges_are_told_in_words(query, labels):
    one = asked(**query)
    assert (one.label, one.before_label) == labels


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            {"range": "hat"},
            "The address asked for a time that is not known here, so here is today.",
        ),
        ({"from": "x"}, "The first day is no date. Write it like 2026-05-31; here is today."),
        (
            {"from": "2026-05-01", "to": "2026-13-01"},
            "The last day is no date. Write it like 2026-05-31; here is today.",
        ),
        (
            {"from": "0001-01-01"},
            "The first day is no date. Write it like 2026-05-31; here is today.",
        ),
        ({"from": "\0"}, "The first day is no date. Write it like 2026-05-31; here is today."),
        (
            {"from": "9" * 10_000},
            "The first day is no date. Write it like 2026-05-31; here is today.",
        ),
        (
            {"from": "2026-05-06"},
            "The first day is still to come. Choose one until today; here is today.",
        ),
        (
            {"from": "2026-05-03", "to": "2026-05-01"},
            "The first day is after the last one. Swap them; here is today.",
        ),
        ({"from": "2025-05-04"}, "At most 366 days at once. Choose fewer; here is today."),
    ],
    ids=["name", "no-date", "no-month", "long-ago", "nul", "long", "future", "swapped", "many"],
)
def test_what_is_no_range_says_why(query, why):
    with pytest.raises(InvalidDateRange, match="^" + why.replace(".", r"\.") + "$"):
        asked(**query)


def test_a_day_that_the_clocks_left_out_is_no_range():
    """Samoa went over the date line after December 29, 2011."""
    with pytest.raises(InvalidDateRange, match="left that day out"):
        parse_date_range({"to": "2011-12-30"}, zone=ZoneInfo("Pacific/Apia"), now=NOW)


def test_366_days_are_a_range():
    assert asked(**{"from": "2025-05-05"}).days == 366


def test_a_day_is_shown_by_hours_and_more_by_days():
    assert [
        (one.by_hour, len(one.slots))
        for one in (asked(), asked(range="yesterday"), asked(range="7-days"))
    ] == [
        (True, 15),
        (True, 24),
        (False, 7),
    ]


@pytest.mark.parametrize(
    "moment", ["05-05T04:00:00", "05-06T03:59:59.999999", "11-01T05:30:00", "03-08T07:00:00"]
)
def test_no_moment_of_the_year_makes_an_empty_range(moment):
    one = parse_date_range({}, zone=ZONE, now=datetime.fromisoformat(f"2026-{moment}+00:00"))
    assert all(
        end - start >= timedelta(seconds=1) for start, end in (one.now_part, one.before, *one.slots)
    )
