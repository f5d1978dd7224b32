"""Context of a call's page; numbers are masked unless the user may see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from callcontrol.carriers.simulator import Simulator
from callcontrol.control.manager import manager_actions
from callcontrol.lifecycle.summary import call_headline, lasted
from callcontrol.models import PAY_RULE, Call, CallEvent, Leg, Party
from callcontrol.state import timeline
from callcontrol.state.locked_call import LockedCall, read_call
from campaigns.admin_base import admin_link, host_of, moment_text
from campaigns.money import money_text
from campaigns.phone import mask_text

from .diagrams import BarState, conference_diagram, leg_chart

Fact = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """An event: the time since the start, the moment, the sentence, and a decision's verdicts."""

    since: str
    at: str
    text: str
    verdicts: list[str]


def call_context(call: Any, *, may_act: bool, now: datetime) -> dict[str, Any]:
    """Return the context. The call has `clear` and its related rows."""
    locked, events = read_call(call), list(call.events.order_by("id"))
    at = locked.call_time(now)
    mask: Callable[[str], str] = str if call.clear else mask_text
    reservation = _("none")
    if call.reservation:
        reservation = admin_link(call.reservation, text=f"{call.reservation_id}")
    facts: list[Fact] = [
        (_("Caller"), mask(call.caller_number) if call.caller_number else _("withheld")),
        (_("Dialed number"), call.inbound_number),
        (_("Campaign"), admin_link(call.campaign)),
        (_("Publisher"), admin_link(call.publisher)),
        (_("Buyer"), admin_link(call.buyer)),
        (_("Reservation"), reservation),
        (_("Started"), moment_text(call.started_at)),
        (_("Connected"), moment_text(call.connected_at)),
        (_("Ended"), moment_text(call.ended_at)),
        (_("Call UUID"), str(call.pk)),
    ]
    return {
        "call": call,
        "headline": mask(call_headline(locked, why=why_it_ended(events))),
        "status": Call.Status(call.status),
        "offer": manager_actions(locked, at=at) if may_act else None,
        "leg_chart": leg_chart(locked, events, at=at, mask=mask),
        "conference": conference_diagram(locked, mask=mask),
        "legend": BarState.choices,
        "steps": timeline_steps(call, locked, events, mask),
        "facts": [fact for fact in facts if fact[1] != "–"],
        "related_links": related_links(call),
        "legs": [_leg(leg, mask) for leg in locked.legs],
        "transfers": [
            {
                "transferor": mask(timeline.leg_name(transfer.transferor)),
                "transferee": mask(timeline.leg_name(transfer.transferee)),
                "hold_caller": transfer.hold_caller,
                "status": transfer.get_status_display(),
                "started": _time(transfer.started_at),
                "ended": _time(transfer.ended_at),
            }
            for transfer in locked.transfers
        ],
        "payment": _payment(call, events),
        "tags": _tags(call, mask),
        "deliveries": _deliveries(call),
        "now": at,
    }


def why_it_ended(events: Sequence[CallEvent]) -> str:
    return next(
        (str(event.detail.get("why", "")) for event in reversed(events) if event.kind == "ended"),
        "",
    )


def timeline_steps(
    call: Call, locked: LockedCall, events: Sequence[CallEvent], mask: Callable[[str], str]
) -> list[TimelineStep]:
    """Return the timeline in the order in which it was written."""
    people, names = timeline.leg_names(locked.legs), timeline.buyer_names(events)
    return [
        TimelineStep(
            lasted(event.at - call.started_at).split()[0],
            moment_text(event.at),
            mask(timeline.event_sentence(event, people)),
            [mask(line) for line in timeline.event_verdicts(event, names, call.company.time_zone)],
        )
        for event in events
    ]


# --- links and legs ------------------------------------------------------------------------------
def related_links(call: Any) -> list[tuple[str, str]]:
    """Return (name, URL) of related pages."""
    log = reverse("admin:publishers_logentry_changelist")
    found = [(_("Log: requests for this call"), f"{log}?q={call.pk}")]
    if call.reservation_id:
        found.insert(0, (_("Log: ping of the reservation"), f"{log}?q={call.reservation_id}"))
    if call.caller_number:
        found.insert(0, (_("Caller page"), f"{reverse('caller')}?call={call.pk}"))
    if call.is_live and Simulator.slug == settings.CARRIER:
        found.append((_("Softphone"), f"{reverse('softphone')}?call={call.pk}"))
    return found


def _leg(leg: Leg, mask: Callable[[str], str]) -> dict[str, Any]:
    caller_id = (
        "–" if leg.party == Party.CALLER else mask(leg.caller_number_sent or "") or _("withheld")
    )
    return {
        "party": leg.get_party_display(),
        "buyer": admin_link(leg.buyer) if leg.buyer else "–",
        "number": mask(leg.number) if leg.number else _("withheld"),
        "caller_id": caller_id,
        "status": leg.get_outcome_display() or leg.get_status_display(),
        "started": _time(leg.started_at),
        "answered": _time(leg.answered_at),
        "ended": _time(leg.ended_at),
    }


def _time(at: datetime | None) -> str:
    """Return the time of day; the page shows the date."""
    return f"{timezone.localtime(at):%H:%M:%S}" if at else "–"


# --- payment -------------------------------------------------------------------------------------
def _payment(call: Any, events: Sequence[CallEvent]) -> list[Fact]:
    """Return amounts and reason; nothing while the call is live and unsold."""
    reason: Fact = (_("Reason"), pay_reason(call, events))
    if call.payout is None or call.revenue is None:
        return (
            [(_("Payout"), _("none")), (_("Revenue"), _("none")), reason] if call.settled_at else []
        )
    currency = call.company.currency
    amounts = (
        (_("Payout"), call.payout),
        (_("Revenue"), call.revenue),
        (_("Profit"), call.revenue - call.payout),
    )
    return [*((name, f"{money_text(amount)} {currency}") for name, amount in amounts), reason]


def pay_reason(call: Any, events: Sequence[CallEvent]) -> str:
    """Return why a settled call pays or does not, by the rule that its settlement recorded."""
    rule = next((event.detail[PAY_RULE] for event in events if PAY_RULE in event.detail), None)
    if any(event.kind == "sold" for event in events):
        return _("Its buyer reported the sale.")
    if call.payout is not None:
        return _paying_rule_text(call, rule)
    if call.duplicate:
        return _("The caller had converted on this campaign before, and does not pay again.")
    if call.connected_at is None:
        return _("No buyer had the call.")
    if rule is None:
        return _("It ended before a conversion that applies.")
    if not rule.get("length_known", True):
        return _("Its length is unknown, so it does not pay.")
    if rule["least_seconds"] is None:
        return _("No conversion of the campaign applies to it.")
    return _(
        "It ended before a conversion that applies; the first is after %(seconds)s s of talk."
    ) % {"seconds": rule["least_seconds"]}


def _paying_rule_text(call: Any, rule: dict[str, Any] | None) -> str:
    if rule is None:  # settled before rules were recorded
        return _("By a conversion that was not recorded.")
    if rule["quoted"]:
        text = _("As its ping was quoted: after %(seconds)s s of talk.")
    elif rule["for_publisher"] and rule["for_buyer"]:
        text = _(
            "By the campaign’s conversion after %(seconds)s s of talk, "
            "for calls of %(publisher)s to %(buyer)s."
        )
    elif rule["for_publisher"]:
        text = _(
            "By the campaign’s conversion after %(seconds)s s of talk, for calls of %(publisher)s."
        )
    elif rule["for_buyer"]:
        text = _(
            "By the campaign’s conversion after %(seconds)s s of talk, for calls to %(buyer)s."
        )
    else:
        text = _("By the campaign’s conversion after %(seconds)s s of talk.")
    names = {"publisher": call.publisher, "buyer": call.buyer}
    return text % {"seconds": rule["seconds"], **names}


# --- tags and webhooks ---------------------------------------------------------------------------
def _tags(call: Any, mask: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the tags, then those that wait for the next decision or the end."""
    written = call.tags.select_related("publisher").order_by("name")
    waiting = call.late_tags.select_related("publisher").order_by("name")
    rows = [(tag, tag.value_before, False) for tag in written] + [
        (tag, None, True) for tag in waiting
    ]
    return [
        {
            "name": tag.name,
            "value": mask(tag.value),
            "previous": "–" if before is None else mask(before) or _("blank"),
            "publisher": admin_link(tag.publisher) if tag.publisher else "–",
            "written": moment_text(tag.written_at),
            "is_late": is_late,
        }
        for tag, before, is_late in rows
    ]


def _deliveries(call: Any) -> list[dict[str, Any]]:
    """Return the deliveries; URLs and answers can hold keys and numbers, so they are masked."""
    deliveries = (
        call.deliveries.select_related("webhook")
        .prefetch_related("tries")
        .order_by("created_at", "name")
    )
    found = []
    for delivery in deliveries:
        webhook: Any = _("%(name)s (deleted)") % {"name": delivery.name}
        if delivery.webhook:
            webhook = admin_link(delivery.webhook, text=delivery.name)
        attempts = []
        for attempt in sorted(delivery.tries.all(), key=lambda attempt: attempt.pk):
            result = attempt.error or _("unknown: the worker stopped")
            if attempt.status:
                values = {"status": attempt.status, "milliseconds": attempt.duration_ms}
                result = _("%(status)s in %(milliseconds)s ms") % values
            answer = attempt.answer if call.clear else ""
            attempts.append({"text": f"{moment_text(attempt.at)}: {result}", "answer": answer})
        url = delivery.url if call.clear else host_of(delivery.url)
        found.append(
            {
                "webhook": webhook,
                "trigger": delivery.get_trigger_display(),
                "address": f"{delivery.method} {url}",
                "status": delivery.get_status_display(),
                "attempts": attempts,
            }
        )
    return found
