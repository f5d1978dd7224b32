"""Actions of an account manager on a live call, in its handler's place.

They are recorded by name, and need no key; the time windows of keys do not apply.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.lifecycle.ending import end_call
from callcontrol.lifecycle.events import run_follow_ups
from callcontrol.lifecycle.timeouts import apply_timeouts
from callcontrol.models import Call, Leg, Party, Transfer
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.timeline import add_manager_event
from campaigns.errors import Refusal

from . import handler, transfers
from .access import Controller, is_present
from .handler import NOT_LIVE

_LEG_ACTIONS = {
    "return": handler.return_call,
    "reject": handler.reject_call,
    "accept": handler.accept_call,
}


@dataclass(frozen=True, slots=True)
class ManagerAction:
    """The actions that are possible now, on the present handler's `leg` and the live transfer.

    `actions` are of: return, reject, accept, transfer, connect, stop, hang-up.
    """

    leg: Leg | None
    transfer: Transfer | None
    actions: frozenset[str]


# --- possible actions -----------------------------------------------------------------------
def manager_actions(locked: LockedCall, *, at: datetime) -> ManagerAction:
    """Return the actions that would not be refused at this moment."""
    # The handler; after it left, the buyer that it transferred the call to.
    present = [leg for leg in locked.dialed_legs() if leg.buyer_id and is_present(leg)]
    handlers = [leg for leg in present if leg.party == Party.HANDLER]
    controlled_leg = (handlers or present)[-1] if present else None
    transfer = next(reversed(locked.live_transfers()), None)
    actions = {"hang-up"} if locked.call.is_live else set()
    if controlled_leg is not None:
        actions |= {
            action
            for action in (*_LEG_ACTIONS, "transfer")
            if _is_open(locked, controlled_leg, action, at)
        }
    if transfer is not None and locked.call.is_live:
        actions |= {"stop"} if transfer.transferor.is_talking else set()
        actions |= {"connect"} if transfer.hold_caller and locked.caller.held else set()
    return ManagerAction(controlled_leg, transfer, frozenset(actions))


def _is_open(locked: LockedCall, leg: Leg, action: str, at: datetime) -> bool:
    controller = _controller(leg, locked.call, "")
    try:
        match action:
            case "return":
                handler.check_return(locked, leg, controller, at)
            case "reject":
                handler.check_reject(locked, leg, controller, at)
            case "accept":
                handler.check_accept(locked, leg)
            case _:
                transfers.check_begin_transfer(locked, leg)
    except Refusal:
        return False
    return action != "accept" or leg.accepted_at is None


# --- actions --------------------------------------------------------------------------------
def act_on_leg(*, call: Call, leg: UUID, action: str, manager_name: str, now: datetime) -> None:
    """Return, reject or accept the call on this leg, as its handler could. A repeat succeeds."""
    controller = _controller(_buyer_leg(call, leg), call, manager_name)
    _LEG_ACTIONS[action](call_uuid=call.pk, controller=controller, now=now)


def transfer_as_manager(
    *, call: Call, leg: UUID, transfer_to: str, hold_caller: bool, manager_name: str, now: datetime
) -> Transfer:
    """Transfer the call, as the handler on this leg could."""
    return transfers.begin_transfer(
        call_uuid=call.pk,
        controller=_controller(_buyer_leg(call, leg), call, manager_name),
        transfer_to=transfer_to,
        hold_caller=hold_caller,
        now=now,
    )


def connect_as_manager(*, call: Call, transfer: UUID, manager_name: str, now: datetime) -> None:
    """Take the caller of a transfer off hold."""
    _check_transfer(call, transfer, now=now)
    transfers.connect_caller(transfer_uuid=transfer, manager_name=manager_name, now=now)


def stop_transfer_as_manager(
    *, call: Call, transfer: UUID, manager_name: str, now: datetime
) -> None:
    """End the transferee's leg."""
    _check_transfer(call, transfer, now=now)
    transfers.stop_transfer(transfer_uuid=transfer, manager_name=manager_name, now=now)


def hang_up_as_manager(*, call: Call, manager_name: str, now: datetime) -> None:
    """End the call for all parties. It pays as if the caller had hung up now."""
    apply_timeouts(call.pk, now=now)
    with transaction.atomic():
        locked = lock_call(call.pk)
        if not locked.call.is_live:
            raise Refusal(NOT_LIVE)
        at = locked.call_time(now)
        add_manager_event(locked.call, manager_name, "ended the call", at=at)
        end_call(locked, at=at, why="the account manager ended it")
    run_follow_ups(locked, now=now)


def _controller(leg: Leg, call: Call, manager_name: str) -> Controller:
    """Return a controller with the rights of the leg's own buyer, without time windows."""
    return Controller(
        key_pk=None,
        company_pk=call.company_id,
        buyer_pks=frozenset({leg.buyer_id} if leg.buyer_id else ()),
        return_seconds=math.inf,
        reject_seconds=math.inf,
        leg_uuid=leg.pk,
        manager_name=manager_name,
    )


def _buyer_leg(call: Call, leg_uuid: UUID) -> Leg:
    leg = Leg.objects.filter(pk=leg_uuid, call=call).exclude(buyer=None).first()
    if leg is None:
        raise Refusal(NOT_LIVE)
    return leg


def _check_transfer(call: Call, transfer_uuid: UUID, *, now: datetime) -> None:
    """Apply the timeouts of the transfer's call. Raises a Refusal for another call's transfer."""
    if not Transfer.objects.filter(pk=transfer_uuid, call=call).exists():
        raise Refusal("transfer not found")
    apply_timeouts(call.pk, now=now)
