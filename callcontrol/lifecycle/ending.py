"""The end of a call: everybody's line ends with it, and what the late words on them come to."""

from datetime import datetime

from callcontrol.models import Call, Leg, Outcome, Transfer
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.tags import apply_late_tags
from callcontrol.state.timeline import add_event
from callcontrol.state.transitions import change_row, move_state
from campaigns.caps import counters

# Over with the call, or by hanging up: when it was picked up, and when it ended, may still be told better.
WITH_THE_CALL = (Outcome.COMPLETED, Outcome.CANCELED)


def end_call(locked_call: LockedCall, *, at: datetime, why: str) -> None:
    """The caller or the last other party has left: the call is over for everybody."""
    if move_state(locked_call.call, Call.Status.FINISHED, ended_at=at):
        add_event(locked_call.call, "ended", at=at, status="finished", why=why)
        apply_late_tags(locked_call.call)
        _end_lines(locked_call, at=at)
        reconcile_end_times(locked_call)


def end_without_target(locked_call: LockedCall, *, at: datetime, why: str) -> None:
    """No buyer is left: the caller is told so, and the call ends as no-target."""
    if not move_state(locked_call.call, Call.Status.NO_TARGET, ended_at=at):
        return
    add_event(locked_call.call, "ended", at=at, status="no-target", why=why)
    apply_late_tags(locked_call.call)
    locked_call.add_command("turn_away", locked_call.caller, at=at)
    move_state(locked_call.caller, Leg.Status.ENDED, outcome=Outcome.NO_TARGET, ended_at=at)


def _end_lines(locked_call: LockedCall, *, at: datetime) -> None:
    """All places of a line but that among calls at once wait for the last word on it: it may turn out not to have talked."""
    for leg in locked_call.legs:
        if not leg.is_live:
            continue
        move_state(
            leg,
            Leg.Status.ENDED,
            outcome=Outcome.COMPLETED if leg.is_talking else Outcome.CANCELED,
            ended_at=at,
        )
        locked_call.add_command("hang_up", leg, at=at)
        if leg.hold_id:
            counters.end_hold(hold_id=leg.hold_id, converted=None, now=at)
    for transfer in locked_call.live_transfers():
        move_state(transfer, Transfer.Status.ENDED, ended_at=at)


# --- whatever came first ----------------------------------------------------------------------------------
def reconcile_end_times(locked_call: LockedCall) -> None:
    """Brings the ends of an ended call together from what was told of its lines, in whatever order that was.

    A call ends when the caller or the last other party leaves. No line of it ends later, and one that was picked up
    later was not picked up.
    """
    call = locked_call.call
    if call.ended_at is None or call.settled_at:
        return
    last = locked_call.last_to_leave() if call.status == Call.Status.FINISHED else None
    told = [locked_call.caller.ended_at, last.ended_at if last and last.kept_the_call else None]
    end = min([call.ended_at, *(moment for moment in told if moment)])
    if end < call.ended_at:
        change_row(call, ended_at=end)
    for leg in locked_call.legs:
        _end_by(leg, end)
    for transfer in locked_call.transfers:
        if transfer.ended_at != transfer.transferee.ended_at:
            change_row(transfer, ended_at=transfer.transferee.ended_at)


def _end_by(leg: Leg, end: datetime) -> None:
    over, outcome = min(leg.ended_at or end, end), leg.outcome
    if leg.answered_at and outcome in WITH_THE_CALL:
        outcome = Outcome.COMPLETED if leg.answered_at <= over else Outcome.CANCELED
    if (over, outcome) != (leg.ended_at, leg.outcome):
        change_row(leg, ended_at=over, outcome=outcome)
