"""Which states a call, a leg and a transfer may move between, and the one way to move them."""

from typing import Any

from callcontrol.models import Call, Leg, Transfer

_CALL = Call.Status
_LEG = Leg.Status
_TRANSFER = Transfer.Status

MOVES: dict[type, dict[str, tuple[str, ...]]] = {
    Call: {
        _CALL.ROUTING: (_CALL.RINGING, _CALL.FINISHED),
        _CALL.RINGING: (_CALL.ROUTING, _CALL.IN_PROGRESS, _CALL.FINISHED, _CALL.NO_TARGET),
        _CALL.IN_PROGRESS: (_CALL.ROUTING, _CALL.FINISHED),
        _CALL.FINISHED: (),
        _CALL.NO_TARGET: (),
    },
    Leg: {
        _LEG.RINGING: (_LEG.IN_PROGRESS, _LEG.ENDED),
        _LEG.IN_PROGRESS: (_LEG.ENDED,),
        _LEG.ENDED: (),
    },
    Transfer: {
        _TRANSFER.RINGING: (_TRANSFER.IN_PROGRESS, _TRANSFER.ENDED),
        _TRANSFER.IN_PROGRESS: (_TRANSFER.ENDED,),
        _TRANSFER.ENDED: (),
    },
}


def move_state(row: Call | Leg | Transfer, to: str, **changes: Any) -> bool:
    """Moves a row to another state, with what changes beside it; False when the table forbids it or somebody else moved it."""
    if to not in MOVES[type(row)][row.status]:
        return False
    return change_row(row, status=to, **changes)


def change_row(row: Call | Leg | Transfer, **changes: Any) -> bool:
    """Writes columns of a row that is still in the state in which it was read; False when it is not."""
    won = type(row).objects.filter(pk=row.pk, status=row.status).update(**changes)
    if won:
        for name, value in changes.items():
            setattr(row, name, value)
    return bool(won)
