"""Rollups: which hours are counted, what they wait for, and what is recounted."""

from datetime import timedelta

import pytest

from callcontrol.reporting import rollups
from callcontrol.reporting.metrics import Metrics, MetricsRow, MetricsScope
from callcontrol.reporting.models import Rollup, RollupPeriod, RollupSource, RollupWatermark
from callcontrol.reporting.tasks import write_rollups
from callcontrol.reporting.totals import read_totals
from campaigns import leases
from tests import factories as make
from tests.callcontrol.reporting.histories import NOW, World, last_days, write_due

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def periods(source: str, *, of_days: bool = False) -> int:
    return RollupPeriod.objects.filter(source=source, is_day=of_days).count()


def sold(name: str = "converted") -> int:
    """What the counted hours and days hold, which must be the same, of a world of one day."""
    by_hours, by_days = (
        sum(getattr(row, name) for row in Rollup.objects.filter(period__is_day=is_day, reason=""))
        for is_day in (False, True)
    )
    assert by_hours == by_days
    return by_hours


@pytest.fixture
def world() -> World:
    """Make a company with one call, of yesterday morning, that did not convert."""
    world = World(seed=1)
    world.quiet_call = world.call(
        NOW - timedelta(days=1), converted_at=None, payout=None, revenue=None
    )
    return world


def test_every_ended_hour_and_day_has_a_rollup(world):
    world.ping(NOW - timedelta(days=1))
    write_due(now=NOW)
    assert [
        periods(source, of_days=is_day) for source in RollupSource for is_day in (False, True)
    ] == [
        24 + 11,
        1,
        24 + 11,
        1,
    ]


def test_a_company_without_rows_has_no_rollups():
    World(seed=1)
    write_due(now=NOW)
    assert RollupPeriod.objects.count() == 0
    assert RollupWatermark.objects.count() == 0


def test_a_second_sweep_finds_nothing_to_write(world):
    write_due(now=NOW)
    assert write_due(now=NOW) == 0


def test_an_hour_waits_for_running_requests(world):
    write_due(now=NOW + timedelta(minutes=9))
    before = periods(RollupSource.OUTCOMES)
    write_due(now=NOW + timedelta(minutes=11))
    assert before == 24 + 11
    assert periods(RollupSource.OUTCOMES) == 24 + 12


@pytest.mark.parametrize(
    "undecided", [{"status": "reserved"}, {"status": "confirmed"}], ids=["reserved", "confirmed"]
)
def test_outcomes_wait_for_live_reservations_and_pings_do_not(world, undecided):
    world.ping(NOW - timedelta(days=1))
    world.reserve(NOW - timedelta(days=1), **undecided)
    write_due(now=NOW)
    assert [periods(source) for source in RollupSource] == [24 + 11, 24 + 10]


def test_an_hour_waits_for_the_settlement_of_its_calls(world):
    world.call(NOW - timedelta(days=1), settled_at=None)
    write_due(now=NOW)
    assert periods(RollupSource.OUTCOMES) == 24 + 10
    assert periods(RollupSource.OUTCOMES, of_days=True) == 0


def test_a_late_sale_is_added_to_its_hour_and_day(world):
    write_due(now=NOW)
    before = sold()
    world.sell(world.quiet_call, at=NOW + HOUR)
    write_due(now=NOW + 2 * HOUR)
    assert before == 0
    assert sold() == 1
    assert sold("revenue") == 205_500


def test_a_sale_is_unseen_within_the_grace_time(world):
    write_due(now=NOW)
    world.sell(world.quiet_call, at=NOW + HOUR)
    write_due(now=NOW + HOUR + timedelta(minutes=9))
    before = sold()
    write_due(now=NOW + HOUR + timedelta(minutes=10))
    assert before == 0
    assert sold() == 1


def test_a_sale_committed_after_the_count_of_its_hour_is_added(world):
    write_due(now=NOW)
    world.sell(world.quiet_call, at=NOW - timedelta(minutes=9))
    read_at_once = read_totals(
        world.company.pk, last_days(world, 1), scope=MetricsScope()
    ).total.converted
    write_due(now=NOW + HOUR)
    assert read_at_once == 1
    assert sold() == 1


def test_a_sale_in_an_hour_without_a_rollup_recounts_no_other_hour(world):
    began = world.quiet_call.started_at
    uncounted = world.call(began + 2 * HOUR, converted_at=None)
    write_due(now=NOW)
    RollupPeriod.objects.filter(starts_at=began + 2 * HOUR).delete()
    for call in (world.quiet_call, uncounted):
        world.sell(call, at=NOW + HOUR)
    assert rollups.stale_hours(world.company.pk, rollups.unseen_sales(world.company.pk)) == [
        (began, began + HOUR)
    ]


def test_an_error_with_unstorable_characters_is_counted(world):
    entry = {
        "status": 406,
        "result": "refused",
        "response": '{"error":"unknown format: .\\u0000\\ud800"}',
    }
    make.make_entry(world.company, at=NOW - timedelta(days=1), key_pk=world.keys[0].pk, **entry)
    write_due(now=NOW)
    kept = (
        Rollup.objects.filter(period__is_day=True).exclude(reason="").values_list("reason", "pings")
    )
    assert list(kept) == [("406 unknown format: .\ufffd?", 1)]


def test_sales_after_the_last_rollup_are_not_read(world):
    write_due(now=NOW)
    uncounted = world.call(NOW)
    world.sell(uncounted, at=NOW + HOUR)
    world.sell(world.quiet_call, at=NOW + HOUR)
    assert rollups.unseen_sales(world.company.pk) == [(world.quiet_call.started_at, NOW + HOUR)]


def test_the_later_of_two_counts_is_kept(world):
    write_due(now=NOW)
    hour = (NOW - timedelta(days=1), NOW - timedelta(days=1) + HOUR)
    line = MetricsRow(MetricsScope(campaign=7), Metrics(converted=3))
    written = [
        rollups.write_rollup(world.company.pk, RollupSource.OUTCOMES, hour, [line], now=now)
        for now in (NOW - HOUR, NOW, NOW + HOUR, NOW)
    ]
    assert written == [False, False, True, False]
    assert sold() == 3


def test_a_day_is_summed_once(world):
    first, second = (list(rollups.rollup_jobs(now=NOW)) for _ in range(2))
    assert len(second) == len(first)
    assert sum(job() for job in first) == len(first) - 1
    assert sum(job() for job in second) == 0


def test_a_count_older_than_the_watermark_is_dropped(world):
    write_due(now=NOW)
    RollupPeriod.objects.all().delete()
    assert write_due(now=NOW - timedelta(minutes=1)) == 0


def test_hours_of_another_time_zone_do_not_overlap(world):
    write_due(now=NOW - 5 * HOUR)
    half_past = (NOW - timedelta(hours=6, minutes=30), NOW - timedelta(hours=5, minutes=30))
    assert (
        rollups.write_rollup(world.company.pk, RollupSource.OUTCOMES, half_past, [], now=NOW)
        is False
    )


def test_the_sweep_runs_all_jobs_and_then_only_looks_for_sales(world, clock):
    assert write_rollups() == 1 + 24 + 1 + 11
    assert write_rollups() == 1


def test_a_sweep_without_the_lease_does_nothing(world, clock):
    leases.acquire(name="tally-hours", holder="another", lasts=HOUR, now=NOW)
    assert write_rollups() == 0
    assert periods(RollupSource.OUTCOMES) == 0


def test_each_summed_day_is_logged(world, caplog):
    write_due(now=NOW)
    assert caplog.messages == [
        f"rollups of outcomes of company {world.company.pk} reach 2026-05-05T00:00:00+00:00"
    ]
