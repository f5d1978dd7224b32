"""What a leg's pick-up and end mean for its call. Told twice, late or in the wrong order, the end is the same.

Each function works on a locked locked_call inside the caller's transaction, and changes the places of one hold at most.
"""

from datetime import datetime, timedelta

from callcontrol.models import Call, Leg, Outcome, Party, Transfer
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row, move_state
from callcontrol.webhooks.deliveries import queue_webhooks
from campaigns.caps import counters
from campaigns.models import Webhook
from publishers.snapshot import current_snapshot

from .ending import WITH_THE_CALL, end_call, reconcile_end_times


# --- picked up --------------------------------------------------------------------------------------------
def leg_answered(
    locked_call: LockedCall, leg: Leg, *, at: datetime, event_id: str | None = None
) -> None:
    """A leg was picked up. Of several moments that are told, the first is the right one.

    A leg that we gave up stays so: who picks it up all the same is hung up, and never bridged.
    """
    if leg.status == Leg.Status.RINGING:
        _picked_up(locked_call, leg, at=at, event_id=event_id)
        return
    if not leg.is_live and not leg.final:
        locked_call.add_command("hang_up", leg, at=leg.ended_at or at)
    if _may_be_told_better(locked_call, leg) and (leg.answered_at is None or at < leg.answered_at):
        change_row(leg, answered_at=at, accept_until=_accept_until(leg, at))
        reconcile_end_times(locked_call)


def _may_be_told_better(locked_call: LockedCall, leg: Leg) -> bool:
    """Whether a late word still says when the leg was picked up: not of one that was given up, nor after the money."""
    return locked_call.call.settled_at is None and (leg.is_live or leg.outcome in WITH_THE_CALL)


def _picked_up(locked_call: LockedCall, leg: Leg, *, at: datetime, event_id: str | None) -> None:
    move_state(leg, Leg.Status.IN_PROGRESS, answered_at=at, accept_until=_accept_until(leg, at))
    add_event(
        locked_call.call, "answered", at=at, event_id=event_id, party=leg.party, leg=str(leg.pk)
    )
    if leg.party == Party.HANDLER:
        move_state(locked_call.call, Call.Status.IN_PROGRESS)
        queue_webhooks(
            locked_call.call,
            Webhook.Trigger.ANSWERED,
            snapshot=current_snapshot(locked_call.call.company_id),
            now=at,
        )
    for transfer in _brought_by(locked_call, leg):
        move_state(transfer, Transfer.Status.IN_PROGRESS)
    locked_call.add_command("connected", locked_call.caller, at=at)
    advance_call(locked_call, leg, at=at)


def _accept_until(leg: Leg, at: datetime) -> datetime | None:
    return (
        None if leg.acceptance_seconds is None else at + timedelta(seconds=leg.acceptance_seconds)
    )


def _brought_by(locked_call: LockedCall, leg: Leg) -> list[Transfer]:
    """The live transfer that brought this leg, if one did."""
    return [transfer for transfer in locked_call.live_transfers() if transfer.transferee is leg]


# --- over -------------------------------------------------------------------------------------------------
def leg_ended(
    locked_call: LockedCall,
    leg: Leg,
    *,
    outcome: str,
    at: datetime,
    seconds: int | None = None,
    event_id: str | None = None,
) -> None:
    """The carrier's word that a leg is over. `seconds`: how long it talked, where that is told."""
    picked_up = _pick_up_of(leg, outcome, at, seconds)
    if not leg.is_live:
        _was_ended(locked_call, leg, outcome=outcome, at=at, answered_at=picked_up)
        return
    became = Outcome.COMPLETED if leg.is_talking or outcome == "completed" else Outcome(outcome)
    move_state(
        leg, Leg.Status.ENDED, outcome=became, ended_at=at, answered_at=picked_up, final=True
    )
    add_event(
        locked_call.call,
        "left",
        at=at,
        event_id=event_id,
        party=leg.party,
        leg=str(leg.pk),
        outcome=str(became),
    )
    _leave(locked_call, leg, at=at)


def _pick_up_of(leg: Leg, outcome: str, at: datetime, seconds: int | None) -> datetime | None:
    """The first of the moments that are told: the seconds of talk tell one too."""
    if outcome != "completed" or seconds is None:
        return leg.answered_at
    told = at - timedelta(seconds=seconds)
    return min(told, leg.answered_at) if leg.answered_at else told


def _was_ended(
    locked_call: LockedCall, leg: Leg, *, outcome: str, at: datetime, answered_at: datetime | None
) -> None:
    """The last word on a leg that was over already: by our own doing, or by an earlier word."""
    if locked_call.call.settled_at is None:
        if _may_be_told_better(locked_call, leg):
            change_row(leg, outcome=_better(leg, outcome, at), answered_at=answered_at)
        change_row(leg, ended_at=min(at, leg.ended_at or at))
        reconcile_end_times(locked_call)
    change_row(leg, final=True)


def _better(leg: Leg, outcome: str, at: datetime) -> str:
    """A line that ended with its call may have talked, or have been over before, busy or not answered."""
    if outcome == "completed":
        return Outcome.COMPLETED
    was_over = leg.outcome == Outcome.CANCELED and leg.ended_at is not None and at < leg.ended_at
    return Outcome(outcome) if was_over else leg.outcome


def end_leg(
    locked_call: LockedCall, leg: Leg, *, outcome: Outcome, at: datetime, key_pk: int | None = None
) -> None:
    """We end a leg: it rang out, was given back, taken back or stopped. The carrier is told, and has the last word."""
    if not move_state(leg, Leg.Status.ENDED, outcome=outcome, ended_at=at, given_up_by=key_pk):
        return
    add_event(
        locked_call.call, "taken-off", at=at, party=leg.party, leg=str(leg.pk), outcome=str(outcome)
    )
    locked_call.add_command("hang_up", leg, at=at)
    _leave(locked_call, leg, at=at)


def leg_failed(locked_call: LockedCall, leg: Leg, *, why: str, at: datetime) -> None:
    """The carrier could not dial the leg."""
    if move_state(leg, Leg.Status.ENDED, outcome=Outcome.FAILED, ended_at=at, final=True):
        add_event(locked_call.call, "leg-failed", at=at, leg=str(leg.pk), why=why)
        _leave(locked_call, leg, at=at)


def _leave(locked_call: LockedCall, leg: Leg, *, at: datetime) -> None:
    for transfer in _brought_by(locked_call, leg):
        move_state(transfer, Transfer.Status.ENDED, ended_at=at)
    if leg.hold_id and leg.kept_the_call:
        counters.end_hold(hold_id=leg.hold_id, converted=None, now=at)
    elif leg.hold_id:
        counters.release_places(hold_ids=[leg.hold_id], now=at)
    if leg.party == Party.CALLER:
        end_call(locked_call, at=at, why="the caller hung up")
    else:
        advance_call(locked_call, leg, at=at)


# --- nobody is left in dead air ---------------------------------------------------------------------------
def advance_call(locked_call: LockedCall, leg: Leg, *, at: datetime) -> None:
    """After `leg` came or left: joins a caller whom nobody else could take off hold, finds the next buyer, or ends the call.

    A held caller waits while the one who holds it is on the line, or while a transferee still rings.
    """
    call = locked_call.call
    if not call.is_live or call.status == Call.Status.ROUTING:
        return
    if locked_call.talking_legs():
        if not _is_waited_on(locked_call):
            unhold_caller(locked_call, at=at)
    elif locked_call.ringing_legs():
        pass  # a transferee still rings, and will have the caller
    else:
        _all_left(locked_call, leg, at=at)


def _all_left(locked_call: LockedCall, leg: Leg, *, at: datetime) -> None:
    """Nobody is with the caller any more: it is over if who left last had kept the call."""
    last = locked_call.last_to_leave(leg) or leg
    if last.kept_the_call:
        end_call(locked_call, at=last.ended_at or at, why=f"the {last.party} hung up")
    else:
        unhold_caller(locked_call, at=at)
        move_state(locked_call.call, Call.Status.ROUTING)


def _is_waited_on(locked_call: LockedCall) -> bool:
    """Whether somebody on the line is there to connect a held caller."""
    return any(
        transfer.hold_caller and transfer.transferor.is_talking
        for transfer in locked_call.live_transfers()
    )


def unhold_caller(locked_call: LockedCall, *, at: datetime) -> bool:
    """The caller comes back into the conference; False when it was not on hold."""
    if not locked_call.caller.held or not change_row(locked_call.caller, held=False, joining=True):
        return False
    add_event(locked_call.call, "caller-joined", at=at)
    locked_call.add_command("unhold", locked_call.caller, at=at)
    return True
