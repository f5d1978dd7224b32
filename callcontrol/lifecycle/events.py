"""The life of a call, as its carrier tells it. Every step may come twice, late or in the wrong order.

Each entrance works in short transactions on the locked call, and tells the carrier what to do between them.
"""

from collections import deque
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.carriers.base import (
    Arrival,
    Carrier,
    CarrierError,
    DialRequest,
    Event,
    LegAnswered,
    LegEnded,
)
from callcontrol.carriers.registry import carrier
from callcontrol.models import Call, Leg
from callcontrol.state.locked_call import LockedCall, lock_call, lock_call_of_leg
from callcontrol.webhooks import start
from campaigns.errors import NotFound
from publishers.snapshot import current_snapshot
from reservations import lifecycle as reservations

from . import dialing, legs, settlement
from .arrival import destination_of, record_arrival
from .carrier_commands import dispatch

# What was said while something else was being heard, with its moment; None: nobody is listening.
_waiting: ContextVar[deque[tuple[Event, datetime]] | None] = ContextVar("waiting", default=None)


# --- a call comes in --------------------------------------------------------------------------------------
def handle_arrival(arrival: Arrival) -> Call:
    """A caller has dialed a number of ours: the call with its first buyer ringing, or ended as no-target.

    Raises NotFound when the number is not ours.
    """
    call = receive_call(arrival)
    dial_next(call.pk, now=arrival.now)
    return Call.objects.select_related("buyer", "publisher").get(pk=call.pk)


def receive_call(arrival: Arrival) -> Call:
    """The first phase alone: the call with its reservation, publisher and tags, and nobody asked or dialed yet.

    Announced twice, it is the first one again. Raises NotFound when the number is not ours.
    """
    to = destination_of(arrival.to)
    with transaction.atomic():
        call = record_arrival(arrival, to)
    # Others' reservations live by the wall's clock, whatever time this call brings.
    reservations.expire_all_due(now=arrival.received_at or arrival.now, company_pk=call.company_id)
    return call


# --- who gets it ------------------------------------------------------------------------------------------
def dial_next(call_uuid: UUID, *, now: datetime) -> bool:
    """Rings the next buyer of a call that is looking for one, and the next after a leg that can't be dialed.

    Its start webhooks are asked before the first; False while another does that, who then rings. Whoever moves the call
    out of `routing` does it; for everybody else, and for a call that rings, nothing happens. Each transaction changes the
    places of one hold: that keeps those who count in one order.
    """
    prepared_at, hold_id = _state_of(call_uuid)
    if prepared_at is None and not start.run_start_webhooks(call_uuid, now=now):
        return False
    if hold_id is not None:
        _release_unusable(call_uuid, now=now)
    while True:
        with transaction.atomic():
            locked_call = lock_call(call_uuid)
            order = dialing.ring_next_buyer(
                locked_call,
                snapshot=current_snapshot(locked_call.call.company_id),
                now=locked_call.call_time(now),
            )
        if order is None:
            run_follow_ups(locked_call, now=now)
            return True
        if dial_leg(locked_call, order, now=now) is None:
            return True


def _state_of(call_uuid: UUID) -> tuple[datetime | None, int | None]:
    """When the call was prepared, and the row of the hold of its reservation."""
    found = (
        Call.objects.filter(pk=call_uuid).values_list("prepared_at", "reservation__hold_id").first()
    )
    if found is None:
        raise NotFound("call not found")
    return found


def _release_unusable(call_uuid: UUID, *, now: datetime) -> None:
    with transaction.atomic():
        locked_call = lock_call(call_uuid)
        dialing.release_reserved_place(
            locked_call,
            snapshot=current_snapshot(locked_call.call.company_id),
            now=locked_call.call_time(now),
        )


def dial_leg(locked_call: LockedCall, order: DialRequest, *, now: datetime) -> CarrierError | None:
    """Has the carrier ring a leg, and tells it whatever else was decided with it. What failed, with the leg ended."""
    line = carrier()
    try:
        name = line.dial(order)
    except CarrierError as failure:
        with transaction.atomic():
            locked_call, leg = lock_call_of_leg(order.leg_uuid)
            legs.leg_failed(locked_call, leg, why=str(failure), at=locked_call.call_time(order.at))
        handle_events(dispatch(line, locked_call.call, locked_call.commands, now=now), now=now)
        return failure
    if not Leg.objects.live().filter(pk=order.leg_uuid).update(carrier_leg_id=name):
        _hang_up_over(line, order, name, now=now)
    handle_events(dispatch(line, locked_call.call, locked_call.commands, now=now), now=now)
    return None


def _hang_up_over(line: Carrier, order: DialRequest, name: str, *, now: datetime) -> None:
    """The call ended while its leg was being dialed, when nobody knew yet what to hang up."""
    Leg.objects.filter(pk=order.leg_uuid).update(carrier_leg_id=name)
    with transaction.atomic():
        locked_call, leg = lock_call_of_leg(order.leg_uuid)
        locked_call.add_command("hang_up", leg, at=leg.ended_at or now)
    handle_events(dispatch(line, locked_call.call, locked_call.commands, now=now), now=now)


# --- what the carrier tells -------------------------------------------------------------------------------
def handle_event(event: LegAnswered | LegEnded, *, now: datetime) -> Call:
    """A carrier's word on a leg, the caller's included: its end is the caller's hang-up. Raises NotFound for an unknown leg."""
    with transaction.atomic():
        locked_call, leg = lock_call_of_leg(event.leg_uuid)
        _move_clock(locked_call, event.at)
        if isinstance(event, LegAnswered):
            legs.leg_answered(locked_call, leg, at=event.at, event_id=event.event_id)
        else:
            legs.leg_ended(
                locked_call,
                leg,
                outcome=event.outcome,
                at=event.at,
                seconds=event.seconds,
                event_id=event.event_id,
            )
    run_follow_ups(locked_call, now=now)
    return locked_call.call


def _move_clock(locked_call: LockedCall, at: datetime) -> None:
    if at > locked_call.call.clock:
        Call.objects.filter(pk=locked_call.call.pk, clock__lt=at).update(clock=at)
        locked_call.call.clock = at


def run_follow_ups(locked_call: LockedCall, *, now: datetime) -> None:
    """What comes of a change once it is written: the carrier's orders, the next buyer, the money."""
    if locked_call.commands:
        handle_events(dispatch(carrier(), locked_call.call, locked_call.commands, now=now), now=now)
    if locked_call.call.status == Call.Status.ROUTING:
        dial_next(locked_call.call.pk, now=now)
    elif not locked_call.call.is_live:
        settlement.settle_call(locked_call.call.pk, now=now)


def handle_events(events: Sequence[Event], *, now: datetime) -> None:
    """What a carrier says at once, one after the other: what is said while an event is heard waits until that is done.

    Calls that ring each other would nest without an end otherwise.
    """
    said = [(event, now) for event in events]
    waiting = _waiting.get()
    if waiting is not None:
        waiting.extend(said)
        return
    waiting = deque(said)
    token = _waiting.set(waiting)
    try:
        while waiting:
            _hear_one(*waiting.popleft())
    finally:
        _waiting.reset(token)


def _hear_one(event: Event, now: datetime) -> None:
    """Numbers that are not ours and legs that are unknown are the world's, not ours."""
    try:
        if isinstance(event, Arrival):
            handle_arrival(event)
        else:
            handle_event(event, now=now)
    except NotFound:
        return
