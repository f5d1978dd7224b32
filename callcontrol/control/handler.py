"""What a handler may do with a call that was routed to it: return it, accept it, reject it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.lifecycle.events import run_follow_ups
from callcontrol.lifecycle.legs import end_leg
from callcontrol.models import GIVEN_BACK, Call, Leg, Outcome
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import add_event, add_manager_event
from callcontrol.state.transitions import change_row
from campaigns.errors import Refusal

from .access import Controller, apply_timeouts_for, lock_call_for, seconds_since_dialed

NOT_LIVE = "call not live"
TRANSFERRED = "call already transferred"


def return_call(*, call_uuid: UUID, steerer: Controller, now: datetime) -> Call:
    """The handler gives a picked-up call back: the next buyer is decided and dialed. Repeated by the same key: done already."""
    apply_timeouts_for(call_uuid, steerer, now=now)
    with transaction.atomic():
        room, leg = lock_call_for(call_uuid, steerer)
        if not _was_given_up(leg, steerer, Outcome.RETURNED):
            check_return(room, leg, steerer, at=room.at(now))
            add_manager_event(room.call, steerer.person, "returned the call", at=room.at(now))
            end_leg(room, leg, outcome=Outcome.RETURNED, at=room.at(now), key_pk=steerer.key_pk)
    run_follow_ups(room, now=now)
    return room.call


def check_return(room: LockedCall, leg: Leg, steerer: Controller, *, at: datetime) -> None:
    """Raises the Refusal of a handler that may not return the call now."""
    if is_over(room, leg) or not leg.was_picked_up:
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > steerer.return_seconds:
        raise Refusal("return timeout passed")
    if leg.acceptance_seconds is not None:
        raise Refusal("call requires acceptance")
    if is_transferring(room, leg) or not leg.talks:
        raise Refusal(TRANSFERRED)


def reject_call(*, call_uuid: UUID, steerer: Controller, now: datetime) -> Call:
    """The handler does not take the call, picked up or not: the next buyer is decided and dialed. Repeated: done already."""
    apply_timeouts_for(call_uuid, steerer, now=now)
    with transaction.atomic():
        room, leg = lock_call_for(call_uuid, steerer)
        if not _was_given_up(leg, steerer, Outcome.REJECTED):
            check_reject(room, leg, steerer, at=room.at(now))
            add_manager_event(room.call, steerer.person, "rejected the call", at=room.at(now))
            end_leg(room, leg, outcome=Outcome.REJECTED, at=room.at(now), key_pk=steerer.key_pk)
    run_follow_ups(room, now=now)
    return room.call


def check_reject(room: LockedCall, leg: Leg, steerer: Controller, *, at: datetime) -> None:
    """Raises the Refusal of a handler that may not reject the call now."""
    if is_over(room, leg):
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > steerer.reject_seconds:
        raise Refusal("reject timeout passed")
    if is_transferring(room, leg):
        raise Refusal(TRANSFERRED)
    if leg.accepted_at is not None:
        raise Refusal("call already accepted")
    if not leg.is_live:
        raise Refusal(NOT_LIVE)


def accept_call(*, call_uuid: UUID, steerer: Controller, now: datetime) -> Call:
    """The handler takes a call that it has to accept; from then on it is theirs. Twice is once."""
    apply_timeouts_for(call_uuid, steerer, now=now)
    with transaction.atomic():
        room, leg = lock_call_for(call_uuid, steerer, after_timeout=True)
        check_accept(room, leg)
        if leg.accepted_at is None:
            add_manager_event(room.call, steerer.person, "accepted the call", at=room.at(now))
            change_row(leg, accepted_at=room.at(now))
            add_event(room.call, "accepted", at=room.at(now), leg=str(leg.pk))
    return room.call


def check_accept(room: LockedCall, leg: Leg) -> None:
    """Raises the Refusal of a handler that may not accept the call now; one who has accepted it may do so again."""
    if leg.outcome == Outcome.NOT_ACCEPTED:
        raise Refusal("acceptance timeout passed")
    if is_over(room, leg):
        raise Refusal(NOT_LIVE)
    if leg.acceptance_seconds is None:
        raise Refusal("acceptance not required")
    if leg.accepted_at is None and not leg.talks:
        raise Refusal(NOT_LIVE)


def is_over(room: LockedCall, leg: Leg) -> bool:
    """Whether the call is over for who is on this leg. What becomes of one that was given back is another's affair."""
    return not room.call.is_live or leg.outcome in GIVEN_BACK


def is_transferring(room: LockedCall, leg: Leg) -> bool:
    """Whether this leg brought somebody who is still on the line, or rings."""
    return any(transfer.transferor is leg for transfer in room.live_transfers())


def _was_given_up(leg: Leg, steerer: Controller, outcome: Outcome) -> bool:
    return leg.outcome == outcome and leg.given_up_by == steerer.key_pk
