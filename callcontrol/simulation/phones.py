"""Phones on simulated legs: each action happens on the call's own clock, after all that was due."""

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

PhoneAction = Literal["answer", "busy", "no-answer", "hang-up"]
PHONE_ACTIONS: tuple[PhoneAction, ...] = get_args(PhoneAction)


def perform(*, leg_uuid: UUID, what: PhoneAction, now: datetime) -> None:
    """Answer, decline, ignore or hang up a phone.

    It happens at the later of `now` and the clock of the call and its linked calls. An action that
    is impossible or repeated changes nothing but the clock. Raises NotFound for an unknown leg.
    """
    call_uuid = _leg(leg_uuid).call_id
    linked = carrier().linked_calls(call_uuid)
    at = _common_time(linked, now)
    apply_timeouts(call_uuid, now=at)
    handle_events(_events(_leg(leg_uuid), what, at), now=at)
    _set_clocks(linked, at)


def wait(*, call_uuid: UUID, now: datetime) -> datetime:
    """Let time pass until `now`, with the timeouts on the way; return the call's own time."""
    linked = carrier().linked_calls(call_uuid)
    at = _common_time(linked, now)
    apply_timeouts(call_uuid, now=at)
    if Call.objects.live().filter(pk=call_uuid).exists():
        _set_clocks(linked, at)
    return at


def _common_time(linked: Sequence[UUID], now: datetime) -> datetime:
    return max([now, *Call.objects.filter(pk__in=linked).values_list("clock", flat=True)])


def _set_clocks(linked: Sequence[UUID], at: datetime) -> None:
    for call_uuid in linked:
        Call.objects.filter(pk=call_uuid, clock__lt=at).update(clock=at)


def hang_up_caller(*, call_uuid: UUID, now: datetime) -> None:
    """Hang up the caller's phone; does nothing after the end. Raises NotFound."""
    caller = Leg.objects.filter(call_id=call_uuid, party=Party.CALLER).first()
    if caller is None:
        raise NotFound("call not found")
    perform(leg_uuid=caller.pk, what="hang-up", now=now)


def ringing_phone(call_uuid: UUID) -> Leg | None:
    """Return the leg whose phone rings, in this call or in one that a leg of it arrived as."""
    ringing = Leg.objects.filter(
        call__in=carrier().linked_calls(call_uuid), status=Leg.Status.RINGING
    )
    in_order = ringing.order_by("started_at", "place")
    return next((leg for leg in in_order if other_end(leg.carrier_leg_id, leg.pk) is None), None)


def play_phones(
    *, call_uuid: UUID, busy: int, answer_after: timedelta | None, talk: timedelta | None
) -> None:
    """Play a whole call at once.

    The first `busy` phones are busy, the next one answers after `answer_after`, and the caller
    hangs up after `talk`. None: no phone answers, or the caller does not hang up. A phone that
    would answer after its ring time does not.
    """
    while phone := ringing_phone(call_uuid):
        if busy > 0:
            busy -= 1
            perform(leg_uuid=phone.pk, what="busy", now=phone.started_at)
        elif answer_after is not None:
            perform(leg_uuid=phone.pk, what="answer", now=phone.started_at + answer_after)
        else:
            return
    dialed = Leg.objects.filter(call_id=call_uuid).exclude(party=Party.CALLER)
    talking = dialed.filter(status=Leg.Status.IN_PROGRESS).first()
    if talk is not None and talking and talking.answered_at:
        hang_up_caller(call_uuid=call_uuid, now=talking.answered_at + talk)


def _leg(leg_uuid: UUID) -> Leg:
    leg = Leg.objects.filter(pk=leg_uuid).first()
    if leg is None:
        raise NotFound("leg not found")
    return leg


def _events(leg: Leg, what: PhoneAction, at: datetime) -> list[Event]:
    """Return the carrier's events of a phone's action.

    A phone that is hung up while it rings declines the call: the caller hears the busy tone. A leg
    that arrived as another call is answered by that call only, and ends with its other end.
    """
    if not leg.is_live or (leg.is_talking and what != "hang-up"):
        return []
    other = other_end(leg.carrier_leg_id, leg.pk)
    if what == "answer":
        return [] if other else [LegAnswered(leg.pk, at)]
    outcome = "completed" if leg.is_talking else "no-answer" if what == "no-answer" else "busy"
    events: list[Event] = [LegEnded(leg.pk, at, outcome)]
    return [*events, LegEnded(other, at, "no-answer")] if other else events
