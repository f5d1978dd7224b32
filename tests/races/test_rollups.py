"""Parallel sweeps of one company with late sales write rollups that equal the rows."""

import random
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from callcontrol.reporting import rollups
from callcontrol.reporting.metrics import Metrics, MetricsRow, MetricsScope
from callcontrol.reporting.models import Rollup, RollupSource
from callcontrol.reporting.totals import read_totals
from tests.callcontrol.reporting.histories import (
    NOW,
    World,
    comparable,
    last_days,
    recount,
    write_due,
)
from tests.races.takers import THREADS, together

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World(seed=1, zone="America/New_York")
    world.live_through(NOW - timedelta(days=1), NOW, events=40)
    world.unsold = [
        world.call(NOW - timedelta(hours=hours), converted_at=None) for hours in range(2, 20)
    ]
    return world


def assert_right(world: World) -> None:
    slots = last_days(world, 1, now=LATER)
    assert comparable(read_totals(world.company.pk, slots, scope=MetricsScope())) == comparable(
        recount(world, slots, MetricsScope())
    )


def sweep_in_any_order(number: int) -> None:
    """All there is to do, but never the look for sales before the hours that it found."""
    jobs = list(rollups.rollup_jobs(now=NOW + timedelta(seconds=number)))
    hours = jobs[1:]
    random.Random(number).shuffle(hours)
    for job in [*jobs[:1], *hours]:
        job()


def test_parallel_sweeps_equal_the_rows(world):
    together([lambda number=number: sweep_in_any_order(number) for number in range(THREADS)])
    write_due(now=NOW + timedelta(seconds=THREADS))
    assert_right(world)


def test_sales_during_a_count_are_counted(world):
    def sell(number: int) -> None:
        for call in world.unsold[number::4]:
            world.sell(call, at=NOW)

    sellers = [lambda number=number: sell(number) for number in range(4)]
    together([*sellers, *(lambda number=number: sweep_in_any_order(number) for number in range(4))])
    assert_right(world)
    write_due(now=LATER)
    assert_right(world)


def test_a_count_waits_for_a_running_write(world):
    write_due(now=NOW)
    hour = (NOW - timedelta(hours=3), NOW - timedelta(hours=2))

    def write(number: int, *, now: datetime) -> bool:
        return rollups.write_rollup(
            world.company.pk,
            RollupSource.OUTCOMES,
            hour,
            [MetricsRow(MetricsScope(number), Metrics(converted=number))],
            now=now,
        )

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            write(7, now=LATER)
            other = pool.submit(write, 8, now=LATER + timedelta(hours=1))
            wait([other], timeout=0.3)  # it waits for the lock
        written = other.result()
        pool.submit(connections.close_all).result()
    kept = Rollup.objects.filter(
        period__starts_at=hour[0], period__is_day=False, period__source=RollupSource.OUTCOMES
    )
    assert written is True
    assert list(kept.values_list("campaign_pk", "converted")) == [(8, 8)]
