"""Admin of numbers and conversions: the campaign's page, their own pages, and pasted lists."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from publishers.models import Conversion, InboundNumber
from tests import factories as make
from tests.admin_client import browser, during_save, form_data, list_rows, post_errors

pytestmark = pytest.mark.django_db


def _page(campaign) -> str:
    return reverse("admin:campaigns_campaign_change", args=[campaign.pk])


def _numbers(prefix: str, *numbers: str, **more: str) -> dict[str, str]:
    rows = {f"{prefix}-{index}-number": number for index, number in enumerate(numbers)}
    return {
        f"{prefix}-TOTAL_FORMS": str(len(numbers)),
        **rows,
        **{f"{prefix}-0-{name}": value for name, value in more.items()},
    }


def test_a_number_is_typed_in_any_spelling_with_its_tags():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    client.post(
        _page(campaign),
        form_data(
            client,
            _page(campaign),
            **_numbers("numbers", "833-555-0100", tags="source = radio\nage=40"),
        ),
    )
    kept: Any = InboundNumber.objects.values_list("number", "in_pool", "tags", "company")
    assert list(kept) == [
        ("+18335550100", False, {"source": "radio", "age": "40"}, campaign.company_id)
    ]


def test_the_pools_numbers_are_in_the_pool():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    client.post(
        _page(campaign),
        form_data(client, _page(campaign), **_numbers("numbers-2", "833-555-0100", "833-555-0101")),
    )
    assert list(InboundNumber.objects.values_list("number", "in_pool")) == [
        ("+18335550100", True),
        ("+18335550101", True),
    ]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("none", ["“none” is not a phone number. Use 7 to 15 digits, for example +12025550101."]),
        ("+18335550199", ["This number already belongs to a campaign."]),
    ],
)
def test_a_number_that_cannot_be_is_refused(typed, wrong):
    campaign = make.make_campaign()
    make.make_number(number="+18335550199")
    client = browser(campaign.company)
    assert (
        post_errors(
            client,
            _page(campaign),
            form_data(client, _page(campaign), **_numbers("numbers", typed)),
        )
        == wrong
    )


def test_a_tag_without_a_text_is_refused():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    data = form_data(client, _page(campaign), **_numbers("numbers", "833-555-0100", tags="radio"))
    assert post_errors(client, _page(campaign), data) == [
        "“radio” has no name or no value. Use the form source = radio."
    ]


_INVALID_TAGS = [
    ("a" * 101 + " = b", "Invalid tag name. Use 1 to 100 characters, without control characters."),
    ("a\x01 = b", "Invalid tag name. Use 1 to 100 characters, without control characters."),
    ("a = " + "b" * 1_001, "Invalid value of tag a. Use at most 1,000 characters, without NUL."),
    ("a = b\0", "Invalid value of tag a. Use at most 1,000 characters, without NUL."),
    (
        "\n".join(f"a{row} = b" for row in range(101)),
        "Too many tags: 101. Use at most 100.",
    ),
]


@pytest.mark.parametrize(("tags", "error"), _INVALID_TAGS)
def test_tags_over_the_limits_are_refused(tags, error):
    campaign = make.make_campaign()
    client = browser(campaign.company)
    data = form_data(client, _page(campaign), **_numbers("numbers", "833-555-0100", tags=tags))
    assert post_errors(client, _page(campaign), data) == [error]
    assert InboundNumber.objects.count() == 0


def test_tags_at_their_limits_are_kept():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    tags = {"a" * 97 + f"{row:03}": "b" * 1_000 for row in range(100)}
    lines = "\n".join(f"{name} = {text}" for name, text in tags.items())
    client.post(
        _page(campaign),
        form_data(client, _page(campaign), **_numbers("numbers", "833-555-0100", tags=lines)),
    )
    assert InboundNumber.objects.get().tags == tags


def test_a_number_retired_while_its_campaigns_page_is_saved_stays_retired():
    number, now = make.make_number(), timezone.now()
    client = browser(number.company)
    data = form_data(client, _page(number.campaign), **{"numbers-0-ask_caller_number": "on"})
    with during_save(lambda: InboundNumber.objects.get(pk=number.pk).retire(now=now)):
        client.post(_page(number.campaign), data)
    assert list(InboundNumber.objects.values_list("ask_caller_number", "retired_at")) == [
        (True, now)
    ]


def test_one_number_twice_on_a_page_is_refused():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    data = form_data(
        client, _page(campaign), **_numbers("numbers", "+18335550100", "(833) 555-0100")
    )
    assert post_errors(client, _page(campaign), data) == [
        "Enter each number once. Remove the duplicates of +18335550100."
    ]


def test_one_number_both_fixed_and_in_the_pool_saves_neither():
    campaign = make.make_campaign()
    client = browser(campaign.company)
    data = form_data(
        client,
        _page(campaign),
        **_numbers("numbers", "+18335550100"),
        **_numbers("numbers-2", "+18335550100"),
    )
    page = client.post(_page(campaign), data, follow=True)
    texts = [str(message) for message in page.context["messages"]]
    assert texts == ["Not saved: two rows conflict. Remove the row that is here twice."]
    assert InboundNumber.objects.count() == 0


def test_a_number_taken_off_the_page_is_retired():
    number = make.make_number()
    client = browser(number.company)
    client.post(
        _page(number.campaign),
        form_data(client, _page(number.campaign), **{"numbers-0-DELETE": "on"}),
    )
    assert [row.retired_at is None for row in InboundNumber.objects.all()] == [False]


def test_a_pasted_list_fills_the_pool_and_names_the_skipped_numbers():
    campaign, taken = make.make_campaign(), make.make_number(number="+18335550199")
    url = reverse("admin:publishers_inboundnumber_paste", args=[campaign.pk])
    page = browser(campaign.company).post(
        url, {"numbers": f"833 555 0100\n\n(833) 555-0101\n{taken.number}"}, follow=True
    )
    texts = [str(message) for message in page.context["messages"]]
    assert texts == [
        "2 numbers added to the pool.",
        "Skipped numbers that are already in use: +18335550199.",
    ]
    assert campaign.numbers.filter(in_pool=True).count() == 2


def test_a_pasted_list_with_something_else_adds_nothing():
    campaign = make.make_campaign()
    url = reverse("admin:publishers_inboundnumber_paste", args=[campaign.pk])
    form = browser(campaign.company).post(url, {"numbers": "833 555 0100\nhello"}).context["form"]
    assert form.errors["numbers"] == [
        "“hello” is not a phone number. Use 7 to 15 digits, for example +12025550101."
    ]
    assert campaign.numbers.count() == 0


def test_a_conversion_for_one_publisher_is_saved_with_its_campaign():
    campaign = make.make_campaign()
    publisher = make.make_publisher(campaign.company)
    client = browser(campaign.company)
    row = {
        "seconds": "120",
        "payout": "90",
        "revenue": "120.5",
        "publisher": publisher.pk,
        "position": "0",
    }
    data = {
        "conversions-TOTAL_FORMS": "1",
        **{f"conversions-0-{name}": value for name, value in row.items()},
    }
    client.post(_page(campaign), form_data(client, _page(campaign), **data))
    kept: Any = Conversion.objects.values_list(
        "campaign", "seconds", "payout", "revenue", "publisher"
    )
    assert list(kept) == [(campaign.pk, 120, Decimal(90), Decimal("120.5"), publisher.pk)]


def test_a_conversions_filters_are_on_its_own_page():
    conversion = make.make_conversion()
    client, url = (
        browser(conversion.company),
        reverse("admin:publishers_conversion_change", args=[conversion.pk]),
    )
    row = {
        "filters-TOTAL_FORMS": "1",
        "filters-0-key": "age",
        "filters-0-operator": ">",
        "filters-0-value": "40",
    }
    client.post(url, form_data(client, url, **row))
    assert [str(row) for row in conversion.filters.all()] == ["age > 40"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_as_many_queries_for_more_numbers(count, django_assert_num_queries):
    campaign = make.make_campaign()
    for _ in range(count):
        make.make_number(campaign, publisher=make.make_publisher(campaign.company))
    client = browser(campaign.company)
    with django_assert_num_queries(9):
        client.get(reverse("admin:publishers_inboundnumber_changelist"))


def test_a_publishers_page_shows_the_numbers_given_to_it():
    publisher = make.make_publisher()
    number = make.make_number(make.make_campaign(publisher.company), publisher=publisher)
    page = browser(publisher.company).get(
        reverse("admin:publishers_publisher_change", args=[publisher.pk])
    )
    listed = [
        form.instance
        for inline in page.context["inline_admin_formsets"][:1]
        for form in inline.formset.initial_forms
    ]
    assert listed == [number]


def test_a_number_is_found_by_a_part_of_it():
    number = make.make_number(number="+18335550199")
    make.make_number(make.make_campaign(number.company))
    assert list_rows(
        browser(number.company), reverse("admin:publishers_inboundnumber_changelist") + "?q=8335550"
    ) == [number]
