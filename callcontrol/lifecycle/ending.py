"""The end of a call: all its legs end with it, and late events of the carrier correct the times."""

from datetime import datetime

from callcontrol.models import CLOSING_OUTCOMES, Call, EventKind, Leg, Outcome, Transfer
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.tags import apply_late_tags
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row, move_state
from campaigns.caps import counters


def end_call(locked: LockedCall, *, at: datetime, why: str) -> None:
    """End the call for all parties: the caller or the last other party left."""
    if not move_state(locked.call, Call.Status.FINISHED, ended_at=at):
        return
    add_event(locked.call, EventKind.ENDED, at=at, status="finished", why=why)
    apply_late_tags(locked.call)
    for leg in locked.legs:
        if not leg.is_live:
            continue
        outcome = Outcome.COMPLETED if leg.is_talking else Outcome.CANCELED
        move_state(leg, Leg.Status.ENDED, outcome=outcome, ended_at=at)
        locked.add_command("hang_up", leg, at=at)
        if leg.hold_id:
            # Only the place among concurrent calls goes back now. The others wait for the
            # carrier's last event: the leg may turn out not to have been answered.
            counters.end_hold(hold_id=leg.hold_id, converted=None, now=at)
    for transfer in locked.live_transfers():
        move_state(transfer, Transfer.Status.ENDED, ended_at=at)
    reconcile_end_times(locked)


def end_without_target(locked: LockedCall, *, at: datetime, why: str) -> None:
    """End the call as no-target: no buyer is left, and the carrier says so to the caller."""
    if not move_state(locked.call, Call.Status.NO_TARGET, ended_at=at):
        return
    add_event(locked.call, EventKind.ENDED, at=at, status="no-target", why=why)
    apply_late_tags(locked.call)
    locked.add_command("turn_away", locked.caller, at=at)
    move_state(locked.caller, Leg.Status.ENDED, outcome=Outcome.NO_TARGET, ended_at=at)


def reconcile_end_times(locked: LockedCall) -> None:
    """Make the ends of a call and its legs consistent, in whatever order events arrived.

    A call ends when the caller or the last other party leaves. No leg ends later, and a leg that
    was answered later counts as not answered.
    """
    call = locked.call
    if call.ended_at is None or call.settled_at:
        return
    last = locked.last_to_leave() if call.status == Call.Status.FINISHED else None
    ends = [locked.caller.ended_at, last.ended_at if last and last.kept_the_call else None]
    end = min([call.ended_at, *(moment for moment in ends if moment)])
    if end < call.ended_at:
        change_row(call, ended_at=end)
    for leg in locked.legs:
        ended_at, outcome = min(leg.ended_at or end, end), leg.outcome
        if leg.answered_at and outcome in CLOSING_OUTCOMES:
            outcome = Outcome.COMPLETED if leg.answered_at <= ended_at else Outcome.CANCELED
        if (ended_at, outcome) != (leg.ended_at, leg.outcome):
            change_row(leg, ended_at=ended_at, outcome=outcome)
    for transfer in locked.transfers:
        if transfer.ended_at != transfer.transferee.ended_at:
            change_row(transfer, ended_at=transfer.transferee.ended_at)
