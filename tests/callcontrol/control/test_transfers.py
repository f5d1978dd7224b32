"""Transfers: the conference, the commands for the carrier, and no dead air."""

from collections.abc import Callable
from typing import Any

import pytest

from callcontrol.carriers.base import CarrierError, CarrierLeg, DialRequest
from callcontrol.control import handler, transfers
from callcontrol.lifecycle import timeouts
from callcontrol.models import Call, Leg, Transfer
from callcontrol.state.locked_call import audible_parties
from campaigns.errors import CarrierUnavailable, Refusal
from campaigns.models import Buyer, Campaign
from tests.callcontrol.scripts import (
    STRANGER,
    Quiet,
    after,
    arrive,
    controller,
    final_state,
    leg_of,
    play,
    play_line,
    use,
)
from tests.factories import make_market

pytestmark = pytest.mark.django_db


class Fickle(Quiet):
    """A carrier with a side effect or a failure during a command."""

    slug = "fickle"
    meanwhile: dict[str, Callable[[], object]] = {}
    fails: set[str] = set()

    def _does(self, what: str) -> None:
        self.meanwhile.pop(what, lambda: None)()
        if what in self.fails:
            self.fails.discard(what)
            raise CarrierError("it is away", is_final=False)

    def dial(self, order: DialRequest) -> str:
        if order.number == STRANGER:
            self._does("dial")
        return super().dial(order)

    def hold(self, line: CarrierLeg) -> None:
        self._does("hold")
        super().hold(line)

    def unhold(self, line: CarrierLeg) -> None:
        self._does("unhold")
        super().unhold(line)


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Campaign:
    use(Fickle, monkeypatch, settings)
    Fickle.meanwhile, Fickle.fails = {}, set()
    return make_market(caps=[9, 9, 9])


@pytest.fixture
def call(campaign: Campaign) -> Call:
    """b1 talks with the caller."""
    call = arrive(campaign.numbers.get().number)
    play_line(call, "b1 answered 5")
    Fickle.commands.clear()
    return call


def hears(call: Call) -> dict[str, list[str]]:
    legs = list(call.legs.order_by("place"))
    return {leg.party: sorted(audible_parties(leg, legs)) for leg in legs if leg.is_live}


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as raised:
        act()
    return raised.value.text


def begin(
    call: Call, who: str, to: str = STRANGER, *, hold: bool = False, at: float = 20
) -> Transfer:
    return transfers.begin_transfer(
        call_uuid=call.pk,
        controller=controller(who),
        transfer_to=to,
        hold_caller=hold,
        now=after(at),
    )


# --- the conference -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stages", "heard"),
    [
        ([], {"caller": ["handler"], "handler": ["caller"]}),
        (
            [["transfer b1 20 join third"]],
            {"caller": ["handler"], "handler": ["caller"], "transferee": []},
        ),
        (
            [["transfer b1 20 join third", "third answered 25"]],
            {
                "caller": ["handler", "transferee"],
                "handler": ["caller", "transferee"],
                "transferee": ["caller", "handler"],
            },
        ),
        ([["transfer b1 20 hold third"]], {"caller": [], "handler": [], "transferee": []}),
        (
            [["transfer b1 20 hold third", "third answered 25"]],
            {"caller": [], "handler": ["transferee"], "transferee": ["handler"]},
        ),
        (
            [["transfer b1 20 hold third", "third answered 25"], ["connect 30"]],
            {
                "caller": ["handler", "transferee"],
                "handler": ["caller", "transferee"],
                "transferee": ["caller", "handler"],
            },
        ),
        (
            [["transfer b1 20 hold third"], ["stop 30"]],
            {"caller": ["handler"], "handler": ["caller"]},
        ),
        (
            [["transfer b1 20 hold third", "third answered 25", "b1 completed 30"]],
            {"caller": ["transferee"], "transferee": ["caller"]},
        ),
    ],
    ids=[
        "before",
        "attended, ringing",
        "attended",
        "held, ringing",
        "held",
        "connected",
        "stopped",
        "left to the transferee",
    ],
)
def test_who_hears_whom(call: Call, stages: list[list[str]], heard: dict[str, list[str]]) -> None:
    play(call, stages)
    assert hears(call) == heard


# --- commands for the carrier ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ([["transfer b1 20 join third"]], [f"dial {STRANGER}"]),
        ([["transfer b1 20 hold third"]], ["hold caller", f"dial {STRANGER}"]),
        ([["transfer b1 20 hold third", "third answered 25"], ["connect 30"]], ["unhold caller"]),
        (
            [["transfer b1 20 hold third", "third answered 25", "third completed 30"]],
            ["unhold caller"],
        ),
        (
            [["transfer b1 20 hold third", "third answered 25"], ["stop 30"]],
            ["hang up third", "unhold caller"],
        ),
        (
            [["transfer b1 20 hold third", "third answered 25", "b1 completed 30"]],
            ["unhold caller"],
        ),
        (
            [["transfer b1 20 hold third", "b1 completed 24"], ["third answered 25"]],
            ["unhold caller"],
        ),
        ([["transfer b1 20 hold third", "caller completed 30"]], ["hang up b1", "hang up third"]),
        (
            [
                ["transfer b1 20 join third", "third answered 25"],
                ["b1 completed 30", "third completed 40"],
            ],
            ["hang up caller"],
        ),
    ],
    ids=lambda each: str(each),
)
def test_the_carrier_is_told_in_order(call: Call, stages: list[list[str]], told: list[str]) -> None:
    play(call, stages)
    assert Fickle.commands[-len(told) :] == told
    assert len(Fickle.commands) - len(told) <= 2  # the hold and the dialing


def test_who_is_left_waiting_for_a_transferee_who_is_busy_gets_the_next_buyer(call: Call) -> None:
    play(call, [["transfer b1 20 hold third", "b1 completed 24"], ["third busy 25"]])
    number = leg_of(call, "b2").number
    assert Fickle.commands[-2:] == ["unhold caller", f"dial {number}"]
    assert leg_of(call, "caller").held is False


def test_a_transferee_who_picks_up_after_the_caller_hung_up_is_hung_up(call: Call) -> None:
    play(call, [["transfer b1 20 hold third", "caller completed 30"]])
    Fickle.commands.clear()
    play_line(call, "third answered 31")
    assert Fickle.commands == ["hang up third"]
    assert leg_of(call, "third").status == "ended"
    assert Transfer.objects.get().status == "ended"


# --- a carrier that does not do it ----------------------------------------------------------------
def test_a_number_that_cannot_be_dialed_leaves_all_as_it_was(call: Call) -> None:
    Fickle.fails = {"dial"}
    said = refused(lambda: begin(call, "b1", hold=True))
    assert said == "cannot dial transfer_to number"
    assert hears(call) == {"caller": ["handler"], "handler": ["caller"]}
    assert begin(call, "b1", hold=True, at=21).status == "ringing"
    assert Transfer.objects.count() == 2


def test_a_caller_who_cannot_be_held_does_not_hear_what_is_said(call: Call) -> None:
    Fickle.fails = {"hold"}
    with pytest.raises(CarrierUnavailable):
        begin(call, "b1", hold=True)
    assert hears(call) == {"caller": ["handler"], "handler": ["caller"]}
    assert (f"dial {STRANGER}" in Fickle.commands) is False


def test_a_caller_who_cannot_be_let_in_is_still_held_and_may_be_let_in_later(call: Call) -> None:
    play(call, [["transfer b1 20 hold third", "third answered 25"]])
    Fickle.fails = {"unhold"}
    with pytest.raises(CarrierUnavailable):
        play_line(call, "connect 30")
    assert leg_of(call, "caller").held is True
    play_line(call, "connect 31")
    assert leg_of(call, "caller").held is False


def test_a_handler_who_leaves_while_a_number_fails_to_be_dialed_leaves_the_caller_to_the_next(
    call: Call,
) -> None:
    Fickle.meanwhile, Fickle.fails = {"dial": lambda: play_line(call, "b1 completed 20")}, {"dial"}
    said = refused(lambda: begin(call, "b1", hold=True))
    assert said == "cannot dial transfer_to number"
    assert final_state(call).status == "ringing"
    assert leg_of(call, "b2").status == "ringing"
    assert leg_of(call, "caller").held is False


def test_a_handler_who_leaves_while_the_caller_cannot_be_let_in_leaves_no_dead_air(
    call: Call,
) -> None:
    play(call, [["transfer b1 20 hold third", "third answered 25"]])
    Fickle.meanwhile, Fickle.fails = (
        {"unhold": lambda: play_line(call, "b1 completed 30")},
        {"unhold"},
    )
    with pytest.raises(CarrierUnavailable):
        play_line(call, "connect 30")
    assert hears(call) == {"caller": ["transferee"], "transferee": ["caller"]}
    assert Fickle.commands[-1] == "unhold caller"


def test_a_caller_who_hangs_up_while_the_third_is_dialed_ends_the_third(call: Call) -> None:
    Fickle.meanwhile = {"dial": lambda: play_line(call, "caller completed 20")}
    begin(call, "b1", hold=True)
    assert final_state(call).status == "finished"
    assert Fickle.commands[-1] == "hang up third"
    assert final_state(call).transfers == ("held ended 20",)


# --- a buyer as the transferee --------------------------------------------------------------------
def number_of(name: str) -> str:
    return Buyer.objects.get(buyer_id=name).number


def test_a_transfer_takes_no_place(call: Call) -> None:
    begin(call, "b1", number_of("b2"))
    assert final_state(call).places == "b1 1/1"
    assert leg_of(call, "b2").party == "transferee"


def test_from_the_pick_up_on_the_call_is_the_transferees_to_transfer(call: Call) -> None:
    begin(call, "b1", number_of("b2"))
    before = refused(lambda: begin(call, "b2"))
    play_line(call, "b2 answered 25")
    said = refused(lambda: begin(call, "b1", at=26))
    assert before == "not authorized"
    assert said == "call already transferred"
    assert begin(call, "b2", at=26).transferor == leg_of(call, "b2")


def test_nobody_transfers_while_whom_a_transferee_brought_still_rings(call: Call) -> None:
    play(
        call,
        [
            ["transfer b1 20 join b2", "b2 answered 25"],
            ["transfer b2 30 join third", "b2 completed 35"],
        ],
    )
    assert refused(lambda: begin(call, "b1", at=36)) == "call already transferred"


def test_a_transferee_who_returns_the_call_leaves_it_to_the_handler(call: Call) -> None:
    play(call, [["transfer b1 20 hold b2", "b2 answered 25"], ["return b2 30"]])
    assert hears(call) == {"caller": ["handler"], "handler": ["caller"]}
    assert final_state(call).transfers == ("held ended 30",)


def test_who_was_tried_as_a_transferee_is_not_tried_again(call: Call) -> None:
    play(call, [["transfer b1 20 hold b2", "b2 answered 25", "b1 completed 28"], ["return b2 30"]])
    assert final_state(call).legs[3:] == ("b3 ringing -",)


def chain(call: Call, *, first: str, second: str) -> None:
    """b1 transfers to b2, b2 to a stranger, all have picked up."""
    play(
        call,
        [
            [f"transfer b1 20 {first} b2", "b2 answered 21"],
            [f"transfer b2 22 {second} third", "third answered 23"],
        ],
    )


@pytest.mark.parametrize(
    ("first", "second", "leaves", "still_held"),
    [
        ("join", "hold", "b1", True),
        ("join", "hold", "b2", False),
        ("join", "hold", "third", False),
        ("hold", "join", "b1", False),
        ("hold", "join", "b2", False),
        ("hold", "join", "third", True),
        ("hold", "hold", "b1", True),
        ("hold", "hold", "b2", False),
        ("hold", "hold", "third", True),
    ],
)
def test_a_caller_is_held_as_long_as_one_is_there_who_holds(
    call: Call, first: str, second: str, leaves: str, still_held: bool
) -> None:
    chain(call, first=first, second=second)
    play_line(call, f"{leaves} completed 30")
    assert leg_of(call, "caller").held is still_held


def test_the_call_ends_when_the_last_of_a_chain_leaves(call: Call) -> None:
    chain(call, first="join", second="hold")
    play(call, [["b1 completed 30", "b2 completed 40", "third completed 50"]])
    assert final_state(call).status == "finished"
    assert final_state(call).ended == 50


# --- whose word counts ----------------------------------------------------------------------------
def test_a_transfer_accepts_the_call(call: Call) -> None:
    Leg.objects.filter(party="handler").update(acceptance_seconds=60, accept_until=after(65))
    play(call, [["transfer b1 20 join third"], ["clock 400"]])
    assert final_state(call).legs == (
        "caller in-progress 0-",
        "b1 in-progress 5- accepted 20",
        "third no-answer -400",
    )


def test_after_a_transfer_the_call_cannot_be_rejected(call: Call) -> None:
    play(call, [["transfer b1 20 join third", "third busy 22"]])
    said = refused(
        lambda: handler.reject_call(call_uuid=call.pk, controller=controller("b1"), now=after(30))
    )
    assert said == "call already accepted"


def test_a_caller_whom_the_carrier_did_not_let_in_is_let_in_later(call: Call) -> None:
    play(call, [["transfer b1 20 hold third", "third answered 25"]])
    Fickle.fails = {"unhold"}
    play_line(call, "b1 completed 30")
    Fickle.commands.clear()
    assert [timeouts.repeat_commands(now=after(moment), limit=10) for moment in (35, 36)] == [1, 0]
    assert Fickle.commands == ["unhold caller"]
    assert hears(call)["caller"] == ["transferee"]


def test_a_caller_who_is_held_again_is_not_let_in(call: Call) -> None:
    transfer = begin(call, "b1", hold=True)
    Fickle.fails = {"unhold"}
    refused(lambda: transfers.connect_caller(transfer_uuid=transfer.pk, now=after(25)))
    assert timeouts.repeat_commands(now=after(30), limit=10) == 0
    assert hears(call)["caller"] == []


def test_a_caller_who_withholds_the_number_is_transferred_like_any_other(
    campaign: Campaign,
) -> None:
    call = arrive(campaign.numbers.get().number, caller=None)
    play_line(call, "b1 answered 5")
    assert begin(call, "b1").transferee.number == STRANGER
