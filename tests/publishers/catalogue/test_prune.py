"""Rows that a file does not hold: they stay, and with prune they are retired."""

from datetime import UTC, datetime

import pytest

from campaigns.models import Buyer, Campaign, Company
from publishers import catalogue
from publishers.models import InboundNumber, Key
from tests.factories import (
    make_buyer,
    make_campaign,
    make_company,
    make_group,
    make_key,
    make_number,
    make_publisher,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
NOTHING = "company: {name: Acme}"
CAMPAIGN = "company: {name: Acme}\ncampaigns:\n  - campaign_id: roofing\n"


def applied(text: str, *, prune: bool = True) -> list[str]:
    return catalogue.apply_file(file_text=text, now=NOW, prune=prune).lines()


@pytest.fixture
def acme() -> Company:
    return make_company(name="Acme", company_id="acme")


@pytest.fixture
def roofing(acme: Company) -> Campaign:
    return make_campaign(acme, campaign_id="roofing")


def test_without_prune_absent_rows_stay(acme: Company, roofing: Campaign) -> None:
    make_number(roofing)
    make_key("rtb", campaign=roofing)
    make_buyer(acme)
    assert applied(CAMPAIGN + "    numbers: []\n    postback_keys: []", prune=False) == []


def test_prune_retires_absent_rows(acme: Company, roofing: Campaign) -> None:
    buyer = make_buyer(acme, buyer_id="b1")
    make_group(acme, [buyer], group_id="west")
    make_publisher(acme, publisher_id="alpha")
    make_number(roofing, number="+18335550100")
    assert applied(NOTHING) == [
        "- publisher alpha",
        "- buyer b1",
        "- group west",
        "- campaign roofing",
        "- number +18335550100 of campaign roofing",
    ]


def test_rows_are_retired_at_the_given_time(acme: Company) -> None:
    make_buyer(acme)
    applied(NOTHING)
    assert Buyer.objects.get().retired_at == NOW


def test_prune_revokes_keys_that_their_owner_does_not_list(roofing: Campaign) -> None:
    kept, gone = (
        make_key("rtb", campaign=roofing, name="Alpha"),
        make_key("rtb", campaign=roofing, name="Beta"),
    )
    applied(CAMPAIGN + "    postback_keys: [{type: rtb, name: Alpha}]")
    assert list(Key.objects.order_by("pk").values_list("pk", "retired_at")) == [
        (kept.pk, None),
        (gone.pk, NOW),
    ]


def test_keys_of_a_retired_owner_are_not_revoked(roofing: Campaign) -> None:
    make_key("rtb", campaign=roofing)
    applied(NOTHING)
    assert Key.objects.get().retired_at is None


def test_prune_moves_a_number_to_the_campaign_that_lists_it(
    acme: Company, roofing: Campaign
) -> None:
    make_number(make_campaign(acme, campaign_id="solar"), number="+18335550100")
    applied(CAMPAIGN + '    numbers: ["+18335550100"]\n  - campaign_id: solar')
    assert InboundNumber.objects.unretired().get().campaign == roofing


def test_prune_leaves_other_companies_alone(acme: Company) -> None:
    make_key("rtb")
    make_number()
    make_buyer()
    assert applied(NOTHING) == []


def test_prune_a_second_time_changes_nothing(acme: Company, roofing: Campaign) -> None:
    make_number(roofing)
    applied(NOTHING)
    assert applied(NOTHING) == []
