"""The dry run's page: who would get a caller, told to whoever may ask, without a trace."""

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
    """A campaign with b1 before b2; b2 takes nobody at once."""
    market = make.make_market(caps=[None, 0])
    market.company.name = "Acme"
    market.company.save()
    return market


def page(client: Any, **query: Any) -> Any:
    return client.get(f"{reverse('dry-run')}?{urlencode(query)}")


def asked(market: Any, role: str = "account_manager", **query: Any) -> Any:
    """What the page shows to a member of the company."""
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


# --- by the form -----------------------------------------------------------------------------------------------
def test_the_answer_comes_first(market):
    shown = asked(market)
    assert shown["result"] == "Reserved"
    assert shown["sentence"] == "Buyer 1 gets the caller."
    assert (
        shown["quoted"] == "90.00 USD to the publisher after 120 seconds, 120.00 USD from the buyer"
    )


def test_each_other_buyer_has_its_reason(market):
    assert [(one.name, one.label, one.why) for one in asked(market)["refused"]] == [
        ("Buyer 2", "Concurrency cap", "its concurrency cap of 0 is full")
    ]


def test_buyers_are_linked(market):
    shown = asked(market)
    rows = Buyer.objects.order_by("pk").values_list("pk", flat=True)
    urls = [reverse("admin:campaigns_buyer_change", args=[row]) for row in rows]
    assert [one.url for one in (*shown["eligible"], *shown["refused"])] == urls


def test_those_who_share_a_priority_show_how_often_they_come_first(market):
    make.make_route(market, make.make_buyer(market.company, name="Heavy", weight=3))
    shown = asked(market)
    assert {one.name: (one.percent, one.width) for one in shown["eligible"]} == {
        "Heavy": ("75%", 75.0),
        "Buyer 1": ("25%", 25.0),
    }


def test_nothing_is_written_and_nothing_taken(market):
    client, entry = browser(market.company), logged(market)
    before = _rows()
    page(client, campaign=market.pk, caller=CALLER, moment="2026-05-05T12:00")
    page(client, log=entry.pk)
    assert _rows() == before


@pytest.mark.parametrize(
    ("duplicates", "meaning"),
    [
        ("refuse", "nobody takes it again."),
        ("pay_once", "it is routed, but would not pay again."),
        ("exclude_buyer", "it does not go to the same buyer again."),
    ],
)
def test_what_a_repeat_caller_means_is_told(market, duplicates, meaning):
    type(market).objects.update(dedupe_seconds=60, duplicates=duplicates)
    market.refresh_from_db()
    converted(market, CALLER)
    [told] = asked(market)["warnings"]
    assert told[:17] == "A repeat caller: "
    assert told[-len(meaning) :] == meaning


def test_a_paused_campaign_rejects_and_still_says_who_would_have_got_it(market):
    market.paused = True
    market.save()
    shown = asked(market)
    assert shown["result"] == "Paused (rejected)"
    assert shown["sentence"] == "The campaign is paused: nobody is asked."
    assert shown["quoted"] == ""
    assert len(shown["eligible"]) == 1


def test_what_is_switched_off_is_told(market):
    market.company.rtb_enabled = False
    market.company.save()
    assert asked(market)["warnings"] == [
        "Real-time bidding is switched off for the company: such requests are refused with 403.",
    ]


def test_without_buyers_it_says_what_to_do():
    assert (
        asked(make.make_campaign())["sentence"]
        == "No buyer is on this campaign: add a route on its page."
    )


def test_a_moment_is_told_by_the_campaigns_clocks(market):
    market.time_zone = "America/Los_Angeles"
    market.save()
    assert (
        asked(market, moment="2026-05-05T12:00")["trial"].ping.now.isoformat()
        == "2026-05-05T19:00:00+00:00"
    )


def test_what_was_taken_into_account(market):
    told = asked(market, moment="2026-05-05T12:00")["account"]
    assert [text.partition(":")[0].partition(",")[0] for text in told] == [
        "From the number itself",
        "Hourly",
    ]


def test_a_withheld_caller_is_known_by_nothing(market):
    assert asked(market, caller="anonymous")["account"] == [
        "The number is withheld: nothing is known from it, and no tags wait for it."
    ]


def test_the_tags_that_the_buyers_look_at_are_offered(market):
    make.make_route(market, make.make_buyer(market.company, filters=[("age", ">", "65")]))
    assert [(one["names"], one["chosen"]) for one in asked(market)["offered"]] == [(["age"], True)]


def test_the_only_campaign_is_chosen_and_a_link_brings_the_caller(market):
    shown = page(browser(market.company), caller=CALLER).context
    assert {name: shown["form"][name].value() for name in ("campaign", "caller")} == {
        "campaign": str(market.pk),
        "caller": CALLER,
    }


def test_without_a_campaign_the_page_says_what_to_do_next():
    company = make.make_company()
    assert (
        f"{reverse('admin:campaigns_campaign_add')}?company={company.pk}"
        in page(browser(company)).content.decode()
    )


# --- what can't be read ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("campaign", "", "Choose the campaign that is to be asked."),
        ("campaign", "abc", "There is no such campaign any more: choose another."),
        ("campaign", "9" * 40, "There is no such campaign any more: choose another."),
        ("campaign", "\0", "Null characters are not allowed."),
        ("publisher", "x", "There is no such publisher any more: choose another."),
        (
            "caller",
            "hello",
            "This is no phone number; one looks like (202) 555-0142 or +12025550142.",
        ),
        (
            "caller",
            "5" * 10_000,
            "This is no phone number; one looks like (202) 555-0142 or +12025550142.",
        ),
        ("caller", "\0", "Null characters are not allowed."),
        ("tags", "age", "“age” is no tag; one looks like source = radio."),
        ("tags", "key = 1", "“key” is no tag: it has its own field, or is known anyway."),
        (
            "tags",
            "a\0 = 1",
            "A tag's name has at most 100 characters, none of them a control character.",
        ),
        (
            "tags",
            f"age = {'7' * 1001}",
            "The tag age has at most 1,000 characters, none of them NUL.",
        ),
        ("moment", "noon", "Write the moment like 2026-05-05 14:30, or leave it empty for now."),
        ("moment", "\0", "Write the moment like 2026-05-05 14:30, or leave it empty for now."),
        ("moment", "0001-01-01T00:00", "Choose a moment between 2000 and 2100."),
        ("moment", "9999-12-31T23:59", "Choose a moment between 2000 and 2100."),
    ],
    ids=lambda value: str(value)[:12],
)
def test_an_error_says_how_to_mend_it(market, name, value, error):
    shown = asked(market, **{name: value})
    assert shown["form"].errors == {name: [error]}
    assert ("trial" in shown) is False


def test_another_companys_campaign_is_not_there(market):
    other = make.make_market()
    assert asked(market, campaign=other.pk)["form"].errors == {
        "campaign": ["There is no such campaign any more: choose another."],
    }


# --- by a row of the log ---------------------------------------------------------------------------------------
def _trace(*, chosen: Buyer) -> dict[str, Any]:
    return {"seed": 7, "eligible": [[1, 1, [chosen.pk]]], "refused": {}}


def test_then_and_now_stand_side_by_side(market):
    entry = logged(market, trace=_trace(chosen=Buyer.objects.get(buyer_id="b2")))
    shown = page(browser(market.company), log=entry.pk).context
    assert shown["then_sentence"] == "Buyer 2 was to get the caller."
    assert shown["sentence"] == "Buyer 1 gets the caller."
    assert shown["differ"] == 2


def test_the_table_marks_what_differs(market):
    entry = logged(market, trace=_trace(chosen=Buyer.objects.get(buyer_id="b2")))
    shown = page(browser(market.company), log=entry.pk).context["sides"]
    assert [
        (one.name, one.then and one.then.label, one.now and one.now.label, one.change)
        for one in shown
    ] == [
        ("Buyer 1", None, "Chosen", "new on the campaign"),
        ("Buyer 2", "Chosen", "Concurrency cap", "was chosen, is full now"),
    ]


def test_a_publisher_is_called_by_its_name(market):
    make.make_publisher(market.company, publisher_id="beta", name="Beta Search")
    entry = logged(market, parameters={"publisher_id": "beta"})
    assert ("Publisher", "Beta Search") in page(browser(market.company), log=entry.pk).context[
        "given"
    ]


def test_what_was_asked_can_be_changed(market):
    publisher = make.make_publisher(market.company, publisher_id="beta")
    entry = logged(market, parameters={"publisher_id": "beta", "zip": "20001"})
    client = browser(market.company)
    url = page(client, log=entry.pk).context["change_url"]
    form = client.get(url).context["form"]
    assert form.cleaned_data["caller"] == CALLER
    assert form.cleaned_data["publisher"] == publisher
    assert form.cleaned_data["tags"] == {"zip": "20001"}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"paused": True}, "Its key is paused: a request with it is refused at present."),
        (
            {"retired_at": timezone.now() - timedelta(days=1)},
            "Its key is revoked: a request with it is refused by now.",
        ),
        (
            {"settings": {"required_tags": ["age"]}},
            "Its key wants age, which was not sent: such a ping is refused.",
        ),
    ],
    ids=["paused", "revoked", "wants a tag"],
)
def test_what_became_of_its_key_is_told(market, change, warning):
    key = make.make_key("rtb", campaign=market)
    for name, value in change.items():
        setattr(key, name, value)
    key.save()
    entry = make.make_entry(market.company, key_pk=key.pk)
    assert page(browser(market.company), log=entry.pk).context["warnings"] == [warning]


def test_what_the_log_does_not_keep_is_told(market):
    entry = logged(market, parameters={"lead_token": "…cafe"})
    assert page(browser(market.company), log=entry.pk).context["warnings"] == [
        "The log keeps no secrets, so this was left out: lead_token. A filter on it can decide otherwise."
    ]


def test_a_row_that_can_not_be_asked_says_why(market):
    entry = make.make_entry(
        market.company,
        key_pk=make.make_key("call_data_writing", publisher=make.make_publisher()).pk,
    )
    shown = page(browser(market.company), log=entry.pk).context
    assert shown["cannot"] == "Its key belongs to no campaign, so no buyer is looked for with it."


def test_a_refused_keys_row_says_why():
    make.make_company()
    entry = make.make_entry(None)
    assert (
        page(browser(), log=entry.pk).context["cannot"]
        == "Its key was refused: nobody knows which campaign it meant."
    )


@pytest.mark.parametrize("log", ["abc", "", "0", "9" * 30, "\0", "-1"])
def test_a_row_that_is_none_is_not_there(market, log):
    assert page(browser(market.company), log=log).status_code == 404


def test_nobodys_row_is_not_there_for_a_company(market):
    assert page(browser(market.company), log=make.make_entry(None).pk).status_code == 404


def test_another_companys_row_is_not_there(market):
    entry = logged(make.make_market())
    assert page(browser(market.company), log=entry.pk).status_code == 404


def test_the_rows_own_company_is_asked():
    for name in ("Aaa", "Bbb"):
        make.make_company(name=name)
    market = make.make_market()
    entry = logged(market)
    assert page(browser(), log=entry.pk).context["company"] == market.company


# --- readers ---------------------------------------------------------------------------------------------------
def test_a_reader_may_ask(market):
    assert asked(market, "read_only")["sentence"] == "Buyer 1 gets the caller."


@pytest.mark.parametrize(("role", "clear"), [("account_manager", True), ("read_only", False)])
def test_numbers_are_masked_for_those_who_only_read(market, role, clear):
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
def test_the_page_asks_the_same_however_many_buyers(count, django_assert_num_queries):
    market = make.make_market(caps=[None] * count)
    client = browser(market.company)
    page(client, campaign=market.pk)
    with django_assert_num_queries(15):
        page(client, campaign=market.pk, caller=CALLER)
