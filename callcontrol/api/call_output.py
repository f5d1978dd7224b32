"""A call as its company reads it: in a list, and by itself with its legs and its timeline."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from callcontrol.models import Call, Leg
from callcontrol.state import timeline
from callcontrol.state.locked_call import audible_parties
from config.http.values import money_text


def listed_call(calls: Iterable[Call], *, format: str) -> Any:
    """JSON as the field's clients read it, a bare list; XML has its root, and the list under it."""
    members = [_members(call) for call in calls]
    return {"calls": members} if format == "xml" else [{"call": one} for one in members]


def whole_call(call: Call) -> dict[str, Any]:
    """One call, with all that is known of it."""
    legs = list(call.legs.select_related("buyer").order_by("started_at", "place"))
    return {
        "call": {
            **_members(call),
            "legs": [_leg(leg, legs) for leg in legs],
            "events": timeline.call_events(call),
        }
    }


def _members(call: Call) -> dict[str, Any]:
    """Our names first, then those of the field's clients for the same things."""
    campaign_id = call.campaign.campaign_id
    publisher_id = call.publisher.publisher_id if call.publisher else None
    buyer_id = call.buyer.buyer_id if call.buyer else None
    duration = _seconds(call.started_at, call.ended_at)
    connected_duration = _seconds(call.connected_at, call.ended_at)
    return {
        "uuid": call.pk,
        "status": call.status,
        "campaign_id": campaign_id,
        "publisher_id": publisher_id,
        "buyer_id": buyer_id,
        "reservation_uuid": call.reservation_id,
        "caller_number": call.caller_number,
        "inbound_number": call.inbound_number,
        "started_at": call.started_at,
        "connected_at": call.connected_at,
        "ended_at": call.ended_at,
        "duration": duration,
        "connected_duration": connected_duration,
        "payout": money_text(call.payout),
        "revenue": money_text(call.revenue),
        "converted": call.converted_at is not None,
        "duplicate": call.duplicate,
        "tags": {tag.name: tag.value for tag in sorted(call.tags.all(), key=lambda tag: tag.name)},
        "caller": call.caller_number,
        "number": call.inbound_number,
        "cid": campaign_id,
        "afid": publisher_id,
        "tid": buyer_id,
        "created_at": call.started_at,
        "start_time": call.started_at,
        "forwarded_time": call.connected_at,
        "end_time": call.ended_at,
        "total_duration": duration,
        "dialed_call_duration": connected_duration,
    }


def _leg(leg: Leg, legs: list[Leg]) -> dict[str, Any]:
    return {
        "leg_uuid": leg.pk,
        "party": leg.party,
        "number": leg.number,
        "caller_number_sent": leg.caller_number_sent,
        "buyer_id": leg.buyer.buyer_id if leg.buyer else None,
        "status": leg.status,
        "outcome": leg.outcome or None,
        "started_at": leg.started_at,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "hears": audible_parties(leg, legs),
    }


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds; None while there is no end, or where nothing began."""
    return int((end - start).total_seconds()) if start and end else None
