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


def end_call(room: LockedCall, *, at: datetime, why: str) -> None:
    """The caller or the last other party has left: the call is over for everybody."""
    if move_state(room.call, Call.Status.FINISHED, ended_at=at):
        add_event(room.call, "ended", at=at, status="finished", why=why)
        apply_late_tags(room.call)
        _end_lines(room, at=at)
        count_late_tags(room)


def give_up(room: LockedCall, *, at: datetime, why: str) -> None:
    """No buyer is left: the caller is told so, and the call ends as no-target."""
    if not move_state(room.call, Call.Status.NO_TARGET, ended_at=at):
        return
    add_event(room.call, "ended", at=at, status="no-target", why=why)
    apply_late_tags(room.call)
    room.order("turn_away", room.caller, at=at)
    move_state(room.caller, Leg.Status.ENDED, outcome=Outcome.NO_TARGET, ended_at=at)


def _end_lines(room: LockedCall, *, at: datetime) -> None:
    """All places of a line but that among calls at once wait for the last word on it: it may turn out not to have talked."""
    for leg in room.legs:
        if not leg.is_live:
            continue
        move_state(
            leg,
            Leg.Status.ENDED,
            outcome=Outcome.COMPLETED if leg.talks else Outcome.CANCELED,
            ended_at=at,
        )
        room.order("hang_up", leg, at=at)
        if leg.hold_id:
            counters.end_hold(hold_id=leg.hold_id, converted=None, now=at)
    for transfer in room.live_transfers():
        move_state(transfer, Transfer.Status.ENDED, ended_at=at)


# --- whatever came first ----------------------------------------------------------------------------------
def count_late_tags(room: LockedCall) -> None:
    """Brings the ends of an ended call together from what was told of its lines, in whatever order that was.

    A call ends when the caller or the last other party leaves. No line of it ends later, and one that was picked up
    later was not picked up.
    """
    call = room.call
    if call.ended_at is None or call.settled_at:
        return
    last = room.last_to_leave() if call.status == Call.Status.FINISHED else None
    told = [room.caller.ended_at, last.ended_at if last and last.kept_the_call else None]
    end = min([call.ended_at, *(moment for moment in told if moment)])
    if end < call.ended_at:
        change_row(call, ended_at=end)
    for leg in room.legs:
        _end_by(leg, end)
    for transfer in room.transfers:
        if transfer.ended_at != transfer.transferee.ended_at:
            change_row(transfer, ended_at=transfer.transferee.ended_at)


def _end_by(leg: Leg, end: datetime) -> None:
    over, outcome = min(leg.ended_at or end, end), leg.outcome
    if leg.answered_at and outcome in WITH_THE_CALL:
        outcome = Outcome.COMPLETED if leg.answered_at <= over else Outcome.CANCELED
    if (over, outcome) != (leg.ended_at, leg.outcome):
        change_row(leg, ended_at=over, outcome=outcome)
