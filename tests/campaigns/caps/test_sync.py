"""An edited cap reaches the counters when the edit is committed, whichever way it was made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.caps import counters
from campaigns.caps.sync import settings_changed
from campaigns.models import Buyer, BuyerGroup, CapCounter, Company
from campaigns.routing.snapshot import capped_of
from tests.factories import make_buyer, make_company, make_group

pytestmark = pytest.mark.django_db(transaction=True)


def _save(row: Any) -> None:
    row.daily_cap = 1
    row.save()


def _update(row: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(daily_cap=1)


def _bulk_update(row: Any) -> None:
    row.daily_cap = 1
    type(row).objects.bulk_update([row], ["daily_cap"])


def _take(row: Buyer | BuyerGroup, now: datetime) -> None:
    counters.take_places(
        company_id=row.company_id, buyer_pk=1, capped=[capped_of(row, row.company)], now=now
    )


def _full_after(edit: Callable[[Any], None], row: Any) -> list[int]:
    now = timezone.now()
    _take(row, now)
    edit(row)
    return list(counters.full_counters(row.company_id, now).values())


@pytest.mark.parametrize("edit", [_save, _update, _bulk_update])
@pytest.mark.parametrize("make", [make_buyer, make_group])
def test_a_lowered_cap_is_full_at_once(
    make: Callable[[Company], Any], edit: Callable[[Any], None]
) -> None:
    assert _full_after(edit, make(make_company())) == [1]


def test_an_edit_that_is_rolled_back_reaches_nothing() -> None:
    row = make_buyer()
    now = timezone.now()
    _take(row, now)
    with transaction.atomic():
        _save(row)
        transaction.set_rollback(True)
    assert counters.full_counters(row.company_id, now) == {}


def test_what_a_rollback_left_behind_does_not_stand_in_the_way() -> None:
    with transaction.atomic():
        row = make_buyer()
        _save(row)
        transaction.set_rollback(True)
    assert _full_after(_save, make_buyer()) == [1]


def test_many_edits_of_one_transaction_are_all_told() -> None:
    rows = [make_buyer(make_company(), daily_cap=2)]
    rows += [make_buyer(rows[0].company) for _ in range(4)]
    for row in rows:
        _take(row, timezone.now())
    with transaction.atomic():
        for row in rows:
            _save(row)
    assert list(CapCounter.objects.filter(kind="daily").values_list("cap", flat=True)) == [1] * 5


def test_a_window_of_a_time_zone_that_was_left_is_over() -> None:
    company = make_company(time_zone="America/New_York")
    row, now = make_buyer(company, daily_cap=1), datetime(2026, 5, 5, 2, tzinfo=UTC)
    _take(row, now)
    Company.objects.filter(pk=company.pk).update(time_zone="UTC")
    settings_changed(company_id=company.pk, now=now)
    assert counters.full_counters(company.pk, now) == {}


def test_a_window_of_both_time_zones_goes_on_to_its_new_end() -> None:
    company = make_company(time_zone="America/New_York")
    row, now = make_buyer(company, daily_cap=1), datetime(2026, 5, 5, 12, tzinfo=UTC)
    _take(row, now)
    Company.objects.filter(pk=company.pk).update(time_zone="UTC")
    settings_changed(company_id=company.pk, now=now)
    assert CapCounter.objects.get(kind="daily").ends_at == datetime(2026, 5, 6, tzinfo=UTC)


def test_the_companys_time_zone_reaches_the_counters() -> None:
    company = make_company(time_zone="America/New_York")
    now = timezone.now()
    _take(make_buyer(company), now)
    company.time_zone = "Asia/Kolkata"
    company.save()
    assert CapCounter.objects.get(kind="hourly").ends_at <= timezone.now() + timedelta(seconds=1)
