"""Events of a call: arrivals, answers and ends, which may come twice, late or out of order.

Each entry point works in short transactions on the locked call, and sends commands to the carrier
between them.
"""

import logging
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
from callcontrol.models import Call, EventKind, Leg
from callcontrol.state.locked_call import (
    CarrierCommand,
    LockedCall,
    lock_call,
    lock_call_of_leg,
)
from callcontrol.state.timeline import add_event
from callcontrol.webhooks import start
from campaigns.errors import NotFound
from publishers.snapshot import current_snapshot
from reservations import lifecycle as reservations

from . import dialing, legs, settlement
from .arrival import destination_of, record_arrival

_log = logging.getLogger("ringpost.calls")
# Events, each with its time, that wait for the one at hand; None while no event is handled.
_queue: ContextVar[deque[tuple[Event, datetime]] | None] = ContextVar("queue", default=None)


# --- arrivals -------------------------------------------------------------------------------
def handle_arrival(arrival: Arrival) -> Call:
    """Receive a call and dial its first buyer; the returned call rings, or ended as no-target.

    Raises NotFound for a number that belongs to no campaign.
    """
    call = receive_call(arrival)
    dial_next(call.pk, now=arrival.now)
    return Call.objects.select_related("buyer", "publisher").get(pk=call.pk)


def receive_call(arrival: Arrival) -> Call:
    """Record a call with its reservation, publisher and tags; no webhook is sent, no leg dialed.

    A repeat returns the first call. Raises NotFound for a number that belongs to no campaign.
    """
    to = destination_of(arrival.to)
    with transaction.atomic():
        call = record_arrival(arrival, to)
    # Other callers' reservations follow the wall clock, whatever time this call brings.
    reservations.expire_all_due(now=arrival.received_at or arrival.now, company_pk=call.company_id)
    return call


# --- dialing --------------------------------------------------------------------------------
def dial_next(call_uuid: UUID, *, now: datetime) -> bool:
    """Dial the next buyer of a call in `routing`, and the next after a leg that cannot be dialed.

    Start webhooks run before the first leg. Return False while another process runs them: it goes
    on with the call. Does nothing to a call in another status. Raises NotFound.
    """
    found = (
        Call.objects.filter(pk=call_uuid).values_list("prepared_at", "reservation__hold_id").first()
    )
    if found is None:
        raise NotFound("call not found")
    prepared_at, hold_id = found
    if prepared_at is None and not start.run_start_webhooks(call_uuid, now=now):
        return False
    # Each transaction changes the places of one hold, so that all processes lock cap counters in
    # one order.
    if hold_id is not None:
        with transaction.atomic():
            locked = lock_call(call_uuid)
            snapshot = current_snapshot(locked.call.company_id)
            dialing.release_reserved_place(locked, snapshot=snapshot, now=locked.call_time(now))
    while True:
        with transaction.atomic():
            locked = lock_call(call_uuid)
            snapshot = current_snapshot(locked.call.company_id)
            request = dialing.ring_next_buyer(locked, snapshot=snapshot, now=locked.call_time(now))
        if request is None:
            run_follow_ups(locked, now=now)
            return True
        if dial_leg(locked, request, now=now) is None:
            return True


def dial_leg(locked: LockedCall, request: DialRequest, *, now: datetime) -> CarrierError | None:
    """Dial a leg and send the commands that were decided with it.

    Return the carrier's error, after ending the leg, or None.
    """
    port = carrier()
    try:
        carrier_leg_id = port.dial(request)
    except CarrierError as failure:
        with transaction.atomic():
            locked, leg = lock_call_of_leg(request.leg_uuid)
            legs.leg_failed(locked, leg, why=str(failure), at=locked.call_time(request.at))
        handle_events(dispatch(port, locked.call, locked.commands, now=now), now=now)
        return failure
    if not Leg.objects.live().filter(pk=request.leg_uuid).update(carrier_leg_id=carrier_leg_id):
        # The leg ended while it was being dialed, when there was no ID yet to hang up.
        Leg.objects.filter(pk=request.leg_uuid).update(carrier_leg_id=carrier_leg_id)
        with transaction.atomic():
            ended, leg = lock_call_of_leg(request.leg_uuid)
            ended.add_command("hang_up", leg, at=leg.ended_at or now)
        handle_events(dispatch(port, ended.call, ended.commands, now=now), now=now)
    handle_events(dispatch(port, locked.call, locked.commands, now=now), now=now)
    return None


# --- events of the carrier ------------------------------------------------------------------
def handle_event(event: LegAnswered | LegEnded, *, now: datetime) -> Call:
    """Apply a carrier's event on a leg, and what follows from it.

    The end of the caller's leg is the caller's hang-up. Raises NotFound for an unknown leg.
    """
    with transaction.atomic():
        locked, leg = lock_call_of_leg(event.leg_uuid)
        if event.at > locked.call.clock:
            Call.objects.filter(pk=locked.call.pk, clock__lt=event.at).update(clock=event.at)
            locked.call.clock = event.at
        if isinstance(event, LegAnswered):
            legs.leg_answered(locked, leg, at=event.at, event_id=event.event_id)
        else:
            legs.leg_ended(
                locked,
                leg,
                outcome=event.outcome,
                at=event.at,
                seconds=event.seconds,
                event_id=event.event_id,
            )
    run_follow_ups(locked, now=now)
    return locked.call


def run_follow_ups(locked: LockedCall, *, now: datetime) -> None:
    """After a change is committed: send its commands, then dial the next buyer or settle."""
    if locked.commands:
        handle_events(dispatch(carrier(), locked.call, locked.commands, now=now), now=now)
    if locked.call.status == Call.Status.ROUTING:
        dial_next(locked.call.pk, now=now)
    elif not locked.call.is_live:
        settlement.settle_call(locked.call.pk, now=now)


def dispatch(
    port: Carrier, call: Call, commands: Sequence[CarrierCommand], *, now: datetime
) -> list[Event]:
    """Send commands to the carrier, in order; return its immediate events.

    A command that fails is put on the timeline, and does not stop the others.
    """
    for command in commands:
        try:
            command.send(port)
        except CarrierError as failure:
            _log.warning("call %s: the carrier could not %s: %s", call.pk, command.text, failure)
            add_event(call, EventKind.CARRIER_FAILED, at=now, told=command.text, why=str(failure))
    return port.immediate_events()


def handle_events(events: Sequence[Event], *, now: datetime) -> None:
    """Handle immediate events of the carrier one by one.

    Events that an event brings about wait until it is done: calls that dial each other would
    otherwise nest without end.
    """
    queue = _queue.get()
    if queue is not None:
        queue.extend((event, now) for event in events)
        return
    queue = deque((event, now) for event in events)
    token = _queue.set(queue)
    try:
        while queue:
            event, at = queue.popleft()
            try:
                if isinstance(event, Arrival):
                    handle_arrival(event)
                else:
                    handle_event(event, now=at)
            except NotFound:
                continue  # a number or a leg outside this installation
    finally:
        _queue.reset(token)
