"""The dry run's page, by its form and by a row of the log."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Buyer
from publishers.models import LogEntry
from tests import factories as make
from tests.admin_client import browser
from tests.repeating import converted

pytestmark = pytest.mark.django_db
CALLER = "+12025550142"


@pytest.fixture
def market():
    """A campaign with b1 before b2, whose concurrency cap is full."""
    market = make.make_market(caps=[None, 0])
    market.company.name = "Acme"
    market.company.save()
    return market


def page(client: Any, **query: Any) -> Any:
    return client.get(f"{reverse('dry-run')}?{urlencode(query)}")


def run(market: Any, role: str = "account_manager", **query: Any) -> Any:
    """Return the context of the page for a member of the company."""
    return page(
        browser(market.company, role), **{"campaign": market.pk, "caller": CALLER} | query
    ).context


def logged(market: Any, **fields: Any) -> LogEntry:
    key = make.make_key("rtb", campaign=market)
    return make.make_entry(market.company, key_pk=key.pk, **fields)


def _rows() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
    }


# --- by the form ----------------------------------------------------------------------------------
def test_the_result_names_the_buyer_and_the_quote(market):
    context = run(market)
    assert context["result"] == "Reserved"
    assert context["sentence"] == "Buyer 1 gets the caller."
    assert (
        context["quote"]
        == "90.00 USD to the publisher after 120 seconds, 120.00 USD from the buyer"
    )


def test_each_other_buyer_has_its_reason(market):
    assert [(row.name, row.label, row.sentence) for row in run(market)["refused"]] == [
        ("Buyer 2", "Concurrency cap", "its concurrency cap of 0 is full")
    ]


def test_buyers_are_linked(market):
    context = run(market)
    rows = Buyer.objects.order_by("pk").values_list("pk", flat=True)
    urls = [reverse("admin:campaigns_buyer_change", args=[row]) for row in rows]
    assert [row.url for row in (*context["eligible"], *context["refused"])] == urls


def test_buyers_of_one_priority_have_chances(market):
    make.make_route(market, make.make_buyer(market.company, name="Heavy", weight=3))
    context = run(market)
    assert {row.name: (row.percent, row.width) for row in context["eligible"]} == {
        "Heavy": ("75%", 75.0),
        "Buyer 1": ("25%", 25.0),
    }


def test_a_dry_run_writes_nothing(market):
    client, entry = browser(market.company), logged(market)
    before = _rows()
    page(client, campaign=market.pk, caller=CALLER, moment="2026-05-05T12:00")
    page(client, log=entry.pk)
    assert _rows() == before


@pytest.mark.parametrize(
    ("duplicates", "meaning"),
    [
        ("refuse", "no buyer takes the call."),
        ("pay_once", "the call is routed, but pays nothing."),
        ("exclude_buyer", "the call does not go to the same buyer."),
    ],
)
def test_a_duplicate_caller_is_a_warning(market, duplicates, meaning):
    type(market).objects.update(dedupe_seconds=60, duplicates=duplicates)
    market.refresh_from_db()
    converted(market, CALLER)
    [warning] = run(market)["warnings"]
    assert warning.startswith("Duplicate caller: ")
    assert warning.endswith(meaning)


def test_a_paused_campaign_rejects_and_lists_its_eligible_buyers(market):
    market.paused = True
    market.save()
    context = run(market)
    assert context["result"] == "Paused (rejected)"
    assert context["sentence"] == "The campaign is paused: no buyer is tried."
    assert context["quote"] == ""
    assert len(context["eligible"]) == 1


def test_a_disabled_feature_is_a_warning(market):
    market.company.rtb_enabled = False
    market.company.save()
    assert run(market)["warnings"] == [
        "Real-time bidding is switched off for the company: its requests are refused with 403.",
    ]


def test_without_buyers_the_page_says_what_to_do():
    assert (
        run(make.make_campaign())["sentence"]
        == "The campaign has no buyer. Add a route on its page."
    )


def test_a_moment_is_in_the_campaigns_time_zone(market):
    market.time_zone = "America/Los_Angeles"
    market.save()
    assert (
        run(market, moment="2026-05-05T12:00")["dry_run"].ping.now.isoformat()
        == "2026-05-05T19:00:00+00:00"
    )


def test_the_inputs_are_listed(market):
    texts = run(market, moment="2026-05-05T12:00")["inputs"]
    assert [text.partition(":")[0].partition(",")[0] for text in texts] == [
        "From the caller's number",
        "Hourly",
    ]


def test_a_withheld_caller_has_no_inputs(market):
    assert run(market, caller="anonymous")["inputs"] == [
        "The number is withheld: it has no place and no stored tags."
    ]


def test_the_tags_of_the_routing_are_offered(market):
    make.make_route(market, make.make_buyer(market.company, filters=[("age", ">", "65")]))
    assert [(option["tags"], option["chosen"]) for option in run(market)["campaigns"]] == [
        (["age"], True)
    ]


def test_the_only_campaign_is_chosen_and_a_link_brings_the_caller(market):
    context = page(browser(market.company), caller=CALLER).context
    assert {name: context["form"][name].value() for name in ("campaign", "caller")} == {
        "campaign": str(market.pk),
        "caller": CALLER,
    }


def test_without_a_campaign_the_page_says_what_to_do_next():
    company = make.make_company()
    assert (
        f"{reverse('admin:campaigns_campaign_add')}?company={company.pk}"
        in page(browser(company)).content.decode()
    )


# --- errors ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("campaign", "", "Choose a campaign."),
        ("campaign", "abc", "This campaign does not exist. Choose another."),
        ("campaign", "9" * 40, "This campaign does not exist. Choose another."),
        ("campaign", "\0", "Null characters are not allowed."),
        ("publisher", "x", "This publisher does not exist. Choose another."),
        (
            "caller",
            "hello",
            "Not a phone number. Use 7 to 15 digits, for example (202) 555-0142.",
        ),
        (
            "caller",
            "5" * 10_000,
            "Not a phone number. Use 7 to 15 digits, for example (202) 555-0142.",
        ),
        ("caller", "\0", "Null characters are not allowed."),
        ("tags", "age", "“age” has no name or no value. Use the form source = radio."),
        ("tags", "key = 1", "“key” is a parameter, not a tag. Remove it."),
        (
            "tags",
            "a\0 = 1",
            "Invalid tag name. Use 1 to 100 characters, without control characters.",
        ),
        (
            "tags",
            f"age = {'7' * 1001}",
            "Invalid value of tag age. Use at most 1,000 characters, without NUL.",
        ),
        ("moment", "noon", "Enter a time like 2026-05-05 14:30, or leave the field empty for now."),
        ("moment", "\0", "Enter a time like 2026-05-05 14:30, or leave the field empty for now."),
        ("moment", "0001-01-01T00:00", "Enter a year from 2000 to 2099."),
        ("moment", "9999-12-31T23:59", "Enter a year from 2000 to 2099."),
    ],
    ids=lambda value: str(value)[:12],
)
def test_an_error_says_how_to_fix_it(market, name, value, error):
    context = run(market, **{name: value})
    assert context["form"].errors == {name: [error]}
    assert ("dry_run" in context) is False


def test_another_companys_campaign_is_not_a_choice(market):
    other = make.make_market()
    assert run(market, campaign=other.pk)["form"].errors == {
        "campaign": ["This campaign does not exist. Choose another."],
    }


# --- by a row of the log --------------------------------------------------------------------------
def _trace(*, chosen: Buyer) -> dict[str, Any]:
    return {"seed": 7, "eligible": [[1, 1, [chosen.pk]]], "refused": {}}


def test_then_and_now_are_compared(market):
    entry = logged(market, trace=_trace(chosen=Buyer.objects.get(buyer_id="b2")))
    context = page(browser(market.company), log=entry.pk).context
    assert context["then_sentence"] == "Buyer 2 was chosen."
    assert context["sentence"] == "Buyer 1 gets the caller."
    assert context["changed"] == 2


def test_the_table_marks_changes(market):
    entry = logged(market, trace=_trace(chosen=Buyer.objects.get(buyer_id="b2")))
    context = page(browser(market.company), log=entry.pk).context["comparisons"]
    assert [
        (row.name, row.then and row.then.label, row.now and row.now.label, row.change)
        for row in context
    ] == [
        ("Buyer 1", None, "Chosen", "new on the campaign"),
        ("Buyer 2", "Chosen", "Concurrency cap", "was chosen, now concurrency cap full"),
    ]


def test_a_publisher_is_named(market):
    make.make_publisher(market.company, publisher_id="beta", name="Beta Search")
    entry = logged(market, parameters={"publisher_id": "beta"})
    assert ("Publisher", "Beta Search") in page(browser(market.company), log=entry.pk).context[
        "sent"
    ]


def test_the_form_can_be_filled_from_a_row(market):
    publisher = make.make_publisher(market.company, publisher_id="beta")
    entry = logged(market, parameters={"publisher_id": "beta", "zip": "20001"})
    client = browser(market.company)
    url = page(client, log=entry.pk).context["form_url"]
    form = client.get(url).context["form"]
    assert form.cleaned_data["caller"] == CALLER
    assert form.cleaned_data["publisher"] == publisher
    assert form.cleaned_data["tags"] == {"zip": "20001"}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"paused": True}, "Its key is paused: requests with it are refused."),
        (
            {"retired_at": timezone.now() - timedelta(days=1)},
            "Its key is revoked: requests with it are refused.",
        ),
        (
            {"settings": {"required_tags": ["age"]}},
            "Its key requires tags that were not sent: age. Such pings are refused.",
        ),
    ],
    ids=["paused", "revoked", "requires a tag"],
)
def test_the_state_of_the_key_is_a_warning(market, change, warning):
    key = make.make_key("rtb", campaign=market)
    for name, value in change.items():
        setattr(key, name, value)
    key.save()
    entry = make.make_entry(market.company, key_pk=key.pk)
    assert page(browser(market.company), log=entry.pk).context["warnings"] == [warning]


def test_masked_tags_are_a_warning(market):
    entry = logged(market, parameters={"lead_token": "…cafe"})
    assert page(browser(market.company), log=entry.pk).context["warnings"] == [
        "The log masks the values of lead_token. Filters on these tags may decide differently."
    ]


def test_a_row_that_cannot_be_replayed_says_why(market):
    entry = make.make_entry(
        market.company,
        key_pk=make.make_key("call_data_writing", publisher=make.make_publisher()).pk,
    )
    context = page(browser(market.company), log=entry.pk).context
    assert context["refusal"] == "Its key does not belong to a campaign, so it looks for no buyer."


def test_an_unknown_keys_row_says_why():
    make.make_company()
    entry = make.make_entry(None)
    assert (
        page(browser(), log=entry.pk).context["refusal"]
        == "Its key is unknown, so its campaign is, too."
    )


@pytest.mark.parametrize("log", ["abc", "", "0", "9" * 30, "\0", "-1"])
def test_an_invalid_row_is_not_found(market, log):
    assert page(browser(market.company), log=log).status_code == 404


def test_an_unknown_keys_row_is_not_found_for_a_company(market):
    assert page(browser(market.company), log=make.make_entry(None).pk).status_code == 404


def test_another_companys_row_is_not_found(market):
    entry = logged(make.make_market())
    assert page(browser(market.company), log=entry.pk).status_code == 404


def test_a_row_is_replayed_for_its_own_company():
    for name in ("Aaa", "Bbb"):
        make.make_company(name=name)
    market = make.make_market()
    entry = logged(market)
    assert page(browser(), log=entry.pk).context["company"] == market.company


# --- readers --------------------------------------------------------------------------------------
def test_a_reader_can_run_it(market):
    assert run(market, "read_only")["sentence"] == "Buyer 1 gets the caller."


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_are_masked_for_readers(market, role, clear):
    buyer = make.make_buyer(market.company, filters=[("caller_number", "starts with", "+1999")])
    make.make_route(market, buyer)
    entry = logged(
        market,
        caller_number=CALLER,
        parameters={"caller_number": CALLER, "callback": "(202) 555-0177"},
    )
    text = page(browser(market.company, role), log=entry.pk).content.decode()
    numbers = ["(202) 555-0142", "2025550142", "(202) 555-0177"]
    assert [number in text for number in numbers] == [clear] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_buyers(count, django_assert_num_queries):
    market = make.make_market(caps=[None] * count)
    client = browser(market.company)
    page(client, campaign=market.pk)
    with django_assert_num_queries(15):
        page(client, campaign=market.pk, caller=CALLER)
