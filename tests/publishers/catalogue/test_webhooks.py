"""Webhooks in a catalogue file: matched by name, with a secret that is kept and not printed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.models import Company, Webhook
from publishers import catalogue
from tests.factories import make_campaign, make_company, make_webhook

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
URL = "https://a.example/lead?key=f382&zip=[zip]"
SECRET = "whsec_c2l4dGVlbi1hbmQtZWlnaHQtYnl0ZXMtaGVyZQ=="
AFTER_HOST = ". [tokens] may follow the host."


def applied(hooks: str, **options: bool) -> list[str]:
    text = f"company: {{name: Acme}}\ncampaigns:\n  - campaign_id: roofing\n    name: Roofing\n    webhooks:\n{hooks}"
    return catalogue.apply_file(file_text=text, now=NOW, **options).lines()


def hook(**fields: Any) -> str:
    """Return an item of the list, complete except for `fields`."""
    defaults = {"name": "lead", "trigger": "start", "url": f"'{URL}'"}
    return (
        "      - {"
        + ", ".join(
            f"{name}: {value}" for name, value in (defaults | fields).items() if value != ""
        )
        + "}\n"
    )


@pytest.fixture
def lead() -> Webhook:
    campaign = make_campaign(make_company(name="Acme"), campaign_id="roofing")
    return make_webhook(campaign, [("zip", "exists", "")], name="lead", url=URL, secret=SECRET)


def test_a_webhook_appears_with_its_fields() -> None:
    applied(
        hook(
            method="GET",
            values="{inbound_number: a.b}",
            deadline_ms=500,
            filters="[{key: zip, operator: exists}]",
        )
    )
    row = Webhook.objects.get()
    assert row.name == "lead"
    assert row.trigger == "start"
    assert row.url == URL
    assert row.method == "GET"
    assert row.values == {"inbound_number": "a.b"}
    assert row.deadline_ms == 500
    assert str(row.filters.get()) == "zip exists"


def test_the_line_of_a_new_webhook_hides_its_url_and_secret() -> None:
    lines = applied(hook(secret=SECRET))
    assert (
        lines[-1] == "+ webhook of campaign roofing: name lead, trigger start, url set, secret set"
    )


def test_a_webhook_without_a_secret_gets_one_and_keeps_it() -> None:
    applied(hook())
    secret = Webhook.objects.get().secret
    assert len(secret) == 38
    assert applied(hook()) == []
    assert Webhook.objects.get().secret == secret


def test_a_secret_can_be_changed(lead: Webhook) -> None:
    other = SECRET.replace("c2l4", "c2l5")
    assert applied(hook(secret=other, filters="[{key: zip, operator: exists}]")) == [
        "~ webhook of campaign roofing: secret changed"
    ]


def test_a_webhook_is_found_by_its_name_in_any_position(lead: Webhook) -> None:
    applied(hook(name="first") + hook(deadline_ms=3000))
    row = Webhook.objects.get(name="lead")
    assert row.pk == lead.pk
    assert row.deadline_ms == 3000
    assert row.secret == SECRET
    assert row.filters.count() == 0


def test_a_webhook_that_the_list_leaves_out_is_deleted(lead: Webhook) -> None:
    applied(hook(name="other"))
    assert [row.name for row in Webhook.objects.all()] == ["other"]


def test_a_dry_run_lists_the_changes_and_makes_none(lead: Webhook) -> None:
    lines = applied(
        hook(url="'https://b.example/'", filters="[{key: zip, operator: exists}]"), dry_run=True
    )
    assert lines == ["~ webhook of campaign roofing: url changed"]
    assert Webhook.objects.get().url == URL


def test_an_exported_webhook_can_be_applied_again(lead: Webhook) -> None:
    text = catalogue.export_company(Company.objects.get())
    lead.delete()
    catalogue.apply_file(file_text=text, now=NOW)
    assert catalogue.export_company(Company.objects.get()) == text
    assert Webhook.objects.get().secret == SECRET


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"trigger": ""}, "An item of webhooks needs trigger."),
        (
            {"trigger": "later"},
            "trigger must be one of start, answered, ended, converted, not “later”.",
        ),
        ({"method": "DELETE"}, "method must be one of GET, POST, PUT, PATCH, not “DELETE”."),
        (
            {"url": "ftp://a.example/"},
            f"url: A web address begins with http:// or https:// and is printable ASCII{AFTER_HOST}",
        ),
        ({"url": "'https://[host]/'"}, f"url: That is no web address{AFTER_HOST}"),
        (
            {"url": "'https://me@a.example/'"},
            f"url: The host of a web address is a name or an IP address, with a port if need be{AFTER_HOST}",
        ),
        (
            {"url": "'[scheme]://a.example/'"},
            f"url: A web address begins with http:// or https:// and is printable ASCII{AFTER_HOST}",
        ),
        ({"deadline_ms": 99}, "deadline_ms: Ensure this value is greater than or equal to 100."),
        ({"deadline_ms": 10_001}, "deadline_ms: Ensure this value is less than or equal to 10000."),
        (
            {"values": "[zip]"},
            "values must be a mapping of names to text, like {source: radio}, not a list.",
        ),
        (
            {"values": "{zip: a..b}"},
            "values: The path for the tag “zip” is not valid. Use names with dots between.",
        ),
        (
            {"values": "{'': a}"},
            "values: Use 1 to 100 characters for a tag name, without control characters.",
        ),
        (
            {"secret": "mine"},
            "secret: Not a secret. Use whsec_ followed by 24 to 64 bytes in base64.",
        ),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_a_wrong_field(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(catalogue.UnusableFile) as error:
        applied(hook(**fields))
    assert error.value.problems == [f"line 6: {expected}"]


def test_the_same_name_twice() -> None:
    with pytest.raises(catalogue.UnusableFile) as error:
        applied(hook() + hook())
    assert error.value.problems == ["line 7: Duplicate webhook: it is already on line 6."]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/[zip]?c=[caller number]",
        "http://[::1]:8000/x?[]",
        "https://a.example?[ü]=1",
    ],
)
def test_tokens_follow_the_host_and_may_hold_any_letter(url: str) -> None:
    applied(hook(url=f"'{url}'"))
    assert Webhook.objects.get().url == url
