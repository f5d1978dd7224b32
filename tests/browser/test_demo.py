"""The demo company's pages are worth looking at; the pictures of the docs are taken here."""

import io

import pytest
from django.core.management import call_command
from django.db.models import Count
from django.utils import timezone

from callcontrol.demo import history
from callcontrol.models import Call
from campaigns.models import Company
from tests.browser.seat import Seat, looked_at_once, person

pytestmark = pytest.mark.django_db(transaction=True)


@looked_at_once
def test_a_week_of_the_demo_company_can_be_walked_through(seat: Seat) -> None:
    call_command("demo", no_history=True, stdout=io.StringIO())
    company = Company.objects.get(company_id="demo")
    # A week for the pictures; four days show the same pages, and one of them is a working day.
    history.prepare(company, now=timezone.now(), days=7 if seat.pictures else 4)
    history.play(company, report=lambda line: None)
    seat.sits(person("Ann"))
    seat.goes("/admin/")
    seat.follows("Last 7 days")
    seat.shows("dashboard", whole=True)
    wrong = seat.wrong()
    converted = Call.objects.filter(converted_at__isnull=False)
    call = converted.alias(moves=Count("transfers")).order_by("moves", "started_at").last()
    assert call is not None
    for path, name in (
        (f"/admin/callcontrol/call/{call.pk}/change/", "call"),
        (f"/admin/caller/?call={call.pk}", "caller"),
    ):
        seat.goes(path)
        seat.shows(name, whole=True)
        wrong += seat.wrong()
    assert wrong == []
