"""Reservations in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from reservations.models import Reservation
from tests import factories as make
from tests.desk import browser, listed

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
    held = {"buyer": make.make_buyer(key.company), "inbound_number": "+18335550100", "scope": f"{Reservation.objects.count()}"}
    return Reservation.objects.create(company=key.company, key=key, campaign=key.campaign, **{**row, **held, **fields})


def _page(row: Reservation) -> str:
    return reverse("admin:reservations_reservation_change", args=[row.pk])


@pytest.mark.parametrize(("minutes", "told"), [(5, "Reserved"), (-5, "Expired")])
def test_the_status_is_the_one_of_this_moment(minutes, told):
    row = _reservation(expires_at=timezone.now() + timedelta(minutes=minutes))
    assert told in browser(row.company).get(LIST).content.decode().split("<tbody", 1)[1]


@pytest.mark.parametrize(("status", "found"), [("reserved", 0), ("expired", 1), ("claimed", 2)])
def test_the_filter_goes_by_the_status_of_this_moment(status, found):
    key, past = make.make_key("rtb"), timezone.now() - timedelta(hours=1)
    rows = [_reservation(key), _reservation(key, expires_at=past), _reservation(key, status="claimed")]
    assert listed(browser(key.company), f"{LIST}?status={status}") == [rows[found]]


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_the_caller_is_masked_for_those_who_only_read(role, clear):
    row = _reservation()
    texts = [browser(row.company, role).get(url).content.decode() for url in (LIST, _page(row))]
    assert [CALLER in text for text in texts] == [clear, clear]


def test_nobody_edits_a_reservation():
    row = _reservation()
    answer = browser().post(_page(row), {"status": "claimed"})
    assert (answer.status_code, Reservation.objects.get().status) == (403, "reserved")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_however_many_rows(count, django_assert_num_queries):
    key = make.make_key("rtb")
    for _ in range(count):
        _reservation(key, publisher=make.make_publisher(key.company))
    client = browser(key.company)
    with django_assert_num_queries(8):
        client.get(LIST)
