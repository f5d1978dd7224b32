"""Rows that a carrier with callbacks reads and writes about its calls."""

from uuid import UUID

from callcontrol.models import CARRIER_TOKEN, Call, CallEvent, EventKind, Leg, Party
from campaigns.errors import NotFound

from .base import Arrival, CarrierLeg


def record_arrival_token(call: Call, arrival: Arrival) -> None:
    """Store the carrier's token with the event of the arrival, once."""
    event = call.events.filter(kind=EventKind.ARRIVED).order_by("id").first()
    if event is not None and arrival.token and CARRIER_TOKEN not in event.detail:
        CallEvent.objects.filter(pk=event.pk).update(
            detail={**event.detail, CARRIER_TOKEN: arrival.token}
        )


def arrival_token(call_uuid: UUID, number: str | None) -> str:
    """Return the token for showing `number`; blank if that is not the caller's own number."""
    arrived = CallEvent.objects.filter(
        call_id=call_uuid, call__caller_number=number, kind=EventKind.ARRIVED
    )
    detail = arrived.values_list("detail", flat=True).first() or {}
    return str(detail.get(CARRIER_TOKEN, ""))


def dialed_number(call_uuid: UUID) -> str:
    """Return the number or SIP address that the caller dialed."""
    return Call.objects.values_list("inbound_number", flat=True).get(pk=call_uuid)


def caller_leg_uuid(carrier_slug: str, carrier_call_id: str) -> UUID | None:
    """Return the caller's leg of a call, by the carrier's ID of the call."""
    legs = Leg.objects.filter(
        call__carrier=carrier_slug, call__carrier_call_id=carrier_call_id, party=Party.CALLER
    )
    return legs.values_list("pk", flat=True).first()


def waiting_caller(call_uuid: UUID) -> CarrierLeg | None:
    """Return the caller's leg if the other party has left and the caller is not on hold."""
    legs = list(Leg.objects.filter(call_id=call_uuid))
    dialed = [leg for leg in legs if leg.party != Party.CALLER]
    if any(leg.is_talking for leg in dialed) or not any(leg.answered_at for leg in dialed):
        return None
    waiting = (leg for leg in legs if leg.party == Party.CALLER and leg.is_live and not leg.held)
    return next((_carrier_leg(leg) for leg in waiting), None)


def may_join(caller: CarrierLeg) -> bool:
    """Whether a caller that was put back to the ringing tone may return to the conference.

    A second leg at least was answered, and no handler holds the caller.
    """
    if Leg.objects.filter(pk=caller.leg_uuid, held=True).exists():
        return False
    answered = Leg.objects.filter(call_id=caller.call_uuid, answered_at__isnull=False)
    return answered.exclude(party=Party.CALLER).count() > 1


def record_caller_id(leg_uuid: UUID, number: str) -> None:
    """Record that the carrier shows `number` instead of the caller ID that was requested.

    Buyers find their calls by the number that they see.
    """
    Leg.objects.filter(pk=leg_uuid).update(caller_number_sent=number, number_is_random=False)


def record_carrier_leg_id(leg_uuid: UUID, carrier_leg_id: str) -> CarrierLeg | None:
    """Record the carrier's ID of a leg, once. Return the leg if it has ended, to hang it up.

    Raises NotFound for an unknown leg.
    """
    Leg.objects.filter(pk=leg_uuid, carrier_leg_id="").update(carrier_leg_id=carrier_leg_id)
    leg = Leg.objects.filter(pk=leg_uuid).first()
    if leg is None:
        raise NotFound("leg not found")
    return None if leg.is_live else _carrier_leg(leg)


def _carrier_leg(leg: Leg) -> CarrierLeg:
    return CarrierLeg(
        call_uuid=leg.call_id,
        leg_uuid=leg.pk,
        carrier_leg_id=leg.carrier_leg_id,
        at=leg.ended_at or leg.started_at,
    )
