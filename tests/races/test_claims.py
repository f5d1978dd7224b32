"""Races for a reservation without a caller: calls of different callers hold no lock in common."""

import pytest

from campaigns.models import Campaign
from reservations.models import Reservation
from tests.factories import make_key, make_market, make_number
from tests.pinging import CALLER, OTHER_CALLER, Answer, dial, ping
from tests.races.overlapping import overlapping
from tests.races.takers import together

pytestmark = pytest.mark.django_db(transaction=True)
LINE = "+18335550199"
ROUNDS = 3


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market()
    make_number(campaign, number=LINE)
    return campaign


def reserve_without_caller(campaign: Campaign) -> str:
    key = make_key(campaign=campaign, allow_no_caller_number=True, inbound_number=LINE)
    return str(ping(key, caller_number="")["uuid"])


def test_a_call_that_waits_for_another_claim_does_not_claim_as_well(campaign: Campaign) -> None:
    uuid = reserve_without_caller(campaign)
    calls: dict[str, Answer] = {}

    def arrives(caller: str) -> None:
        calls[caller] = dial(LINE, caller=caller)

    waited = overlapping(lambda: arrives(CALLER), lambda: arrives(OTHER_CALLER))
    assert waited is True
    assert calls[CALLER]["reservation_uuid"] == uuid
    assert calls[OTHER_CALLER]["reservation_uuid"] is None


def test_calls_of_different_callers_claim_each_reservation_once(campaign: Campaign) -> None:
    callers = [f"+1202555010{number}" for number in range(8)]
    for _ in range(ROUNDS):
        uuids = sorted(reserve_without_caller(campaign) for _ in range(4))
        calls = together([lambda caller=caller: dial(LINE, caller=caller) for caller in callers])  # type: ignore[misc]
        claimed = [call["reservation_uuid"] for call in calls if call["reservation_uuid"]]
        assert sorted(claimed) == uuids
    assert set(Reservation.objects.values_list("status", flat=True)) == {"claimed"}
