"""A call as the simulator shows it."""

from typing import Any
from uuid import UUID

from callcontrol.carriers.simulator import arrived_as
from callcontrol.models import Call, Leg
from callcontrol.state import timeline
from callcontrol.state.locked_call import audible_parties
from config.http.values import money_text


def simulated_call(call: Call) -> dict[str, Any]:
    """One call: money as decimal text or null, legs and events in the order in which they began."""
    legs = list(call.legs.order_by("started_at", "place"))
    calls = arrived_as(legs)
    return {
        "call_uuid": str(call.uuid),
        "status": call.status,
        "buyer_id": call.buyer.buyer_id if call.buyer else None,
        "reservation_uuid": str(call.reservation_id) if call.reservation_id else None,
        "publisher_id": call.publisher.publisher_id if call.publisher else None,
        "tags": dict(call.tags.order_by("name").values_list("name", "value")),
        "payout": money_text(call.payout),
        "revenue": money_text(call.revenue),
        "converted": call.converted_at is not None,
        "legs": [_leg(leg, legs, calls.get(leg.pk)) for leg in legs],
        "events": timeline.call_events(call),
    }


def _leg(leg: Leg, legs: list[Leg], own_call: UUID | None) -> dict[str, Any]:
    members: dict[str, Any] = {
        "leg_uuid": str(leg.uuid),
        "party": leg.party,
        "number": leg.number,
        "status": leg.status,
    }
    if leg.status == Leg.Status.ENDED:
        members["outcome"] = leg.outcome
    if own_call:
        members["arrived_as"] = str(own_call)
    return {**members, "hears": audible_parties(leg, legs)}
