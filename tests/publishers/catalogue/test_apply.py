"""Applying a catalogue file: rows are added and changed; a second time nothing changes."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import (
    Buyer,
    BuyerGroup,
    CatalogueVersion,
    Company,
    Filter,
    GroupMember,
    Route,
)
from publishers import catalogue
from publishers.models import Conversion, InboundNumber, Key, Publisher
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_conversion,
    make_key,
    make_number,
    make_publisher,
    make_route,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
BUYER = 'company: {name: Acme}\nbuyers:\n  - {buyer_id: b1, name: One, number: "+14165550101"'
CAMPAIGN = "company: {name: Acme}\ncampaigns:\n  - campaign_id: roofing\n    name: Roofing\n"


def applied(text: str, **options: bool) -> list[str]:
    return catalogue.apply_file(file_text=text, now=NOW, **options).lines()


@pytest.fixture
def acme() -> Company:
    return make_company(name="Acme", company_id="acme")


# --- new rows -------------------------------------------------------------------------------------


def test_a_new_company_has_its_fields() -> None:
    applied("company: {name: Acme, time_zone: America/New_York, currency: CAD, rtb_enabled: no}")
    company = Company.objects.get()
    assert company.name == "Acme"
    assert company.time_zone == "America/New_York"
    assert company.currency == "CAD"
    assert company.rtb_enabled is False


def test_a_new_company_takes_the_given_id() -> None:
    applied("company: {company_id: acme, name: Acme}")
    assert Company.objects.get().company_id == "acme"


def test_a_company_is_found_by_its_id_and_renamed(acme: Company) -> None:
    assert applied("company: {company_id: acme, name: Acme Calls}") == [
        "~ company acme: name Acme → Acme Calls"
    ]


def test_a_retired_company_is_not_found_again(acme: Company) -> None:
    acme.retire(now=NOW)
    applied("company: {company_id: acme, name: Acme}")
    assert Company.objects.unretired().get().pk != acme.pk


@pytest.mark.parametrize("written", ["null", "none", "~", "", "unlimited"])
def test_a_cap_of_nothing_is_unlimited(acme: Company, written: str) -> None:
    make_buyer(acme, buyer_id="b1", daily_cap=5)
    applied(f"company: {{name: Acme}}\nbuyers:\n  - buyer_id: b1\n    daily_cap: {written}\n")
    assert Buyer.objects.get().daily_cap is None


def test_a_cap_of_zero_is_zero() -> None:
    applied(BUYER + ", daily_cap: 0}")
    assert Buyer.objects.get().daily_cap == 0


def test_hours_need_no_quotes() -> None:
    applied(BUYER + ", business_hours: [{day: monday, open: 9:00, close: 17:00}]}")
    hours = Buyer.objects.get().business_hours.get()
    assert hours.day == "monday"
    assert hours.open == time(9)
    assert hours.close == time(17)


def test_a_filter_on_null_compares_four_letters() -> None:
    applied(BUYER + ", filters: [{key: plan, value: null}]}")
    assert Filter.objects.get().operator == "=="
    assert Filter.objects.get().value == "null"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("+14165550101", "+14165550101"),
        ("4165550101", "+14165550101"),
        ("(416) 555-0101", "+14165550101"),
        ("sip:desk@b.example", "sip:desk@b.example"),
        ('"[inbound_number]"', "[inbound_number]"),
        ('"sip:[caller_zip]@b.example"', "sip:[caller_zip]@b.example"),
    ],
)
def test_a_buyers_number(written: str, stored: str) -> None:
    applied(f"company: {{name: Acme}}\nbuyers:\n  - {{buyer_id: b1, name: One, number: {written}}}")
    assert Buyer.objects.get().number == stored


def test_numbers_are_read_in_the_companys_region() -> None:
    applied(
        'company: {name: Acme, region: GB}\nbuyers: [{buyer_id: b1, name: One, number: "020 7946 0101"}]'
    )
    assert Buyer.objects.get().number == "+442079460101"


def test_a_group_and_its_members() -> None:
    applied(BUYER + "}\nbuyer_groups: [{group_id: west, name: West, buyers: [b1], daily_cap: 100}]")
    assert list(BuyerGroup.objects.values_list("group_id", "daily_cap", "buyers__buyer_id")) == [
        ("west", 100, "b1")
    ]


def test_routes_to_buyers_and_groups() -> None:
    applied(
        BUYER + "}\nbuyer_groups: [{group_id: west, name: West}]\ncampaigns:\n"
        "  - {campaign_id: c, name: C, routes: [{buyer: b1, weight: 3}, {group: west, priority: 2}]}"
    )
    found = list(
        Route.objects.order_by("pk").values_list(
            "buyer__buyer_id", "group__group_id", "priority", "weight"
        )
    )
    assert found == [("b1", None, None, 3), (None, "west", 2, None)]


def test_numbers_and_the_pool() -> None:
    applied(
        CAMPAIGN
        + '    numbers: [{number: "+18335550100", tags: {source: radio}}]\n    pool: ["+18335550101"]'
    )
    found = list(InboundNumber.objects.order_by("number").values_list("number", "in_pool", "tags"))
    assert found == [("+18335550100", False, {"source": "radio"}), ("+18335550101", True, {})]


def test_conversions_keep_their_order_and_their_conditions(acme: Company) -> None:
    make_publisher(acme, publisher_id="alpha")
    applied(
        CAMPAIGN + "    conversions:\n      - {seconds: 120, payout: 90.00, publisher: alpha}\n"
        "      - {seconds: 60, revenue: 5, filters: [{key: age, operator: '>', value: 65}]}"
    )
    found = list(
        Conversion.objects.values_list(
            "seconds", "payout", "revenue", "publisher__publisher_id", "filters__value"
        )
    )
    assert found == [
        (120, Decimal("90"), Decimal(0), "alpha", None),
        (60, Decimal(0), Decimal(5), None, "65"),
    ]


def test_a_file_may_refer_to_a_stored_row(acme: Company) -> None:
    make_buyer(acme, buyer_id="b9")
    applied(CAMPAIGN + "    routes: [{buyer: b9}]")
    assert Route.objects.get(buyer__buyer_id="b9").campaign.campaign_id == "roofing"


# --- changed rows ---------------------------------------------------------------------------------


def test_fields_that_a_file_leaves_out_stay(acme: Company) -> None:
    buyer = make_buyer(acme, buyer_id="b1", name="One", daily_cap=5, filters=[("age", ">", "65")])
    lines = applied("company: {name: Acme}\nbuyers: [{buyer_id: b1, name: Uno}]")
    assert lines == ["~ buyer b1: name One → Uno"]
    assert buyer.filters.count() == 1


def test_a_nested_list_is_replaced_by_the_files_items(acme: Company) -> None:
    make_buyer(acme, buyer_id="b1", filters=[("age", ">", "65"), ("plan", "==", "gold")])
    lines = applied(
        "company: {name: Acme}\nbuyers: [{buyer_id: b1, filters: [{key: plan, value: gold}, {key: zip, operator: exists}]}]"
    )
    assert lines == [
        "+ filter of buyer b1: key zip, operator exists",
        "- filter of buyer b1: key age, operator >, value 65",
    ]


def test_a_route_that_leaves_out_its_priority_loses_it(acme: Company) -> None:
    buyer = make_buyer(acme, buyer_id="b1")
    make_route(make_campaign(acme, campaign_id="roofing"), buyer, priority=2)
    assert applied(CAMPAIGN + "    routes: [{buyer: b1}]") == [
        "~ route of campaign roofing: priority 2 → none"
    ]


def test_a_new_conversion_comes_last(acme: Company) -> None:
    campaign = make_campaign(acme, campaign_id="roofing")
    make_conversion(campaign, seconds=90, position=7)
    applied(CAMPAIGN + "    conversions: [{seconds: 90}, {seconds: 60}]")
    assert [row.seconds for row in campaign.conversions.all()] == [90, 60]


def test_members_of_a_group_come_and_go(acme: Company) -> None:
    make_buyer(acme, buyer_id="b1")
    applied("company: {name: Acme}\nbuyer_groups: [{group_id: west, name: West, buyers: [b1]}]")
    applied("company: {name: Acme}\nbuyer_groups: [{group_id: west, buyers: []}]")
    assert GroupMember.objects.count() == 0


def test_a_number_moves_into_the_pool(acme: Company) -> None:
    make_number(make_campaign(acme, campaign_id="roofing"), number="+18335550100")
    lines = applied(CAMPAIGN + '    pool: ["+18335550100"]')
    assert lines == ["~ number +18335550100 of campaign roofing: in_pool no → yes"]


def test_a_number_stored_in_another_spelling_is_not_changed(acme: Company) -> None:
    make_buyer(acme, buyer_id="b1", name="One", number="(416) 555-0101")
    assert applied(BUYER + "}") == []


def test_a_publisher_lists_its_numbers(acme: Company) -> None:
    row = make_number(make_campaign(acme), number="+18335550100")
    applied(
        'company: {name: Acme}\npublishers: [{publisher_id: alpha, name: Alpha, numbers: ["+18335550100"]}]'
    )
    assert InboundNumber.objects.get(pk=row.pk).publisher == Publisher.objects.get()


def test_a_number_that_its_publisher_no_longer_lists_has_no_publisher(acme: Company) -> None:
    alpha = make_publisher(acme, publisher_id="alpha")
    row = make_number(make_campaign(acme), publisher=alpha)
    applied("company: {name: Acme}\npublishers: [{publisher_id: alpha, numbers: []}]")
    assert InboundNumber.objects.get(pk=row.pk).publisher is None


def test_a_number_of_a_retired_campaign_is_free(acme: Company) -> None:
    old = make_campaign(acme)
    make_number(old, number="+18335550100")
    old.retire(now=NOW)
    applied(CAMPAIGN + '    numbers: ["+18335550100"]')
    assert InboundNumber.objects.unretired().get().campaign.campaign_id == "roofing"


def test_the_id_of_a_retired_row_is_free(acme: Company) -> None:
    make_buyer(acme, buyer_id="b1").retire(now=NOW)
    applied(BUYER + "}")
    assert list(Buyer.objects.order_by("pk").values_list("buyer_id", "retired_at")) == [
        ("b1", NOW),
        ("b1", None),
    ]


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_without_a_text_gets_one_and_is_matched_again() -> None:
    text = CAMPAIGN + "    postback_keys: [{type: rtb, name: Alpha}, {type: rtb}]"
    applied(text)
    keys = set(Key.objects.values_list("key", flat=True))
    assert applied(text) == []
    assert set(Key.objects.values_list("key", flat=True)) == keys


def test_a_key_keeps_the_text_that_is_given() -> None:
    applied(
        CAMPAIGN + "    postback_keys: [{type: rtb, key: 00000000-0000-4000-8000-00000000000a}]"
    )
    assert Key.objects.get().key == "00000000-0000-4000-8000-00000000000a"


def test_a_new_key_has_its_types_defaults() -> None:
    applied(
        CAMPAIGN
        + "    postback_keys: [{type: rtb, allow_no_caller_number: yes, required_tags: [zip]}]"
    )
    settings = Key.objects.get().settings
    assert settings["ttl_seconds"] == 30
    assert settings["allow_no_caller_number"] is True
    assert settings["required_tags"] == ["zip"]
    assert settings["shield_scope"] == "key"


def test_settings_that_a_file_leaves_out_stay(acme: Company) -> None:
    make_key(
        "rtb", campaign=make_campaign(acme, campaign_id="roofing"), ttl_seconds=60, tag_prefix="x_"
    )
    lines = applied(CAMPAIGN + "    postback_keys: [{type: rtb, ttl_seconds: 45}]")
    assert [line.partition(": ")[2] for line in lines] == ["ttl_seconds 60 → 45"]
    assert Key.objects.get().settings["tag_prefix"] == "x_"


def test_handler_keys_and_api_keys_need_no_type() -> None:
    text = BUYER.replace("Acme", "Acme, api_keys: [{}]")
    applied(text + ", handler_keys: [{actions: [transfer]}]}")
    assert sorted(Key.objects.values_list("type", "buyer__buyer_id")) == [
        ("account", None),
        ("call_control", "b1"),
    ]


def test_a_changed_key_is_printed_by_its_last_characters(acme: Company) -> None:
    key = make_key(
        "rtb",
        campaign=make_campaign(acme, campaign_id="roofing"),
        key="00000000-0000-4000-8000-00000000beef",
    )
    assert applied(CAMPAIGN + f"    postback_keys: [{{type: rtb, key: {key.key}, burst: 5}}]") == [
        "~ key rtb …beef of campaign roofing: burst none → 5"
    ]


def test_a_password_is_not_printed() -> None:
    assert (
        applied(BUYER + ", sip_password: hunter22}")[1]
        == "+ buyer b1: name One, number +14165550101, sip_password set"
    )


# --- versions, history, dry runs ------------------------------------------------------------------


def test_a_second_application_changes_nothing_and_makes_no_version() -> None:
    applied(BUYER + ", filters: [{key: age}], handler_keys: [{}]}")
    version = CatalogueVersion.objects.get().version
    assert applied(BUYER + ", filters: [{key: age}], handler_keys: [{}]}") == []
    assert CatalogueVersion.objects.get().version == version


def test_a_change_makes_a_new_version(acme: Company) -> None:
    version = CatalogueVersion.objects.get(company=acme).version
    applied(BUYER + "}")
    assert CatalogueVersion.objects.get(company=acme).version != version


def test_each_change_has_one_history_row() -> None:
    for cap in (1, 1, 2):
        applied(BUYER + f", daily_cap: {cap}}}")
    assert list(
        Buyer.history.values_list("history_type", "daily_cap", "history_change_reason")
    ) == [
        ("~", 2, "apply"),
        ("+", 1, "apply"),
    ]


def test_a_dry_run_lists_the_changes_and_makes_none(acme: Company) -> None:
    make_buyer(acme, buyer_id="b1", name="One", number="+14165550101", daily_cap=10)
    version = CatalogueVersion.objects.get().version
    assert applied(BUYER + ", daily_cap: 20}", dry_run=True) == ["~ buyer b1: daily_cap 10 → 20"]
    assert Buyer.objects.get().daily_cap == 10
    assert Buyer.history.count() == 1
    assert CatalogueVersion.objects.get().version == version


def test_a_thousand_buyers_take_few_queries(django_assert_max_num_queries: Any) -> None:
    buyers = "".join(
        f'\n  - {{buyer_id: b{n}, name: B, number: "+14165550101", filters: [{{key: age}}]}}'
        for n in range(1000)
    )
    with django_assert_max_num_queries(100):
        applied("company: {name: Acme}\nbuyers:" + buyers)
    assert Buyer.objects.count() == 1000
