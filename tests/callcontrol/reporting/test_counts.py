"""Counts of pings, reservations, calls, and exact money."""

from datetime import timedelta
from decimal import Decimal

import pytest

from callcontrol.reporting import counts
from callcontrol.reporting.metrics import MetricsScope, sum_metrics
from callcontrol.reporting.models import RollupSource
from tests import factories as make
from tests.callcontrol.reporting.histories import NOW, World
from tests.pinging import confirm, dial, ping

pytestmark = pytest.mark.django_db
HOUR = (NOW, NOW + timedelta(hours=1))


@pytest.fixture
def world() -> World:
    return World(seed=1)


def counted(world: World, source: str = RollupSource.OUTCOMES):
    return sum_metrics(counts.count_rows(source, world.company.pk, HOUR))


def test_a_ping_its_confirmation_and_its_call_are_counted(clock):
    key = make.make_ready_key()
    answer = ping(key)
    confirm(key, answer["uuid"])
    dial(answer["inbound_number"])
    found = sum_metrics(
        line for source in RollupSource for line in counts.count_rows(source, key.company_id, HOUR)
    )
    assert found.pings == 1
    assert found.reserved == 1
    assert found.claimed == 1
    assert found.calls == 1
    assert found.connected == 0


@pytest.mark.parametrize(
    ("status", "held"),
    [("claimed", 1), ("expired", 1), ("reserved", 1), ("no-target", 0), ("rejected", 0)],
)
def test_a_reservation_counts_when_a_buyer_was_held(world, status, held):
    world.reserve(NOW, status=status)
    assert counted(world).reserved == held


def test_a_row_belongs_to_the_hour_in_which_it_began(world):
    for at in (NOW - timedelta(microseconds=1), NOW, HOUR[1] - timedelta(microseconds=1), HOUR[1]):
        world.call(at)
    assert counted(world).calls == 2


def test_money_is_summed_exactly(world):
    for _ in range(100):
        world.call(NOW, payout=Decimal("0.1003"), revenue=Decimal("12345678.9999"))
    assert counted(world).payout == 100_300
    assert counted(world).revenue == 123_456_789_999 * 100


def test_no_amount_loses_its_last_decimal_on_sqlite(world):
    world.call(
        NOW, payout=Decimal("0.0003"), revenue=Decimal("1.0003")
    )  # 0.0003 * 10000 is 2.9999999999999996
    assert counted(world).payout == 3
    assert counted(world).revenue == 10_003


def test_pings_belong_to_the_campaign_of_their_key(world):
    make.make_entry(
        world.company, at=NOW, key_pk=world.keys[1].pk, publisher_pk=world.publishers[0].pk
    )
    rows = counts.count_rows(RollupSource.PINGS, world.company.pk, HOUR)
    assert [row.scope for row in rows] == [
        MetricsScope(world.campaigns[1].pk, world.publishers[0].pk)
    ]


def test_rare_errors_are_counted_by_status(world):
    for number in range(22):
        for _ in range(2 if number < 19 else 1):
            entry = {
                "status": 422,
                "result": "refused",
                "response": f'{{"error":"no tag {number:02}"}}',
            }
            make.make_entry(world.company, at=NOW, key_pk=world.keys[0].pk, **entry)
    found = {
        line.reason: line.metrics.pings
        for line in counts.count_rows(RollupSource.PINGS, world.company.pk, HOUR)
        if line.reason
    }
    assert len(found) == 21
    assert found["422 no tag 00"] == 2
    assert found["422 no tag 19"] == 1
    assert found["422"] == 2


@pytest.mark.parametrize(
    ("source", "minutes", "is_final"),
    [
        (RollupSource.PINGS, 9, False),
        (RollupSource.PINGS, 10, True),
        (RollupSource.OUTCOMES, 9, False),
        (RollupSource.OUTCOMES, 10, True),
    ],
)
def test_an_hour_is_final_once_its_requests_are_committed(world, source, minutes, is_final):
    assert (
        counts.is_final(source, world.company.pk, HOUR, now=HOUR[1] + timedelta(minutes=minutes))
        == is_final
    )


@pytest.mark.parametrize(("minutes", "is_final"), [(9, False), (10, True)])
def test_an_hour_is_not_final_within_the_grace_time_of_a_sale(world, minutes, is_final):
    sold_at = HOUR[1] + timedelta(hours=1)
    world.call(NOW, converted_at=sold_at)
    assert (
        counts.is_final(
            RollupSource.OUTCOMES, world.company.pk, HOUR, now=sold_at + timedelta(minutes=minutes)
        )
        == is_final
    )
