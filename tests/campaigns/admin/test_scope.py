"""Users neither see nor change rows of other companies, through any URL of the admin."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Buyer, Campaign, Company, Member
from publishers.models import Key
from reservations.models import Reservation
from tests import factories as make
from tests.admin_client import browser, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db


def _reservation(company: Company) -> Reservation:
    key: Any = make.make_key("rtb", campaign=make.make_campaign(company))
    now = timezone.now()
    return Reservation.objects.create(
        company=company,
        key=key,
        campaign=key.campaign,
        status="rejected",
        scope="",
        created_at=now,
        expires_at=now,
    )


ROWS: dict[str, Any] = {
    "campaigns_campaign": make.make_campaign,
    "campaigns_buyer": make.make_buyer,
    "campaigns_buyergroup": make.make_group,
    "campaigns_company": lambda company: company,
    "publishers_publisher": make.make_publisher,
    "publishers_inboundnumber": lambda company: make.make_number(make.make_campaign(company)),
    "publishers_conversion": lambda company: make.make_conversion(make.make_campaign(company)),
    "campaigns_webhook": lambda company: make.make_webhook(make.make_campaign(company)),
    "publishers_key": lambda company: make.make_key("account", company=company),
    "publishers_logentry": make.make_entry,
    "reservations_reservation": _reservation,
}


@pytest.mark.parametrize("page", ROWS)
@pytest.mark.parametrize("role", Member.Role.values)
def test_a_list_contains_the_rows_of_the_users_company(page, role):
    own, other = make.make_company(), make.make_company()
    row = ROWS[page](own)
    ROWS[page](other)
    assert list_rows(browser(own, role), reverse(f"admin:{page}_changelist")) == [row]


@pytest.mark.parametrize("page", ROWS)
@pytest.mark.parametrize("role", Member.Role.values)
def test_a_row_of_another_company_is_not_there(page, role):
    row = ROWS[page](make.make_company())
    answer = browser(make.make_company(), role).get(reverse(f"admin:{page}_change", args=[row.pk]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:index")


@pytest.mark.parametrize(
    "page",
    [page for page in ROWS if page not in {"publishers_logentry", "reservations_reservation"}],
)
def test_the_history_of_another_company_is_closed(page):
    row = ROWS[page](make.make_company())
    assert (
        browser(make.make_company())
        .get(reverse(f"admin:{page}_history", args=[row.pk]))
        .status_code
        == 404
    )


def test_a_row_of_another_company_cannot_be_saved():
    own, campaign = make.make_campaign(), make.make_campaign(name="Theirs")
    client = browser(own.company)
    data = form_data(
        client, reverse("admin:campaigns_campaign_change", args=[own.pk]), name="Stolen"
    )
    client.post(reverse("admin:campaigns_campaign_change", args=[campaign.pk]), data)
    assert list(Campaign.objects.order_by("pk").values_list("name", flat=True)) == [
        "Roofing",
        "Theirs",
    ]


def test_autocomplete_offers_unretired_buyers_of_the_users_company():
    own, other = make.make_company(), make.make_company()
    buyer = make.make_buyer(own, name="Mine")
    make.make_buyer(own, name="Gone", retired_at=timezone.now())
    make.make_buyer(other, name="Theirs")
    query = {"app_label": "campaigns", "model_name": "route", "field_name": "buyer"}
    found = browser(own).get(reverse("admin:autocomplete"), query).json()
    assert found["results"] == [{"id": str(buyer.pk), "text": "Mine"}]


def test_autocomplete_on_a_page_of_one_company_offers_a_superuser_its_buyers_alone():
    company = make.make_company()
    buyer = make.make_buyer(company, name="Its own")
    make.make_buyer(name="Another's")
    query = {
        "app_label": "campaigns",
        "model_name": "route",
        "field_name": "buyer",
        "company": str(company.pk),
    }
    found = browser().get(reverse("admin:autocomplete"), query).json()
    assert found["results"] == [{"id": str(buyer.pk), "text": "Its own"}]


@pytest.mark.parametrize("who", ["owner", "superuser"])
def test_a_route_to_another_companys_buyer_is_refused(who):
    campaign, theirs = make.make_campaign(), make.make_buyer()
    client = browser(campaign.company if who == "owner" else None)
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    data = form_data(
        client,
        url,
        **{
            "routes-TOTAL_FORMS": "1",
            "routes-0-campaign": campaign.pk,
            "routes-0-buyer": theirs.pk,
        },
    )
    assert post_errors(client, url, data) == [
        "Select a valid choice. That choice is not one of the available choices."
    ]


@pytest.mark.parametrize("action", ["retire", "reset-hard-cap"])
def test_an_action_on_another_companys_buyer_does_nothing(action):
    buyer = make.make_buyer()
    answer = browser(make.make_company()).post(f"/admin/campaigns/buyer/{buyer.pk}/{action}/")
    assert answer.status_code == 403
    assert Buyer.objects.get().retired_at is None


def test_a_bulk_action_leaves_another_companys_keys_alone():
    own, theirs = make.make_key("account"), make.make_key("account")
    data = {"action": "pause", "_selected_action": [own.pk, theirs.pk]}
    browser(own.company).post(reverse("admin:publishers_key_changelist"), data)
    assert dict(Key.objects.values_list("pk", "paused")) == {own.pk: True, theirs.pk: False}


def test_no_key_is_added_to_another_companys_campaign():
    campaign = make.make_campaign()
    url = f"{reverse('admin:publishers_key_add')}?type=rtb&campaign={campaign.pk}"
    answer = browser(make.make_company()).post(url, {"name": "Mine now"})
    assert answer.status_code == 404
    assert Key.objects.count() == 0


def test_numbers_are_not_pasted_into_another_companys_campaign():
    campaign = make.make_campaign()
    url = reverse("admin:publishers_inboundnumber_paste", args=[campaign.pk])
    answer = browser(make.make_company()).post(url, {"numbers": "+18335550100"})
    assert answer.status_code == 404
    assert campaign.numbers.count() == 0


def test_no_campaign_is_made_in_another_company():
    client, other = browser(make.make_company()), make.make_company()
    answer = client.get(f"{reverse('admin:campaigns_campaign_add')}?company={other.pk}")
    assert [name for _, name, _ in answer.context["choices"]] == [Member.objects.get().company.name]


def test_a_user_without_a_company_sees_nothing():
    company = make.make_company()
    client = browser(company)
    Member.objects.all().delete()
    assert client.get(reverse("admin:campaigns_campaign_changelist")).status_code == 403


def test_the_menu_of_people_is_for_superusers():
    assert (
        browser(make.make_company()).get(reverse("admin:auth_user_changelist")).status_code == 403
    )


# --- malformed URLs ----------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["²", "٣", "9" * 30, "-1"])
@pytest.mark.parametrize("page", ["campaigns_campaign_changelist", "campaigns_campaign_add"])
def test_a_company_that_no_address_can_mean_is_as_good_as_none(page, number):
    own, client = make.make_campaign(), browser()
    said, without = (
        client.get(reverse(f"admin:{page}") + query) for query in (f"?company={number}", "")
    )
    assert said.status_code == without.status_code
    assert (own.name in said.text) == (own.name in without.text)


@pytest.mark.parametrize("number", ["²", "9" * 30])
def test_a_key_for_an_owner_that_no_address_can_mean_is_not_made(number):
    assert (
        browser()
        .get(reverse("admin:publishers_key_add") + f"?type=rtb&campaign={number}")
        .status_code
        == 404
    )
