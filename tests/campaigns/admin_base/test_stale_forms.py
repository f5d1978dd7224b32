"""A page that is saved after another user changed the row saves only its own changes."""

import pytest
from django.urls import reverse

from campaigns.models import Buyer, Campaign, Filter
from tests import factories as make
from tests.admin_client import browser, form_data

pytestmark = pytest.mark.django_db


def _page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _save(row, data, client) -> list[str]:
    """Posts a page that was filled in before; what is said afterwards."""
    return [
        str(message) for message in client.post(_page(row), data, follow=True).context["messages"]
    ]


@pytest.mark.parametrize("paused", [True, False])
def test_a_pause_by_another_user_stays(paused):
    campaign = make.make_campaign(paused=not paused)
    client = browser(campaign.company)
    data = form_data(client, _page(campaign), name="New")
    Campaign.objects.update(paused=paused)
    said = _save(campaign, data, client)
    assert list(Campaign.objects.values_list("name", "paused")) == [("New", paused)]
    assert said[0] == "While this page was open, another user changed Paused. That change was kept."


def test_the_users_own_change_wins():
    buyer = make.make_buyer(daily_cap=20)
    client = browser(buyer.company)
    data = form_data(client, _page(buyer), daily_cap="50")
    Buyer.objects.update(daily_cap=30, hourly_cap=5)
    _save(buyer, data, client)
    assert Buyer.objects.values_list("daily_cap", "hourly_cap").get() == (50, 5)


def test_inline_rows_that_another_user_changed_stay():
    buyer = make.make_buyer(filters=[("zip", "==", "90210"), ("age", ">", "65")])
    client = browser(buyer.company)
    data = form_data(client, _page(buyer), **{"filters-1-value": "70"})
    Filter.objects.filter(key="zip").update(value="10001")
    _save(buyer, data, client)
    assert sorted(Filter.objects.values_list("key", "value")) == [("age", "70"), ("zip", "10001")]


def test_a_page_saved_as_it_was_opened_leaves_no_history():
    buyer = make.make_buyer(
        filters=[("zip", "in", "1,2")], sip_password="open-sesame", monthly_cap=3
    )
    client = browser(buyer.company)
    _save(buyer, form_data(client, _page(buyer)), client)
    assert buyer.history.count() == 1
    assert Filter.history.count() == 1
