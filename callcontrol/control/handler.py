"""Actions of a handler on a call that was routed to it: return, reject and accept."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.lifecycle.events import run_follow_ups
from callcontrol.lifecycle.legs import end_leg
from callcontrol.models import REROUTING_OUTCOMES, Call, EventKind, Leg, Outcome
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import add_event, add_manager_event
from callcontrol.state.transitions import change_row
from campaigns.errors import Refusal

from .access import Controller, apply_timeouts_for, lock_call_for, seconds_since_dialed

NOT_LIVE = "call not live"
TRANSFERRED = "call already transferred"
Check = Callable[[LockedCall, Leg, Controller, datetime], None]


def return_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """Give an answered call back, and dial the next buyer. A repeat by the same key succeeds."""
    return _give_up(
        call_uuid,
        controller,
        outcome=Outcome.RETURNED,
        check=check_return,
        action="returned the call",
        now=now,
    )


def reject_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """Reject a call, answered or not, and dial the next buyer. A repeat succeeds."""
    return _give_up(
        call_uuid,
        controller,
        outcome=Outcome.REJECTED,
        check=check_reject,
        action="rejected the call",
        now=now,
    )


def _give_up(
    call_uuid: UUID,
    controller: Controller,
    *,
    outcome: Outcome,
    check: Check,
    action: str,
    now: datetime,
) -> Call:
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked, leg = lock_call_for(call_uuid, controller)
        is_repeat = leg.outcome == outcome and leg.given_up_by == controller.key_pk
        if not is_repeat:
            at = locked.call_time(now)
            check(locked, leg, controller, at)
            add_manager_event(locked.call, controller.manager_name, action, at=at)
            end_leg(locked, leg, outcome=outcome, at=at, key_pk=controller.key_pk)
    run_follow_ups(locked, now=now)
    return locked.call


def check_return(locked: LockedCall, leg: Leg, controller: Controller, at: datetime) -> None:
    """Raise the Refusal of a handler that may not return the call now."""
    if is_over(locked, leg) or not leg.was_answered:
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > controller.return_seconds:
        raise Refusal("return timeout passed")
    if leg.acceptance_seconds is not None:
        raise Refusal("call requires acceptance")
    if is_transferring(locked, leg) or not leg.is_talking:
        raise Refusal(TRANSFERRED)


def check_reject(locked: LockedCall, leg: Leg, controller: Controller, at: datetime) -> None:
    """Raise the Refusal of a handler that may not reject the call now."""
    if is_over(locked, leg):
        raise Refusal(NOT_LIVE)
    if seconds_since_dialed(leg, at) > controller.reject_seconds:
        raise Refusal("reject timeout passed")
    if is_transferring(locked, leg):
        raise Refusal(TRANSFERRED)
    if leg.accepted_at is not None:
        raise Refusal("call already accepted")
    if not leg.is_live:
        raise Refusal(NOT_LIVE)


def accept_call(*, call_uuid: UUID, controller: Controller, now: datetime) -> Call:
    """Accept a call that requires it: from then on the handler keeps it. A repeat succeeds."""
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked, leg = lock_call_for(call_uuid, controller, after_timeout=True)
        check_accept(locked, leg)
        if leg.accepted_at is None:
            at, call = locked.call_time(now), locked.call
            add_manager_event(call, controller.manager_name, "accepted the call", at=at)
            change_row(leg, accepted_at=at)
            add_event(call, EventKind.ACCEPTED, at=at, leg=str(leg.pk))
    return locked.call


def check_accept(locked: LockedCall, leg: Leg) -> None:
    """Raise the Refusal of a handler that may not accept the call now, or again."""
    if leg.outcome == Outcome.NOT_ACCEPTED:
        raise Refusal("acceptance timeout passed")
    if is_over(locked, leg):
        raise Refusal(NOT_LIVE)
    if leg.acceptance_seconds is None:
        raise Refusal("acceptance not required")
    if leg.accepted_at is None and not leg.is_talking:
        raise Refusal(NOT_LIVE)


def is_over(locked: LockedCall, leg: Leg) -> bool:
    """Whether the call is over for this leg: it ended, or the leg gave it back."""
    return not locked.call.is_live or leg.outcome in REROUTING_OUTCOMES


def is_transferring(locked: LockedCall, leg: Leg) -> bool:
    """Whether this leg is the transferor of a live transfer."""
    return any(transfer.transferor is leg for transfer in locked.live_transfers())
