"""Exporting a company: minimal and stable; applying the export changes nothing, or copies it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.models import BusinessHours, Campaign, ClosedDate, Company, SpecialHours
from publishers import catalogue
from publishers.catalogue.schema import (
    BUYERS,
    CAMPAIGNS,
    COMPANY,
    GROUPS,
    KEYS,
    NUMBERS,
    PUBLISHERS,
    nested,
)
from publishers.models import ConversionFilter, InboundNumber, Key
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_conversion,
    make_group,
    make_key,
    make_number,
    make_publisher,
    make_route,
    make_webhook,
)

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
KEY = "00000000-0000-4000-8000-0000000000{:02}"
CAPS = {
    "concurrency_cap": 0,
    "hourly_cap": 1,
    "daily_cap": 2,
    "monthly_cap": 3,
    "hard_cap": 4,
    "cap_counts": "conversion",
}
LIMITS = {
    "requests_per_second": 5,
    "burst": 9,
    "allowed_networks": ["203.0.113.0/24"],
    "paused": True,
}


def reapplied(text: str, **options: bool) -> list[str]:
    return catalogue.apply_file(file_text=text, now=NOW, **options).lines()


def forget(company: Company) -> None:
    """Retire the company with its numbers and keys, as if this were another installation."""
    InboundNumber.objects.filter(company=company).update(retired_at=NOW)
    for key in Key.objects.filter(company=company):
        Key.objects.filter(pk=key.pk).update(key=f"forgotten-{key.pk:010}", retired_at=NOW)
    company.retire(now=NOW)


def rich_company() -> Company:
    """Return a company with a value other than the default in every field of the catalogue."""
    company = make_company(
        company_id="acme",
        name="Acme: “Calls” # 1",
        time_zone="America/New_York",
        region="CA",
        currency="CAD",
        rtb_enabled=False,
    )
    Company.objects.filter(pk=company.pk).update(
        call_reservations_enabled=False, call_data_writing_enabled=False, call_control_enabled=False
    )
    Company.objects.filter(pk=company.pk).update(
        dial_prefixes=["+1", "44"], static_caller_numbers=["+12025550199"]
    )
    company.refresh_from_db()
    make_key("account", company=company, name="yes", key=KEY.format(1))
    campaign = _rich_campaign(company)
    _rich_keys(campaign)
    return company


def _rich_campaign(company: Company) -> Campaign:
    alpha = make_publisher(company, publisher_id="alpha", name="null", paused=True)
    buyer = make_buyer(
        company,
        filters=[
            ("age", ">", "65"),
            ("age", ">", "65"),
            ("plan", "in", "a,b"),
            ("zip", "exists", ""),
        ],
        **RICH_BUYER,
    )
    BusinessHours.objects.create(buyer=buyer, day="monday", open=time(9), close=time(17, 0, 30))
    ClosedDate.objects.create(buyer=buyer, date=date(2026, 12, 25))
    SpecialHours.objects.create(buyer=buyer, date=date(2026, 12, 24), open=time(0), close=time(12))
    group = make_group(company, [buyer], group_id="1e3", name="West", **CAPS)
    campaign = make_campaign(
        company,
        campaign_id="roofing",
        paused=True,
        time_zone="UTC",
        dedupe_seconds=60,
        duplicates="refuse",
    )
    make_route(campaign, buyer, priority=2, weight=3)
    make_route(campaign, group)
    make_number(
        campaign,
        number="+18335550100",
        publisher=alpha,
        tags={"a b": "1: 2"},
        ask_caller_number=True,
    )
    make_number(campaign, number="+18335550101", in_pool=True, tags={"x": ""})
    conversion = make_conversion(campaign, payout=Decimal("1.2345"), publisher=alpha, buyer=buyer)
    ConversionFilter.objects.create(conversion=conversion, key="age", operator="missing")
    make_conversion(campaign, seconds=0, revenue=Decimal(0))
    make_webhook(
        campaign,
        [("zip", "in", "1,2")],
        method="PUT",
        deadline_ms=500,
        values={"a b": "c.d", "e": "f"},
    )
    make_webhook(campaign, name="~", trigger="converted", url="http://a.example/[a b]?c=[d]")
    return campaign


RICH_BUYER: dict[str, Any] = {
    "buyer_id": "00123",
    "name": " two  spaces\nand a line ",
    "number": "sip:[zip]@b.example",
    "sip_username": "~",
    "sip_password": "p: #'\"w",
    "send_digits": "00ww1",
    "inband_signals": True,
    "priority": 2,
    "weight": 3,
    "timeout_seconds": 15,
    "paused": True,
    "time_zone": "America/Los_Angeles",
    "acceptance": "explicit",
    "acceptance_seconds": 0,
    "caller_id": "+12025550150",
    **CAPS,
}


def _rich_keys(campaign: Campaign) -> None:
    buyer, group, publisher = (
        campaign.routes.all()[0].buyer,
        campaign.routes.all()[1].group,
        campaign.numbers.all()[0].publisher,
    )
    shared = {
        "ttl_seconds": 9,
        "count_on_reserve": True,
        "route_only_to_reserved_buyer": True,
        "required_tags": ["zip", "age"],
    }
    shared |= {"tag_prefix": "x_", "shield_scope": "campaign"}
    own = {
        "allow_no_caller_number": True,
        "inbound_number": "+18335550100",
        "return_sip_address": True,
    }
    make_key("rtb", campaign=campaign, name="A", key=KEY.format(2), **LIMITS, **shared, **own)
    make_key("call_reservation", campaign=campaign, key=KEY.format(3), **shared)
    make_key("conversion", buyer=buyer, key=KEY.format(4))
    make_key(
        "call_data_writing",
        publisher=publisher,
        key=KEY.format(5),
        cut_off_seconds=0,
        storage_seconds=60,
    )
    make_key("call_data_writing", campaign=campaign, key=KEY.format(6))
    actions = {"actions": ["active_calls", "reject"], "return_seconds": 0, "reject_seconds": 1}
    make_key("call_control", group=group, key=KEY.format(7), **actions)
    make_key("call_control", buyer=buyer, key=KEY.format(8))


@pytest.mark.django_db
@pytest.mark.parametrize("prune", [False, True])
def test_applying_an_export_changes_nothing(prune: bool) -> None:
    assert reapplied(catalogue.export_company(rich_company()), prune=prune) == []


@pytest.mark.django_db
def test_an_export_makes_the_same_company_elsewhere() -> None:
    company = rich_company()
    text = catalogue.export_company(company)
    forget(company)
    reapplied(text)
    assert catalogue.export_company(Company.objects.unretired().get()) == text


@pytest.mark.django_db
def test_defaults_are_left_out() -> None:
    company = make_company(company_id="acme", name="Acme")
    make_buyer(company, buyer_id="b1", name="One", number="+14165550101")
    make_key("rtb", campaign=make_campaign(company, campaign_id="c"), key=KEY.format(1))
    assert catalogue.export_company(company) == (
        "company: {company_id: acme, name: Acme}\nbuyers:\n- {buyer_id: b1, name: One, number: '+14165550101'}\n"
        f"campaigns:\n- campaign_id: c\n  name: Roofing\n  postback_keys:\n  - {{key: {KEY.format(1)}, type: rtb}}\n"
    )


@pytest.mark.django_db
def test_retired_rows_are_left_out() -> None:
    company = make_company(company_id="acme", name="Acme")
    campaign = make_campaign(company, campaign_id="c")
    buyer, publisher = make_buyer(company), make_publisher(company)
    make_route(campaign, buyer)
    make_conversion(campaign, publisher=publisher)
    for row in (
        make_key("rtb", campaign=campaign),
        make_number(campaign),
        make_group(company, [buyer]),
        buyer,
        publisher,
    ):
        row.retire(now=NOW)
    assert (
        catalogue.export_company(company)
        == "company: {company_id: acme, name: Acme}\ncampaigns:\n- {campaign_id: c, name: Roofing}\n"
    )


@pytest.mark.django_db
def test_a_rolled_over_key_is_left_out() -> None:
    company = make_company(company_id="acme", name="Acme")
    make_key("account", company=company).retire(now=NOW + timedelta(days=365_000))
    assert catalogue.export_company(company) == "company: {company_id: acme, name: Acme}\n"


@pytest.mark.django_db
def test_the_number_of_a_retired_publisher_has_no_publisher() -> None:
    company = make_company(company_id="acme", name="Acme")
    publisher = make_publisher(company)
    make_number(make_campaign(company, campaign_id="c"), number="+18335550100", publisher=publisher)
    publisher.retire(now=NOW)
    assert catalogue.export_company(company).splitlines()[-1] == "  numbers: ['+18335550100']"


@pytest.mark.parametrize(
    "shape",
    [COMPANY, PUBLISHERS, BUYERS, GROUPS, CAMPAIGNS, NUMBERS, KEYS, *nested()],
    ids=lambda shape: shape.name,
)
def test_the_file_has_every_editable_field(shape: Any) -> None:
    """Fail for a new model field that is neither in the schema nor listed here."""
    elsewhere = {
        "id",
        "company",
        "retired_at",
        "created_at",
        "position",
        "in_pool",
        "settings",
        "campaign",
        shape.owner,
    }
    elsewhere |= {"publisher", "buyer", "group"} if shape is KEYS else set()
    fields = {field.name for field in shape.model._meta.concrete_fields} - elsewhere
    assert fields - {"buyer", "group", "publisher"} | set(shape.references) == {
        *shape.columns,
        *shape.references,
    }


# --- any company ----------------------------------------------------------------------------------

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20
)
tag_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
caps = st.none() | st.integers(0, 2**31 - 1)
filters = st.tuples(texts, st.sampled_from(["==", "in", "missing"]), texts | st.just(""))
buyers = st.fixed_dictionaries(
    {
        "name": texts,
        "sip_password": texts,
        "daily_cap": caps,
        "filters": st.lists(filters, max_size=3),
    }
)


class AnyCompany(TestCase):
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(
        name=texts,
        rows=st.lists(buyers, max_size=3),
        tags=st.dictionaries(tag_names, texts, max_size=2),
    )
    def test_a_generated_company_survives_export_and_apply(
        self, name: str, rows: list[dict[str, Any]], tags: dict[str, str]
    ) -> None:
        company = make_company(name=name, company_id="any")
        campaign = make_campaign(company, campaign_id="c", name=name)
        make_number(campaign, tags=tags)
        for place, row in enumerate(rows):
            make_route(campaign, make_buyer(company, buyer_id=f"b{place}", **row))
        text = catalogue.export_company(company)
        assert reapplied(text, prune=True) == []
        forget(company)
        reapplied(text)
        assert catalogue.export_company(Company.objects.unretired().get()) == text
