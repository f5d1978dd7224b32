"""A call's timeline for people: what happened, and why each buyer did or did not get the call, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from callcontrol.models import CARRIER_TOKEN, PAY_RULE, Call, CallEvent, Leg, Outcome, Party
from campaigns.models import Buyer
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace
from config.db.insert import insert

MANAGED = "managed"  # an account manager did something: who and what
_UNTOLD = ("trace", "reserved_row", PAY_RULE, CARRIER_TOKEN)
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
    MANAGED: "The account manager {who} {did}.",
}
# The same for who knows the people on the lines by name.
_BY_NAME = {
    "dialing": "{name} is dialed.",
    "answered": "{name} picked up.",
    "accepted": "{name} accepted the call.",
    "transferring": "{name} is dialed, to join the call.",
    "leg-failed": "{name} could not be dialed: {why}.",
}
_HOW_IT_LEFT = {
    Outcome.COMPLETED: "{name} hung up.",
    Outcome.BUSY: "{name} was busy.",
    Outcome.NO_ANSWER: "{name} did not answer.",
    Outcome.FAILED: "{name} could not be reached.",
    Outcome.CANCELED: "{name} was not rung any longer.",
    Outcome.RETURNED: "{name} is off the line: the call was returned.",
    Outcome.REJECTED: "{name} is off the line: the call was rejected.",
    Outcome.NOT_ACCEPTED: "{name} is off the line: the call was not accepted in time.",
    Outcome.STOPPED: "{name} is off the line: the transfer was stopped.",
}


def add_event(
    call: Call, kind: str, *, at: datetime, event_id: str | None = None, **detail: object
) -> None:
    """Adds a step to the call's timeline. `event_id` is the carrier's name of it: the second of that name is left out."""
    insert(CallEvent, call_id=call.pk, at=at, kind=kind, detail=detail, carrier_event_id=event_id)


def add_manager_event(call: Call, person: str, did: str, *, at: datetime) -> None:
    """Says who did what comes next, if it was an account manager: a handler is known by its line."""
    if person:
        add_event(call, MANAGED, at=at, who=person, did=did)


def event_sentence(event: CallEvent, people: Mapping[str, str] | None = None) -> str:
    """The event in words; one that nobody wrote a sentence for is told by its kind.

    `people` are the names of who is on the lines, by the leg's UUID; without it they are told by their parties.
    """
    try:
        if people and event.detail.get("leg") in people:
            return _begun(_named(event).format(name=people[event.detail["leg"]], **event.detail))
        return _SENTENCES.get(event.kind, event.kind.replace("-", " ").capitalize() + ".").format(
            **event.detail
        )
    except KeyError:
        return event.kind


def _named(event: CallEvent) -> str:
    """The sentence with a name in it; KeyError when there is none."""
    return (
        _HOW_IT_LEFT[event.detail["outcome"]]
        if event.kind in ("left", "taken-off")
        else _BY_NAME[event.kind]
    )


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def leg_names(legs: Iterable[Leg]) -> dict[str, str]:
    """Who is on each line, by its UUID; the legs come with their buyers."""
    return {str(leg.pk): leg_name(leg) for leg in legs}


def leg_name(leg: Leg) -> str:
    """Who is on a line: the caller, a buyer by its name, or whoever has the number."""
    if leg.party == Party.CALLER:
        return "the caller"
    return leg.buyer.name if leg.buyer else leg.number or "somebody"


def event_verdicts(event: CallEvent, names: Mapping[int, str], time_zone: str) -> list[str]:
    """A sentence for each buyer of a decision; none for other events."""
    trace = event.detail.get("trace")
    return (
        explain.stored_lines(trace, names, time_zone, event.detail.get("reserved_row"))
        if trace
        else []
    )


def buyer_names(events: Sequence[CallEvent]) -> dict[int, str]:
    """The names of all buyers that the decisions of these events speak of, by row."""
    rows = {
        row
        for event in events
        if event.detail.get("trace")
        for row in buyers_in_trace(event.detail["trace"])
    }
    rows |= {event.detail["reserved_row"] for event in events if "reserved_row" in event.detail}
    return dict(Buyer.objects.filter(pk__in=rows).values_list("pk", "name")) if rows else {}


def call_events(call: Call) -> list[dict[str, Any]]:
    """The events of a call in their order: moment, kind, sentence, and the verdicts of a decision in words."""
    events = list(call.events.order_by("id"))
    names = buyer_names(events)
    return [
        {
            "at": event.at,
            "event": event.kind,
            "text": event_sentence(event),
            "verdicts": event_verdicts(event, names, call.company.time_zone),
            "detail": {name: value for name, value in event.detail.items() if name not in _UNTOLD},
        }
        for event in events
    ]
