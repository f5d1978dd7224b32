"""What a leg shows as its caller ID, and when that is a random number."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from callcontrol.lifecycle import caller_id
from callcontrol.models import Call, Leg
from campaigns.models import Buyer, Campaign, CapHold, Company
from tests.callcontrol.lines import CALLER, NOW, make_call, make_leg
from tests.factories import make_buyer, make_campaign, make_company

pytestmark = pytest.mark.django_db
OWN = "+14165550100"
RANDOM = re.compile(r"\+18(00|33|44|55|66|77|88)555\d{4}")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(make_company(static_caller_numbers=[CALLER]))


@pytest.fixture
def buyer(campaign: Campaign) -> Buyer:
    return make_buyer(campaign.company)


def crowd(campaign: Campaign, size: int, **fields: Any) -> Call:
    """Create `count` calls of a caller; return the last."""
    return [make_call(campaign, "+12025550103", **fields) for _ in range(size)][-1]


# --- what is shown --------------------------------------------------------------------------------
def test_a_caller_is_shown(campaign: Campaign, buyer: Buyer) -> None:
    assert caller_id.choose_caller_id(call=crowd(campaign, 1), buyer=buyer) == (
        "+12025550103",
        False,
    )


@pytest.mark.parametrize("caller", [CALLER, "+12025550103", None])
def test_what_a_buyer_wants_to_see_is_shown_whoever_calls(
    campaign: Campaign, caller: str | None
) -> None:
    buyer = make_buyer(campaign.company, caller_id=OWN)
    assert caller_id.choose_caller_id(call=make_call(campaign, caller), buyer=buyer) == (OWN, False)


def test_a_withheld_caller_stays_withheld_however_many_there_are(
    campaign: Campaign, buyer: Buyer
) -> None:
    calls = [make_call(campaign, None) for _ in range(6)]
    assert caller_id.choose_caller_id(call=calls[-1], buyer=buyer) == (None, False)


@pytest.mark.parametrize("has_buyer", [True, False])
def test_a_number_on_the_companys_list_is_replaced(
    campaign: Campaign, buyer: Buyer, has_buyer: bool
) -> None:
    number, is_random = caller_id.choose_caller_id(
        call=make_call(campaign), buyer=buyer if has_buyer else None
    )
    assert bool(RANDOM.fullmatch(number or "")) is True
    assert is_random is True


@pytest.mark.parametrize(
    "written", ["+12025550102", "(202) 555-0102", "12025550102", " 202 555 0102"]
)
def test_the_list_is_read_as_people_write(campaign: Campaign, buyer: Buyer, written: str) -> None:
    Company.objects.update(static_caller_numbers=["+12025550109", written])
    assert caller_id.choose_caller_id(call=make_call(campaign), buyer=buyer)[1] is True


def test_the_list_is_read_in_the_companys_region(campaign: Campaign, buyer: Buyer) -> None:
    Company.objects.update(static_caller_numbers=["020 7946 0101"], region="GB")
    calls = [make_call(campaign, number) for number in ("+442079460101", "+12025550102")]
    assert [caller_id.choose_caller_id(call=call, buyer=buyer)[1] for call in calls] == [
        True,
        False,
    ]


def test_another_companys_list_is_not_looked_at(campaign: Campaign) -> None:
    elsewhere = make_campaign()
    assert caller_id.choose_caller_id(
        call=make_call(elsewhere), buyer=make_buyer(elsewhere.company)
    ) == (CALLER, False)


# --- a crowd --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("size", "is_random"), [(4, False), (5, True), (6, True)])
def test_five_live_calls_make_a_crowd(
    campaign: Campaign, buyer: Buyer, size: int, is_random: bool
) -> None:
    assert caller_id.choose_caller_id(call=crowd(campaign, size), buyer=buyer)[1] is is_random


def test_calls_that_are_over_make_no_crowd(campaign: Campaign, buyer: Buyer) -> None:
    crowd(campaign, 9, status="finished", ended_at=NOW)
    assert caller_id.choose_caller_id(call=crowd(campaign, 4), buyer=buyer)[1] is False


def test_calls_to_other_campaigns_of_the_company_are_of_the_crowd(
    campaign: Campaign, buyer: Buyer
) -> None:
    crowd(make_campaign(campaign.company), 4)
    assert caller_id.choose_caller_id(call=crowd(campaign, 1), buyer=buyer)[1] is True


@pytest.mark.parametrize(
    "others",
    [lambda campaign: crowd(make_campaign(), 9), lambda campaign: make_call(campaign, OWN)],
    ids=["companies", "callers"],
)
def test_other_callers_and_companies_are_not_of_the_crowd(
    campaign: Campaign, buyer: Buyer, others: Callable[[Campaign], Call]
) -> None:
    others(campaign)
    assert caller_id.choose_caller_id(call=crowd(campaign, 4), buyer=buyer)[1] is False


@pytest.mark.parametrize(("own", "statements"), [("caller", 1), (OWN, 0)])
def test_a_caller_costs_one_statement_at_most(
    campaign: Campaign, own: str, statements: int
) -> None:
    call, buyer = crowd(campaign, 4), make_buyer(campaign.company, caller_id=own)
    with CaptureQueriesContext(connection) as sent:
        caller_id.choose_caller_id(call=call, buyer=buyer)
    assert len(sent) == statements


# --- random numbers -------------------------------------------------------------------------------
def test_a_leg_is_inserted_with_what_it_shows(campaign: Campaign, buyer: Buyer) -> None:
    leg = make_leg(make_call(campaign), buyer)
    caller_id.insert_leg(leg)
    kept = Leg.objects.get(pk=leg.pk)
    assert kept.caller_number_sent == leg.caller_number_sent
    assert kept.number_is_random is True
    assert kept.started_at == NOW


def test_a_random_number_is_not_on_another_live_leg_of_the_buyer(
    campaign: Campaign, buyer: Buyer
) -> None:
    legs = [make_leg(make_call(campaign), buyer) for _ in range(30)]
    for leg in legs:
        caller_id.insert_leg(leg, chance=Random(7))
    assert len({leg.caller_number_sent for leg in legs}) == 30


def test_a_real_number_that_the_buyer_sees_is_not_drawn(campaign: Campaign, buyer: Buyer) -> None:
    drawn, _ = caller_id.choose_caller_id(call=make_call(campaign), buyer=buyer, chance=Random(7))
    make_leg(make_call(campaign, drawn), buyer, caller_number_sent=drawn).save()
    assert (
        caller_id.choose_caller_id(call=make_call(campaign), buyer=buyer, chance=Random(7))[0]
        != drawn
    )


@pytest.mark.parametrize("who", ["another buyer", "the same, later"])
def test_a_random_number_may_be_shown_again(campaign: Campaign, buyer: Buyer, who: str) -> None:
    first, other = make_leg(make_call(campaign), buyer), make_buyer(campaign.company)
    caller_id.insert_leg(first, chance=Random(7))
    if who == "the same, later":
        Leg.objects.update(status="ended")
        other = buyer
    assert caller_id.choose_caller_id(call=make_call(campaign), buyer=other, chance=Random(7)) == (
        first.caller_number_sent,
        True,
    )


@pytest.mark.parametrize("caller", [CALLER, OWN])
def test_what_else_stands_in_the_way_of_a_leg_is_told(
    campaign: Campaign, buyer: Buyer, caller: str
) -> None:
    hold = CapHold.objects.create(
        company=campaign.company, buyer_pk=buyer.pk, places=[], taken_at=NOW
    )
    caller_id.insert_leg(make_leg(make_call(campaign), buyer, hold=hold))
    with pytest.raises(IntegrityError, match="hold"), transaction.atomic():
        caller_id.insert_leg(make_leg(make_call(campaign, caller), buyer, hold=hold))
