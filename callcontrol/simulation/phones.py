"""The people on simulated lines: whatever they do happens on the call's own clock, after all that was due by then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from callcontrol.carriers.base import Event, LegAnswered, LegEnded
from callcontrol.carriers.registry import carrier
from callcontrol.carriers.simulator import other_end
from callcontrol.lifecycle.events import handle_events
from callcontrol.lifecycle.timeouts import apply_timeouts
from callcontrol.models import Call, Leg, Party
from campaigns.errors import NotFound

Act = Literal["answer", "busy", "no-answer", "hang-up"]
PHONE_ACTIONS: tuple[Act, ...] = get_args(Act)


def perform(*, leg_uuid: UUID, what: Act, now: datetime) -> None:
    """Somebody does something on a line. What makes no sense there, or was done already, changes nothing but the clock.

    It happens at the later of `now` and the clock of the call and of those that are coupled to it. NotFound for an
    unknown leg.
    """
    call_uuid = _leg(leg_uuid).call_id
    together = carrier().linked_calls(call_uuid)
    at = _moment_for(together, now)
    apply_timeouts(call_uuid, now=at)
    handle_events(_told(_leg(leg_uuid), what, at), now=at)
    _set_clocks(together, at)


def wait(*, call_uuid: UUID, now: datetime) -> datetime:
    """Nobody does anything until `now`; what is due by then happens. The moment that it is then, by the call's own clock."""
    together = carrier().linked_calls(call_uuid)
    at = _moment_for(together, now)
    apply_timeouts(call_uuid, now=at)
    if Call.objects.live().filter(pk=call_uuid).exists():
        _set_clocks(together, at)
    return at


def _moment_for(together: Sequence[UUID], now: datetime) -> datetime:
    return max([now, *Call.objects.filter(pk__in=together).values_list("clock", flat=True)])


def _set_clocks(together: Sequence[UUID], at: datetime) -> None:
    for each in together:
        Call.objects.filter(pk=each, clock__lt=at).update(clock=at)


def hang_up_caller(*, call_uuid: UUID, now: datetime) -> None:
    """The caller hangs up; after the end that changes nothing. NotFound when there is no such call."""
    caller = Leg.objects.filter(call_id=call_uuid, party=Party.CALLER).first()
    if caller is None:
        raise NotFound("call not found")
    perform(leg_uuid=caller.pk, what="hang-up", now=now)


def ringing_phone(call_uuid: UUID) -> Leg | None:
    """The line on which somebody may answer, be it in another call that a leg of this one arrived as; None if none rings."""
    ringing = Leg.objects.filter(
        call__in=carrier().linked_calls(call_uuid), status=Leg.Status.RINGING
    )
    in_order = ringing.order_by("started_at", "place")
    return next((leg for leg in in_order if other_end(leg.carrier_leg_id, leg.pk) is None), None)


def play(
    *, call_uuid: UUID, busy: int, answer_after: timedelta | None, talk: timedelta | None
) -> None:
    """A call in a moment: the first phones are busy, the next one answers after so long, and the caller hangs up after so long.

    None: nobody answers, or hangs up. A phone that would answer later than its ring time has rung out by then.
    """
    while phone := ringing_phone(call_uuid):
        if busy > 0:
            busy -= 1
            perform(leg_uuid=phone.pk, what="busy", now=phone.started_at)
        elif answer_after is not None:
            perform(leg_uuid=phone.pk, what="answer", now=phone.started_at + answer_after)
        else:
            return
    talking = (
        Leg.objects.filter(call_id=call_uuid, status=Leg.Status.IN_PROGRESS)
        .exclude(party=Party.CALLER)
        .first()
    )
    if talk is not None and talking and talking.answered_at:
        hang_up_caller(call_uuid=call_uuid, now=talking.answered_at + talk)


def _leg(leg_uuid: UUID) -> Leg:
    leg = Leg.objects.filter(pk=leg_uuid).first()
    if leg is None:
        raise NotFound("leg not found")
    return leg


def _told(leg: Leg, what: Act, at: datetime) -> list[Event]:
    """What the carrier tells of it. A phone that is hung up while it rings declines the call: its caller hears it busy.

    A leg that arrived as a call of its own is answered by that call alone, and when it ends, its other end does.
    """
    if not leg.is_live or (leg.is_talking and what != "hang-up"):
        return []
    other = other_end(leg.carrier_leg_id, leg.pk)
    if what == "answer":
        return [] if other else [LegAnswered(leg.pk, at)]
    outcome = "completed" if leg.is_talking else "no-answer" if what == "no-answer" else "busy"
    both: list[Event] = [LegEnded(leg.pk, at, outcome)]
    return [*both, LegEnded(other, at, "no-answer")] if other else both
