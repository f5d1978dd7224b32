"""Every page on a screen, in the dark theme and on a phone: accessible and without errors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.urls import reverse

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.models import Key, LogEntry
from tests import factories as make
from tests.browser.seat import Seat, looked_at_once, person
from tests.pinging import dial, ping

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = [
    *("campaigns_campaign", "campaigns_buyer", "campaigns_buyergroup", "campaigns_company"),
    *(
        "publishers_publisher",
        "publishers_inboundnumber",
        "publishers_key",
        "publishers_instructionslink",
        "publishers_logentry",
    ),
    *("reservations_reservation", "callcontrol_call", "auth_user"),
]
ROWS: list[type[Model]] = [Campaign, Buyer, Key, LogEntry, Call]


def _lists() -> Iterator[str]:
    yield from (
        reverse(name)
        for name in ("admin:login", "dashboard", "caller", "dry-run", "softphone", "changes")
    )
    yield from (reverse(f"admin:{name}_changelist") for name in LISTS)


def _rows() -> Iterator[str]:
    for model in ROWS:
        row: Any = model._default_manager.first()
        yield reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    yield f"{reverse('caller')}?number=12025550102"
    yield f"{reverse('dry-run')}?log={LogEntry.objects.first().pk}"
    yield f"{reverse('softphone')}?call={Call.objects.first().pk}"
    yield reverse("admin:campaigns_buyer_add")


@looked_at_once
@pytest.mark.parametrize("pages", [_lists, _rows])
def test_pages_are_accessible(seat: Seat, pages: Callable[[], Iterator[str]]) -> None:
    campaign = make.make_market(caps=(2, 1), pool=2)
    make.make_number(campaign, number="+18335550130")
    ping(make.make_key("rtb", campaign=campaign), caller_number="12025550102")
    dial("+18335550130")
    seat.sits(person("Ann"))
    found = []
    for path in pages():
        seat.goes(path)
        found += [f"{path}: {wrong}" for wrong in seat.wrong_in_any_way()]
    assert not found, "\n".join(found)
