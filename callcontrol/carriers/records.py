"""What a carrier that calls back has to remember of the calls that it carries, and no other part needs to know."""

from uuid import UUID

from callcontrol.models import CARRIER_TOKEN, Call, CallEvent, Leg, Party
from campaigns.errors import NotFound

from .base import Arrival, CarrierLeg


def record_arrival_token(call: Call, arrival: Arrival) -> None:
    """Keeps the carrier's token with the event of the arrival."""
    event = call.events.filter(kind="arrived").order_by("id").first()
    if event is not None and arrival.token and CARRIER_TOKEN not in event.detail:
        CallEvent.objects.filter(pk=event.pk).update(
            detail={**event.detail, CARRIER_TOKEN: arrival.token}
        )


def token_of(call_uuid: UUID, number: str | None) -> str:
    """What the carrier gave with this call and wants back to show `number`; nothing if that is not the caller's own."""
    arrived = CallEvent.objects.filter(
        call_id=call_uuid, call__caller_number=number, kind="arrived"
    )
    return str((arrived.values_list("detail", flat=True).first() or {}).get(CARRIER_TOKEN, ""))


def dialed_number(call_uuid: UUID) -> str:
    """The number or SIP address at which the call came in."""
    return Call.objects.values_list("inbound_number", flat=True).get(pk=call_uuid)


def callers_leg(carrier_slug: str, carrier_call_id: str) -> UUID | None:
    """The caller's own leg of a call that the carrier knows by this id."""
    legs = Leg.objects.filter(
        call__carrier=carrier_slug, call__carrier_call_id=carrier_call_id, party=Party.CALLER
    )
    return legs.values_list("pk", flat=True).first()


def waiting_caller(call_uuid: UUID) -> CarrierLeg | None:
    """The caller's line if somebody was on the line with the caller before and nobody is now, on hold or not."""
    legs = list(Leg.objects.filter(call_id=call_uuid))
    others = [leg for leg in legs if leg.party != Party.CALLER]
    if any(leg.is_talking for leg in others) or not any(leg.answered_at for leg in others):
        return None
    return next(
        (_line(leg) for leg in legs if leg.party == Party.CALLER and leg.is_live and not leg.held),
        None,
    )


def may_hear(caller: CarrierLeg) -> bool:
    """Whether the caller is not on hold, and was alone before now: a second leg at least was picked up."""
    if Leg.objects.filter(pk=caller.leg_uuid, held=True).exists():
        return False
    picked_up = Leg.objects.filter(call_id=caller.call_uuid, answered_at__isnull=False).exclude(
        party=Party.CALLER
    )
    return picked_up.count() > 1


def shown_caller_number(leg_uuid: UUID, number: str) -> None:
    """The carrier shows another number than it was asked to: buyers find their calls by the one that they see."""
    Leg.objects.filter(pk=leg_uuid).update(caller_number_sent=number, number_is_random=False)


def leg_by_carrier_id(leg_uuid: UUID, carrier_leg_id: str) -> CarrierLeg | None:
    """Learns the carrier's id of a leg, if nobody knew it; the line to hang up if that leg is over. NotFound if there is none."""
    Leg.objects.filter(pk=leg_uuid, carrier_leg_id="").update(carrier_leg_id=carrier_leg_id)
    leg = Leg.objects.filter(pk=leg_uuid).first()
    if leg is None:
        raise NotFound("leg not found")
    return None if leg.is_live else _line(leg)


def _line(leg: Leg) -> CarrierLeg:
    return CarrierLeg(
        call_uuid=leg.call_id,
        leg_uuid=leg.pk,
        carrier_leg_id=leg.carrier_leg_id,
        at=leg.ended_at or leg.started_at,
    )
