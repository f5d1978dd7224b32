"""Tallies: which hours there are, what makes them wait, and what is counted anew."""

from datetime import timedelta

import pytest

from callcontrol.reporting import rollups
from callcontrol.reporting.metrics import Metrics, MetricsRow, MetricsScope
from callcontrol.reporting.models import Rollup, RollupPeriod, RollupSource, RollupWatermark
from callcontrol.reporting.tasks import write_rollups
from callcontrol.reporting.totals import read_totals
from campaigns import leases
from tests import factories as make
from tests.callcontrol.reporting.histories import NOW, World, last_days, tally

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def periods(source: str, *, of_days: bool = False) -> int:
    return RollupPeriod.objects.filter(source=source, is_day=of_days).count()


def sold(name: str = "converted") -> int:
    """What the tallied hours and days hold, which must be the same, of a world of one day."""
    by_hours, by_days = (
        sum(getattr(row, name) for row in Rollup.objects.filter(period__is_day=is_day, reason=""))
        for is_day in (False, True)
    )
    assert by_hours == by_days
    return by_hours


@pytest.fixture
def world() -> World:
    """Of a company whose one call, of yesterday morning, did not convert."""
    world = World(seed=1)
    world.quiet_call = world.call(
        NOW - timedelta(days=1), converted_at=None, payout=None, revenue=None
    )
    return world


def test_every_hour_and_day_that_is_over_has_a_span(world):
    world.ping(NOW - timedelta(days=1))
    tally(now=NOW)
    assert [
        periods(source, of_days=is_day) for source in RollupSource for is_day in (False, True)
    ] == [
        24 + 11,
        1,
        24 + 11,
        1,
    ]


def test_a_company_where_nothing_ever_came_in_has_none():
    World(seed=1)
    tally(now=NOW)
    assert RollupPeriod.objects.count() == 0
    assert RollupWatermark.objects.count() == 0


def test_a_second_sweep_finds_nothing_to_write(world):
    tally(now=NOW)
    assert tally(now=NOW) == 0


def test_an_hour_waits_for_requests_that_are_still_running(world):
    tally(now=NOW + timedelta(minutes=9))
    before = periods(RollupSource.OUTCOMES)
    tally(now=NOW + timedelta(minutes=11))
    assert before == 24 + 11
    assert periods(RollupSource.OUTCOMES) == 24 + 12


@pytest.mark.parametrize(
    "undecided", [{"status": "reserved"}, {"status": "confirmed"}], ids=["reserved", "confirmed"]
)
def test_an_hour_waits_for_its_reservations_and_the_log_does_not(world, undecided):
    world.ping(NOW - timedelta(days=1))
    world.reserve(NOW - timedelta(days=1), **undecided)
    tally(now=NOW)
    assert [periods(source) for source in RollupSource] == [24 + 11, 24 + 10]


def test_an_hour_waits_for_its_calls_to_be_settled(world):
    world.call(NOW - timedelta(days=1), settled_at=None)
    tally(now=NOW)
    assert periods(RollupSource.OUTCOMES) == 24 + 10
    assert periods(RollupSource.OUTCOMES, of_days=True) == 0


def test_a_late_sale_is_taken_in_by_the_hour_and_the_day(world):
    tally(now=NOW)
    before = sold()
    world.sell(world.quiet_call, at=NOW + HOUR)
    tally(now=NOW + 2 * HOUR)
    assert before == 0
    assert sold() == 1
    assert sold("revenue") == 205_500


def test_a_sale_is_late_until_everybody_can_have_seen_it(world):
    tally(now=NOW)
    world.sell(world.quiet_call, at=NOW + HOUR)
    tally(now=NOW + HOUR + timedelta(minutes=9))
    before = sold()
    tally(now=NOW + HOUR + timedelta(minutes=10))
    assert before == 0
    assert sold() == 1


def test_a_sale_whose_request_was_still_running_when_its_hour_was_counted_is_not_missed(world):
    tally(now=NOW)
    world.sell(world.quiet_call, at=NOW - timedelta(minutes=9))
    read_at_once = read_totals(
        world.company.pk, last_days(world, 1), scope=MetricsScope()
    ).total.converted
    tally(now=NOW + HOUR)
    assert read_at_once == 1
    assert sold() == 1


def test_a_sale_in_an_hour_without_a_tally_has_no_other_hour_counted_anew(world):
    began = world.quiet_call.started_at
    untallied = world.call(began + 2 * HOUR, converted_at=None)
    tally(now=NOW)
    RollupPeriod.objects.filter(starts_at=began + 2 * HOUR).delete()
    for call in (world.quiet_call, untallied):
        world.sell(call, at=NOW + HOUR)
    assert rollups.stale_hours(world.company.pk, rollups.unseen_sales(world.company.pk)) == [
        (began, began + HOUR)
    ]


def test_an_answer_that_spells_out_what_no_column_keeps_stops_no_sweep(world):
    entry = {
        "status": 406,
        "result": "refused",
        "response": '{"error":"unknown format: .\\u0000\\ud800"}',
    }
    make.make_entry(world.company, at=NOW - timedelta(days=1), key_pk=world.keys[0].pk, **entry)
    tally(now=NOW)
    kept = (
        Rollup.objects.filter(period__is_day=True).exclude(reason="").values_list("reason", "pings")
    )
    assert list(kept) == [("406 unknown format: .\ufffd?", 1)]


def test_sales_of_calls_that_began_after_the_tallies_end_are_not_read(world):
    tally(now=NOW)
    untallied = world.call(NOW)
    world.sell(untallied, at=NOW + HOUR)
    world.sell(world.quiet_call, at=NOW + HOUR)
    assert rollups.unseen_sales(world.company.pk) == [(world.quiet_call.started_at, NOW + HOUR)]


def test_of_two_counts_of_an_hour_the_later_stands(world):
    tally(now=NOW)
    hour = (NOW - timedelta(days=1), NOW - timedelta(days=1) + HOUR)
    line = MetricsRow(MetricsScope(campaign=7), Metrics(converted=3))
    written = [
        rollups.write_rollup(world.company.pk, RollupSource.OUTCOMES, hour, [line], now=now)
        for now in (NOW - HOUR, NOW, NOW + HOUR, NOW)
    ]
    assert written == [False, False, True, False]
    assert sold() == 3


def test_of_two_sweeps_that_found_the_same_to_do_one_does_it(world):
    first, second = (list(rollups.rollup_jobs(now=NOW)) for _ in range(2))
    assert len(second) == len(first)
    assert sum(job() for job in first) == len(first) - 1
    assert sum(job() for job in second) == 0


def test_a_count_from_before_the_last_look_for_sales_is_dropped(world):
    tally(now=NOW)
    RollupPeriod.objects.all().delete()
    assert tally(now=NOW - timedelta(minutes=1)) == 0


def test_hours_by_other_clocks_do_not_overlap(world):
    tally(now=NOW - 5 * HOUR)
    half_past = (NOW - timedelta(hours=6, minutes=30), NOW - timedelta(hours=5, minutes=30))
    assert (
        rollups.write_rollup(world.company.pk, RollupSource.OUTCOMES, half_past, [], now=NOW)
        is False
    )


def test_the_sweep_does_all_that_there_is_and_then_only_looks_for_sales(world, clock):
    assert write_rollups() == 1 + 24 + 1 + 11
    assert write_rollups() == 1


def test_a_sweep_leaves_the_work_to_who_is_at_it(world, clock):
    leases.acquire(name="tally-hours", holder="another", lasts=HOUR, now=NOW)
    assert write_rollups() == 0
    assert periods(RollupSource.OUTCOMES) == 0


def test_what_is_done_is_told_day_by_day(world, caplog):
    tally(now=NOW)
    assert caplog.messages == [
        f"rollups of outcomes of company {world.company.pk} reach 2026-05-05T00:00:00+00:00"
    ]
