"""Allowed transitions between the statuses of a call, a leg and a transfer."""

from typing import Any

from callcontrol.models import Call, Leg, Transfer

_CALL = Call.Status
_LEG = Leg.Status
_TRANSFER = Transfer.Status

TRANSITIONS: dict[type, dict[str, tuple[str, ...]]] = {
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
    """Change a row's status, with other columns.

    Return False if the table forbids it, or if another process changed the status first.
    """
    if to not in TRANSITIONS[type(row)][row.status]:
        return False
    return change_row(row, status=to, **changes)


def change_row(row: Call | Leg | Transfer, **changes: Any) -> bool:
    """Write columns of a row; return False if its status is no longer the one that was read."""
    # The status in the WHERE clause decides races between processes that do not hold the lock.
    won = type(row).objects.filter(pk=row.pk, status=row.status).update(**changes)
    if won:
        for name, value in changes.items():
            setattr(row, name, value)
    return bool(won)
