"""Transfers: a handler brings a third party, attended or with the caller on hold."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.carriers.base import CarrierError
from callcontrol.carriers.registry import carrier
from callcontrol.lifecycle import events, legs
from callcontrol.lifecycle.dialing import add_leg, dial_request
from callcontrol.lifecycle.timeouts import apply_timeouts
from callcontrol.models import Call, EventKind, Leg, Outcome, Party, Transfer
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.timeline import add_event, add_manager_event
from callcontrol.state.transitions import change_row
from campaigns import phone
from campaigns.errors import CarrierUnavailable, NotFound, Refusal
from campaigns.models import Buyer

from .access import Controller, apply_timeouts_for, lock_call_for
from .handler import NOT_LIVE, TRANSFERRED, is_over, is_transferring

CANNOT_DIAL = "cannot dial transfer_to number"
_UNAVAILABLE = "the carrier did not do it; ask again"


# --- begin ----------------------------------------------------------------------------------
def begin_transfer(
    *, call_uuid: UUID, controller: Controller, transfer_to: str, hold_caller: bool, now: datetime
) -> Transfer:
    """Dial a third party into the call, and hold the caller if requested.

    If the number is a buyer's, the transferee is that buyer; it takes no place of the buyer's
    caps. A transfer accepts the call.
    """
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked, leg = lock_call_for(call_uuid, controller)
        check_begin_transfer(locked, leg)
        number, at = _destination(locked.call, transfer_to), locked.call_time(now)
        add_manager_event(locked.call, controller.manager_name, "transferred the call", at=at)
        if leg.accepted_at is None:
            change_row(leg, accepted_at=at)
        company = locked.call.company
        buyers = Buyer.objects.of(company).unretired().order_by("pk")
        with_number = (
            each for each in buyers if phone.destination(each.number, company.region) == number
        )
        buyer = next(with_number, None)
        transfer = _add_transfer(locked, leg, number, buyer, hold_caller=hold_caller, at=at)
        request = dial_request(locked, transfer.transferee, buyer)
    # The caller is held before the transferee is dialed: if that fails, the caller must not hear
    # the others.
    failure = _send_commands(locked)
    if failure is not None:
        with transaction.atomic():
            locked = lock_call(call_uuid)
            transferee = locked.leg(transfer.transferee_id)
            legs.leg_failed(locked, transferee, why=str(failure), at=locked.call_time(now))
        events.run_follow_ups(locked, now=now)
        raise CarrierUnavailable(_UNAVAILABLE)
    if events.dial_leg(locked, request, now=now) is not None:
        # If the handler left meanwhile, no other process dials the next buyer.
        events.dial_next(call_uuid, now=now)
        raise Refusal(CANNOT_DIAL)
    return transfer


def check_begin_transfer(locked: LockedCall, leg: Leg) -> None:
    """Raise the Refusal of a handler that may not transfer the call now."""
    if is_over(locked, leg):
        raise Refusal(NOT_LIVE)
    transferees = [transfer.transferee for transfer in locked.live_transfers()]
    if any(transferee is not leg for transferee in transferees) or is_transferring(locked, leg):
        raise Refusal(TRANSFERRED)
    if not leg.is_talking:
        raise Refusal(NOT_LIVE)


def _destination(call: Call, transfer_to: str) -> str:
    """Return the number to dial. Raises a Refusal for the caller's own number, among others."""
    company, caller_number = call.company, call.caller_number
    number = phone.dialable(transfer_to, company.region, tuple(company.dial_prefixes))
    if number is None:
        raise Refusal(CANNOT_DIAL)
    in_address = phone.to_e164(phone.sip_user(number), company.region)
    if caller_number and caller_number in (number, in_address):
        raise Refusal(CANNOT_DIAL)
    return number


def _add_transfer(
    locked: LockedCall,
    leg: Leg,
    number: str,
    buyer: Buyer | None,
    *,
    hold_caller: bool,
    at: datetime,
) -> Transfer:
    transferee = add_leg(locked, Party.TRANSFEREE, number=number, buyer=buyer, now=at)
    transfer = Transfer.objects.create(
        call=locked.call,
        transferor=leg,
        transferee=transferee,
        hold_caller=hold_caller,
        started_at=at,
    )
    locked.transfers.append(transfer)
    add_event(
        locked.call,
        EventKind.TRANSFERRING,
        at=at,
        number=number,
        leg=str(transferee.pk),
        hold_caller=hold_caller,
    )
    if hold_caller and change_row(locked.caller, held=True, joining=False):
        add_event(locked.call, EventKind.CALLER_HELD, at=at)
        locked.add_command("hold", locked.caller, at=at)
    return transfer


def _send_commands(locked: LockedCall) -> CarrierError | None:
    """Send the commands of a locked call, and clear them; return the first error."""
    commands, locked.commands = locked.commands, []
    try:
        for command in commands:
            command.send(carrier())
    except CarrierError as failure:
        return failure
    return None


# --- connect and stop -----------------------------------------------------------------------
def connect_caller(*, transfer_uuid: UUID, now: datetime, manager_name: str = "") -> Transfer:
    """Take the caller of an unattended transfer off hold, into the conference."""
    with transaction.atomic():
        locked, transfer = _lock_transfer(transfer_uuid)
        at = locked.call_time(now)
        if not locked.call.is_live:
            raise Refusal("caller hung up" if locked.caller.held else NOT_LIVE)
        has_ended = transfer.status == Transfer.Status.ENDED
        if has_ended or not transfer.hold_caller or not legs.unhold_caller(locked, at=at):
            raise Refusal("caller not held")
        add_manager_event(locked.call, manager_name, "connected the caller", at=at)
    failure = _send_commands(locked)
    if failure is not None:
        # The rows must match what the parties hear. If the handler has left meanwhile, the caller
        # is connected to the transferee after all.
        with transaction.atomic():
            locked = lock_call(transfer.call_id)
            if locked.call.is_live and change_row(locked.caller, held=True, joining=False):
                at = locked.call_time(now)
                add_event(
                    locked.call, EventKind.CARRIER_FAILED, at=at, told="unhold", why=str(failure)
                )
                legs.advance_call(locked, locked.leg(transfer.transferee_id), at=at)
        events.run_follow_ups(locked, now=now)
        raise CarrierUnavailable(_UNAVAILABLE)
    return transfer


def stop_transfer(*, transfer_uuid: UUID, now: datetime, manager_name: str = "") -> Transfer:
    """End the transferee's leg; a held caller is back with the handler, which must be there."""
    with transaction.atomic():
        locked, transfer = _lock_transfer(transfer_uuid)
        if not locked.call.is_live:
            raise Refusal(NOT_LIVE)
        if transfer.status == Transfer.Status.ENDED:
            raise Refusal("transfer not in progress")
        if not transfer.transferor.is_talking:
            raise Refusal("transferor not present")
        at = locked.call_time(now)
        add_manager_event(locked.call, manager_name, "stopped the transfer", at=at)
        legs.end_leg(locked, transfer.transferee, outcome=Outcome.STOPPED, at=at)
    events.run_follow_ups(locked, now=now)
    return transfer


def call_of(transfer_uuid: UUID, *, now: datetime) -> Call:
    """Return the call of a transfer, with its timeouts applied. Raises NotFound."""
    call = Call.objects.filter(transfers=transfer_uuid).first()
    if call is None:
        raise NotFound("transfer not found")
    apply_timeouts(call.pk, now=now)
    return call


def _lock_transfer(transfer_uuid: UUID) -> tuple[LockedCall, Transfer]:
    call_uuid = Transfer.objects.filter(pk=transfer_uuid).values_list("call_id", flat=True).first()
    if call_uuid is None:
        raise NotFound("transfer not found")
    locked = lock_call(call_uuid)
    return locked, next(row for row in locked.transfers if row.pk == transfer_uuid)
