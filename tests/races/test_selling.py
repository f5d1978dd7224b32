"""Sales reported while the call ends: the call converts once."""

from collections import Counter

import pytest

from callcontrol.models import CallEvent
from campaigns.models import Buyer, Campaign, ConvertedCaller
from tests.factories import fresh_phone, make_market
from tests.races.takers import together
from tests.selling import end, key_of, money, report, talk

pytestmark = pytest.mark.django_db(transaction=True)
REPORTS = 5
SOLD, COUNTED = ("1.00", "2.00", True), ("90.00", "120.00", True)


@pytest.fixture
def campaign() -> Campaign:
    return make_market()


def steps() -> Counter[str]:
    return Counter(
        CallEvent.objects.filter(kind__in=["sold", "converted"]).values_list("kind", flat=True)
    )


def test_a_call_that_ends_while_its_sale_is_reported_pays_once(campaign: Campaign) -> None:
    key, came_to = key_of("b1"), Counter[str]()
    for _ in range(12):
        call = talk(campaign, caller=fresh_phone())["call_uuid"]
        jobs = [lambda: report(key, call, revenue="2", payout="1")["status"]] * REPORTS  # noqa: B023 - done within the turn
        said = together([lambda: end(call), *jobs])  # type: ignore[list-item,func-returns-value]  # noqa: B023
        came_to["sold" if money(call) == SOLD else "converted"] += 1
        assert money(call) in (SOLD, COUNTED)
        assert Counter(said)["converted"] == int(money(call) == SOLD)
    assert steps() == came_to
    assert ConvertedCaller.objects.count() == 12


def test_of_many_reports_at_once_one_is_the_sale(campaign: Campaign) -> None:
    key, call = key_of("b1"), talk(campaign)["call_uuid"]
    said = together(
        [lambda amount=amount: report(key, call, revenue=str(amount)) for amount in range(8)]
    )  # type: ignore[misc]
    amounts = {answer["revenue"] for answer in said}
    assert len(amounts) == 1
    assert Counter(answer["status"] for answer in said) == {"converted": 1, "already converted": 7}
    assert steps() == {"sold": 1}
    assert Buyer.objects.count() == 1
