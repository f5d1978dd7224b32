"""In whatever order a carrier tells of a call, twice or late: it comes to the same."""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import transaction

from callcontrol.models import Call
from campaigns.models import Buyer, Campaign
from publishers.models import Conversion
from tests.callcontrol.scripts import OWN, Came, Quiet, Script, arrive, came_to, play, tell, use
from tests.factories import make_market

pytestmark = pytest.mark.django_db
Order = Callable[[Sequence[str], int], Sequence[str]]
MOST_ORDERS = 24
DRAWN = 16
WITH_REPEATS = 6

TALK = Came(
    "finished",
    100,
    ("caller completed 0-100", "b1 completed 5-100"),
    "b1 0/1",
    connected=5,
    paid="90.00/120.00 at 100",
)
TALK_OF_B2 = ("b2 completed 15-120",)
NEXT = {"status": "finished", "ended": 120, "connected": 15, "paid": "90.00/120.00 at 120"}
AFTER_B1 = Came(
    legs=("caller completed 0-120", "b1 busy -10", *TALK_OF_B2), places="b1 0/0, b2 0/1", **NEXT
)
JOINED = ["transfer b1 20 join third"]
HELD = ["transfer b1 20 hold third"]

SCRIPTS: dict[str, tuple[Script, Came]] = {
    "the caller hangs up": (
        [["b1 answered 5", "b1 completed 101", "caller completed 100"]],
        TALK,
    ),
    "the handler hangs up": (
        [["b1 answered 5", "b1 completed 100", "caller completed 101"]],
        TALK,
    ),
    "both hang up at once, and the seconds are told": (
        [["b1 answered 5", "b1 completed 100 95s", "caller completed 100"]],
        TALK,
    ),
    "the carrier counts a second more than its moments": (
        [["b1 answered 5", "b1 completed 100 96s", "caller completed 101"]],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 4-100"),
            "b1 0/1",
            connected=4,
            paid=TALK.paid,
        ),
    ),
    "the caller hangs up while it rings": (
        [["caller completed 20"], ["b1 canceled 20"]],
        Came("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "the caller hangs up as it is picked up": (
        [["caller completed 20", "b1 answered 21", "b1 completed 22"]],
        Came("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "the caller hangs up as it is picked up, and the seconds are told": (
        [["caller completed 20", "b1 answered 21", "b1 completed 22 1s"]],
        Came("finished", 20, ("caller completed 0-20", "b1 canceled -20"), "b1 0/0"),
    ),
    "busy, and the next one talks": (
        [["b1 busy 10"], ["b2 answered 15", "b2 completed 121", "caller completed 120"]],
        AFTER_B1,
    ),
    "it rings out, and the next one talks": (
        [["b1 no-answer 12"], ["b2 answered 15", "b2 completed 120", "caller completed 121"]],
        Came(
            legs=("caller completed 0-120", "b1 no-answer -12", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "we end a line that rang out, and its word comes late": (
        [
            [
                "clock 46",
                "b1 canceled 47",
                "b2 answered 50",
                "b2 completed 150",
                "caller completed 151",
            ]
        ],
        Came(
            "finished",
            150,
            ("caller completed 0-150", "b1 no-answer -46", "b2 completed 50-150"),
            "b1 0/0, b2 0/1",
            connected=50,
            paid="90.00/120.00 at 150",
        ),
    ),
    "we end a line that rang out, and it is picked up all the same": (
        [
            ["clock 46", "b1 answered 47", "b1 completed 48"],
            ["b2 busy 50"],
            ["b3 failed 55"],
            ["caller completed 60"],
        ],
        Came(
            "no-target",
            55,
            ("caller no-target 0-55", "b1 no-answer -46", "b2 busy -50", "b3 failed -55"),
            "b1 0/0, b2 0/0, b3 0/0",
        ),
    ),
    "nobody is left": (
        [["b1 busy 10"], ["b2 no-answer 40"], ["b3 failed 41"], ["caller completed 45"]],
        Came(
            "no-target",
            41,
            ("caller no-target 0-41", "b1 busy -10", "b2 no-answer -40", "b3 failed -41"),
            "b1 0/0, b2 0/0, b3 0/0",
        ),
    ),
    "returned, and the next one talks": (
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
        Came(
            legs=("caller completed 0-120", "b1 returned 5-10", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "rejected while it rings and is picked up": (
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
        Came(
            legs=("caller completed 0-120", "b1 rejected -10", *TALK_OF_B2),
            places="b1 0/0, b2 0/1",
            **NEXT,
        ),
    ),
    "a transferee who joins and leaves": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "third completed 60",
                "b1 completed 100",
                "caller completed 101",
            ],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third completed 25-60"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("joined ended 60",),
        ),
    ),
    "a transferee who joins and stays": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "b1 completed 60",
                "third completed 100",
                "caller completed 101",
            ],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("joined ended 100",),
        ),
    ),
    "a transferee whom the caller leaves": (
        [
            ["b1 answered 5"],
            [
                *JOINED,
                "third answered 25",
                "b1 completed 60",
                "third completed 101",
                "caller completed 100",
            ],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("joined ended 100",),
        ),
    ),
    "a transferee who never comes": (
        [
            ["b1 answered 5"],
            [*JOINED, "third no-answer 50", "b1 completed 100", "caller completed 101"],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third no-answer -50"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("joined ended 50",),
        ),
    ),
    "a transferee who never comes when the handler has left": (
        [
            ["b1 answered 5"],
            [*JOINED, "third no-answer 50", "b1 completed 40"],
            ["b2 answered 55", "b2 completed 155", "caller completed 156"],
        ],
        Came(
            "finished",
            155,
            (
                "caller completed 0-155",
                "b1 completed 5-40 accepted 20",
                "third no-answer -50",
                "b2 completed 55-155",
            ),
            "b1 0/1, b2 0/1",
            connected=55,
            paid="90.00/120.00 at 155",
            transfers=("joined ended 50",),
        ),
    ),
    "a caller who is held and connected": (
        [
            ["b1 answered 5"],
            [*HELD, "third answered 25"],
            ["connect 40", "b1 completed 60", "third completed 100", "caller completed 101"],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-60 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("held ended 100",),
        ),
    ),
    "a caller who is held and hangs up": (
        [
            ["b1 answered 5"],
            [
                *HELD,
                "third answered 25",
                "b1 completed 101",
                "third completed 101",
                "caller completed 100",
            ],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third completed 25-100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("held ended 100",),
        ),
    ),
    "a caller who is held and hangs up while the transferee rings": (
        [
            ["b1 answered 5"],
            [*HELD, "b1 completed 101", "caller completed 100"],
            ["third canceled 101"],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third canceled -100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("held ended 100",),
        ),
    ),
    "a caller who is held, and whom the handler leaves": (
        [
            ["b1 answered 5"],
            [*HELD, "b1 completed 30", "third answered 35"],
            ["third completed 100", "caller completed 101"],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-30 accepted 20", "third completed 35-100"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("held ended 100",),
        ),
    ),
    "a transfer that is stopped": (
        [
            ["b1 answered 5"],
            [*HELD],
            ["stop 40", "third canceled 41", "b1 completed 100", "caller completed 101"],
        ],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20", "third stopped -40"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
            transfers=("held ended 40",),
        ),
    ),
    "a transferee who is a buyer and returns the call": (
        [
            ["b1 answered 5"],
            ["transfer b1 20 hold b2", "b2 answered 25", "b1 completed 30"],
            [
                "return b2 40",
                "b2 completed 41",
                "b3 answered 45",
                "b3 completed 145",
                "caller completed 145",
            ],
        ],
        Came(
            "finished",
            145,
            (
                "caller completed 0-145",
                "b1 completed 5-30 accepted 20",
                "b2 returned 25-40",
                "b3 completed 45-145",
            ),
            "b1 0/1, b3 0/1",
            connected=45,
            paid="90.00/120.00 at 145",
            transfers=("held ended 40",),
        ),
    ),
}

# With buyers who have to accept.
ACCEPTED: dict[str, tuple[Script, Came]] = {
    "accepted": (
        [["b1 answered 5"], ["accept b1 20", "b1 completed 100", "caller completed 101"]],
        Came(
            "finished",
            100,
            ("caller completed 0-100", "b1 completed 5-100 accepted 20"),
            "b1 0/1",
            connected=5,
            paid=TALK.paid,
        ),
    ),
    "the caller hangs up before it is accepted": (
        [["b1 answered 5", "caller completed 30"], ["b1 completed 31"]],
        Came("finished", 30, ("caller completed 0-30", "b1 completed 5-30"), "b1 0/0"),
    ),
    "the handler hangs up without having accepted": (
        [
            ["b1 answered 5", "b1 completed 12"],
            ["b2 answered 15"],
            ["accept b2 20", "b2 completed 120", "caller completed 121"],
        ],
        Came(
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
        Came(
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


def orders(stages: Script) -> Iterator[Order]:
    """Every order of every stage, or a draw of them where they are many; and some with repeats of what was told before."""
    told = [[line for line in stage if line.split()[0] not in OWN] for stage in stages]
    if math.prod(math.factorial(len(stage)) for stage in told) <= MOST_ORDERS:
        for chosen in itertools.product(*map(itertools.permutations, told)):
            yield lambda _, turn, chosen=chosen: chosen[turn]
    else:
        yield from (_drawn(seed, []) for seed in range(DRAWN))
    yield from (_drawn(seed, told) for seed in range(WITH_REPEATS))


def _drawn(seed: int, repeated: list[list[str]]) -> Order:
    chance = random.Random(seed)

    def order(stage: Sequence[str], turn: int) -> Sequence[str]:
        said = [line for earlier in repeated[: turn + 1] for line in earlier]
        lines = [*stage, *chance.sample(said, chance.randint(0, len(said)))]
        return chance.sample(lines, len(lines))

    return order


def plays(campaign: Campaign, stages: Script) -> Iterator[tuple[Call, Order]]:
    """The call in each order, and nothing left of it afterwards."""
    to = campaign.numbers.get().number
    for order in orders(stages):
        with transaction.atomic():
            call = arrive(to)
            play(call, stages, order)
            yield call, order
            transaction.set_rollback(True)


@pytest.mark.parametrize(("stages", "came"), SCRIPTS.values(), ids=SCRIPTS)
def test_in_any_order_it_comes_to_the_same(campaign: Campaign, stages: Script, came: Came) -> None:
    assert [each for call, _ in plays(campaign, stages) if (each := came_to(call)) != came] == []


@pytest.mark.parametrize(("stages", "came"), ACCEPTED.values(), ids=ACCEPTED)
def test_so_it_does_with_buyers_who_have_to_accept(
    campaign: Campaign, stages: Script, came: Came
) -> None:
    Buyer.objects.update(acceptance="explicit")
    assert [each for call, _ in plays(campaign, stages) if (each := came_to(call)) != came] == []


@pytest.mark.parametrize(("stages", "came"), SCRIPTS.values(), ids=SCRIPTS)
def test_what_is_told_again_after_the_end_changes_nothing(
    campaign: Campaign, stages: Script, came: Came
) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, stages)
    told = [line for stage in stages for line in stage if line.split()[0] not in OWN]
    for line in random.Random(1).sample(told, len(told)):
        tell(call, line)
    assert came_to(call) == came
