"""An account manager steers a live call in its handler's place: by name, without a key and without a key's time limits."""

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

_ON_A_LINE = {
    "return": handler.return_call,
    "reject": handler.reject_call,
    "accept": handler.accept_call,
}
ON_A_LINE = frozenset(_ON_A_LINE)


@dataclass(frozen=True, slots=True)
class ManagerAction:
    """What may be done now: `line` is the present handler's, `transfer` the one that lives, `acts` are the words for it."""

    line: Leg | None
    transfer: Transfer | None
    acts: frozenset[str]


# --- what may be done -------------------------------------------------------------------------------------
def manager_actions(locked_call: LockedCall, *, at: datetime) -> ManagerAction:
    """By the same rules that refuse it; of the words `return reject accept transfer connect stop hang-up`."""
    line, transfer = _present_line(locked_call), next(reversed(locked_call.live_transfers()), None)
    acts = {"hang-up"} if locked_call.call.is_live else set()
    if line is not None:
        acts |= {
            what for what in (*_ON_A_LINE, "transfer") if _is_open(locked_call, line, what, at=at)
        }
    if transfer is not None and locked_call.call.is_live:
        acts |= {"stop"} if transfer.transferor.is_talking else set()
        acts |= {"connect"} if transfer.hold_caller and locked_call.caller.held else set()
    return ManagerAction(line, transfer, frozenset(acts))


def _present_line(locked_call: LockedCall) -> Leg | None:
    """The handler's; once it has left, that of the buyer to whom it transferred the call."""
    present = [
        leg for leg in locked_call.dialed_legs() if leg.buyer_id and is_present(locked_call, leg)
    ]
    handlers = [leg for leg in present if leg.party == Party.HANDLER]
    return (handlers or present)[-1] if present else None


def _is_open(locked_call: LockedCall, leg: Leg, what: str, *, at: datetime) -> bool:
    try:
        match what:
            case "return":
                handler.check_return(
                    locked_call, leg, _controller(leg, locked_call.call, ""), at=at
                )
            case "reject":
                handler.check_reject(
                    locked_call, leg, _controller(leg, locked_call.call, ""), at=at
                )
            case "accept":
                handler.check_accept(locked_call, leg)
            case _:
                transfers.check_begin_transfer(locked_call, leg)
    except Refusal:
        return False
    return what != "accept" or leg.accepted_at is None


# --- doing it ---------------------------------------------------------------------------------------------
def on_line(*, call: Call, line: UUID, what: str, person: str, now: datetime) -> None:
    """Returns, rejects or accepts the call on this line, as its handler could; done twice is done once."""
    _ON_A_LINE[what](
        call_uuid=call.pk, controller=_controller(_line(call, line), call, person), now=now
    )


def transfer_as_manager(
    *, call: Call, line: UUID, transfer_to: str, hold_caller: bool, person: str, now: datetime
) -> Transfer:
    """Brings a third party, as the handler on this line could."""
    controller = _controller(_line(call, line), call, person)
    return transfers.begin_transfer(
        call_uuid=call.pk,
        controller=controller,
        transfer_to=transfer_to,
        hold_caller=hold_caller,
        now=now,
    )


def connect_as_manager(*, call: Call, transfer: UUID, person: str, now: datetime) -> None:
    """Takes the caller off hold."""
    transfers.connect_caller(
        transfer_uuid=_transfer(call, transfer, now=now), person=person, now=now
    )


def stop_transfer_as_manager(*, call: Call, transfer: UUID, person: str, now: datetime) -> None:
    """Ends the transferee's line."""
    transfers.stop_transfer(
        transfer_uuid=_transfer(call, transfer, now=now), person=person, now=now
    )


def hang_up_as_manager(*, call: Call, person: str, now: datetime) -> None:
    """Ends the call for everybody on it. What it pays is decided as if the caller had hung up now."""
    apply_timeouts(call.pk, now=now)
    with transaction.atomic():
        locked_call = lock_call(call.pk)
        if not locked_call.call.is_live:
            raise Refusal(NOT_LIVE)
        add_manager_event(locked_call.call, person, "ended the call", at=locked_call.call_time(now))
        end_call(locked_call, at=locked_call.call_time(now), why="the account manager ended it")
    run_follow_ups(locked_call, now=now)


def _controller(leg: Leg, call: Call, person: str) -> Controller:
    """The line's own handler, as far as rules are about whose call it is."""
    rows = frozenset({leg.buyer_id} if leg.buyer_id else ())
    return Controller(None, call.company_id, rows, math.inf, math.inf, line=leg.pk, person=person)


def _line(call: Call, line: UUID) -> Leg:
    leg = Leg.objects.filter(pk=line, call=call).exclude(buyer=None).first()
    if leg is None:
        raise Refusal(NOT_LIVE)
    return leg


def _transfer(call: Call, transfer: UUID, *, now: datetime) -> UUID:
    """The transfer's UUID, with its call brought to this moment."""
    known = Transfer.objects.filter(pk=transfer, call=call).exists()
    if not known:
        raise Refusal("transfer not found")
    apply_timeouts(call.pk, now=now)
    return transfer
