"""A handler brings a third party: attended, all three at once, or with the caller on hold until it connects them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callcontrol.carriers.base import CarrierError
from callcontrol.carriers.registry import carrier
from callcontrol.lifecycle import events, legs
from callcontrol.lifecycle.carrier_commands import confirm_joined, send_command
from callcontrol.lifecycle.dialing import create_leg, dial_request
from callcontrol.lifecycle.timeouts import apply_timeouts
from callcontrol.models import Call, Leg, Outcome, Party, Transfer
from callcontrol.state.locked_call import LockedCall, lock_call
from callcontrol.state.timeline import add_event, add_manager_event
from callcontrol.state.transitions import change_row
from campaigns import phone
from campaigns.errors import CarrierUnavailable, NotFound, Refusal
from campaigns.models import Buyer

from .access import Controller, apply_timeouts_for, lock_call_for
from .handler import NOT_LIVE, TRANSFERRED, is_over, is_transferring

CANNOT_DIAL = "cannot dial transfer_to number"
_AWAY = "the carrier did not do it; ask again"


# --- begin ------------------------------------------------------------------------------------------------
def begin_transfer(
    *, call_uuid: UUID, controller: Controller, transfer_to: str, hold_caller: bool, now: datetime
) -> Transfer:
    """Dials a third party into the call, the caller held if that is asked; a transfer accepts the call.

    If the number is a buyer's, the transferee is that buyer. It takes no place in its caps.
    """
    apply_timeouts_for(call_uuid, controller, now=now)
    with transaction.atomic():
        locked_call, leg = lock_call_for(call_uuid, controller)
        check_begin_transfer(locked_call, leg)
        number = _destination(locked_call.call, transfer_to)
        add_manager_event(
            locked_call.call,
            controller.person,
            "transferred the call",
            at=locked_call.call_time(now),
        )
        transfer, buyer = _make(
            locked_call, leg, number, hold_caller=hold_caller, at=locked_call.call_time(now)
        )
        order = dial_request(locked_call, transfer.transferee, buyer)
    _hold_first(locked_call, transfer, now=now)
    if events.dial_leg(locked_call, order, now=now) is not None:
        events.dial_next(
            call_uuid, now=now
        )  # the handler may have left meanwhile, and nobody else would
        raise Refusal(CANNOT_DIAL)
    return transfer


def check_begin_transfer(locked_call: LockedCall, leg: Leg) -> None:
    """Raises the Refusal of a handler that may not transfer the call now."""
    if is_over(locked_call, leg):
        raise Refusal(NOT_LIVE)
    if any(
        transfer.transferee is not leg for transfer in locked_call.live_transfers()
    ) or is_transferring(locked_call, leg):
        raise Refusal(TRANSFERRED)
    if not leg.is_talking:
        raise Refusal(NOT_LIVE)


def _destination(call: Call, transfer_to: str) -> str:
    company = call.company
    number = phone.dialable(transfer_to, company.region, tuple(company.dial_prefixes))
    theirs = call.caller_number  # None: withheld
    if number is None or (
        theirs and theirs in (number, phone.to_e164(phone.sip_user(number), company.region))
    ):
        raise Refusal(CANNOT_DIAL)
    return number


def _make(
    locked_call: LockedCall, leg: Leg, number: str, *, hold_caller: bool, at: datetime
) -> tuple[Transfer, Buyer | None]:
    buyer = _buyer_at(locked_call.call, number)
    if leg.accepted_at is None:
        change_row(leg, accepted_at=at)
    transferee = create_leg(locked_call, Party.TRANSFEREE, number=number, buyer=buyer, now=at)
    transfer = Transfer.objects.create(
        call=locked_call.call,
        transferor=leg,
        transferee=transferee,
        hold_caller=hold_caller,
        started_at=at,
    )
    locked_call.transfers.append(transfer)
    add_event(
        locked_call.call,
        "transferring",
        at=at,
        number=number,
        leg=str(transferee.pk),
        hold_caller=hold_caller,
    )
    if hold_caller and change_row(locked_call.caller, held=True, joining=False):
        add_event(locked_call.call, "caller-held", at=at)
        locked_call.add_command("hold", locked_call.caller, at=at)
    return transfer, buyer


def _buyer_at(call: Call, number: str) -> Buyer | None:
    """The buyer whose number this is, if it is one's."""
    for buyer in Buyer.objects.of(call.company).unretired().order_by("pk"):
        if phone.destination(buyer.number, call.company.region) == number:
            return buyer
    return None


def _hold_first(locked_call: LockedCall, transfer: Transfer, *, now: datetime) -> None:
    """Before anybody is dialed: a caller who can't be held must not hear what is said about them."""
    orders, locked_call.commands = locked_call.commands, []
    try:
        for order in orders:
            send_command(carrier(), order)
    except CarrierError as failure:
        with transaction.atomic():
            locked_call = lock_call(locked_call.call.pk)
            legs.leg_failed(
                locked_call,
                locked_call.leg(transfer.transferee_id),
                why=str(failure),
                at=locked_call.call_time(now),
            )
        events.run_follow_ups(locked_call, now=now)
        raise CarrierUnavailable(_AWAY) from None


# --- connect and stop -------------------------------------------------------------------------------------
def connect_caller(*, transfer_uuid: UUID, now: datetime, person: str = "") -> Transfer:
    """Takes the caller off hold and into the conference of an unattended transfer. `person`: an account manager does it."""
    with transaction.atomic():
        locked_call, transfer = _enter(transfer_uuid, now=now)
        if not locked_call.call.is_live:
            raise Refusal("caller hung up" if locked_call.caller.held else NOT_LIVE)
        is_over = transfer.status == Transfer.Status.ENDED
        if (
            is_over
            or not transfer.hold_caller
            or not legs.unhold_caller(locked_call, at=locked_call.call_time(now))
        ):
            raise Refusal("caller not held")
        add_manager_event(
            locked_call.call, person, "connected the caller", at=locked_call.call_time(now)
        )
    orders, locked_call.commands = locked_call.commands, []
    try:
        for order in orders:
            send_command(carrier(), order)
            confirm_joined(order)
    except CarrierError as failure:
        _hold_again(transfer, why=str(failure), now=now)
        raise CarrierUnavailable(_AWAY) from None
    return transfer


def _hold_again(transfer: Transfer, *, why: str, now: datetime) -> None:
    """The carrier did not let the caller in: what is written must be what is heard.

    Who could ask again may have left meanwhile: then the caller is joined to whoever is there.
    """
    with transaction.atomic():
        locked_call = lock_call(transfer.call_id)
        if locked_call.call.is_live and change_row(locked_call.caller, held=True, joining=False):
            add_event(
                locked_call.call,
                "carrier-failed",
                at=locked_call.call_time(now),
                told="unhold",
                why=why,
            )
            legs.advance_call(
                locked_call, locked_call.leg(transfer.transferee_id), at=locked_call.call_time(now)
            )
    events.run_follow_ups(locked_call, now=now)


def stop_transfer(*, transfer_uuid: UUID, now: datetime, person: str = "") -> Transfer:
    """Ends the transferee's line; a held caller is back with the handler, who must be there. `person`: as above."""
    with transaction.atomic():
        locked_call, transfer = _enter(transfer_uuid, now=now)
        if not locked_call.call.is_live:
            raise Refusal(NOT_LIVE)
        if transfer.status == Transfer.Status.ENDED:
            raise Refusal("transfer not in progress")
        if not transfer.transferor.is_talking:
            raise Refusal("transferor not present")
        add_manager_event(
            locked_call.call, person, "stopped the transfer", at=locked_call.call_time(now)
        )
        legs.end_leg(
            locked_call, transfer.transferee, outcome=Outcome.STOPPED, at=locked_call.call_time(now)
        )
    events.run_follow_ups(locked_call, now=now)
    return transfer


def call_of(transfer_uuid: UUID, *, now: datetime) -> Call:
    """The call of a transfer, brought to this moment; NotFound for a transfer that nobody made."""
    call = Call.objects.filter(transfers=transfer_uuid).first()
    if call is None:
        raise NotFound("transfer not found")
    apply_timeouts(call.pk, now=now)
    return call


def _enter(transfer_uuid: UUID, *, now: datetime) -> tuple[LockedCall, Transfer]:
    call_uuid = Transfer.objects.filter(pk=transfer_uuid).values_list("call_id", flat=True).first()
    if call_uuid is None:
        raise NotFound("transfer not found")
    locked_call = lock_call(call_uuid)
    return locked_call, next(
        transfer for transfer in locked_call.transfers if transfer.pk == transfer_uuid
    )
