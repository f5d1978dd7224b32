"""Places of a converted call that two buyers kept: only the last buyer's counts as converted."""

from typing import Any

import pytest

from campaigns.models import Buyer, Campaign
from tests.callcontrol.scripts import Quiet, arrive, final_state, play, use
from tests.factories import make_market

pytestmark = pytest.mark.django_db
# b1 leaves while its transferee rings, so that the call goes on to b2, where it converts.
LEFT_BY_THE_FIRST = [
    ["b1 answered 5"],
    ["transfer b1 20 join third", "third no-answer 50", "b1 completed 40"],
    ["b2 answered 55", "b2 completed 255", "caller completed 256"],
]


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    return make_market(caps=[9, 9])


@pytest.mark.parametrize(
    ("cap_counts", "places"),
    [("connection", "b1 0/1, b2 0/1"), ("conversion", "b1 0/0, b2 0/1")],
)
def test_a_cap_that_counts_conversions_counts_the_last_buyer(
    campaign: Campaign, cap_counts: str, places: str
) -> None:
    Buyer.objects.update(cap_counts=cap_counts)
    call = arrive(campaign.numbers.get().number)
    play(call, LEFT_BY_THE_FIRST)
    final = final_state(call)
    assert final.paid == "90.00/120.00 at 255"
    assert final.places == places
    assert final.faults == ()
