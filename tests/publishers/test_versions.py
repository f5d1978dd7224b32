"""Whatever changes a company's settings, by whichever way of Django's, puts another version in
force."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from campaigns.models import (
    BusinessHours,
    Buyer,
    BuyerGroup,
    Campaign,
    CatalogueRow,
    CatalogueVersion,
    ClosedDate,
    Company,
    Filter,
    GroupMember,
    Retirable,
    Route,
    SpecialHours,
    Webhook,
    WebhookFilter,
)
from publishers.models import Conversion, ConversionFilter, InboundNumber, Key, Publisher
from tests.admin_client import browser, form_data
from tests.factories import (
    fresh_phone,
    make_buyer,
    make_campaign,
    make_company,
    make_conversion,
    make_group,
    make_ready_key,
    make_webhook,
)
from tests.pinging import ping

pytestmark = pytest.mark.django_db
HOURS = {"open": time(9), "close": time(17)}
CONDITION = {"key": "age", "operator": "==", "value": "1"}

# A new row of each model, unsaved, with what it belongs to there already.
ROWS: dict[type[CatalogueRow], Callable[[Company], Any]] = {
    Buyer: lambda company: Buyer(company=company, name="Buyer", number=fresh_phone()),
    BusinessHours: lambda company: BusinessHours(buyer=make_buyer(company), day="monday", **HOURS),
    SpecialHours: lambda company: SpecialHours(
        buyer=make_buyer(company), date=date(2026, 5, 5), **HOURS
    ),
    ClosedDate: lambda company: ClosedDate(buyer=make_buyer(company), date=date(2026, 5, 5)),
    Filter: lambda company: Filter(buyer=make_buyer(company), **CONDITION),
    BuyerGroup: lambda company: BuyerGroup(company=company, name="Group"),
    GroupMember: lambda company: GroupMember(group=make_group(company), buyer=make_buyer(company)),
    Campaign: lambda company: Campaign(company=company, name="Roofing"),
    Route: lambda company: Route(campaign=make_campaign(company), buyer=make_buyer(company)),
    Conversion: lambda company: Conversion(campaign=make_campaign(company)),
    ConversionFilter: lambda company: ConversionFilter(
        conversion=make_conversion(make_campaign(company)), **CONDITION
    ),
    Webhook: lambda company: Webhook(
        campaign=make_campaign(company), name="Lead", trigger="start", url="https://a.example/"
    ),
    WebhookFilter: lambda company: WebhookFilter(
        webhook=make_webhook(make_campaign(company)), **CONDITION
    ),
    Publisher: lambda company: Publisher(company=company, name="Publisher"),
    InboundNumber: lambda company: InboundNumber(
        campaign=make_campaign(company), number=fresh_phone()
    ),
    Key: lambda company: Key(campaign=make_campaign(company), type="rtb"),
}
MODELS = [pytest.param(model, id=model.__name__) for model in ROWS]
DELETABLE = [
    pytest.param(model, id=model.__name__) for model in ROWS if not issubclass(model, Retirable)
]
RETIRABLE = [
    pytest.param(model, id=model.__name__) for model in ROWS if issubclass(model, Retirable)
]


@pytest.fixture
def company() -> Company:
    return make_company()


def version(company: Company) -> int:
    return CatalogueVersion.objects.get(company=company).version


def saved(model: type[CatalogueRow], company: Company) -> Any:
    row = ROWS[model](company)
    row.save()
    return row


def test_every_model_is_tried() -> None:
    assert set(ROWS) == {model for model in apps.get_models() if issubclass(model, CatalogueRow)}


@pytest.mark.parametrize("model", MODELS)
def test_a_new_row(company: Company, model: type[CatalogueRow]) -> None:
    row = ROWS[model](company)
    before = version(company)
    row.save()
    assert version(company) != before


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_row(company: Company, model: type[CatalogueRow]) -> None:
    row = saved(model, company)
    before = version(company)
    row.save()
    assert version(company) != before


@pytest.mark.parametrize("model", MODELS)
def test_rows_made_in_bulk(company: Company, model: type[CatalogueRow]) -> None:
    row = ROWS[model](company)
    before = version(company)
    model.objects.bulk_create([row])
    assert version(company) != before


@pytest.mark.parametrize("model", MODELS)
def test_rows_updated_in_bulk(company: Company, model: type[CatalogueRow]) -> None:
    row = saved(model, company)
    before = version(company)
    model.objects.filter(pk=row.pk).update(company=company)
    assert version(company) != before


@pytest.mark.parametrize("model", MODELS)
def test_rows_of_a_list_updated_in_bulk(company: Company, model: type[CatalogueRow]) -> None:
    row = saved(model, company)
    before = version(company)
    model.objects.bulk_update([row], ["company"])
    assert version(company) != before


@pytest.mark.parametrize("model", DELETABLE)
def test_a_deleted_row(company: Company, model: type[CatalogueRow]) -> None:
    row = saved(model, company)
    before = version(company)
    row.delete()
    assert version(company) != before


@pytest.mark.parametrize("model", DELETABLE)
def test_rows_deleted_in_bulk(company: Company, model: type[CatalogueRow]) -> None:
    row = saved(model, company)
    before = version(company)
    model.objects.filter(pk=row.pk).delete()
    assert version(company) != before


@pytest.mark.parametrize("model", RETIRABLE)
def test_a_retired_row(company: Company, model: type[Retirable]) -> None:
    row = saved(model, company)
    before = version(company)
    row.retire(now=row.company.history.get().history_date)
    assert version(company) != before


WAYS: dict[str, Callable[[Company], Any]] = {
    "saved": lambda company: company.save(),
    "updated in bulk": lambda company: Company.objects.filter(pk=company.pk).update(
        rtb_enabled=False
    ),
    "updated in a list": lambda company: Company.objects.bulk_update([company], ["name"]),
}


@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)
def test_a_company_itself(company: Company, change: Callable[[Company], Any]) -> None:
    before = version(company)
    change(company)
    assert version(company) != before


WAYS_INTO_A_GROUP: dict[str, Callable[[BuyerGroup, Buyer], Any]] = {
    "added": lambda group, buyer: group.buyers.add(buyer),
    "set": lambda group, buyer: group.buyers.set([buyer]),
}


@pytest.mark.parametrize("change", WAYS_INTO_A_GROUP.values(), ids=WAYS_INTO_A_GROUP)
def test_a_groups_buyers(company: Company, change: Callable[[BuyerGroup, Buyer], Any]) -> None:
    group, buyer = make_group(company), make_buyer(company)
    before = version(company)
    change(group, buyer)
    assert version(company) != before


def test_taking_a_buyer_out_of_a_group(company: Company) -> None:
    buyer = make_buyer(company)
    group = make_group(company, buyers=[buyer])
    before = version(company)
    group.buyers.remove(buyer)
    assert version(company) != before


def test_a_filter_that_the_admin_adds_holds_for_the_next_ping() -> None:
    key = make_ready_key()
    buyer = key.owner.routes.get().buyer
    page, client = reverse("admin:campaigns_buyer_change", args=[buyer.pk]), browser(key.company)
    before = ping(key, caller_number="+12025550101")
    row = {
        "filters-TOTAL_FORMS": "1",
        **{f"filters-0-{name}": text for name, text in CONDITION.items()},
    }
    client.post(page, form_data(client, page, **row))
    after, fitting = (
        ping(key, caller_number="+12025550102"),
        ping(key, caller_number="+12025550103", age="1"),
    )
    assert [answer["status"] for answer in (before, after, fitting)] == [
        "reserved",
        "no-target",
        "reserved",
    ]
