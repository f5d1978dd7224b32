"""Totals equal the rows, with any part of the time in rollups."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcontrol.reporting.metrics import MetricsScope
from callcontrol.reporting.periods import Period, hours_of, split_period
from callcontrol.reporting.totals import read_totals
from publishers.models import LogEntry
from tests import factories as make
from tests.callcontrol.reporting.histories import (
    NOW,
    World,
    comparable,
    last_days,
    recount,
    write_due,
)

pytestmark = pytest.mark.django_db
ALL = MetricsScope()
HOUR = timedelta(hours=1)


def _scopes(world: World) -> Iterator[MetricsScope]:
    yield ALL
    yield MetricsScope(campaign=world.campaigns[0].pk)
    yield MetricsScope(publisher=world.publishers[0].pk, buyer=world.buyers[1].pk)


def read(world: World, slots: list[Period]) -> list[Any]:
    return [
        comparable(read_totals(world.company.pk, slots, scope=scope)) for scope in _scopes(world)
    ]


def assert_right(world: World, slots: list[Period]) -> None:
    assert read(world, slots) == [
        comparable(recount(world, slots, each)) for each in _scopes(world)
    ]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_totals_equal_the_rows_with_any_number_of_rollups(zone):
    world = World(seed=1, zone=zone)
    world.live_through(NOW - timedelta(days=2), NOW, events=40)
    slots = last_days(world, 2)
    counted = [comparable(recount(world, slots, scope)) for scope in _scopes(world)]
    for further_jobs in (0, 1, 19, 40, None):
        write_due(now=NOW, jobs=further_jobs)
        assert read(world, slots) == counted, f"after {further_jobs} further jobs"


@pytest.mark.parametrize("seed", range(4))
def test_totals_equal_the_rows_between_sweeps(seed):
    """Rows come, some stay open for hours, some calls sell late, and the sweep gets only so far
    each time."""
    world, now = World(seed=seed, zone="Europe/Berlin"), NOW - timedelta(days=2)
    while now < NOW:
        later = now + world.chance.choice([HOUR / 3, 3 * HOUR, 14 * HOUR])
        world.live_through(now, later, events=4)
        world.leave_undecided(now, later)
        now = later
        if world.chance.random() < 0.6:
            world.decide_some(at=now)
        write_due(now=now, jobs=world.chance.choice([0, 3, 30, None]))
        assert_right(world, last_days(world, 1, now=now))


def test_a_day_by_hours_is_read_from_its_hours():
    world = World(seed=2, zone="Asia/Kolkata")
    world.live_through(NOW - timedelta(days=2), NOW, events=40)
    write_due(now=NOW)
    day = last_days(world, 1)[0]
    assert_right(world, list(split_period(day, hours_of(ZoneInfo("Asia/Kolkata")))))


def test_days_with_a_clock_change_are_whole():
    autumn = NOW.replace(month=11, day=2, hour=12)
    world = World(seed=7, zone="America/New_York")
    world.live_through(autumn - timedelta(days=1), autumn, events=40)
    write_due(now=autumn)
    day = last_days(world, 0, now=autumn + timedelta(days=1))[0]
    slots = list(split_period(day, hours_of(ZoneInfo("America/New_York"))))
    assert_right(world, slots)


def test_days_are_exact_after_a_change_of_time_zone():
    world = World(seed=3, zone="UTC")
    world.live_through(NOW - timedelta(days=3), NOW, events=40)
    write_due(now=NOW - timedelta(days=1))
    world.company.time_zone = "Asia/Kathmandu"
    world.company.save()
    write_due(now=NOW)
    assert_right(world, last_days(world, 3))


def test_time_with_rollups_is_not_counted_again(django_assert_num_queries):
    world = World(seed=4)
    world.live_through(NOW - timedelta(days=3), NOW - timedelta(days=1), events=40)
    write_due(now=NOW)
    with django_assert_num_queries(7):  # periods twice, the watermark and late sales, three sums
        read_totals(world.company.pk, last_days(world, 3)[:3], scope=ALL)


def test_pings_of_a_trimmed_log_are_kept():
    world = World(seed=5)
    world.live_through(NOW - timedelta(days=3), NOW, events=30)
    sold = world.call(NOW - timedelta(days=2), converted_at=None)
    write_due(now=NOW)
    before = read_totals(world.company.pk, last_days(world, 3)[:3], scope=ALL)
    LogEntry.objects.all().delete()
    world.sell(sold, at=NOW)
    write_due(now=NOW + HOUR)
    after = read_totals(world.company.pk, last_days(world, 3)[:3], scope=ALL)
    assert after.total.pings == before.total.pings
    assert after.reasons == before.reasons


def test_rare_errors_of_many_hours_are_counted_by_status():
    world = World(seed=8)
    for number in range(22):
        entry = {
            "status": 422,
            "result": "refused",
            "response": f'{{"error":"no tag {number:02}"}}',
        }
        make.make_entry(
            world.company, at=NOW - (number + 1) * HOUR, key_pk=world.keys[0].pk, **entry
        )
    write_due(now=NOW)
    found = read_totals(world.company.pk, last_days(world, 1), scope=ALL).reasons
    assert len(found) == 21
    assert found["422 no tag 19"] == 1
    assert found["422"] == 2


def test_rows_of_another_company_are_not_counted():
    mine, theirs = World(seed=6), World(seed=7)
    theirs.live_through(NOW - timedelta(days=1), NOW, events=10)
    write_due(now=NOW)
    assert read_totals(mine.company.pk, last_days(mine, 1), scope=ALL).total.is_nothing()
