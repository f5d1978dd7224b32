"""A list bears any address."""

import pytest
from django.urls import reverse

from campaigns.admin_base.lists import UNFILTERED
from tests import factories as make
from tests.admin_client import browser

pytestmark = pytest.mark.django_db
LONG = "x" * 10_000
LISTS = [
    "campaigns_campaign",
    "campaigns_buyer",
    "publishers_key",
    "publishers_logentry",
    "reservations_reservation",
]


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "company__members__user__password__startswith=a",
        "key__startswith=a",
        "q=%00",
        "%00=1",
    ],
)
def test_an_unknown_filter_is_reported_and_ignored(page, query):
    url = reverse(f"admin:{page}_changelist")
    answer = browser(make.make_company()).get(f"{url}?{query}", follow=True)
    assert answer.redirect_chain[-1] == (url, 302)
    assert [str(each) for each in answer.context["messages"]] == [str(UNFILTERED)]


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize(
    "query",
    ["company=x", "paused__exact=perhaps", "type=hat", "status=999", "p=x", "o=9.9", f"q={LONG}"],
    ids=lambda text: text[:16],
)
def test_values_that_name_nothing_do_no_harm(page, query):
    url = reverse(f"admin:{page}_changelist")
    answer = browser(make.make_company()).get(f"{url}?{query}", follow=True)
    assert answer.status_code == 200
    assert list(answer.context["cl"].result_list) == []
