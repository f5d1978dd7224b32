"""Many legs of one buyer at the same moment: each shows a different random number."""

from collections import Counter
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction

from callcontrol.lifecycle import caller_id
from callcontrol.models import Call, Leg
from campaigns.models import Buyer
from tests.callcontrol.lines import CALLER, make_call, make_leg
from tests.factories import make_buyer, make_campaign, make_company
from tests.races.takers import THREADS, together

BUYERS = 8
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def buyers() -> list[Buyer]:
    company = make_company(static_caller_numbers=[CALLER])
    return [make_buyer(company) for _ in range(BUYERS)]


@pytest.fixture
def calls(buyers: list[Buyer]) -> list[Call]:
    campaign = make_campaign(buyers[0].company)
    return [make_call(campaign) for _ in range(THREADS)]


def really(call: Call, buyer: Buyer) -> None:
    """All draw the same numbers in the same order."""
    with transaction.atomic():
        caller_id.insert_leg(make_leg(call, buyer), chance=Random(buyer.pk))


def naively(call: Call, buyer: Buyer) -> int:
    """Looks which numbers are free, then inserts; how often that went wrong."""
    sent, is_random = caller_id.choose_caller_id(call=call, buyer=buyer, chance=Random(buyer.pk))
    try:
        with transaction.atomic():
            make_leg(call, buyer, caller_number_sent=sent, number_is_random=is_random).save(
                force_insert=True
            )
    except IntegrityError:
        return 1
    return 0


def test_each_leg_shows_a_number_of_its_own(buyers: list[Buyer], calls: list[Call]) -> None:
    for buyer in buyers:
        together([lambda call=call, buyer=buyer: really(call, buyer) for call in calls])  # type: ignore[misc]
    shown = Counter(
        Leg.objects.filter(number_is_random=True).values_list("buyer_id", "caller_number_sent")
    )
    assert len(shown) == BUYERS * THREADS
    assert set(shown.values()) == {1}


def test_looking_and_then_inserting_collides_in_the_same_race(
    buyers: list[Buyer], calls: list[Call]
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time, which hides most of the fault")
    failed = [
        sum(together([lambda call=call, buyer=buyer: naively(call, buyer) for call in calls]))  # type: ignore[misc]
        for buyer in buyers
    ]
    assert sum(times > 0 for times in failed) > BUYERS / 2


def test_a_number_whose_leg_is_undone_is_free(buyers: list[Buyer], calls: list[Call]) -> None:
    def undone(call: Call) -> None:
        with transaction.atomic():
            caller_id.insert_leg(make_leg(call, buyers[0]), chance=Random(7))
            transaction.set_rollback(True)

    together([lambda call=call: undone(call) for call in calls])  # type: ignore[misc]
    last = make_leg(calls[0], buyers[0])
    caller_id.insert_leg(last, chance=Random(7))
    assert (
        Leg.objects.get().caller_number_sent
        == caller_id.choose_caller_id(call=calls[0], buyer=buyers[1], chance=Random(7))[0]
    )
