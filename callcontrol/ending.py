"""The end of a call: everybody's line ends with it, and the places of its live leg go back."""

from datetime import datetime

from campaigns import caps

from .models import Call, Leg, Outcome, Transfer
from .moves import change, move
from .room import Room
from .timeline import note


def finish(room: Room, *, at: datetime, why: str) -> None:
    """The caller or the last other party has left: the call is over for everybody."""
    if move(room.call, Call.Status.FINISHED, ended_at=at):
        note(room.call, "ended", at=at, status="finished", why=why)
        _end_lines(room, at=at)


def give_up(room: Room, *, at: datetime, why: str) -> None:
    """No buyer is left: the caller is told so, and the call ends as no-target."""
    if not move(room.call, Call.Status.NO_TARGET, ended_at=at):
        return
    note(room.call, "ended", at=at, status="no-target", why=why)
    room.order("turn_away", room.caller, at=at)
    move(room.caller, Leg.Status.ENDED, outcome=Outcome.NO_TARGET, ended_at=at)


def _end_lines(room: Room, *, at: datetime) -> None:
    for leg in room.legs:
        if not leg.is_live:
            continue
        talked = leg.talks
        move(leg, Leg.Status.ENDED, outcome=Outcome.COMPLETED if talked else Outcome.CANCELED, ended_at=at)
        room.order("hang_up", leg, at=at)
        if talked and leg.hold_id:  # a leg that rang may turn out to have been answered: its places wait for its last word
            caps.end(hold_id=leg.hold_id, converted=None, now=at)
    for transfer in room.live_transfers():
        move(transfer, Transfer.Status.ENDED, ended_at=at)


def end_earlier(room: Room) -> None:
    """A late word on when somebody left moves the end of a finished call back to it, whatever came first.

    A call ends when the caller or the last other party leaves; no line of it ends later.
    """
    call = room.call
    if call.status != Call.Status.FINISHED or call.settled_at:
        return
    latest = max((leg for leg in room.others() if leg.ended_at), key=lambda leg: leg.ended_at or call.started_at, default=None)
    last = latest.ended_at if latest is not None and latest.kept_the_call else None
    ends = [moment for moment in (room.caller.ended_at, last, call.ended_at) if moment]
    change(call, ended_at=min(ends))
    for leg in room.legs:
        if leg.ended_at and call.ended_at and leg.ended_at > call.ended_at:
            change(leg, ended_at=call.ended_at)
