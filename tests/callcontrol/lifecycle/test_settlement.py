"""What a finished call comes to: its money once, and every place back where it belongs, whatever
happens."""

from typing import Any

import pytest

from callcontrol.carriers.base import Arrival
from callcontrol.lifecycle import events, settlement, timeouts
from callcontrol.models import Call
from campaigns.models import Buyer, Campaign, CapHold
from publishers.models import Conversion
from reservations.models import Reservation
from tests.callcontrol.scripts import (
    CALLER,
    Quiet,
    Script,
    after,
    arrive,
    final_state,
    play,
    play_line,
    use,
)
from tests.factories import make_group, make_key, make_market
from tests.pinging import confirm, ping

pytestmark = pytest.mark.django_db

# How a call of b1 ends, and how many of its places in a period stay: where connections are counted,
# and where conversions.
ENDINGS: dict[str, tuple[Script, int, int]] = {
    "converted": ([["b1 answered 5", "b1 completed 200", "caller completed 200"]], 1, 1),
    "too short": ([["b1 answered 5", "b1 completed 50", "caller completed 50"]], 1, 0),
    "hung up while it rang": ([["caller completed 20"], ["b1 canceled 20"]], 0, 0),
    "no answer": ([["b1 no-answer 30"], ["caller completed 40"]], 0, 0),
    "rejected": (
        [["b1 answered 5"], ["reject b1 9", "b1 completed 9"], ["caller completed 40"]],
        0,
        0,
    ),
    "returned": (
        [["b1 answered 5"], ["return b1 9", "b1 completed 9"], ["caller completed 40"]],
        0,
        0,
    ),
    "transferred": (
        [
            ["b1 answered 5"],
            [
                "transfer b1 9 join third",
                "third answered 10",
                "b1 completed 12",
                "third completed 200",
                "caller completed 200",
            ],
        ],
        1,
        1,
    ),
    "silent": ([["b1 answered 5"], ["clock 14400"]], 1, 0),
}


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch, settings: Any, clock: Any) -> Campaign:
    use(Quiet, monkeypatch, settings)
    return make_market(caps=[9])


def settled(call: Call) -> Call:
    """After all that is to be waited for."""
    timeouts.apply_due_timeouts(now=after(20_000), limit=100)
    return Call.objects.get(pk=call.pk)


def number_for(campaign: Campaign, how: str) -> str:
    """What the caller dials: plainly, or after a ping that was reserved, confirmed or counted at
    once."""
    if how == "plain":
        return campaign.numbers.get().number
    answer = ping(
        make_key(campaign=campaign, count_on_reserve=how == "counted"), caller_number=CALLER
    )
    if how == "confirmed":
        confirm(make_key_of(answer), answer["uuid"])
    return str(answer["inbound_number"])


def make_key_of(answer: dict[str, Any]) -> Any:
    return Reservation.objects.get(uuid=answer["uuid"]).key


# --- places ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["plain", "reserved", "confirmed", "counted"])
@pytest.mark.parametrize(("stages", "connected", "converted"), ENDINGS.values(), ids=ENDINGS)
def test_each_ending_leaves_the_places_that_it_should(
    campaign: Campaign, stages: Script, connected: int, converted: int, how: str
) -> None:
    make_group(buyers=[Buyer.objects.get()], cap_counts="conversion")
    call = arrive(number_for(campaign, how))
    play(call, stages)
    final = final_state(settled(call))
    assert final.places == f"b1 0/{connected}, group 0/{converted}"
    assert final.settled is True
    assert final.faults == ()


@pytest.mark.parametrize("group_counts", ["connection", "conversion"])
@pytest.mark.parametrize(("stages", "connected", "converted"), ENDINGS.values(), ids=ENDINGS)
def test_a_buyer_that_counts_conversions_keeps_none_of_an_unconverted_call(
    campaign: Campaign, stages: Script, connected: int, converted: int, group_counts: str
) -> None:
    Buyer.objects.update(cap_counts="conversion")
    make_group(buyers=[Buyer.objects.get()], cap_counts=group_counts)
    call = arrive(campaign.numbers.get().number)
    play(call, stages)
    final = final_state(settled(call))
    of_group = connected if group_counts == "connection" else converted
    assert final.places == f"b1 0/{converted}, group 0/{of_group}"
    assert final.faults == ()


@pytest.mark.parametrize(
    ("stages", "stays"),
    [
        ([["b1 answered 5"], ["accept b1 9", "b1 completed 200", "caller completed 200"]], 1),
        ([["b1 answered 5", "caller completed 40"], ["b1 completed 40"]], 0),
        ([["b1 answered 5", "b1 completed 40"], ["caller completed 41"]], 0),
        ([["b1 answered 5"], ["clock 65", "b1 completed 65"], ["caller completed 70"]], 0),
    ],
    ids=["accepted", "the caller left", "the handler left", "taken back"],
)
def test_a_call_that_was_never_accepted_takes_no_place(
    campaign: Campaign, stages: Script, stays: int
) -> None:
    Buyer.objects.update(acceptance="explicit")
    call = arrive(campaign.numbers.get().number)
    play(call, stages)
    final = final_state(settled(call))
    assert final.places == f"b1 0/{stays}"
    assert final.faults == ()


@pytest.mark.parametrize("how", ["confirmed", "counted"])
def test_a_reserved_place_of_a_buyer_who_was_never_dialed_goes_back(
    campaign: Campaign, how: str
) -> None:
    call = _taken_in(number_for(campaign, how))
    play_line(call, "caller completed 2")
    assert final_state(call).places == "b1 0/0"
    assert CapHold.objects.get().status == "released"


def _taken_in(to: str) -> Call:
    """Record a call without a dialed leg."""
    return events.receive_call(
        Arrival("quiet", "call", to, CALLER, None, now=after(0), received_at=after(0))
    )


# --- a process that dies --------------------------------------------------------------------------
def _cut_off(call: Call) -> None:
    """As if the process had died when the money was decided and no place was given back yet."""
    Call.objects.filter(pk=call.pk).update(settled_at=after(200))


@pytest.mark.parametrize("cap_counts", ["connection", "conversion"])
def test_places_that_a_dead_process_left_are_given_back_by_the_sweep(
    campaign: Campaign, cap_counts: str
) -> None:
    Buyer.objects.update(cap_counts=cap_counts)
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 5", "caller completed 200"]])
    _cut_off(call)
    swept = [timeouts.apply_due_timeouts(now=after(210), limit=10) for _ in range(2)]
    stays = 1 if cap_counts == "connection" else 0
    assert swept == [1, 0]
    assert final_state(call).places == f"b1 0/{stays}"
    assert final_state(call).faults == ()


def test_so_are_those_of_a_reservation_whose_buyer_was_never_dialed(campaign: Campaign) -> None:
    call = _taken_in(number_for(campaign, "confirmed"))
    Call.objects.filter(pk=call.pk).update(status="finished", ended_at=after(2))
    call.legs.update(status="ended", ended_at=after(2))
    _cut_off(call)
    swept = [timeouts.apply_due_timeouts(now=after(210), limit=10) for _ in range(2)]
    assert swept == [1, 0]
    assert final_state(call).places == "b1 0/0"
    assert final_state(call).faults == ()


def test_many_that_were_left_are_done_in_batches(campaign: Campaign) -> None:
    to = campaign.numbers.get().number
    for name in range(5):
        call = arrive(to, name=str(name))
        play(call, [["b1 answered 5", "caller completed 200"]])
        _cut_off(call)
    assert [timeouts.apply_due_timeouts(now=after(210), limit=2) for _ in range(4)] == [2, 2, 1, 0]


# --- the last word --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lost", "paid"),
    [
        (["b1 answered 5", "caller completed 200"], "90.00/120.00 at 200"),
        (["b1 answered 5", "b1 completed 200"], "90.00/120.00 at 200"),
        (["b1 completed 200 195s", "caller completed 200"], "90.00/120.00 at 200"),
        (["b1 completed 200", "caller completed 200"], ""),
    ],
    ids=["the handler's end", "the caller's end", "the pick-up, its seconds told", "the pick-up"],
)
def test_a_word_that_was_lost_is_waited_for_a_minute(
    campaign: Campaign, lost: list[str], paid: str
) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, [lost])
    waits = "195s" not in lost[0]
    timeouts.apply_timeouts(call.pk, now=after(259))
    before = final_state(call).settled
    timeouts.apply_timeouts(call.pk, now=after(260))
    assert before == (not waits)
    assert final_state(call).settled is True
    assert final_state(call).paid == paid


def test_what_is_told_after_the_money_changes_none_of_it(campaign: Campaign) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 5", "caller completed 200"], ["clock 260"]])
    before = final_state(call)
    play(call, [["b1 answered 3", "b1 completed 100", "caller completed 90"]])
    assert final_state(call) == before
    assert call.legs.filter(final=True).count() == 2


def test_settling_again_does_nothing(campaign: Campaign) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 5", "b1 completed 200", "caller completed 200"]])
    before, events = final_state(call), call.events.count()
    assert [settlement.settle_call(call.pk, now=after(300)) for _ in range(2)] == [True, True]
    assert final_state(call) == before
    assert call.events.count() == events


def test_a_live_call_is_not_settled(campaign: Campaign) -> None:
    call = arrive(campaign.numbers.get().number)
    assert settlement.settle_call(call.pk, now=after(9_999)) is False
    assert final_state(call).settled is False


# --- money ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("ended", "paid"), [(124, ""), (125, "90.00/120.00 at 125")])
def test_the_seconds_of_a_conversion_must_be_reached(
    campaign: Campaign, ended: int, paid: str
) -> None:
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 5", f"b1 completed {ended}", f"caller completed {ended}"]])
    assert final_state(call).paid == paid


def test_who_never_talked_does_not_convert_though_no_seconds_are_asked_for(
    campaign: Campaign,
) -> None:
    Conversion.objects.update(seconds=0)
    call = arrive(campaign.numbers.get().number)
    play(call, [["caller completed 20"], ["b1 answered 21", "b1 completed 22"]])
    assert final_state(call).paid == ""
    assert final_state(call).connected is None
    assert final_state(call).settled is True


def test_a_moment_of_talk_is_enough_where_no_seconds_are_asked_for(campaign: Campaign) -> None:
    Conversion.objects.update(seconds=0)
    call = arrive(campaign.numbers.get().number)
    play(call, [["b1 answered 20", "caller completed 20", "b1 completed 20"]])
    assert final_state(call).paid == "90.00/120.00 at 20"
