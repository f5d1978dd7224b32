"""Tells the carrier what a transaction decided, once it is over, and takes in what the carrier says at once."""

import logging
from datetime import datetime

from callcontrol.carriers.base import Carrier, CarrierFailed, Event, Line
from callcontrol.models import Call, Leg
from callcontrol.state.locked_call import Order
from callcontrol.state.timeline import note

_log = logging.getLogger("ringpost.calls")


def conduct(carrier: Carrier, call: Call, orders: list[Order], *, now: datetime) -> list[Event]:
    """Gives the orders, in their order; what the carrier says at once. One that fails is noted and does not stop the others."""
    for order in orders:
        try:
            give(carrier, order)
            if order.told == "unhold":
                confirm_joined(order)
        except CarrierFailed as failure:
            _log.warning("call %s: the carrier could not %s: %s", call.pk, order.told.replace("_", " "), failure)
            note(call, "carrier-failed", at=now, told=order.told.replace("_", " "), why=str(failure))
    return carrier.heard()


def confirm_joined(order: Order) -> None:
    """The carrier has let the caller in. Until that is written, a sweep asks it again: nobody else would."""
    Leg.objects.filter(pk=order.line.leg_uuid, joining=True).update(joining=False)


def give(carrier: Carrier, order: Order) -> None:
    """Raises CarrierFailed."""
    line: Line = order.line
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
