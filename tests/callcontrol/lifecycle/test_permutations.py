"""The events of a call end in the same state in every order, repeated or late."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import transaction

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.models import Conversion
from tests.callcontrol.lifecycle.transfer_scripts import PAID, TRANSFER_SCRIPTS
from tests.callcontrol.scripts import (
    OWN,
    FinalState,
    Quiet,
    Script,
    Shuffle,
    Step,
    arrive,
    final_state,
    play,
    play_line,
    steps,
    use,
)
from tests.factories import make_market

pytestmark = pytest.mark.django_db
MAX_ORDERS = 24
RANDOM_ORDERS = 16
RANDOM_REPEATS = 6

TALK = FinalState(
    "finished",
    100,
    ("caller completed 0-100", "b1 completed 5-100"),
    "b1 0/1",
    connected=5,
    paid=PAID,
)
TALK_OF_B2 = ("b2 completed 15-120",)
NEXT = {"status": "finished", "ended": 120, "connected": 15, "paid": "90.00/120.00 at 120"}
AFTER_B1 = FinalState(
    legs=("caller completed 0-120", "b1 busy -10", *TALK_OF_B2), places="b1 0/0, b2 0/1", **NEXT
)

SCRIPTS: dict[str, tuple[Script, FinalState]] = {
    "the caller hangs up": (
        [["b1 answered 5", "b1 completed 101", "caller completed 100"]],
        TALK,
    ),
    "the handler hangs up": (
        [["b1 answered 5", "b1 completed 100", "caller completed 101"]],
        TALK,
    ),
    "both hang up at once, and the carrier reports the seconds": (
        [["b1 answered 5", "b1 completed 100 95s", "caller completed 100"]],
        TALK,
    ),
    "the carrier counts one second more than its timestamps": (
        [["b1 answered 5", "b1 completed 100 96s", "caller completed 101"]],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 4-100"),
            "b1 0/1",
            connected=4,
            paid=PAID,
        ),
    ),
    "the caller hangs up while it rings": (
        [["caller completed 20"], ["b1 canceled 20"]],
        FinalState("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "the caller hangs up at the answer": (
        [["caller completed 20", "b1 answered 21", "b1 completed 22"]],
        FinalState("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "the caller hangs up at the answer, and the carrier reports the seconds": (
        [["caller completed 20", "b1 answered 21", "b1 completed 22 1s"]],
        FinalState("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "the first buyer is busy, the second talks": (
        [["b1 busy 10"], ["b2 answered 15", "b2 completed 121", "caller completed 120"]],
        AFTER_B1,
    ),
    "the first buyer rings out, the second talks": (
        [["b1 no-answer 12"], ["b2 answered 15", "b2 completed 120", "caller completed 121"]],
        FinalState(
            legs=("caller completed 0-120", "b1 no-answer -12", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "an unanswered leg is ended, and its event is late": (
        [
            [
                "clock 46",
                "b1 canceled 47",
                "b2 answered 50",
                "b2 completed 150",
                "caller completed 151",
            ]
        ],
        FinalState(
            "finished",
            150,
            ("caller completed 0-150", "b1 no-answer -46", "b2 completed 50-150"),
            "b1 0/0, b2 0/1",
            connected=50,
            paid="90.00/120.00 at 150",
        ),
    ),
    "an unanswered leg is ended, and answered all the same": (
        [
            ["clock 46", "b1 answered 47", "b1 completed 48"],
            ["b2 busy 50"],
            ["b3 failed 55"],
            ["caller completed 60"],
        ],
        FinalState(
            "no-target",
            55,
            ("caller no-target 0-55", "b1 no-answer -46", "b2 busy -50", "b3 failed -55"),
            "b1 0/0, b2 0/0, b3 0/0",
        ),
    ),
    "no buyer is left": (
        [["b1 busy 10"], ["b2 no-answer 40"], ["b3 failed 41"], ["caller completed 45"]],
        FinalState(
            "no-target",
            41,
            ("caller no-target 0-41", "b1 busy -10", "b2 no-answer -40", "b3 failed -41"),
            "b1 0/0, b2 0/0, b3 0/0",
        ),
    ),
    "the first buyer returns the call, the second talks": (
        [
            ["b1 answered 5"],
            [
                "return b1 10",
                "b1 completed 10",
                "b2 answered 15",
                "b2 completed 120",
                "caller completed 121",
            ],
        ],
        FinalState(
            legs=("caller completed 0-120", "b1 returned 5-10", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "the call is rejected at the answer": (
        [
            [
                "reject b1 10",
                "b1 answered 10",
                "b1 completed 11",
                "b2 answered 15",
                "b2 completed 120",
                "caller completed 121",
            ]
        ],
        FinalState(
            legs=("caller completed 0-120", "b1 rejected -10", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    **TRANSFER_SCRIPTS,
}

# With buyers that must accept the call.
ACCEPTED: dict[str, tuple[Script, FinalState]] = {
    "accepted": (
        [["b1 answered 5"], ["accept b1 20", "b1 completed 100", "caller completed 101"]],
        FinalState(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20"),
            "b1 0/1",
            connected=5,
            paid=PAID,
        ),
    ),
    "the caller hangs up before the handler accepts": (
        [["b1 answered 5", "caller completed 30"], ["b1 completed 31"]],
        FinalState("finished", 30, ("caller completed 0-30", "b1 completed 5-30"), "b1 0/0"),
    ),
    "the handler hangs up before accepting": (
        [
            ["b1 answered 5", "b1 completed 12"],
            ["b2 answered 15"],
            ["accept b2 20", "b2 completed 120", "caller completed 121"],
        ],
        FinalState(
            legs=("caller completed 0-120", "b1 completed 5-12", "b2 completed 15-120 accepted 20"),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "not accepted in time": (
        [
            ["b1 answered 5"],
            ["clock 66", "b1 completed 66", "b2 answered 70"],
            ["accept b2 75", "b2 completed 170", "caller completed 171"],
        ],
        FinalState(
            "finished",
            170,
            ("caller completed 0-170", "b1 not-accepted 5-66", "b2 completed 70-170 accepted 75"),
            "b1 0/0, b2 0/1",
            connected=70,
            paid="90.00/120.00 at 170",
        ),
    ),
}


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    campaign = make_market(caps=[9, 9, 9])
    Conversion.objects.update(seconds=90)
    return campaign


def orders(stages: Script) -> Iterator[Shuffle]:
    """Yield all orders of each stage, or random ones of too many, and some with repeated events."""
    reported = [[line for line in stage if line.split()[0] not in OWN] for stage in stages]
    if math.prod(math.factorial(len(stage)) for stage in reported) <= MAX_ORDERS:
        for chosen in itertools.product(*map(itertools.permutations, reported)):
            yield lambda _, turn, chosen=chosen: chosen[turn]
    else:
        yield from (_random_order(seed, []) for seed in range(RANDOM_ORDERS))
    yield from (_random_order(seed, reported) for seed in range(RANDOM_REPEATS))


def _random_order(seed: int, repeated: list[list[str]]) -> Shuffle:
    generator = random.Random(seed)

    def order(stage: Sequence[str], turn: int) -> Sequence[str]:
        earlier_lines = [line for earlier in repeated[: turn + 1] for line in earlier]
        lines = [*stage, *generator.sample(earlier_lines, generator.randint(0, len(earlier_lines)))]
        return generator.sample(lines, len(lines))

    return order


def outcomes(campaign: Campaign, stages: Script) -> Iterator[FinalState]:
    """Play the call in each order, rolled back to where two orders part, and yield its outcomes."""
    call = arrive(campaign.numbers.get().number)
    yield from _play_on(call, {tuple(steps(stages, order)) for order in orders(stages)})


def _play_on(call: Call, orders_to_play: set[tuple[Step, ...]]) -> Iterator[FinalState]:
    if () in orders_to_play:
        yield final_state(call)
    for first in {order[0] for order in orders_to_play if order}:
        line, now = first
        with transaction.atomic():
            play_line(call, line, now=now)
            yield from _play_on(
                call, {order[1:] for order in orders_to_play if order and order[0] == first}
            )
            transaction.set_rollback(True)


@pytest.mark.parametrize(("stages", "final"), SCRIPTS.values(), ids=SCRIPTS)
def test_every_order_of_events_ends_in_the_same_state(
    campaign: Campaign, stages: Script, final: FinalState
) -> None:
    assert [each for each in outcomes(campaign, stages) if each != final] == []


@pytest.mark.parametrize(("stages", "final"), ACCEPTED.values(), ids=ACCEPTED)
def test_every_order_ends_in_the_same_state_with_buyers_that_must_accept(
    campaign: Campaign, stages: Script, final: FinalState
) -> None:
    Buyer.objects.update(acceptance="explicit")
    assert [each for each in outcomes(campaign, stages) if each != final] == []


@pytest.mark.parametrize(("stages", "final"), SCRIPTS.values(), ids=SCRIPTS)
def test_events_repeated_after_the_end_change_nothing(
    campaign: Campaign, stages: Script, final: FinalState
) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, stages)
    reported = [line for stage in stages for line in stage if line.split()[0] not in OWN]
    for line in random.Random(1).sample(reported, len(reported)):
        play_line(call, line)
    assert final_state(call) == final
