"""What the clock brings about, whether a worker looks or only a reader; and lines that should be
over."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callcontrol.carriers.base import CarrierLeg
from callcontrol.carriers.simulator import Simulator
from callcontrol.lifecycle import timeouts
from callcontrol.models import Call, Leg
from campaigns.models import Buyer, Campaign
from tests.callcontrol.scripts import (
    Quiet,
    after,
    arrive,
    final_state,
    leg_of,
    play,
    play_line,
    use,
)
from tests.factories import make_conversion, make_market

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_market(caps=[9, 9, 9])


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Calls are carried by one that calls back."""
    use(Quiet, monkeypatch, settings)


def called(campaign: Campaign, name: str = "call", **fields: Any) -> Call:
    Buyer.objects.update(**fields)
    return arrive(campaign.numbers.get().number, name=name)


def lines(call: Call) -> tuple[str, ...]:
    return final_state(call).legs[1:]


# --- virtual time: what was due has happened when it was due --------------------------------------
@pytest.mark.parametrize(
    ("second", "status", "legs"),
    [
        (29, "ringing", ("b1 ringing -",)),
        (30, "ringing", ("b1 no-answer -30", "b2 ringing -")),
        (59, "ringing", ("b1 no-answer -30", "b2 ringing -")),
        (60, "ringing", ("b1 no-answer -30", "b2 no-answer -60", "b3 ringing -")),
        (90, "no-target", ("b1 no-answer -30", "b2 no-answer -60", "b3 no-answer -90")),
        (9_000, "no-target", ("b1 no-answer -30", "b2 no-answer -60", "b3 no-answer -90")),
    ],
    ids=lambda each: str(each),
)
def test_simulated_lines_ring_out_one_after_the_other(
    campaign: Campaign, second: int, status: str, legs: tuple[str, ...]
) -> None:
    call = called(campaign)
    play_line(call, f"clock {second}")
    final = final_state(call)
    assert final.status == status
    assert final.legs[1:] == legs
    assert final.faults == ()


def test_a_simulated_call_that_nobody_took_ended_when_its_last_line_rang_out(
    campaign: Campaign,
) -> None:
    call = called(campaign)
    play_line(call, "clock 9000")
    assert final_state(call).ended == 90
    assert final_state(call).settled is True
    assert final_state(call).places == "b1 0/0, b2 0/0, b3 0/0"


@pytest.mark.parametrize(
    ("second", "legs"),
    [
        (64, ("b1 in-progress 5-",)),
        (65, ("b1 not-accepted 5-65", "b2 ringing -")),
        (95, ("b1 not-accepted 5-65", "b2 no-answer -95", "b3 ringing -")),
    ],
)
def test_a_simulated_call_is_taken_back_when_it_was_to_be_accepted(
    campaign: Campaign, second: int, legs: tuple[str, ...]
) -> None:
    call = called(campaign, acceptance="explicit")
    play(call, [["b1 answered 5"], [f"clock {second}"]])
    assert lines(call) == legs


def test_an_accepted_call_is_not_taken_back(campaign: Campaign) -> None:
    call = called(campaign, acceptance="explicit")
    play(call, [["b1 answered 5"], ["accept b1 64"], ["clock 4000"]])
    assert lines(call) == ("b1 in-progress 5- accepted 64",)


@pytest.mark.parametrize(
    ("second", "status"), [(14_399, "in-progress"), (14_400, "finished"), (20_000, "finished")]
)
def test_no_simulated_call_is_longer_than_four_hours(
    campaign: Campaign, second: int, status: str
) -> None:
    call = called(campaign)
    play(call, [["b1 answered 5"], [f"clock {second}"]])
    final = final_state(call)
    assert final.status == status
    assert final.ended == (14_400 if status == "finished" else None)


def test_a_call_that_waits_for_a_transferee_who_never_picks_up_goes_on(campaign: Campaign) -> None:
    call = called(campaign)
    play(call, [["b1 answered 5"], ["transfer b1 20 hold third", "b1 completed 30"], ["clock 60"]])
    assert lines(call) == ("b1 completed 5-30 accepted 20", "third no-answer -50", "b2 ringing -")


# --- real time ------------------------------------------------------------------------------------
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("second", "legs"),
    [
        (44, ("b1 ringing -",)),
        (45, ("b1 no-answer -45", "b2 ringing -")),
        (200, ("b1 no-answer -200", "b2 ringing -")),
    ],
)
def test_a_carriers_own_word_is_waited_for_a_quarter_of_a_minute(
    campaign: Campaign, second: int, legs: tuple[str, ...]
) -> None:
    call = called(campaign)
    play_line(call, f"clock {second}")
    assert lines(call) == legs


@pytest.mark.usefixtures("quiet")
def test_a_pick_up_in_the_last_moment_counts(campaign: Campaign) -> None:
    call = called(campaign)
    play_line(call, "b1 answered 29", now=after(44))
    play_line(call, "clock 60")
    assert lines(call) == ("b1 in-progress 29-",)


@pytest.mark.usefixtures("quiet")
def test_a_line_that_the_carrier_was_never_asked_for_fails_after_a_minute(
    campaign: Campaign,
) -> None:
    call = called(campaign)
    call.legs.filter(party="handler").update(carrier_leg_id="")
    play_line(call, "clock 59")
    assert lines(call) == ("b1 ringing -",)
    play_line(call, "clock 60")
    assert lines(call) == ("b1 failed -60", "b2 ringing -")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("second", "status"), [(59, "routing"), (60, "ringing")])
def test_a_call_that_was_left_without_a_buyer_goes_on_after_a_minute(
    campaign: Campaign, second: int, status: str
) -> None:
    call = called(campaign)
    call.legs.filter(party="handler").delete()
    Call.objects.update(status="routing")
    play_line(call, f"clock {second}")
    assert final_state(call).status == status


# --- many calls -----------------------------------------------------------------------------------
@pytest.mark.usefixtures("quiet")
def test_the_sweep_brings_every_call_to_where_it_is(campaign: Campaign) -> None:
    calls = [called(campaign, str(name)) for name in range(5)]
    play(calls[1], [["b1 answered 5"]])
    play(calls[2], [["b1 answered 5", "caller completed 20"]])
    play(calls[3], [["b1 answered 5", "caller completed 20", "b1 completed 20"]])
    swept = [timeouts.apply_due_timeouts(now=after(100), limit=10) for _ in range(2)]
    statuses = [(final_state(call).status, final_state(call).settled) for call in calls]
    assert swept == [3, 0]
    assert statuses == [
        ("ringing", False),
        ("in-progress", False),
        ("finished", True),
        ("finished", True),
        ("ringing", False),
    ]


@pytest.mark.usefixtures("quiet")
def test_a_sweep_is_bounded(campaign: Campaign) -> None:
    for name in range(5):
        called(campaign, str(name))
    assert [timeouts.apply_due_timeouts(now=after(50), limit=2) for _ in range(4)] == [2, 2, 1, 0]


class Stumbling(Quiet):
    """A carrier with an unexpected error."""

    slug = "stumbling"
    over: Any = None

    def hang_up(self, line: CarrierLeg) -> None:
        if line.call_uuid == self.over:
            raise RuntimeError("something nobody foresaw")
        super().hang_up(line)


@pytest.fixture
def stumbling(campaign: Campaign, monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Call]:
    """Three calls, of which the first cannot be hung up."""
    use(Stumbling, monkeypatch, settings)
    calls = [called(campaign, str(name)) for name in range(3)]
    monkeypatch.setattr(Stumbling, "over", calls[0].pk)
    return calls


def test_one_call_that_cannot_go_on_does_not_keep_the_others(stumbling: list[Call]) -> None:
    swept = timeouts.apply_due_timeouts(now=after(50), limit=10)
    assert swept == 3
    assert [lines(call)[1:] for call in stumbling] == [(), ("b2 ringing -",), ("b2 ringing -",)]


def test_it_goes_on_where_it_stumbled_when_it_can(
    stumbling: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts.apply_due_timeouts(now=after(50), limit=10)
    monkeypatch.setattr(Stumbling, "over", None)
    timeouts.apply_due_timeouts(now=after(61), limit=10)
    assert lines(stumbling[0]) == ("b1 no-answer -50", "b2 ringing -")


@pytest.mark.usefixtures("quiet")
def test_who_reads_a_companys_calls_moves_no_others(campaign: Campaign) -> None:
    mine, theirs = called(campaign), called(make_market(), "theirs")
    caught_up = timeouts.apply_company_timeouts(company_pk=campaign.company_id, now=after(50))
    assert caught_up == 1
    assert len(lines(mine)) == 2
    assert len(lines(theirs)) == 1


@pytest.mark.usefixtures("quiet")
def test_a_call_whose_end_nobody_heard_does_not_convert(campaign: Campaign) -> None:
    make_conversion(campaign, seconds=60)
    call = called(campaign)
    play_line(call, "b1 answered 5")
    for second in (14_400, 14_500):
        timeouts.apply_timeouts(call.pk, now=after(second))
    call.refresh_from_db()
    assert call.status == "finished"
    assert call.connected_at == after(5)
    assert call.payout is None
    assert call.events.latest("id").kind == "unconverted"


# --- lines that should be over --------------------------------------------------------------------
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("second", "told", "is_final"),
    [
        (29, [], False),
        (30, ["hang up b1"], False),
        (79, ["hang up b1"], False),
        (80, ["hang up b1"], True),
    ],
)
def test_a_line_whose_end_is_not_confirmed_is_hung_up_again(
    campaign: Campaign, second: int, told: list[str], is_final: bool
) -> None:
    call = called(campaign)
    play_line(call, "caller completed 20")
    Quiet.commands.clear()
    assert timeouts.repeat_commands(now=after(second), limit=10) == len(told)
    assert Quiet.commands == told
    assert leg_of(call, "b1").final == is_final


@pytest.mark.usefixtures("quiet")
def test_a_line_is_hung_up_until_it_is_confirmed_or_a_minute_has_passed(campaign: Campaign) -> None:
    first, second = called(campaign, "first"), called(campaign, "second")
    for call in (first, second):
        play_line(call, "caller completed 20")
    told = [timeouts.repeat_commands(now=after(30), limit=10)]
    play_line(first, "b1 canceled 31")
    told += [timeouts.repeat_commands(now=after(moment), limit=10) for moment in (40, 80, 90)]
    assert told == [2, 1, 1, 0]


@pytest.mark.usefixtures("quiet")
def test_lines_are_hung_up_in_batches(campaign: Campaign) -> None:
    for name in range(3):
        play_line(called(campaign, str(name)), f"caller completed {20 + name}")
    Quiet.commands.clear()
    timeouts.repeat_commands(now=after(60), limit=2)
    assert len(Quiet.commands) == 2


def test_a_line_that_cannot_be_hung_up_does_not_keep_the_others(stumbling: list[Call]) -> None:
    for call in stumbling[1:]:
        play_line(call, "caller completed 20")
    Leg.objects.filter(call=stumbling[0], party="handler").update(
        status="ended", outcome="canceled", ended_at=after(19)
    )
    Quiet.commands.clear()
    Stumbling.commands.clear()
    assert timeouts.repeat_commands(now=after(90), limit=10) == 3
    assert Stumbling.commands == ["hang up b1", "hang up b1"]
    assert [leg.call for leg in Leg.objects.filter(status="ended", final=False)] == stumbling[:1]


def test_a_simulated_line_is_over_at_once(campaign: Campaign) -> None:
    assert Simulator.grace_seconds == 0
    call = called(campaign)
    play_line(call, "caller completed 20")
    now = timezone.now() + timedelta(days=1)
    assert timeouts.repeat_commands(now=now, limit=10) == 0
    assert final_state(call).settled is True
