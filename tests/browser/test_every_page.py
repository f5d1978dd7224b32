"""Every page, as it is on a screen, in the dark and on a phone: nothing that keeps anybody out."""

import io

import pytest
from django.core.management import call_command

from tests.browser.seat import Seat, person

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [
    "/admin/login/",
    "/admin/",
    "/admin/campaigns/campaign/",
    "/admin/campaigns/buyer/",
    "/admin/publishers/key/",
    "/admin/publishers/logentry/",
    "/admin/reservations/reservation/",
    "/admin/callcontrol/call/",
    "/admin/campaigns/company/",
    "/admin/campaigns/buyer/add/",
]


@pytest.mark.parametrize("way", ["screen", "dark", "phone"])
def test_nothing_keeps_anybody_out(seat: Seat, way: str) -> None:
    call_command("demo", stdout=io.StringIO())
    seat.looks(way)
    seat.sits(person("Ann"))
    wrong = {}
    for path in PAGES:
        seat.goes(path)
        if found := seat.wrong():
            wrong[path] = found
    assert wrong == {}
