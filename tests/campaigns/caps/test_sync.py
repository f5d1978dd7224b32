"""An edited cap reaches the counters once the edit is committed, through every entry point."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns.caps import counters
from campaigns.caps.sync import settings_changed, sync_on_commit
from campaigns.models import Buyer, BuyerGroup, CapCounter, Company
from campaigns.routing.snapshot import capped_of
from publishers import catalogue
from tests.admin_client import browser, form_data, post_errors
from tests.factories import make_buyer, make_company, make_group

pytestmark = pytest.mark.django_db(transaction=True)
Owner = Buyer | BuyerGroup


def _admin_page(row: Owner) -> None:
    client = browser()
    url = reverse(f"admin:campaigns_{row._meta.model_name}_change", args=[row.pk])
    assert post_errors(client, url, form_data(client, url, daily_cap="1")) == []


def _catalogue_file(row: Owner) -> None:
    section, member = (
        ("buyers", f"buyer_id: {row.buyer_id}")
        if isinstance(row, Buyer)
        else ("buyer_groups", f"group_id: {row.group_id}")
    )
    text = (
        f"company: {{company_id: {row.company.company_id}, name: {row.company.name}}}\n"
        f"{section}:\n  - {{{member}, daily_cap: 1}}\n"
    )
    catalogue.apply_file(file_text=text, now=timezone.now())


def _lower(row: Owner) -> None:
    row.daily_cap = 1
    row.save()
    sync_on_commit(company_id=row.company_id)


def _take(row: Owner, now: datetime) -> None:
    counters.take_places(
        company_id=row.company_id, buyer_pk=1, capped=[capped_of(row, row.company)], now=now
    )


@pytest.mark.parametrize("edit", [_admin_page, _catalogue_file])
@pytest.mark.parametrize("make", [make_buyer, make_group])
def test_a_lowered_cap_is_full_at_once(
    make: Callable[..., Owner], edit: Callable[[Owner], None]
) -> None:
    row, now = make(make_company(), daily_cap=5), timezone.now()
    _take(row, now)
    edit(row)
    assert list(counters.full_counters(row.company_id, now).values()) == [1]


def test_an_edit_that_is_rolled_back_leaves_the_counters() -> None:
    row, now = make_buyer(), timezone.now()
    _take(row, now)
    with transaction.atomic():
        _lower(row)
        transaction.set_rollback(True)
    assert counters.full_counters(row.company_id, now) == {}


def test_a_dry_run_of_a_catalogue_leaves_the_counters() -> None:
    row, now = make_buyer(make_company(name="Acme"), buyer_id="b1"), timezone.now()
    _take(row, now)
    text = "company: {name: Acme}\nbuyers:\n  - {buyer_id: b1, daily_cap: 1}"
    catalogue.apply_file(file_text=text, now=now, dry_run=True)
    assert counters.full_counters(row.company_id, now) == {}


def test_edits_of_one_transaction_all_reach_the_counters() -> None:
    rows = [make_buyer(make_company(), daily_cap=2)]
    rows += [make_buyer(rows[0].company) for _ in range(4)]
    for row in rows:
        _take(row, timezone.now())
    with transaction.atomic():
        for row in rows:
            _lower(row)
    assert list(CapCounter.objects.filter(kind="daily").values_list("cap", flat=True)) == [1] * 5


def test_only_the_named_owners_are_written() -> None:
    company = make_company()
    named, other = make_buyer(company, daily_cap=2), make_buyer(company, daily_cap=2)
    now = timezone.now()
    for row in (named, other):
        _take(row, now)
    Buyer.objects.of(company).update(daily_cap=1)
    settings_changed(company_id=company.pk, now=now, owners=[f"buyer:{named.pk}"])
    caps = CapCounter.objects.filter(kind="daily").values_list("owner", "cap")
    assert dict(caps) == {f"buyer:{named.pk}": 1, f"buyer:{other.pk}": 2}


def test_a_window_of_the_former_time_zone_is_over() -> None:
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


def test_the_companys_page_puts_its_time_zone_on_the_counters() -> None:
    company, client = make_company(time_zone="America/New_York"), browser()
    _take(make_buyer(company), timezone.now())
    url = reverse("admin:campaigns_company_change", args=[company.pk])
    assert post_errors(client, url, form_data(client, url, time_zone="Asia/Kolkata")) == []
    assert CapCounter.objects.get(kind="hourly").ends_at <= timezone.now() + timedelta(seconds=1)
