"""What the page of one call shows, in words: numbers masked for those who may not see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from callcontrol.carriers.simulator import Simulator
from callcontrol.control.manager import manager_actions
from callcontrol.lifecycle.summary import call_headline, lasted
from callcontrol.models import PAY_RULE, Call, CallEvent, DeliveryAttempt, Leg, Party
from callcontrol.state import timeline
from callcontrol.state.locked_call import LockedCall, read_call
from campaigns.admin_base import admin_link, host_of, mask_text, moment_text, money_text

from .diagrams import LEGEND, conference_diagram, leg_chart

COLORS = {
    Call.Status.ROUTING.label: "info",
    Call.Status.RINGING.label: "info",
    Call.Status.IN_PROGRESS.label: "success",
    Call.Status.NO_TARGET.label: "danger",
}
Fact = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One step of the timeline: how long after the call began, when, and what; with the verdicts of a decision."""

    since: str
    at: str
    text: str
    verdicts: list[str]


def call_context(call: Any, *, may_act: bool, now: datetime) -> dict[str, Any]:
    """All that the page's templates need. The call bears `clear`, and comes with what it points at."""
    room, events = read_call(call), list(call.events.order_by("id"))
    at = room.call_time(now)
    seen: Callable[[str], str] = str if call.clear else mask_text
    return {
        "call": call,
        "headline": seen(call_headline(room, why=why_it_ended(events))),
        "status": (call.get_status_display(), COLORS.get(call.get_status_display(), "")),
        "offer": manager_actions(room, at=at) if may_act else None,
        "over_time": leg_chart(room, events, at=at, seen=seen),
        "conference": conference_diagram(room, seen=seen),
        "legend": LEGEND,
        "steps": timeline_steps(call, room, events, seen),
        "facts": _facts(call, seen),
        "elsewhere": related_links(call),
        "legs": [_leg(leg, seen) for leg in room.legs],
        "transfers": [_transfer(one, seen) for one in room.transfers],
        "money": _money(call, events),
        "tags": _tags(call, seen),
        "deliveries": _deliveries(call),
        "now": at,
    }


def why_it_ended(events: Sequence[CallEvent]) -> str:
    return next(
        (str(event.detail.get("why", "")) for event in reversed(events) if event.kind == "ended"),
        "",
    )


def timeline_steps(
    call: Call, room: LockedCall, events: Sequence[CallEvent], seen: Callable[[str], str]
) -> list[TimelineStep]:
    """The timeline, in the order in which it was written."""
    people, names = timeline.leg_names(room.legs), timeline.buyer_names(events)
    return [
        TimelineStep(
            lasted(event.at - call.started_at).split()[0],
            moment_text(event.at),
            seen(timeline.event_sentence(event, people)),
            [seen(line) for line in timeline.event_verdicts(event, names, call.company.time_zone)],
        )
        for event in events
    ]


# --- what it is -------------------------------------------------------------------------------------------
def _facts(call: Any, seen: Callable[[str], str]) -> list[Fact]:
    caller = seen(call.caller_number) if call.caller_number else "withheld"
    facts = [
        ("Caller", caller),
        ("Dialed number", call.inbound_number),
        ("Campaign", admin_link(call.campaign)),
        ("Publisher", admin_link(call.publisher)),
        ("Buyer", admin_link(call.buyer)),
        (
            "Reservation",
            admin_link(call.reservation, text=f"{call.reservation_id}")
            if call.reservation
            else "none: an ordinary call",
        ),
        ("Came in", moment_text(call.started_at)),
        ("Taken", moment_text(call.connected_at)),
        ("Ended", moment_text(call.ended_at)),
        ("Call UUID", str(call.pk)),
    ]
    return [fact for fact in facts if fact[1] != "–"]


def related_links(call: Any) -> list[tuple[str, str]]:
    """Pages that tell more: each with its name and address."""
    log = reverse("admin:publishers_logentry_changelist")
    found = [("Requests about this call in the log", f"{log}?q={call.pk}")]
    if call.reservation_id:
        found.insert(0, ("Its ping in the log", f"{log}?q={call.reservation_id}"))
    if call.caller_number:
        found.insert(0, ("All of this caller", f"{reverse('caller')}?call={call.pk}"))
    if call.is_live and Simulator.slug == settings.CARRIER:
        found.append(("Play it on the softphone", f"{reverse('softphone')}?call={call.pk}"))
    return found


def _leg(leg: Leg, seen: Callable[[str], str]) -> dict[str, Any]:
    shown = "–" if leg.party == Party.CALLER else seen(leg.caller_number_sent or "") or "withheld"
    return {
        "party": leg.get_party_display(),
        "who": admin_link(leg.buyer) if leg.buyer else "–",
        "number": seen(leg.number) if leg.number else "withheld",
        "shown": shown,
        "state": leg.get_outcome_display() or leg.get_status_display(),
        "began": _time(leg.started_at),
        "answered": _time(leg.answered_at),
        "ended": _time(leg.ended_at),
    }


def _time(at: datetime | None) -> str:
    """Of the day that the page names already."""
    return f"{timezone.localtime(at):%H:%M:%S}" if at else "–"


def _transfer(one: Any, seen: Callable[[str], str]) -> dict[str, Any]:
    return {
        "by": seen(timeline.leg_name(one.transferor)),
        "to": seen(timeline.leg_name(one.transferee)),
        "how": "the caller waits on hold" if one.hold_caller else "all three talk",
        "status": one.get_status_display(),
        "began": _time(one.started_at),
        "ended": _time(one.ended_at),
    }


# --- what it paid -----------------------------------------------------------------------------------------
def _money(call: Any, events: Sequence[CallEvent]) -> list[Fact]:
    """Amounts and reason; nothing while the call is live and unsold."""
    reason: Fact = ("Why", pay_reason(call, events))
    if call.payout is None or call.revenue is None:
        return [("Payout", "none"), ("Revenue", "none"), reason] if call.settled_at else []
    currency = call.company.currency
    amounts = (
        ("Payout", call.payout),
        ("Revenue", call.revenue),
        ("Profit", call.revenue - call.payout),
    )
    return [*((name, f"{money_text(amount)} {currency}") for name, amount in amounts), reason]


def pay_reason(call: Any, events: Sequence[CallEvent]) -> str:
    """Why a settled call pays or does not, by the rule that its settlement recorded."""
    rule = next((event.detail[PAY_RULE] for event in events if PAY_RULE in event.detail), None)
    if any(event.kind == "sold" for event in events):
        return "Its buyer reported the sale."
    if call.payout is not None:
        return _paying_rule(call, rule)
    if call.duplicate:
        return "The caller had converted on this campaign before, and does not pay again."
    if call.connected_at is None:
        return "No buyer had the call."
    if rule is None:
        return "It ended before a conversion that applies."
    if rule["least_seconds"] is None:
        return "No conversion of the campaign applies to it."
    least = _seconds(rule["least_seconds"])
    return f"It ended before a conversion that applies; the first is after {least} of talk."


def _paying_rule(call: Any, rule: dict[str, Any] | None) -> str:
    if rule is None:  # settled before rules were recorded
        return "By a conversion that was not recorded."
    after = f"after {_seconds(rule['seconds'])} of talk"
    if rule["quoted"]:
        return f"As its ping was quoted: {after}."
    scope = (f" of {call.publisher}" if rule["for_publisher"] else "") + (
        f" to {call.buyer}" if rule["for_buyer"] else ""
    )
    return f"By the campaign’s conversion {after}{f', for calls{scope}' if scope else ''}."


def _seconds(seconds: int) -> str:
    return f"{seconds} s"


# --- what is known, and who was told ----------------------------------------------------------------------
def _tags(call: Any, seen: Callable[[str], str]) -> list[dict[str, Any]]:
    """Also those that wait for the next decision or the end."""
    written = call.tags.select_related("publisher").order_by("name")
    waiting = call.late_tags.select_related("publisher").order_by("name")
    rows = [(tag, tag.value_before, "") for tag in written] + [
        (tag, None, "waits for the next decision") for tag in waiting
    ]
    return [
        {
            "name": tag.name,
            "value": seen(tag.value),
            "before": "–" if before is None else seen(before) or "blank",
            "by": admin_link(tag.publisher) if tag.publisher else "–",
            "at": moment_text(tag.written_at),
            "remark": remark,
        }
        for tag, before, remark in rows
    ]


def _deliveries(call: Any) -> list[dict[str, Any]]:
    """Path and query of an address hold keys and callers' numbers: they are not for everybody."""
    rows = (
        call.deliveries.select_related("webhook")
        .prefetch_related("tries")
        .order_by("created_at", "name")
    )
    return [
        {
            "webhook": admin_link(row.webhook, text=row.name)
            if row.webhook
            else f"{row.name}, deleted",
            "trigger": row.get_trigger_display(),
            "address": f"{row.method} {row.url if call.clear else host_of(row.url)}",
            "status": row.get_status_display(),
            "tries": [
                _try(one, clear=call.clear)
                for one in sorted(row.tries.all(), key=lambda one: one.pk)
            ],
        }
        for row in rows
    ]


def _try(one: DeliveryAttempt, *, clear: bool) -> dict[str, str]:
    """When, what came of it, and how the answer began."""
    status = (
        f"{one.status} in {one.duration_ms} ms"
        if one.status
        else one.error or "nobody knows: the process ended"
    )
    return {"text": f"{moment_text(one.at)}: {status}", "answer": one.answer if clear else ""}
