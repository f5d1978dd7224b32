"""The timeline of a call: adding events, and showing them as sentences with routing verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from callcontrol.models import INTERNAL_DETAILS, Call, CallEvent, EventKind, Leg, Outcome, Party
from campaigns.models import Buyer
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace
from config.db.insert import insert


def add_event(
    call: Call, kind: str, *, at: datetime, event_id: str | None = None, **detail: object
) -> None:
    """Add an event to the call's timeline, once for each `event_id` of its carrier."""
    insert(CallEvent, call_id=call.pk, at=at, kind=kind, detail=detail, carrier_event_id=event_id)


def add_manager_event(call: Call, manager_name: str, action: str, *, at: datetime) -> None:
    """Add which account manager does what comes next; nothing for the owner of a handler key."""
    if manager_name:
        add_event(call, EventKind.MANAGED, at=at, who=manager_name, did=action)


def event_sentence(event: CallEvent, names: Mapping[str, str] | None = None) -> str:
    """Return the event as a sentence; an event of an unknown kind is shown by its kind.

    `names` are the names on the legs, by the leg's UUID. Without them, legs are named by party.
    """
    detail, name = event.detail, (names or {}).get(event.detail.get("leg", ""))
    if event.kind not in EventKind.values:
        return f"{capfirst(event.kind.replace('-', ' '))}."
    sentence: Any = EventKind(event.kind).label
    if event.kind in (EventKind.LEFT, EventKind.TAKEN_OFF):
        sentence = Outcome(detail["outcome"]).sentence
    try:
        return capfirst(str(sentence) % {**detail, "leg": name or _leg_label(detail)})
    except KeyError:
        return event.kind


def _leg_label(detail: Mapping[str, Any]) -> str:
    """Name a leg by the detail of its event: by buyer ID, phone number or party."""
    if "buyer_id" in detail:
        return _("Buyer %(buyer_id)s") % detail
    match detail.get("party"):
        case Party.CALLER:
            return _("The caller")
        case Party.TRANSFEREE:
            return _("The transferee")
    return str(detail.get("number") or _("The handler"))


def leg_names(legs: Iterable[Leg]) -> dict[str, str]:
    """Return the name on each leg, by its UUID. Legs are read with their buyers."""
    return {str(leg.pk): leg_name(leg) for leg in legs}


def leg_name(leg: Leg) -> str:
    """Name a leg: the caller, the buyer, or else the number that was dialed."""
    if leg.party == Party.CALLER:
        return _("the caller")
    return leg.buyer.name if leg.buyer else leg.number or _("a withheld number")


def event_verdicts(event: CallEvent, names: Mapping[int, str], time_zone: str) -> list[str]:
    """Return a sentence for each buyer of a routing decision; none for other events."""
    trace = event.detail.get("trace")
    if not trace:
        return []
    return explain.stored_lines(trace, names, time_zone, event.detail.get("reserved_row"))


def buyer_names(events: Sequence[CallEvent]) -> dict[int, str]:
    """Return the names of all buyers in the decisions of these events, by primary key."""
    traces = [event.detail["trace"] for event in events if event.detail.get("trace")]
    keys = {buyer_pk for trace in traces for buyer_pk in buyers_in_trace(trace)}
    keys |= {event.detail["reserved_row"] for event in events if "reserved_row" in event.detail}
    return dict(Buyer.objects.filter(pk__in=keys).values_list("pk", "name")) if keys else {}


def call_events(call: Call) -> list[dict[str, Any]]:
    """Return the events of a call in order: time, kind, sentence, verdicts and detail."""
    events = list(call.events.order_by("id"))
    names = buyer_names(events)
    return [
        {
            "at": event.at,
            "event": event.kind,
            "text": event_sentence(event),
            "verdicts": event_verdicts(event, names, call.company.time_zone),
            "detail": {
                name: value for name, value in event.detail.items() if name not in INTERNAL_DETAILS
            },
        }
        for event in events
    ]
