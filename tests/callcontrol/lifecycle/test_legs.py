"""The effect of a leg's answer and end on its call, and the commands for the carrier."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from callcontrol.carriers.base import CarrierError, CarrierLeg, DialRequest, LegAnswered, LegEnded
from callcontrol.lifecycle import events, legs
from callcontrol.models import Call, CallEvent, Leg, Outcome
from callcontrol.state.locked_call import lock_call
from campaigns.errors import NotFound
from campaigns.models import Campaign, CapHold
from tests.callcontrol.scripts import (
    Quiet,
    after,
    arrive,
    event_of,
    final_state,
    leg_of,
    play,
    play_line,
    use,
)
from tests.factories import make_buyer, make_market, make_route

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    return make_market(caps=[9, 9])


@pytest.fixture
def call(campaign: Campaign) -> Call:
    """b1 rings."""
    call = arrive(campaign.numbers.get().number)
    Quiet.commands.clear()
    return call


# --- commands for the carrier ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ([["b1 answered 5"]], []),
        ([["b1 answered 5", "b1 completed 100"]], ["hang up caller"]),
        ([["b1 answered 5", "caller completed 100"]], ["hang up b1"]),
        ([["caller completed 20"]], ["hang up b1"]),
        ([["b1 busy 10"]], ["dial b2"]),
        ([["clock 45"]], ["hang up b1", "dial b2"]),
        ([["b1 busy 10"], ["b2 busy 20"]], ["dial b2", "turn away caller"]),
        ([["b1 answered 5"], ["return b1 10"]], ["hang up b1", "dial b2"]),
        ([["reject b1 10"]], ["hang up b1", "dial b2"]),
    ],
    ids=lambda each: str(each),
)
def test_the_carrier_is_told_what_follows(
    call: Call, stages: list[list[str]], told: list[str]
) -> None:
    play(call, stages)
    assert Quiet.commands == [line.replace("dial b2", f"dial {_number('b2')}") for line in told]


def _number(name: str) -> str:
    return (
        Leg.objects.get(buyer__buyer_id=name).number or ""
        if Leg.objects.filter(buyer__buyer_id=name).exists()
        else ""
    )


@pytest.mark.parametrize(
    "lines", [["reject b1 10"], ["clock 45"], ["caller completed 20"]], ids=lambda each: each[0]
)
def test_who_picks_up_after_we_gave_the_line_up_is_hung_up_and_never_bridged(
    call: Call, lines: list[str]
) -> None:
    play(call, [lines])
    before, Quiet.commands = call.legs.exclude(status="ended").count(), []
    play_line(call, "b1 answered 46")
    assert leg_of(call, "b1").status == "ended"
    assert call.legs.exclude(status="ended").count() == before
    assert Quiet.commands == ["hang up b1"]


def test_once_the_carrier_has_said_that_it_is_over_it_is_told_no_more(call: Call) -> None:
    play(call, [["reject b1 10"], ["b1 canceled 11"]])
    Quiet.commands.clear()
    play_line(call, "b1 answered 10")
    assert Quiet.commands == []


def test_a_line_whose_name_came_in_while_its_call_was_locked_is_hung_up(call: Call) -> None:
    leg = leg_of(call, "b1")
    Leg.objects.filter(pk=leg.pk).update(carrier_leg_id="")
    with transaction.atomic():
        locked_call = lock_call(call.pk)
        Leg.objects.filter(pk=leg.pk).update(
            carrier_leg_id="late"
        )  # the process that dialed, before the end is written
        legs.end_leg(locked_call, locked_call.leg(leg.pk), outcome=Outcome.REJECTED, at=after(1))
    assert [(command.name, command.leg.carrier_leg_id) for command in locked_call.commands] == [
        ("hang_up", "late")
    ]


class Slow(Quiet):
    """While it dials, something happens."""

    slug = "slow"
    meanwhile: Callable[[DialRequest], object] = staticmethod(lambda order: None)

    def dial(self, order: DialRequest) -> str:
        type(self).meanwhile(order)
        return super().dial(order)


def _meanwhile(
    monkeypatch: pytest.MonkeyPatch, settings: Any, what: Callable[[DialRequest], object]
) -> None:
    use(Slow, monkeypatch, settings)
    monkeypatch.setattr(Slow, "meanwhile", staticmethod(what))


def test_a_line_whose_call_ended_while_it_was_dialed_is_hung_up(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def leave(order: DialRequest) -> None:
        play_line(Call.objects.get(), "caller completed 1")

    _meanwhile(monkeypatch, settings, leave)
    call = arrive(campaign.numbers.get().number)
    assert call.status == "finished"
    assert Slow.commands[1:] == ["hang up b1"]
    assert final_state(call).legs[1] == "b1 canceled -1"


def test_a_line_that_is_picked_up_before_the_carrier_names_it_talks(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    _meanwhile(monkeypatch, settings, lambda order: play_line(Call.objects.get(), "b1 answered 1"))
    call = arrive(campaign.numbers.get().number)
    assert call.status == "in-progress"
    assert leg_of(call, "b1").carrier_leg_id == f"line-{leg_of(call, 'b1').pk}"


class Deaf(Quiet):
    """A carrier that ignores commands once it rings."""

    slug = "deaf"

    def hang_up(self, line: CarrierLeg) -> None:
        raise CarrierError("it is away", is_final=False)


def test_an_order_that_fails_is_noted_and_stops_nothing(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    use(Deaf, monkeypatch, settings)
    call = arrive(campaign.numbers.get().number)
    play_line(call, "reject b1 10")
    failure = CallEvent.objects.get(kind="carrier-failed").detail
    assert leg_of(call, "b2").status == "ringing"
    assert failure == {"told": "hang up", "why": "it is away"}


# --- words ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "word",
    [LegAnswered(uuid4(), after(1)), LegEnded(uuid4(), after(1), "busy")],
    ids=["answered", "ended"],
)
def test_a_word_on_a_line_that_nobody_knows_is_not_found(
    campaign: Campaign, word: LegAnswered | LegEnded
) -> None:
    with pytest.raises(NotFound, match=r"^leg not found$"):
        events.handle_event(word, now=after(1))


def test_a_carriers_event_is_on_the_timeline_once(call: Call) -> None:
    leg = leg_of(call, "b1").pk
    for second in (5, 5, 6):
        events.handle_event(LegAnswered(leg, after(second), event_id="e1"), now=after(6))
    assert list(call.events.filter(kind="answered").values_list("at", "carrier_event_id")) == [
        (after(5), "e1")
    ]


@pytest.mark.parametrize(("first", "second"), [(5, 7), (7, 5)], ids=["late", "early"])
def test_of_two_moments_of_a_pick_up_the_first_counts(call: Call, first: int, second: int) -> None:
    for moment in (first, second):
        play_line(call, f"b1 answered {moment}", now=after(9))
    assert leg_of(call, "b1").answered_at == after(5)


def test_a_late_pick_up_moves_the_end_of_acceptance_to_where_it_belongs(campaign: Campaign) -> None:
    campaign.routes.get(buyer__buyer_id="b1").buyer.__class__.objects.update(
        acceptance="explicit", acceptance_seconds=20
    )
    call = arrive(campaign.numbers.get().number)
    for moment in (9, 5):
        play_line(call, f"b1 answered {moment}", now=after(9))
    assert leg_of(call, "b1").accept_until == after(25)


def test_a_calls_clock_is_the_latest_that_was_told(call: Call) -> None:
    for line in ("b1 answered 50", "b1 answered 5"):
        play_line(call, line, now=after(1))
    assert Call.objects.get().clock == after(50)


# --- places ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stages", "places"),
    [
        ([["caller completed 20"]], "b1 0/1"),
        ([["b1 answered 5", "b1 completed 100"]], "b1 0/1"),
        ([["b1 answered 5", "caller completed 100"]], "b1 0/1"),
        (
            [
                ["b1 answered 5"],
                ["transfer b1 20 join third", "third answered 30", "b1 completed 40"],
            ],
            "b1 0/1",
        ),
    ],
    ids=lambda each: str(each),
)
def test_a_place_among_calls_at_once_is_free_when_the_line_ends_and_the_others_when_all_is_told(
    call: Call, stages: list[list[str]], places: str
) -> None:
    play(call, stages)
    assert final_state(call).places == places
    assert CapHold.objects.get().status == "held"


@pytest.mark.parametrize("how", ["busy 10", "no-answer 10", "failed 10"])
def test_a_line_that_was_not_picked_up_gives_all_back_at_once(call: Call, how: str) -> None:
    play_line(call, f"b1 {how}")
    assert final_state(call).places == "b1 0/0, b2 1/1"


# --- what one word costs --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "line", "limit"),
    [
        ([], "b1 answered 5", 12),
        (["b1 answered 5"], "b1 completed 100", 25),
        (["b1 answered 5"], "caller completed 100", 25),
        (["b1 answered 5", "caller completed 100"], "b1 completed 100", 25),
        (["b1 answered 5", "caller completed 100", "b1 completed 100"], "b1 completed 100", 15),
        ([], "b1 busy 10", 40),
    ],
    ids=[
        "picked up",
        "the handler left",
        "the caller left",
        "settled",
        "told again",
        "the next buyer",
    ],
)
def test_a_word_costs_a_bounded_number_of_statements(
    call: Call, before: list[str], line: str, limit: int, django_assert_max_num_queries: Any
) -> None:
    play(call, [before] if before else [])
    event = event_of(call, line)
    with django_assert_max_num_queries(limit):
        events.handle_event(event, now=after(101))


@pytest.mark.parametrize("tried", [0, 3])
def test_a_pick_up_costs_the_same_after_many_legs(
    campaign: Campaign, tried: int, django_assert_max_num_queries: Any
) -> None:
    Campaign.objects.get().routes.all().delete()
    for place in range(5):
        make_route(campaign, make_buyer(campaign.company, buyer_id=f"c{place}"), priority=place + 1)
    call = arrive(campaign.numbers.get().number)
    play(call, [[f"c{place} busy {place + 1}"] for place in range(tried)])
    with django_assert_max_num_queries(12):
        events.handle_event(event_of(call, f"c{tried} answered 9"), now=after(9))
