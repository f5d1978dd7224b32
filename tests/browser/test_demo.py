"""The demo company's pages are worth looking at; the pictures of the docs are taken here."""

import io

import pytest
from django.core.management import call_command

from callcontrol.models import Call
from tests.browser.seat import Seat, looked_at_once, person

pytestmark = pytest.mark.django_db(transaction=True)


@looked_at_once
def test_a_week_of_the_demo_company_can_be_walked_through(seat: Seat) -> None:
    call_command("demo", stdout=io.StringIO())
    seat.sits(person("Ann"))
    seat.goes("/admin/")
    seat.follows("Last 7 days")
    seat.shows("dashboard", whole=True)
    wrong = seat.wrong()
    call = Call.objects.filter(converted_at__isnull=False, transfers__isnull=False).latest(
        "started_at"
    )
    for path, name in (
        (f"/admin/callcontrol/call/{call.pk}/change/", "call"),
        (f"/admin/caller/?call={call.pk}", "caller"),
    ):
        seat.goes(path)
        seat.shows(name, whole=True)
        wrong += seat.wrong()
    assert wrong == []
