"""A call's timeline for people: what happened, and why each buyer did or did not get the call, in sentences."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from campaigns import words
from campaigns.models import Buyer
from campaigns.routing import rows_of
from config.insert import insert

from .models import Call, CallEvent

KEPT = "carrier_token"  # what a carrier gave with a call, and wants back with its legs
_UNTOLD = ("trace", "reserved_row", KEPT)
# What each kind of event says; `{}` parts are its details.
_SENTENCES = {
    "arrived": "The caller dialed {number}.",
    "routed": "The buyers were decided upon.",
    "reserved-buyer-passed-over": "The reserved buyer was passed over: {why}.",
    "dialing": "Buyer {buyer_id} is dialed.",
    "answered": "The {party} picked up.",
    "left": "The {party}’s line ended: {outcome}.",
    "taken-off": "The {party}’s line was ended: {outcome}.",
    "leg-failed": "The carrier could not dial: {why}.",
    "accepted": "The handler accepted the call.",
    "transferring": "{number} is dialed, to join the call.",
    "caller-held": "The caller is on hold.",
    "caller-joined": "The caller is back on the line.",
    "carrier-failed": "The carrier could not {told}: {why}.",
    "ended": "The call ended: {why}.",
    "converted": "The call converted: {payout} to the publisher, {revenue} from the buyer.",
    "sold": "The buyer reported a sale: {payout} to the publisher, {revenue} from the buyer.",
    "duplicate": "The caller had converted before, and does not pay again.",
    "unconverted": "The call did not convert.",
    "webhook-asked": "The webhook “{name}” was asked before routing: {said}.",
    "webhook-delivered": "The webhook “{name}” was told ({trigger}): {said}.",
    "webhook-failed": "The webhook “{name}” was given up ({trigger}): {said}.",
}


def note(call: Call, kind: str, *, at: datetime, event_id: str | None = None, **detail: object) -> None:
    """Adds a step to the call's timeline. `event_id` is the carrier's name of it: the second of that name is left out."""
    insert(CallEvent, call_id=call.pk, at=at, kind=kind, detail=detail, carrier_event_id=event_id)


def sentence(event: CallEvent) -> str:
    """The event in words; one that nobody wrote a sentence for is told by its kind."""
    try:
        return _SENTENCES.get(event.kind, event.kind.replace("-", " ").capitalize() + ".").format(**event.detail)
    except KeyError:
        return event.kind


def verdicts(event: CallEvent, names: Mapping[int, str], time_zone: str) -> list[str]:
    """A sentence for each buyer of a decision; none for other events."""
    trace = event.detail.get("trace")
    return words.stored_lines(trace, names, time_zone, event.detail.get("reserved_row")) if trace else []


def names_of(events: Sequence[CallEvent]) -> dict[int, str]:
    """The names of all buyers that the decisions of these events speak of, by row."""
    rows = {row for event in events if event.detail.get("trace") for row in rows_of(event.detail["trace"])}
    rows |= {event.detail["reserved_row"] for event in events if "reserved_row" in event.detail}
    return dict(Buyer.objects.filter(pk__in=rows).values_list("pk", "name")) if rows else {}


def told(call: Call) -> list[dict[str, Any]]:
    """The events of a call in their order: moment, kind, sentence, and the verdicts of a decision in words."""
    events = list(call.events.order_by("id"))
    names = names_of(events)
    return [
        {
            "at": event.at,
            "event": event.kind,
            "text": sentence(event),
            "verdicts": verdicts(event, names, call.company.time_zone),
            "detail": {name: value for name, value in event.detail.items() if name not in _UNTOLD},
        }
        for event in events
    ]
