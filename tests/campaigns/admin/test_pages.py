"""The pages of demand: permissions, parsing of form fields, and retiring."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Buyer, Campaign, CapCounter, Company, Member, Route
from tests import factories as make
from tests.admin_client import browser, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db
BEFORE = datetime(2026, 5, 5, 12, tzinfo=UTC)


def _change(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize(
    ("role", "name"), [("owner", "New"), ("account_manager", "New"), ("read_only", "Roofing")]
)
def test_the_roles_that_change_a_campaign(role, name):
    campaign = make.make_campaign()
    data = form_data(browser(campaign.company), _change(campaign), name="New")
    browser(campaign.company, role).post(_change(campaign), data)
    assert Campaign.objects.get().name == name


@pytest.mark.parametrize(
    ("role", "name"), [("owner", "New"), ("account_manager", "Acme"), ("read_only", "Acme")]
)
def test_the_company_itself_is_changed_by_its_owners(role, name):
    company = make.make_company(name="Acme")
    data = form_data(browser(), _change(company), name="New")
    browser(company, role).post(_change(company), data)
    assert Company.objects.get().name == name


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("account_manager", 200), ("read_only", 403)]
)
@pytest.mark.parametrize(
    "page",
    [
        "campaigns_campaign",
        "campaigns_buyer",
        "campaigns_buyergroup",
        "publishers_publisher",
        "publishers_key",
    ],
)
def test_the_roles_that_add_rows(role, status, page):
    assert (
        browser(make.make_company(), role).get(reverse(f"admin:{page}_add")).status_code == status
    )


@pytest.mark.parametrize("companies", [0, 1])
def test_every_add_page_opens_in_a_new_installation(companies):
    client = browser()
    for _ in range(companies):
        make.make_company()
    names = [
        f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
        for model in admin.site._registry
    ]
    refused = [name.split("_")[1] for name in names if client.get(reverse(name)).status_code != 200]
    assert refused == ["webhook", "conversion", "logentry", "reservation", "call"]


def test_the_first_company_is_added():
    client, url = browser(), reverse("admin:campaigns_company_add")
    assert post_errors(client, url, form_data(client, url, name="Acme")) == []
    assert Company.objects.get().name == "Acme"


def test_a_new_campaign_is_of_the_members_only_company():
    company = make.make_company()
    client, url = browser(company), reverse("admin:campaigns_campaign_add")
    client.post(url, form_data(client, url, name="Solar"))
    kept: Any = Campaign.objects.values_list("name", "company")
    assert list(kept) == [("Solar", company.pk)]


def test_a_superuser_chooses_the_company_first():
    companies = [make.make_company(name=name) for name in ("Acme", "Bravo")]
    answer = browser().get(reverse("admin:campaigns_campaign_add"))
    assert answer.context["choices"] == [
        (f"?company={company.pk}", company.name, "") for company in companies
    ]


def test_an_id_that_another_campaign_has_is_refused_with_a_sentence():
    company = make.make_company()
    make.make_campaign(company, campaign_id="roofing")
    client, url = browser(company), reverse("admin:campaigns_campaign_add")
    assert post_errors(client, url, form_data(client, url, name="B", campaign_id="roofing")) == [
        "Another campaign has this ID."
    ]


def test_the_id_of_a_retired_campaign_is_free():
    company = make.make_company()
    make.make_campaign(company, campaign_id="roofing", retired_at=BEFORE)
    client, url = browser(company), reverse("admin:campaigns_campaign_add")
    assert post_errors(client, url, form_data(client, url, name="B", campaign_id="roofing")) == []


def test_routes_are_saved_with_their_campaign():
    campaign = make.make_campaign()
    buyer = make.make_buyer(campaign.company)
    client = browser(campaign.company)
    row = {"routes-TOTAL_FORMS": "1", "routes-0-buyer": buyer.pk, "routes-0-priority": "3"}
    client.post(_change(campaign), form_data(client, _change(campaign), **row))
    kept: Any = Route.objects.values_list("campaign", "buyer", "priority", "company")
    assert list(kept) == [(campaign.pk, buyer.pk, 3, campaign.company_id)]


def test_a_route_leads_to_a_buyer_or_a_group_not_both():
    campaign = make.make_campaign()
    buyer, client = make.make_buyer(campaign.company), browser(campaign.company)
    row = {
        "routes-TOTAL_FORMS": "1",
        "routes-0-buyer": buyer.pk,
        "routes-0-group": make.make_group(campaign.company).pk,
    }
    assert post_errors(client, _change(campaign), form_data(client, _change(campaign), **row)) == [
        "Choose a buyer or a group, not both."
    ]


def test_a_campaign_with_a_route_to_a_retired_buyer_can_still_be_saved():
    route = make.make_route(make.make_campaign())
    route.buyer.retire(now=BEFORE)
    client = browser(route.company)
    assert (
        post_errors(
            client, _change(route.campaign), form_data(client, _change(route.campaign), name="New")
        )
        == []
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("(416) 555-0101", "+14165550101"),
        ("sip:sales@example.com", "sip:sales@example.com"),
        ("[inbound_number]", "[inbound_number]"),
        ("sip:[agent]@example.com", "sip:[agent]@example.com"),
    ],
)
def test_a_buyers_number_is_kept_as_e164_or_as_an_address(typed, kept):
    buyer = make.make_buyer()
    client = browser(buyer.company)
    client.post(_change(buyer), form_data(client, _change(buyer), number=typed))
    assert Buyer.objects.get().number == kept


@pytest.mark.parametrize("typed", ["five five five", "sip:nobody", "[open"])
def test_an_invalid_destination_is_refused(typed):
    buyer = make.make_buyer()
    client = browser(buyer.company)
    wrong = (
        f"“{typed}” is neither a phone number nor a SIP address. Use a number such as "
        "+12025550101 or an address such as sip:sales@example.com."
    )
    assert post_errors(client, _change(buyer), form_data(client, _change(buyer), number=typed)) == [
        wrong
    ]


def test_invalid_digits_are_refused():
    buyer = make.make_buyer()
    client, wrong = (
        browser(buyer.company),
        "Use digits, * and #, and w for each half second of pause, such as ww1234#.",
    )
    assert post_errors(
        client, _change(buyer), form_data(client, _change(buyer), send_digits="ww12x")
    ) == [wrong]


@pytest.mark.parametrize("typed", ["New_York", "new york", "america/new_york"])
def test_a_city_completes_its_time_zone(typed):
    buyer = make.make_buyer()
    client = browser(buyer.company)
    client.post(_change(buyer), form_data(client, _change(buyer), time_zone=typed))
    assert Buyer.objects.get().time_zone == "America/New_York"


@pytest.mark.parametrize("row", [make.make_campaign, make.make_buyer], ids=["campaign", "buyer"])
def test_more_seconds_than_a_clock_can_count_are_refused(row):
    row, field = row(), "dedupe_seconds" if row is make.make_campaign else "acceptance_seconds"
    client, wrong = browser(row.company), "Ensure this value is less than or equal to 2147483647."
    assert post_errors(
        client, _change(row), form_data(client, _change(row), **{field: 9 * 10**18})
    ) == [wrong]


@pytest.mark.parametrize(
    ("typed", "kept"), [("Caller", "caller"), ("416 555 0101", "+14165550101")]
)
def test_a_buyers_caller_id_is_the_caller_or_a_number(typed, kept):
    buyer = make.make_buyer()
    client = browser(buyer.company)
    client.post(_change(buyer), form_data(client, _change(buyer), caller_id=typed))
    assert Buyer.objects.get().caller_id == kept


def test_hours_closed_dates_and_filters_are_on_the_buyers_page():
    buyer = make.make_buyer()
    client = browser(buyer.company)
    rows = {
        "weekly_hours": "mon 9-17",
        "closed_dates-TOTAL_FORMS": "1",
        "closed_dates-0-date": "2026-12-25",
        "filters-TOTAL_FORMS": "1",
        "filters-0-key": "caller_state",
        "filters-0-operator": "in",
        "filters-0-value": "CA,NY",
    }
    client.post(_change(buyer), form_data(client, _change(buyer), **rows))
    kept = [
        str(row)
        for rows in (buyer.business_hours, buyer.closed_dates, buyer.filters)
        for row in rows.all()
    ]
    assert kept == ["monday 09:00–17:00", "2026-12-25", "caller_state in CA,NY"]


def test_lists_of_a_company_have_one_entry_per_line():
    company = make.make_company()
    client = browser(company)
    typed = {"dial_prefixes": "+1416\n1905\n", "static_caller_numbers": "(202) 555-0102\r\n"}
    client.post(_change(company), form_data(client, _change(company), **typed))
    company.refresh_from_db()
    assert company.dial_prefixes == ["+1416", "+1905"]
    assert company.static_caller_numbers == ["+12025550102"]


def test_retiring_needs_a_confirmation():
    campaign = make.make_campaign()
    answer = browser(campaign.company).get(f"/admin/campaigns/campaign/{campaign.pk}/retire/")
    assert answer.context["title"] == "Retire Roofing?"
    assert Campaign.objects.get().retired_at is None


def test_a_retired_row_leaves_the_list_and_its_page_is_read_only():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    client.post(f"/admin/campaigns/campaign/{campaign.pk}/retire/")
    page = client.get(_change(campaign)).context
    shown = list_rows(client, reverse("admin:campaigns_campaign_changelist"))
    assert shown == []
    assert page["has_change_permission"] is False
    assert page["original"] == campaign


def test_nothing_is_deleted():
    campaign = make.make_campaign()
    answer = browser().post(
        reverse("admin:campaigns_campaign_delete", args=[campaign.pk]), {"post": "yes"}
    )
    assert answer.status_code == 403
    assert Campaign.objects.count() == 1


def test_a_retired_company_is_out_of_its_members_sight():
    company = make.make_company()
    client = browser(company)
    company.retire(now=timezone.now())
    assert client.get(reverse("admin:campaigns_campaign_changelist")).status_code == 403


def test_pausing_many_at_once_leaves_each_its_history():
    campaign = make.make_campaign()
    data = {"action": "pause", "_selected_action": [campaign.pk]}
    browser(campaign.company).post(reverse("admin:campaigns_campaign_changelist"), data)
    assert list(campaign.history.values_list("paused", flat=True)) == [True, False]


def test_the_hard_cap_counts_anew_after_the_button():
    buyer = make.make_buyer(hard_cap=10)
    far = datetime(9999, 1, 1, tzinfo=UTC)
    CapCounter.objects.create(
        company=buyer.company, owner=f"buyer:{buyer.pk}", kind="hard", used=7, cap=10, ends_at=far
    )
    browser(buyer.company).post(f"/admin/campaigns/buyer/{buyer.pk}/reset-hard-cap/")
    assert CapCounter.objects.get(kind="hard", window="").used == 0


def test_a_read_only_member_has_no_buttons():
    buyer = make.make_buyer()
    page = browser(buyer.company, "read_only").get(_change(buyer)).context
    assert page["actions_detail"] == []
    assert page["show_history"] is False


def test_an_editors_buttons():
    buyer = make.make_buyer()
    page = browser(buyer.company, "account_manager").get(_change(buyer)).context
    assert [button["title"] for button in page["actions_detail"]] == ["Reset hard cap", "Retire"]


@pytest.mark.parametrize(
    ("role", "secret_is_there"), [("account_manager", True), ("read_only", False)]
)
def test_numbers_and_passwords_of_buyers_are_for_editors(role, secret_is_there):
    buyer = make.make_buyer(number="+12025550199", sip_password="open-sesame")
    text = browser(buyer.company, role).get(_change(buyer)).content.decode()
    assert ["+12025550199" in text, "open-sesame" in text] == [secret_is_there] * 2


def test_a_reader_cannot_guess_a_buyers_number_piece_by_piece():
    buyer = make.make_buyer(number="+12025550199")
    url = reverse("admin:campaigns_buyer_changelist")
    client = browser(buyer.company, "read_only")
    assert client.get(f"{url}?number__startswith=%2B1202")["Location"] == url
    assert list_rows(client, f"{url}?q=2025550") == []


def test_the_history_names_the_user():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    client.post(_change(campaign), form_data(client, _change(campaign), name="New"))
    record = campaign.history.first()
    assert record.history_user.username == client.get("/admin/").wsgi_request.user.username
    assert record.name == "New"


def test_a_person_added_by_a_superuser_works_in_the_admin():
    company, client = make.make_company(), browser()
    password = {
        "password1": "a-long-phrase-27",
        "password2": "a-long-phrase-27",
        "usable_password": "true",
    }
    membership = {
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-company": company.pk,
        "memberships-0-role": "read_only",
    }
    url = reverse("admin:auth_user_add")
    client.post(
        url, {"memberships-INITIAL_FORMS": "0", "username": "ria", **password, **membership}
    )
    member = Member.objects.get()
    assert member.user.username == "ria"
    assert member.user.is_staff is True
    assert member.role == "read_only"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("page", "queries", "row"),
    [
        ("campaigns_campaign", 9, make.make_campaign),
        ("campaigns_buyer", 9, make.make_buyer),
        ("campaigns_buyergroup", 9, make.make_group),
        ("publishers_publisher", 9, make.make_publisher),
    ],
)
def test_the_queries_of_a_list_do_not_grow_with_the_rows(
    page, queries, row, count, django_assert_num_queries
):
    company = make.make_company()
    client = browser(company)
    for _ in range(count):
        row(company)
    with django_assert_num_queries(queries):
        client.get(reverse(f"admin:{page}_changelist"))
