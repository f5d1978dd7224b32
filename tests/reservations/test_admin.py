"""Reservations in the admin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from reservations import admin
from reservations.models import Reservation
from tests import factories as make
from tests.admin_client import browser, list_rows
from tests.pinging import logged, ping

pytestmark = pytest.mark.django_db
LIST = reverse("admin:reservations_reservation_changelist")
CALLER = "+12025550142"


def _reservation(key: Any = None, **fields: Any) -> Reservation:
    key = key or make.make_key("rtb")
    now = timezone.now()
    row = {
        "status": "reserved",
        "caller_number": CALLER,
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
        "tags": {"zip": "90210"},
    }
    held = {
        "buyer": make.make_buyer(key.company),
        "inbound_number": "+18335550100",
        "scope": f"{Reservation.objects.count()}",
    }
    return Reservation.objects.create(
        company=key.company, key=key, campaign=key.campaign, **{**row, **held, **fields}
    )


def _page(row: Reservation) -> str:
    return reverse("admin:reservations_reservation_change", args=[row.pk])


@pytest.mark.parametrize(("minutes", "told"), [(5, "Reserved"), (-5, "Expired")])
def test_the_list_shows_the_current_status(minutes, told):
    row = _reservation(expires_at=timezone.now() + timedelta(minutes=minutes))
    assert told in browser(row.company).get(LIST).content.decode().split("<tbody", 1)[1]


@pytest.mark.parametrize(("status", "found"), [("reserved", 0), ("expired", 1), ("claimed", 2)])
def test_the_filter_uses_the_current_status(status, found):
    key, past = make.make_key("rtb"), timezone.now() - timedelta(hours=1)
    rows = [
        _reservation(key),
        _reservation(key, expires_at=past),
        _reservation(key, status="claimed"),
    ]
    assert list_rows(browser(key.company), f"{LIST}?status={status}") == [rows[found]]


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_the_caller_is_masked_for_read_only_members(role, clear):
    row = _reservation(tags={"callback": "+13105550103"})
    texts = [browser(row.company, role).get(url).content.decode() for url in (LIST, _page(row))]
    assert [CALLER in text for text in texts] + ["+13105550103" in texts[1]] == [clear] * 3


def test_a_reservation_is_read_only():
    row = _reservation()
    answer = browser().post(_page(row), {"status": "claimed"})
    assert answer.status_code == 403
    assert Reservation.objects.get().status == "reserved"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_has_constant_statements(count, django_assert_num_queries):
    key = make.make_key("rtb")
    for _ in range(count):
        _reservation(key, publisher=make.make_publisher(key.company))
    client = browser(key.company)
    with django_assert_num_queries(13):
        client.get(LIST)


@pytest.mark.parametrize("name", ["publisher", "campaign", "buyer"])
def test_the_list_is_filtered_by_relation(name):
    key = make.make_key("rtb")
    row, other = (_reservation(key, publisher=make.make_publisher(key.company)) for _ in range(2))
    other.campaign = make.make_campaign(key.company)
    other.save()
    assert list_rows(browser(key.company), f"{LIST}?{name}={getattr(row, f'{name}_id')}") == [row]


def test_the_list_is_filtered_by_company():
    rows = [_reservation(), _reservation()]
    assert list_rows(browser(), f"{LIST}?company={rows[1].company_id}") == [rows[1]]


def test_times_are_those_of_the_company():
    campaign = make.make_campaign(make.make_company(time_zone="America/New_York"))
    row = _reservation(
        make.make_key("rtb", campaign=campaign), created_at=datetime(2026, 5, 5, 16, tzinfo=UTC)
    )
    found = [
        list_rows(
            browser(row.company), f"{LIST}?created_at_{end}_0=2026-05-05&created_at_{end}_1=12:00"
        )
        for end in ("from", "to")
    ]
    assert found == [[row], [row]]


@pytest.mark.parametrize("by", ["caller", "uuid"])
def test_search_finds_the_reservation_of_a_ping(by):
    key = make.make_ready_key()
    uuid = ping(key)["uuid"]
    ping(key, caller_number=CALLER)
    asked = uuid if by == "uuid" else "(202) 555-0102"
    assert [str(row.pk) for row in list_rows(browser(key.company), f"{LIST}?q={asked}")] == [uuid]


def test_search_finds_a_caller_without_log_entries():
    row = _reservation()
    assert list_rows(browser(row.company), f"{LIST}?q=2025550142") == [row]


def test_search_finds_a_caller_with_many_reservations(monkeypatch):
    monkeypatch.setattr(admin, "MAX_LOGGED", 1)
    key = make.make_ready_key()
    rows: list[Any] = []
    for _ in range(2):
        rows.insert(0, ping(key)["uuid"])
        Reservation.objects.update(status="expired")
    assert [str(row.pk) for row in list_rows(browser(key.company), f"{LIST}?q=2025550102")] == rows


def test_the_page_links_to_the_log():
    key = make.make_ready_key()
    uuid = ping(key)["uuid"]
    page = (
        browser(key.company)
        .get(reverse("admin:reservations_reservation_change", args=[uuid]))
        .content.decode()
    )
    found = list_rows(browser(key.company), f"/admin/publishers/logentry/?q={uuid}")
    assert f'href="/admin/publishers/logentry/?q={uuid}"' in page
    assert found == [logged()]
