"""Answers and ends of legs, and what they mean for their call.

Repeated, late and reordered events give the same result. Each function works on a locked call
inside the caller's transaction, and changes the places of at most one hold.
"""

from datetime import datetime, timedelta

from callcontrol.models import CLOSING_OUTCOMES, Call, EventKind, Leg, Outcome, Party, Transfer
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row, move_state
from callcontrol.webhooks.deliveries import queue_webhooks
from campaigns.caps import counters
from campaigns.models import Webhook
from publishers.snapshot import current_snapshot

from .ending import end_call, reconcile_end_times


# --- answers --------------------------------------------------------------------------------
def leg_answered(
    locked: LockedCall, leg: Leg, *, at: datetime, event_id: str | None = None
) -> None:
    """Record that a leg was answered; of several reported times, the earliest counts.

    A leg that was given up stays so: if it is answered all the same, it is hung up.
    """
    seconds = leg.acceptance_seconds
    accept_until = None if seconds is None else at + timedelta(seconds=seconds)
    if leg.status != Leg.Status.RINGING:
        if not leg.is_live and not leg.final:
            locked.add_command("hang_up", leg, at=leg.ended_at or at)
        if _is_correctable(locked, leg) and (leg.answered_at is None or at < leg.answered_at):
            change_row(leg, answered_at=at, accept_until=accept_until)
            reconcile_end_times(locked)
        return
    move_state(leg, Leg.Status.IN_PROGRESS, answered_at=at, accept_until=accept_until)
    call = locked.call
    add_event(call, EventKind.ANSWERED, at=at, event_id=event_id, party=leg.party, leg=str(leg.pk))
    if leg.party == Party.HANDLER:
        move_state(call, Call.Status.IN_PROGRESS)
        snapshot = current_snapshot(call.company_id)
        queue_webhooks(call, Webhook.Trigger.ANSWERED, snapshot=snapshot, now=at)
    for transfer in locked.live_transfers():
        if transfer.transferee is leg:
            move_state(transfer, Transfer.Status.IN_PROGRESS)
    locked.add_command("connected", locked.caller, at=at)
    advance_call(locked, leg, at=at)


def _is_correctable(locked: LockedCall, leg: Leg) -> bool:
    """Whether a late event may still correct the answer: not after settlement or a given-up leg."""
    return locked.call.settled_at is None and (leg.is_live or leg.outcome in CLOSING_OUTCOMES)


# --- ends -----------------------------------------------------------------------------------
def leg_ended(
    locked: LockedCall,
    leg: Leg,
    *,
    outcome: str,
    at: datetime,
    seconds: int | None = None,
    event_id: str | None = None,
) -> None:
    """Record the end that the carrier reports; `seconds` is the talk time, if reported."""
    answered_at = leg.answered_at
    if outcome == "completed" and seconds is not None:
        # The talk time implies the answer; of several times, the earliest counts.
        implied = at - timedelta(seconds=seconds)
        answered_at = min(implied, answered_at) if answered_at else implied
    if not leg.is_live:
        _correct_ended_leg(locked, leg, outcome=outcome, at=at, answered_at=answered_at)
        return
    is_completed = leg.is_talking or outcome == "completed"
    final_outcome = Outcome.COMPLETED if is_completed else Outcome(outcome)
    move_state(
        leg,
        Leg.Status.ENDED,
        outcome=final_outcome,
        ended_at=at,
        answered_at=answered_at,
        final=True,
    )
    add_event(
        locked.call,
        EventKind.LEFT,
        at=at,
        event_id=event_id,
        party=leg.party,
        leg=str(leg.pk),
        outcome=str(final_outcome),
    )
    _release_leg(locked, leg, at=at)


def _correct_ended_leg(
    locked: LockedCall, leg: Leg, *, outcome: str, at: datetime, answered_at: datetime | None
) -> None:
    """Apply the carrier's last event on a leg that had ended, by a rule or an earlier event."""
    if locked.call.settled_at is None:
        if _is_correctable(locked, leg):
            # A leg that ended with its call may have talked, or may have been busy or
            # unanswered before that.
            corrected: str = leg.outcome
            if outcome == "completed":
                corrected = Outcome.COMPLETED
            elif leg.outcome == Outcome.CANCELED and leg.ended_at and at < leg.ended_at:
                corrected = Outcome(outcome)
            change_row(leg, outcome=corrected, answered_at=answered_at)
        change_row(leg, ended_at=min(at, leg.ended_at or at))
        reconcile_end_times(locked)
    change_row(leg, final=True)


def end_leg(
    locked: LockedCall, leg: Leg, *, outcome: Outcome, at: datetime, key_pk: int | None = None
) -> None:
    """End a leg by a rule or an action: a timeout, a return, a rejection, a stopped transfer.

    The carrier is asked to hang up; its report of the end is the final one.
    """
    if not move_state(leg, Leg.Status.ENDED, outcome=outcome, ended_at=at, given_up_by=key_pk):
        return
    add_event(
        locked.call,
        EventKind.TAKEN_OFF,
        at=at,
        party=leg.party,
        leg=str(leg.pk),
        outcome=str(outcome),
    )
    locked.add_command("hang_up", leg, at=at)
    _release_leg(locked, leg, at=at)


def leg_failed(locked: LockedCall, leg: Leg, *, why: str, at: datetime) -> None:
    """Record that the carrier could not dial a leg."""
    if move_state(leg, Leg.Status.ENDED, outcome=Outcome.FAILED, ended_at=at, final=True):
        add_event(locked.call, EventKind.LEG_FAILED, at=at, leg=str(leg.pk), why=why)
        _release_leg(locked, leg, at=at)


def _release_leg(locked: LockedCall, leg: Leg, *, at: datetime) -> None:
    """End the leg's transfer, give its places back, and advance or end the call."""
    for transfer in locked.live_transfers():
        if transfer.transferee is leg:
            move_state(transfer, Transfer.Status.ENDED, ended_at=at)
    if leg.hold_id and leg.kept_the_call:
        counters.end_hold(hold_id=leg.hold_id, converted=None, now=at)
    elif leg.hold_id:
        counters.release_places(hold_ids=[leg.hold_id], now=at)
    if leg.party == Party.CALLER:
        end_call(locked, at=at, why="the caller hung up")
    else:
        advance_call(locked, leg, at=at)


# --- no dead air ----------------------------------------------------------------------------
def advance_call(locked: LockedCall, leg: Leg, *, at: datetime) -> None:
    """Decide how a call goes on after `leg` was answered or ended.

    A held caller returns to the conference unless its transferor is there to connect it. With no
    other party left, the call ends if the last one had kept it; else it is routed again.
    """
    call = locked.call
    if not call.is_live or call.status == Call.Status.ROUTING:
        return
    if locked.talking_legs():
        if not any(
            transfer.hold_caller and transfer.transferor.is_talking
            for transfer in locked.live_transfers()
        ):
            unhold_caller(locked, at=at)
        return
    if locked.ringing_legs():
        return  # a transferee still rings, and gets the caller
    last = locked.last_to_leave(leg) or leg
    if last.kept_the_call:
        end_call(locked, at=last.ended_at or at, why=f"the {last.party} hung up")
    else:
        unhold_caller(locked, at=at)
        move_state(call, Call.Status.ROUTING)


def unhold_caller(locked: LockedCall, *, at: datetime) -> bool:
    """Return the caller to the conference; False if it was not on hold."""
    if not locked.caller.held or not change_row(locked.caller, held=False, joining=True):
        return False
    add_event(locked.call, EventKind.CALLER_JOINED, at=at)
    locked.add_command("unhold", locked.caller, at=at)
    return True
