"""Webhooks in the admin: added on the campaign's page, edited on their own, secrets masked."""

from typing import Any

import pytest
from django.urls import reverse

from campaigns.models import Campaign, Webhook
from tests import factories as make
from tests.admin_client import browser, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/lead?key=open-sesame&zip=[zip]"
NEW = {
    "webhooks-TOTAL_FORMS": "1",
    "webhooks-0-name": "Lead",
    "webhooks-0-trigger": "start",
    "webhooks-0-method": "POST",
}


def _page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _add(campaign: Campaign, **typed: str) -> list[str]:
    """Adds a webhook on the campaign's page; what the page says is wrong."""
    client = browser(campaign.company)
    row = (
        NEW
        | {"webhooks-0-url": URL, "webhooks-0-deadline_ms": "500"}
        | {f"webhooks-0-{name}": typed[name] for name in typed}
    )
    return post_errors(client, _page(campaign), form_data(client, _page(campaign), **row))


def test_a_webhook_is_added_on_the_campaigns_page_and_gets_a_secret():
    campaign = make.make_campaign()
    wrong = _add(campaign)
    row = Webhook.objects.get()
    assert wrong == []
    assert row.campaign == campaign
    assert row.url == URL
    assert row.deadline_ms == 500
    assert row.secret[:6] == "whsec_"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"deadline_ms": "50"}, "Ensure this value is greater than or equal to 100."),
        ({"url": "https://[host]/"}, "That is no web address. [tokens] may follow the host."),
    ],
)
def test_an_invalid_webhook_is_refused(typed, told):
    assert _add(make.make_campaign(), **typed) == [told]
    assert Webhook.objects.count() == 0


def test_its_own_page_has_tags_filters_and_secret():
    webhook = make.make_webhook(values={"zip": "lead.zip"})
    client = browser(webhook.company)
    row = {
        "filters-TOTAL_FORMS": "1",
        "filters-0-key": "age",
        "filters-0-operator": ">",
        "filters-0-value": "65",
    }
    typed = {"values": "to = a.b\nwho = c.0", "secret": "whsec_" + "c2l4" * 8}
    assert (
        post_errors(client, _page(webhook), form_data(client, _page(webhook), **typed, **row)) == []
    )
    webhook.refresh_from_db()
    assert webhook.values == {"to": "a.b", "who": "c.0"}
    assert webhook.secret == typed["secret"]
    assert str(webhook.filters.get()) == "age > 65"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            {"values": "zip"},
            "“zip” has no name or no value. "
            "Use the form inbound_number = call_reservation.inbound_number.",
        ),
        (
            {"values": "zip = a..b"},
            "The path for the tag “zip” is not valid. Use names with dots between.",
        ),
        ({"secret": "mine"}, "Not a secret. Use whsec_ followed by 24 to 64 bytes in base64."),
    ],
)
def test_an_invalid_field_of_its_page_is_refused(typed, told):
    webhook = make.make_webhook()
    client = browser(webhook.company)
    assert post_errors(client, _page(webhook), form_data(client, _page(webhook), **typed)) == [told]


@pytest.mark.parametrize(("role", "seen"), [("account_manager", True), ("read_only", False)])
@pytest.mark.parametrize("page", ["campaign", "webhook"])
def test_keys_in_addresses_and_secrets_are_for_editors(role, seen, page):
    webhook = make.make_webhook(url=URL)
    shown = (
        browser(webhook.company, role)
        .get(_page(webhook if page == "webhook" else webhook.campaign))
        .content.decode()
    )
    assert ("open-sesame" in shown) == seen
    assert "https://hooks.example.com/" in shown
    assert (webhook.secret in shown) is (seen and page == "webhook")


def test_a_webhook_is_taken_away_on_the_campaigns_page():
    webhook = make.make_webhook()
    client = browser(webhook.company)
    client.post(
        _page(webhook.campaign),
        form_data(client, _page(webhook.campaign), **{"webhooks-0-DELETE": "on"}),
    )
    assert Webhook.objects.count() == 0


def test_those_of_a_retired_campaign_are_history():
    webhook = make.make_webhook(make.make_campaign(retired_at="2026-05-05T12:00Z"))
    client = browser(webhook.company)
    page = client.get(_page(webhook)).context
    assert list_rows(client, reverse("admin:campaigns_webhook_changelist")) == []
    assert page["has_change_permission"] is False
