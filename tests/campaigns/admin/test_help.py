"""Pages that help: what to do next, what is missing, and how to mend what was typed."""

import pytest
from django.urls import reverse

from campaigns.models import BusinessHours, Buyer, Campaign
from tests import factories as make
from tests.admin_client import browser, form_data, post_errors

pytestmark = pytest.mark.django_db
EMPTY = {
    "campaigns_campaign": "/admin/campaigns/campaign/add/",
    "campaigns_buyer": "/admin/campaigns/buyer/add/",
    "campaigns_buyergroup": "/admin/campaigns/buyergroup/add/",
    "publishers_publisher": "/admin/publishers/publisher/add/",
    "publishers_inboundnumber": "/admin/campaigns/campaign/",
    "publishers_conversion": "/admin/campaigns/campaign/",
    "campaigns_webhook": "/admin/campaigns/campaign/",
    "publishers_key": "/admin/publishers/key/add/",
}


def _page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _ready(campaign: Campaign) -> str:
    """What the campaign's page says of its state."""
    page = browser(campaign.company).get(_page(campaign)).context
    return str(page["adminform"].model_admin.ready(campaign))


@pytest.mark.parametrize("page", EMPTY)
def test_an_empty_list_has_a_hint_with_a_link(page):
    text = (
        browser(make.make_company(), "account_manager")
        .get(reverse(f"admin:{page}_changelist"))
        .text
    )
    assert f'<a href="{EMPTY[page]}" class="font-semibold underline">' in text


def test_the_hint_has_no_link_for_read_only_members():
    text = (
        browser(make.make_company(), "read_only")
        .get(reverse("admin:campaigns_campaign_changelist"))
        .text
    )
    assert "No campaigns yet." in text
    assert ("Add the first one" in text) is False


def test_an_administrator_without_a_company_is_led_to_the_first():
    text = browser().get(reverse("admin:campaigns_campaign_add")).text
    assert reverse("admin:campaigns_company_add") in text


def test_a_new_campaign_says_all_that_it_needs():
    told = _ready(make.make_campaign())
    sentences = [
        "No buyer takes its calls.",
        "No call pays.",
        "The campaign has no numbers.",
        "Publishers cannot send calls: it has no active key and no fixed number.",
    ]
    assert [sentence for sentence in sentences if sentence not in told] == []


def test_a_campaign_that_sells_says_so():
    campaign = make.make_ready_key().campaign
    make.make_conversion(campaign)
    yes = "Yes: it takes pings and calls while a buyer is open and has free places in its caps."
    assert f'<span class="admin-ready">{yes}</span>' in _ready(campaign)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda campaign: Campaign.objects.update(paused=True), "The campaign is paused."),
        (lambda campaign: Buyer.objects.update(paused=True), "All its buyers are paused."),
        (
            lambda campaign: Buyer.objects.get().retire(now="2026-05-05T12:00Z"),
            "No buyer takes its calls.",
        ),
        (lambda campaign: campaign.conversions.all().delete(), "No call pays."),
        (
            lambda campaign: campaign.numbers.update(retired_at="2026-05-05T12:00Z"),
            "The campaign has no numbers.",
        ),
        (
            lambda campaign: campaign.keys.update(paused=True),
            "Publishers cannot send calls: it has no active key and no fixed number.",
        ),
    ],
    ids=["paused", "buyers paused", "buyer retired", "no conversion", "no number", "key paused"],
)
def test_the_campaign_page_lists_what_is_missing(broken, told):
    campaign = make.make_ready_key().campaign
    make.make_conversion(campaign)
    broken(campaign)
    shown = _ready(Campaign.objects.get())
    assert told in shown
    assert shown.count("<li>") == 1


def test_adding_a_row_redirects_to_its_page():
    client, url = browser(make.make_company()), reverse("admin:campaigns_buyer_add")
    answer = client.post(url, form_data(client, url, name="Buyer One", number="+14165550101"))
    assert answer["Location"] == _page(Buyer.objects.get())


# --- business hours ----------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["add", "change"])
def test_a_week_is_saved_from_one_field(url):
    buyer = make.make_buyer(name="B", number="+14165550101")
    client = browser(buyer.company)
    page = _page(buyer) if url == "change" else reverse("admin:campaigns_buyer_add")
    assert (
        post_errors(
            client,
            page,
            form_data(
                client, page, name="New", number="+14165550101", weekly_hours="weekdays 9-17"
            ),
        )
        == []
    )
    assert [str(row) for row in BusinessHours.objects.filter(buyer__name="New")][:1] == [
        "monday 09:00–17:00"
    ]


def test_the_week_that_is_kept_is_written_back():
    buyer = make.make_buyer()
    for day in ("monday", "tuesday"):
        BusinessHours.objects.create(buyer=buyer, day=day, open="09:00", close="17:00")
    client = browser(buyer.company)
    data = form_data(client, _page(buyer))
    client.post(_page(buyer), data)
    assert data["weekly_hours"] == "Mon-Tue 09:00-17:00"
    assert BusinessHours.history.count() == 2


def test_an_unreadable_week_is_an_error_of_its_field():
    buyer = make.make_buyer()
    client = browser(buyer.company)
    answer = client.post(
        _page(buyer), form_data(client, _page(buyer), name="New", weekly_hours="funday 9-17")
    )
    wrong = "“funday” is neither a day nor a time. Use the form weekdays 9-17, sat 10-14."
    assert answer.context["adminform"].form.errors == {"weekly_hours": [wrong]}
    assert Buyer.objects.get().name == "Buyer"


def test_readers_read_the_week():
    buyer = make.make_buyer()
    BusinessHours.objects.create(buyer=buyer, day="friday", open="22:00", close="02:00")
    assert "Fri 22:00-02:00" in browser(buyer.company, "read_only").get(_page(buyer)).text


def test_hours_that_another_user_saved_meanwhile_stay():
    buyer = make.make_buyer()
    client = browser(buyer.company)
    data = form_data(client, _page(buyer), name="New")
    BusinessHours.objects.create(buyer=buyer, day="friday", open="22:00", close="02:00")
    client.post(_page(buyer), data)
    assert Buyer.objects.get().name == "New"
    assert BusinessHours.objects.count() == 1
