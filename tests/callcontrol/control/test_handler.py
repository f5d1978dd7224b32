"""Returning, accepting and rejecting by the clock: to the second, once, and by the key that did
it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from callcontrol.control import handler
from callcontrol.control.access import Controller
from callcontrol.models import Call
from campaigns.errors import Refusal
from campaigns.models import Buyer, Campaign
from tests.callcontrol.scripts import (
    Quiet,
    after,
    arrive,
    controller,
    final_state,
    play,
    play_line,
    use,
)
from tests.factories import make_group, make_market

pytestmark = pytest.mark.django_db
Do = Callable[..., Call]
RETURN, REJECT, ACCEPT = handler.return_call, handler.reject_call, handler.accept_call
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    campaign = make_market(caps=[9, 9])
    make_group(name="west", buyers=list(Buyer.objects.all()))
    return campaign


@pytest.fixture
def call(campaign: Campaign) -> Call:
    """b1 talks with the caller since the fifth second."""
    return picked_up(campaign)


def picked_up(campaign: Campaign, **fields: Any) -> Call:
    Buyer.objects.update(**fields)
    call = arrive(campaign.numbers.get().number)
    play_line(call, "b1 answered 5")
    return call


def said(do: Do, call: Call, who: Controller, at: float, later: timedelta = timedelta(0)) -> str:
    try:
        do(call_uuid=call.pk, controller=who, now=after(at) + later)
    except Refusal as refusal:
        return refusal.text
    return "ok"


# --- windows --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("do", "seconds", "late"),
    [(RETURN, 60, "return timeout passed"), (REJECT, 90, "reject timeout passed")],
)
def test_the_window_is_open_to_its_last_second_from_the_dialing(
    call: Call, do: Do, seconds: int, late: str
) -> None:
    who = controller("b1")
    assert said(do, call, who, seconds, MOMENT) == late
    assert said(do, call, who, seconds) == "ok"


def test_the_window_of_the_next_buyer_begins_with_its_own_dialing(call: Call) -> None:
    play(call, [["return b1 50", "b2 answered 55"]])
    assert said(RETURN, call, controller("b2"), 110, MOMENT) == "return timeout passed"
    assert said(RETURN, call, controller("b2"), 110) == "ok"


def test_a_window_of_no_seconds_is_over_at_once(call: Call) -> None:
    assert said(RETURN, call, controller("b1", return_seconds=0), 5) == "return timeout passed"


@pytest.mark.parametrize(
    ("at", "later", "answer", "legs"),
    [
        (25, -MOMENT, "ok", ("b1 in-progress 5- accepted 24",)),
        (25, timedelta(0), "acceptance timeout passed", ("b1 not-accepted 5-25", "b2 ringing -")),
        (40, timedelta(0), "acceptance timeout passed", ("b1 not-accepted 5-40", "b2 ringing -")),
    ],
    ids=["the last moment", "the end", "later"],
)
def test_who_has_to_accept_does_so_before_the_end(
    campaign: Campaign, at: float, later: timedelta, answer: str, legs: tuple[str, ...]
) -> None:
    call = picked_up(campaign, acceptance="explicit", acceptance_seconds=20)
    assert said(ACCEPT, call, controller("b1"), at, later) == answer
    assert final_state(call).legs[1:] == legs


def test_who_accepted_may_say_so_again_at_any_time(campaign: Campaign) -> None:
    call = picked_up(campaign, acceptance="explicit")
    assert [said(ACCEPT, call, controller("b1"), at) for at in (10, 11, 3000)] == ["ok"] * 3
    assert final_state(call).legs[1:] == ("b1 in-progress 5- accepted 10",)


# --- once -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("do", [RETURN, REJECT])
def test_repeated_it_gives_no_second_call_back(call: Call, do: Do) -> None:
    assert [said(do, call, controller("b1"), at) for at in (10, 11, 40)] == ["ok"] * 3
    assert [leg.split()[:2] for leg in final_state(call).legs[1:]] == [
        ["b1", "returned" if do is RETURN else "rejected"],
        ["b2", "ringing"],
    ]


def test_repeated_after_the_end_it_is_done_still(call: Call) -> None:
    play(call, [["return b1 10", "caller completed 20"]])
    assert said(RETURN, call, controller("b1"), 30) == "ok"


def test_another_key_did_not_give_it_back(call: Call) -> None:
    play_line(call, "return b1 10")
    other = Controller(777, call.company_id, controller("b1").buyer_pks, 60, 90)
    assert [said(do, call, other, 11) for do in (RETURN, REJECT, ACCEPT)] == ["not authorized"] * 3


def test_with_nobody_left_a_return_succeeds_and_the_call_ends(call: Call) -> None:
    play(call, [["return b1 10", "b2 answered 15"]])
    assert said(RETURN, call, controller("b2"), 20) == "ok"
    assert final_state(call).status == "no-target"
    assert Quiet.commands[-1] == "turn away caller"


def test_what_was_returned_cannot_be_rejected(call: Call) -> None:
    play_line(call, "return b1 10")
    assert said(REJECT, call, controller("b1"), 11) == "call not live"


# --- whose it is ----------------------------------------------------------------------------------
def test_a_groups_key_reaches_whoever_of_its_members_is_on_the_call(call: Call) -> None:
    answers = [
        said(RETURN, call, controller("west"), 10),
        said(RETURN, call, controller("west"), 11),
    ]
    play_line(call, "b2 answered 15")
    assert answers == ["ok", "call not live"]
    assert said(RETURN, call, controller("west"), 16) == "ok"
    assert final_state(call).status == "no-target"


def test_of_two_members_on_a_call_a_groups_key_steers_the_one_who_came_last(call: Call) -> None:
    play(call, [["transfer b1 20 hold b2", "b2 answered 25"], ["return west 30"]])
    assert final_state(call).legs[1:] == ("b1 in-progress 5- accepted 20", "b2 returned 25-30")


def test_a_transferee_does_not_have_to_accept(call: Call) -> None:
    Buyer.objects.filter(buyer_id="b2").update(acceptance="explicit")
    play(call, [["transfer b1 20 hold b2", "b2 answered 25"], ["clock 200"]])
    assert final_state(call).legs[1:] == ("b1 in-progress 5- accepted 20", "b2 in-progress 25-")


def test_a_transferee_who_never_picked_up_is_not_the_last_one_of_an_ended_call(call: Call) -> None:
    play(call, [["transfer b1 20 join b2"], ["caller completed 30"]])
    assert [said(ACCEPT, call, controller(name), 31) for name in ("b1", "b2")] == [
        "call not live",
        "not authorized",
    ]


def test_a_transferee_who_has_left_is_told_nothing_while_the_call_lives(call: Call) -> None:
    play(call, [["transfer b1 20 join b2", "b2 answered 25"], ["b2 completed 30"]])
    assert said(ACCEPT, call, controller("b2"), 31) == "not authorized"


@pytest.mark.parametrize("do", [RETURN, REJECT, ACCEPT])
def test_who_was_dialed_before_or_never_is_told_nothing(call: Call, do: Do) -> None:
    never = said(do, call, controller("b2"), 10)
    play(call, [["b1 completed 10"]] if do is ACCEPT else [["reject b1 10"]])
    assert never == "not authorized"


def test_a_call_that_rang_out_unseen_is_no_longer_the_first_buyers(campaign: Campaign) -> None:
    call = arrive(campaign.numbers.get().number)
    assert said(REJECT, call, controller("b1"), 45) == "not authorized"
    assert final_state(call).legs[1:] == ("b1 no-answer -45", "b2 ringing -")
