"""A call as the simulator shows it."""

from decimal import Decimal
from typing import Any

from callcontrol import timeline
from callcontrol.models import Call, CallEvent, Leg


def shown(call: Call) -> dict[str, Any]:
    """One call: money as decimal text or null, legs and events in the order in which they began."""
    events = list(call.events.order_by("id"))
    legs = _in_order(list(call.legs.order_by("started_at", "party")), events)
    return {
        "call_uuid": str(call.uuid),
        "status": call.status,
        "buyer_id": call.buyer.buyer_id if call.buyer else None,
        "reservation_uuid": str(call.reservation_id) if call.reservation_id else None,
        "publisher_id": call.publisher.publisher_id if call.publisher else None,
        "tags": dict(call.tags.order_by("name").values_list("name", "value")),
        "payout": _money(call.payout),
        "revenue": _money(call.revenue),
        "converted": call.converted_at is not None,
        "legs": [_leg(leg, legs) for leg in legs],
        "events": timeline.told(call),
    }


def _in_order(legs: list[Leg], events: list[CallEvent]) -> list[Leg]:
    """As they began, also those that began at one moment: each is dialed by an event of its own, the caller's by none."""
    dialed = [event.detail.get("leg") for event in events if event.kind == "dialing"]
    places = {leg: place for place, leg in enumerate(dialed, 1)}
    return sorted(legs, key=lambda leg: (leg.started_at, places.get(str(leg.uuid), 0)))


def _leg(leg: Leg, legs: list[Leg]) -> dict[str, Any]:
    members: dict[str, Any] = {"leg_uuid": str(leg.uuid), "party": leg.party, "number": leg.number, "status": leg.status}
    if leg.status == Leg.Status.ENDED:
        members["outcome"] = leg.outcome
    return {**members, "hears": _heard_by(leg, legs)}


def _heard_by(leg: Leg, legs: list[Leg]) -> list[str]:
    """Who is in the conference with this leg: the others that are answered, if it is itself."""
    if leg.status != Leg.Status.IN_PROGRESS:
        return []
    return [other.party for other in legs if other is not leg and other.status == Leg.Status.IN_PROGRESS]


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
