"""Random walks over calls: the invariants hold at every step, and no caller is in dead air."""

from collections.abc import Iterator

import pytest
from django.db import connection

from campaigns.models import Buyer, Campaign
from tests.callcontrol.scripts import arrive, controller, play
from tests.callcontrol.walking import Clients, broken, view
from tests.factories import make_group, make_market

pytestmark = pytest.mark.django_db
STEPS = 50
AFTER_THE_END = 5
HELD = "the caller is on hold, and nobody is there who holds"
ACCEPTANCE = {
    "nobody has to accept": [],
    "the first has to accept": ["b1"],
    "all have to accept": [f"b{number}" for number in range(1, 8)],
}


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(caps=[9] * 7)
    make_group(name="west", buyers=list(Buyer.objects.filter(buyer_id__in=["b2", "b4", "b5"])))
    return campaign


def walk(campaign: Campaign, seed: int) -> Iterator[tuple[str, str, set[str], list[str]]]:
    """Each step: what was done, the answer, the legal ones, and what is broken afterwards. It
    goes on a bit after the end."""
    call = arrive(campaign.numbers.get().number, name=f"walk {seed}")
    clients = Clients(call, [controller("b1"), controller("b3"), controller("west")], seed)
    over = 0
    for _ in range(STEPS):
        what, said, legal = clients.step()
        seen = view(call, call.clock)
        yield what, said, legal, list(broken(seen))
        over += not seen.live
        if over > AFTER_THE_END:
            return


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("explicit", ACCEPTANCE.values(), ids=ACCEPTANCE)
def test_every_answer_of_a_random_walk_is_legal(
    campaign: Campaign, explicit: list[str], seed: int
) -> None:
    Buyer.objects.filter(buyer_id__in=explicit).update(acceptance="explicit")
    steps = list(walk(campaign, seed))
    assert [
        (number, step) for number, step in enumerate(steps) if step[1] not in step[2] or step[3]
    ] == []


@pytest.mark.parametrize(
    ("stages", "spoil", "what"),
    [
        (
            [["transfer b1 9 hold third", "third answered 9"]],
            "UPDATE callcontrol_leg SET status='ended' WHERE place=1",
            HELD,
        ),
        (
            [["b1 completed 9"]],
            "UPDATE callcontrol_call SET status='in-progress', ended_at=NULL",
            "the caller has left",
        ),
        (
            [["return b1 9"]],
            "UPDATE callcontrol_leg SET status='ringing' WHERE place=1",
            "two handlers",
        ),
        (
            [["return b1 9"]],
            "UPDATE campaigns_capcounter SET used=2 WHERE kind='concurrency'",
            "places for 1 lines",
        ),
        (
            [["transfer b1 9 join third"]],
            "UPDATE callcontrol_transfer SET status='ended'",
            "the transfer is ended",
        ),
    ],
    ids=["dead air", "nobody", "handlers", "places", "transfer"],
)
def test_a_walk_finds_broken_rows(
    campaign: Campaign, stages: list[list[str]], spoil: str, what: str
) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 5"], *stages])
    before = list(broken(view(call, call.clock)))
    with connection.cursor() as cursor:
        cursor.execute(spoil)
    assert before == []
    assert any(what in fault for fault in broken(view(call, call.clock))) is True
