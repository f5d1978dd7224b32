"""Open or closed, and when next: breaks, midnights, dates of their own and clocks that change."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.routing.hours import Hours, Opening, is_open, next_opening, open_state
from tests.campaigns.pools import weekly

NEW_YORK = "America/New_York"
WORKDAYS = [(day, "09:00", "17:00") for day in range(5)]


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def special(day: str, start: str, end: str) -> Opening:
    return Opening(
        None, date.fromisoformat(day), time.fromisoformat(start), time.fromisoformat(end)
    )


def closed_on(*days: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, days))


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [
        ("2026-05-05T08:59:59", False),
        ("2026-05-05T09:00", True),
        ("2026-05-05T16:59:59", True),
        ("2026-05-05T17:00", False),
        ("2026-05-09T12:00", False),
    ],
)
def test_an_opening_begins_at_its_minute_and_is_over_at_its_end(moment: str, is_it: bool) -> None:
    assert is_open(weekly(*WORKDAYS, zone=NEW_YORK), at(moment, NEW_YORK)) is is_it


@pytest.mark.parametrize(
    ("clock", "is_it"), [("11:59", True), ("12:00", False), ("12:59", False), ("13:00", True)]
)
def test_a_day_may_have_a_break(clock: str, is_it: bool) -> None:
    hours = weekly((1, "09:00", "12:00"), (1, "13:00", "17:00"))
    assert is_open(hours, at(f"2026-05-05T{clock}")) is is_it


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [
        ("2026-05-05T21:59", False),
        ("2026-05-05T23:00", True),
        ("2026-05-06T01:59", True),
        ("2026-05-06T02:00", False),
    ],
)
def test_an_opening_may_pass_midnight(moment: str, is_it: bool) -> None:
    assert is_open(weekly((1, "22:00", "02:00")), at(moment)) is is_it


@pytest.mark.parametrize(
    ("moment", "is_it"), [("2026-05-05T23:59:59", True), ("2026-05-06T00:00", False)]
)
def test_midnight_as_the_close_is_the_end_of_the_day(moment: str, is_it: bool) -> None:
    assert is_open(weekly((1, "09:00", "00:00")), at(moment)) is is_it


def test_no_hours_at_all_are_always_open() -> None:
    hours = weekly()
    assert is_open(hours, at("2026-05-05T03:00")) is True
    assert next_opening(hours, at("2026-05-05T03:00")) is None


@pytest.mark.parametrize(
    ("moment", "is_it"), [("2026-05-05T12:00", False), ("2026-05-06T12:00", True)]
)
def test_a_closed_date_alone_closes_that_date_alone(moment: str, is_it: bool) -> None:
    assert is_open(weekly(closed=closed_on("2026-05-05")), at(moment)) is is_it


def test_a_closed_date_cancels_the_openings_that_begin_on_it() -> None:
    hours = weekly((1, "22:00", "02:00"), closed=closed_on("2026-05-05"))
    assert is_open(hours, at("2026-05-06T01:00")) is False


def test_an_opening_of_the_evening_before_continues_into_a_closed_date() -> None:
    hours = weekly((1, "22:00", "02:00"), closed=closed_on("2026-05-06"))
    assert is_open(hours, at("2026-05-06T01:00")) is True


@pytest.mark.parametrize(
    ("clock", "is_it"), [("09:30", False), ("10:00", True), ("13:59", True), ("14:00", False)]
)
def test_special_hours_replace_the_weekly_ones(clock: str, is_it: bool) -> None:
    hours = weekly(*WORKDAYS, special=(special("2026-05-05", "10:00", "14:00"),))
    assert is_open(hours, at(f"2026-05-05T{clock}")) is is_it


def test_a_date_that_is_closed_and_special_is_closed() -> None:
    hours = weekly(
        *WORKDAYS,
        special=(special("2026-05-05", "10:00", "14:00"),),
        closed=closed_on("2026-05-05"),
    )
    assert is_open(hours, at("2026-05-05T12:00")) is False


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-05-05T08:00", "2026-05-05T09:00"),
        ("2026-05-05T12:00", "2026-05-06T09:00"),
        ("2026-05-08T17:00", "2026-05-11T09:00"),
    ],
)
def test_the_next_opening_begins_after_the_moment(moment: str, opens: str) -> None:
    assert next_opening(weekly(*WORKDAYS, zone=NEW_YORK), at(moment, NEW_YORK)) == at(
        opens, NEW_YORK
    )


def test_openings_that_touch_are_one() -> None:
    hours = weekly((1, "09:00", "12:00"), (1, "12:00", "17:00"))
    assert next_opening(hours, at("2026-05-05T10:00")) == at("2026-05-12T09:00")


def test_an_opening_further_off_than_sixty_days_is_none() -> None:
    hours = weekly(
        (1, "09:00", "17:00"),
        closed=frozenset(date(2026, month, day) for month in (5, 6, 7) for day in range(1, 31)),
    )
    assert open_state(hours, at("2026-05-01T12:00")).opens is None


def test_a_time_that_the_clock_leaps_over_is_the_moment_of_the_leap() -> None:
    hours = weekly((6, "02:30", "05:00"), zone=NEW_YORK)
    assert next_opening(hours, at("2026-03-08T00:00", NEW_YORK)) == at("2026-03-08T07:00")


def test_an_opening_within_a_leap_does_not_happen() -> None:
    hours = weekly((6, "02:10", "02:50"), zone=NEW_YORK)
    assert next_opening(hours, at("2026-03-08T00:00", NEW_YORK)) == at("2026-03-15T02:10", NEW_YORK)


@pytest.mark.parametrize(
    ("start", "end", "is_it"),
    [("01:30", "05:00", True), ("00:00", "01:15", True), ("00:00", "01:00", False)],
)
def test_a_repeated_hour_is_open_from_its_first_to_its_second(
    start: str, end: str, is_it: bool
) -> None:
    second = at("2026-11-01T01:10", NEW_YORK, fold=1)
    assert is_open(weekly((6, start, end), zone=NEW_YORK), second) is is_it


def test_opening_hours_follow_the_clock_and_not_the_sun() -> None:
    hours = weekly((5, "09:00", "10:00"), (6, "09:00", "10:00"), zone=NEW_YORK)
    both = [next_opening(hours, at(day)) for day in ("2026-03-07T06:00", "2026-03-08T06:00")]
    assert both == [at("2026-03-07T14:00"), at("2026-03-08T13:00")]


clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
openings = st.builds(Opening, st.integers(0, 6), st.none(), clocks, clocks)
zones = st.sampled_from(
    [NEW_YORK, "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]
)
some_hours = st.builds(
    Hours,
    zones,
    st.lists(openings, max_size=6).map(tuple),
    st.frozensets(st.just(date(2026, 11, 1))),
    st.just(()),
)
moments = st.datetimes(
    datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(ZoneInfo("UTC"))
)


@given(some_hours, moments)
def test_a_state_is_valid_until_its_time(hours: Any, now: datetime) -> None:
    found = open_state(hours, now)
    middle = now + (found.until - now) / 2
    assert found.until > now
    assert is_open(hours, middle) == found.is_open


@given(some_hours, moments)
def test_the_next_opening_is_open(hours: Any, now: datetime) -> None:
    opens = next_opening(hours, now)
    assert opens is None or (opens > now and is_open(hours, opens))
