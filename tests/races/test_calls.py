"""Concurrent carrier events and actions: a legal outcome, and no lost place."""

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest

from callcontrol.lifecycle import events, timeouts
from callcontrol.models import Call, Leg
from campaigns.caps import counters
from campaigns.models import Buyer, Campaign, CapCounter, CapHold
from publishers.models import Conversion
from tests.callcontrol.lifecycle.test_permutations import ACCEPTED, SCRIPTS
from tests.callcontrol.scripts import (
    OWN,
    FinalState,
    Quiet,
    Script,
    after,
    arrive,
    controller,
    event_of,
    final_state,
    play,
    play_line,
    second_of,
    use,
)
from tests.callcontrol.walking import Clients, answer, broken, view
from tests.factories import make_group, make_market
from tests.races.takers import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4
Outcome = tuple[tuple[str, ...], tuple[Any, ...]]

TALKING = [["b1 answered 5"]]
HELD = [["b1 answered 5"], ["transfer b1 6 hold third"]]
CONSULTING = [["b1 answered 5"], ["transfer b1 6 hold third", "third answered 7"]]
BROUGHT_B2 = [["b1 answered 5"], ["transfer b1 6 join b2", "b2 answered 7"]]
# What a call is at, and what is done to it at once.
SCENES: dict[str, tuple[Script, list[str]]] = {
    "both hang up, and it is returned": (
        TALKING,
        ["return b1 10", "caller completed 10", "b1 completed 10"],
    ),
    "transferred twice and hung up": (
        TALKING,
        ["transfer b1 10 join third", "transfer b1 10 hold b2", "caller completed 10"],
    ),
    "transferred, returned and rejected": (
        TALKING,
        ["transfer b1 10 hold third", "return b1 10", "reject b1 10"],
    ),
    "transferred, and the handler leaves": (
        TALKING,
        ["transfer b1 10 hold third", "b1 completed 10", "return west 10"],
    ),
    "picked up, connected and stopped": (HELD, ["third answered 10", "connect 10", "stop 10"]),
    "left by both while it rings": (
        HELD,
        ["b1 completed 10", "third busy 10", "caller completed 10"],
    ),
    "picked up as the handler leaves": (
        HELD,
        ["b1 completed 10", "third answered 10", "connect 10"],
    ),
    "connected as both leave": (
        CONSULTING,
        ["connect 10", "b1 completed 10", "third completed 10"],
    ),
    "stopped as the handler leaves": (CONSULTING, ["stop 10", "b1 completed 10", "connect 10"]),
    "returned by the transferee": (
        BROUGHT_B2,
        ["return b2 10", "b1 completed 10", "transfer b2 10 hold third"],
    ),
    "rejected by a group": (
        BROUGHT_B2,
        ["reject west 10", "caller completed 10", "b1 completed 10"],
    ),
    "picked up, rejected and rung out": ([], ["b1 answered 30", "reject b1 30", "clock 30"]),
    "busy, picked up and hung up": ([], ["b1 busy 10", "b1 answered 10", "caller completed 10"]),
    "returned twice by one key": (TALKING, ["return b1 10", "return b1 10", "reject b1 10"]),
}


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_market(caps=[9, 9, 9])
    Conversion.objects.update(seconds=90)
    return campaign


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    use(Quiet, monkeypatch, settings)


@pytest.fixture
def west(campaign: Campaign) -> None:
    make_group(name="west", buyers=list(Buyer.objects.all()))


# --- concurrent events ----------------------------------------------------------------------------
def play_at_once(call: Call, stages: Script) -> None:
    """Send each stage's events at once, some twice, from one thread each; our actions come
    first."""
    for stage in stages:
        for line in (line for line in stage if line.split()[0] in OWN):
            play_line(call, line)
        told = [line for line in stage if line.split()[0] not in OWN]
        told += random.Random(len(told)).sample(told, len(told) // 2)
        now, heard = after(max(map(second_of, stage))), [event_of(call, line) for line in told]
        if heard:
            together(
                [
                    lambda event=event, now=now: events.handle_event(event, now=now)
                    for event in heard
                ]
            )


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("stages", "final"), SCRIPTS.values(), ids=SCRIPTS)
def test_concurrent_events_end_in_the_same_state(
    campaign: Campaign, stages: Script, final: FinalState
) -> None:
    call = arrive(campaign.numbers.get().number)
    play_at_once(call, stages)
    assert final_state(call) == final


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("stages", "final"), ACCEPTED.values(), ids=ACCEPTED)
def test_concurrent_events_with_required_acceptance_end_in_the_same_state(
    campaign: Campaign, stages: Script, final: FinalState
) -> None:
    Buyer.objects.update(acceptance="explicit")
    call = arrive(campaign.numbers.get().number)
    play_at_once(call, stages)
    assert final_state(call) == final


# --- steered by many at once ----------------------------------------------------------------------
def begun(campaign: Campaign, before: Script) -> Call:
    """A new call that has come so far; the one before it has ended."""
    for earlier in Call.objects.live():
        play_line(earlier, "caller completed 500")
    call = arrive(campaign.numbers.get().number, name=f"call {Call.objects.count()}")
    play(call, before)
    return call


def stands(call: Call, known: int) -> tuple[Any, ...]:
    """What the call is at, and what became of the lines that there were."""
    seen = view(call, call.clock)
    live = sorted(
        (leg.party, leg.buyer_id or 0, leg.status) for leg in seen.legs if leg.status != "ended"
    )
    gone = [leg.outcome for leg in seen.legs[:known]]
    return (
        seen.call.status,
        seen.caller.held,
        live,
        gone,
        sorted(transfer.status for transfer in seen.transfers),
    )


def one_after_the_other(campaign: Campaign, before: Script, acts: Sequence[str]) -> list[Outcome]:
    """What comes of each order."""
    outcomes = []
    for order in itertools.permutations(range(len(acts))):
        call = begun(campaign, before)
        known, said = call.legs.count(), [""] * len(acts)
        for act in order:
            said[act] = answer(lambda line=acts[act], call=call: play_line(call, line))
        outcomes.append((tuple(said), stands(call, known)))
    return outcomes


@pytest.mark.usefixtures("west")
@pytest.mark.parametrize(("before", "acts"), SCENES.values(), ids=SCENES)
def test_what_is_done_at_once_could_have_been_done_one_after_the_other(
    campaign: Campaign, before: Script, acts: list[str]
) -> None:
    legal = one_after_the_other(campaign, before, acts)
    for _ in range(ROUNDS):
        call = begun(campaign, before)
        known = call.legs.count()
        said = together(
            [lambda line=line, call=call: answer(lambda: play_line(call, line)) for line in acts]
        )
        assert (tuple(said), stands(call, known)) in legal
        assert list(broken(view(call, call.clock))) == []


@pytest.mark.usefixtures("west")
@pytest.mark.parametrize("seed", range(6))
def test_after_a_storm_of_clients_everything_fits(campaign: Campaign, seed: int) -> None:
    Buyer.objects.filter(buyer_id="b2").update(acceptance="explicit")
    call = begun(campaign, [])
    keys = [controller("b1"), controller("b2"), controller("west")]

    def play_on(number: int) -> list[str]:
        clients = Clients(call, keys, 100 * seed + number)
        return [clients.step()[1] for _ in range(8)]

    said = {
        text
        for texts in together([lambda number=number: play_on(number) for number in range(6)])
        for text in texts
    }
    assert list(broken(view(call, after(9_999)))) == []
    assert "ok" in said
    assert Leg.objects.filter(carrier_leg_id="").count() == 0


# --- many calls at once ---------------------------------------------------------------------------
@pytest.mark.usefixtures("quiet", "west")
def test_sweeps_and_readers_in_parallel_agree(campaign: Campaign) -> None:
    to = campaign.numbers.get().number
    calls = [arrive(to, name=str(number)) for number in range(9)]
    for call in calls[3:6]:
        play(call, [["b1 answered 5", "caller completed 20"]])
    for call in calls[6:]:
        play_line(call, "caller completed 20")
    sweeps = [
        lambda: timeouts.apply_due_timeouts(now=after(100), limit=5),
        lambda: timeouts.repeat_commands(now=after(100), limit=5),
    ] * 3
    together(
        [
            *sweeps,
            *[lambda call=call: timeouts.apply_timeouts(call.pk, now=after(100)) for call in calls],
        ]
    )
    timeouts.apply_due_timeouts(now=after(100), limit=100)
    finals = [final_state(call) for call in calls]
    rings_b2 = ("caller in-progress 0-", "b1 no-answer -100", "b2 ringing -")
    assert [each.legs for each in finals[:3]] == [rings_b2] * 3
    assert [each.settled for each in finals[3:]] == [True] * 6
    assert finals[0].places == "b1 0/3, b2 3/3, group 3/6"
    assert counters.recount(company_id=campaign.company_id, now=after(0)) == []


@pytest.mark.usefixtures("west")
def test_calls_that_come_and_go_at_once_never_wait_in_a_circle_and_lose_no_place(
    campaign: Campaign,
) -> None:
    to = campaign.numbers.get().number
    Buyer.objects.update(concurrency_cap=3, cap_counts="conversion")

    def lives(number: int) -> None:
        call = arrive(to, caller=None, name=str(number))
        for line in (
            ("b1 answered 5", "b1 completed 10") if number % 3 else ("caller completed 10",)
        ):
            if call.legs.filter(buyer__buyer_id="b1").exists():
                play_line(call, line)
        play_line(call, "caller completed 200")

    together([lambda number=number: lives(number) for number in range(16)])
    at_once = CapCounter.objects.filter(kind="concurrency").values_list("used", flat=True)
    assert set(at_once) == {0}
    assert CapHold.objects.filter(status="held").count() == 0
    assert counters.recount(company_id=campaign.company_id, now=after(0)) == []
    assert Call.objects.live().count() == 0
