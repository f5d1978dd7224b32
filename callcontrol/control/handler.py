"""What a handler may do with a call that was routed to it: return it, accept it, reject it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.lifecycle.events import run_follow_ups
from callcontrol.lifecycle.legs import end_leg
from callcontrol.models import REROUTING_OUTCOMES, Call, Leg, Outcome
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import add_event, add_manager_event
from callcontrol.state.transitions import change_row
from campaigns.errors import Refusal

from .access import Controller, apply_timeouts_for, lock_call_for, seconds_since_dialed

NOT_LIVE = "call not live"
TRANSFERRED = "call already transferred"


def return_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """The handler gives a picked-up call back: the next buyer is decided and dialed. Repeated by the same key: done already."""
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked_call, leg = lock_call_for(call_uuid, controller)
        if not _was_given_up(leg, controller, Outcome.RETURNED):
            check_return(locked_call, leg, controller, at=locked_call.call_time(now))
            add_manager_event(
                locked_call.call,
                controller.person,
                "returned the call",
                at=locked_call.call_time(now),
            )
            end_leg(
                locked_call,
                leg,
                outcome=Outcome.RETURNED,
                at=locked_call.call_time(now),
                key_pk=controller.key_pk,
            )
    run_follow_ups(locked_call, now=now)
    return locked_call.call


def check_return(
    locked_call: LockedCall, leg: Leg, controller: Controller, *, at: datetime
) -> None:
    """Raises the Refusal of a handler that may not return the call now."""
    if is_over(locked_call, leg) or not leg.was_answered:
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > controller.return_seconds:
        raise Refusal("return timeout passed")
    if leg.acceptance_seconds is not None:
        raise Refusal("call requires acceptance")
    if is_transferring(locked_call, leg) or not leg.is_talking:
        raise Refusal(TRANSFERRED)


def reject_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """The handler does not take the call, picked up or not: the next buyer is decided and dialed. Repeated: done already."""
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked_call, leg = lock_call_for(call_uuid, controller)
        if not _was_given_up(leg, controller, Outcome.REJECTED):
            check_reject(locked_call, leg, controller, at=locked_call.call_time(now))
            add_manager_event(
                locked_call.call,
                controller.person,
                "rejected the call",
                at=locked_call.call_time(now),
            )
            end_leg(
                locked_call,
                leg,
                outcome=Outcome.REJECTED,
                at=locked_call.call_time(now),
                key_pk=controller.key_pk,
            )
    run_follow_ups(locked_call, now=now)
    return locked_call.call


def check_reject(
    locked_call: LockedCall, leg: Leg, controller: Controller, *, at: datetime
) -> None:
    """Raises the Refusal of a handler that may not reject the call now."""
    if is_over(locked_call, leg):
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > controller.reject_seconds:
        raise Refusal("reject timeout passed")
    if is_transferring(locked_call, leg):
        raise Refusal(TRANSFERRED)
    if leg.accepted_at is not None:
        raise Refusal("call already accepted")
    if not leg.is_live:
        raise Refusal(NOT_LIVE)


def accept_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """The handler takes a call that it has to accept; from then on it is theirs. Twice is once."""
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked_call, leg = lock_call_for(call_uuid, controller, after_timeout=True)
        check_accept(locked_call, leg)
        if leg.accepted_at is None:
            add_manager_event(
                locked_call.call,
                controller.person,
                "accepted the call",
                at=locked_call.call_time(now),
            )
            change_row(leg, accepted_at=locked_call.call_time(now))
            add_event(locked_call.call, "accepted", at=locked_call.call_time(now), leg=str(leg.pk))
    return locked_call.call


def check_accept(locked_call: LockedCall, leg: Leg) -> None:
    """Raises the Refusal of a handler that may not accept the call now; one who has accepted it may do so again."""
    if leg.outcome == Outcome.NOT_ACCEPTED:
        raise Refusal("acceptance timeout passed")
    if is_over(locked_call, leg):
        raise Refusal(NOT_LIVE)
    if leg.acceptance_seconds is None:
        raise Refusal("acceptance not required")
    if leg.accepted_at is None and not leg.is_talking:
        raise Refusal(NOT_LIVE)


def is_over(locked_call: LockedCall, leg: Leg) -> bool:
    """Whether the call is over for who is on this leg. What becomes of one that was given back is another's affair."""
    return not locked_call.call.is_live or leg.outcome in REROUTING_OUTCOMES


def is_transferring(locked_call: LockedCall, leg: Leg) -> bool:
    """Whether this leg brought somebody who is still on the line, or rings."""
    return any(transfer.transferor is leg for transfer in locked_call.live_transfers())


def _was_given_up(leg: Leg, controller: Controller, outcome: Outcome) -> bool:
    return leg.outcome == outcome and leg.given_up_by == controller.key_pk
