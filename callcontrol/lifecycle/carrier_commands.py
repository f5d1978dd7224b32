"""Tells the carrier what a transaction decided, once it is over, and takes in what the carrier says at once."""

import logging
from datetime import datetime

from callcontrol.carriers.base import Carrier, CarrierError, CarrierLeg, Event
from callcontrol.models import Call, Leg
from callcontrol.state.locked_call import CarrierCommand
from callcontrol.state.timeline import add_event

_log = logging.getLogger("ringpost.calls")


def dispatch(
    carrier: Carrier, call: Call, orders: list[CarrierCommand], *, now: datetime
) -> list[Event]:
    """Gives the orders, in their order; what the carrier says at once. One that fails is noted and does not stop the others."""
    for order in orders:
        try:
            send_command(carrier, order)
            if order.told == "unhold":
                confirm_joined(order)
        except CarrierError as failure:
            _log.warning(
                "call %s: the carrier could not %s: %s",
                call.pk,
                order.told.replace("_", " "),
                failure,
            )
            add_event(
                call, "carrier-failed", at=now, told=order.told.replace("_", " "), why=str(failure)
            )
    return carrier.immediate_events()


def confirm_joined(order: CarrierCommand) -> None:
    """The carrier has let the caller in. Until that is written, a sweep asks it again: nobody else would."""
    Leg.objects.filter(pk=order.line.leg_uuid, joining=True).update(joining=False)


def send_command(carrier: Carrier, order: CarrierCommand) -> None:
    """Raises CarrierFailed."""
    line: CarrierLeg = order.line
    match order.told:
        case "hang_up":
            carrier.hang_up(line)
        case "turn_away":
            carrier.turn_away(line)
        case "hold":
            carrier.hold(line)
        case "unhold":
            carrier.unhold(line)
        case "connected":
            carrier.connected(line)
