"""The admin shows times in the time zone of the user's company."""

import pytest
from django.urls import reverse

from campaigns.models import Member
from tests import factories as make
from tests.admin_client import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("zone", "told"), [("America/New_York", "08:00:00 EDT"), ("UTC", "12:00:00 UTC")]
)
def test_a_list_shows_times_in_the_zone_of_the_company(zone, told, clock):
    company = make.make_company(time_zone=zone)
    make.make_entry(company)
    page = browser(company, Member.Role.READ_ONLY).get(
        reverse("admin:publishers_logentry_changelist")
    )
    assert page.text.count(f"May 5, 2026, {told}") == 1
