"""The lines of a simulated call as cards: who is on each, how it stands, and what can be done on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from callcontrol.carriers.simulator import arrived_as
from callcontrol.control.manager import ManagerAction, manager_actions
from callcontrol.lifecycle.summary import call_headline, lasted
from callcontrol.models import Call, Leg, Party
from callcontrol.state.locked_call import LockedCall, read_call
from callcontrol.state.timeline import leg_name
from campaigns.admin_base import mask_text, money_text
from campaigns.models import Buyer, Company
from config.http.values import timestamp

from . import call_page
from .diagrams import conference_diagram

_MOST_LIVE = 25
_MOST_BUYERS = 50
_PHONE = {
    Leg.Status.RINGING: [
        ("phone-answer", "Answer"),
        ("phone-busy", "Busy"),
        ("phone-no-answer", "No answer"),
    ],
    Leg.Status.IN_PROGRESS: [("phone-hang-up", "Hang up")],
}


@dataclass(frozen=True, slots=True)
class LegCard:
    """A live line. `phone` is what its far end may do, `steers` what its handler may do with the call: words and labels."""

    leg: Leg
    title: str
    number: str
    state: str
    since: str
    phone: list[tuple[str, str]]
    steers: list[tuple[str, str]]
    may_transfer: bool
    own_call: UUID | None


def softphone_cards(call: Any, *, may_act: bool, now: datetime) -> dict[str, Any]:
    """All that the parts of the page need; times by the call's own clock."""
    room, events = read_call(call), list(call.events.order_by("id"))
    at = room.call_time(now)
    seen: Callable[[str], str] = str if call.clear else mask_text
    offer = manager_actions(room, at=at) if may_act else ManagerAction(None, None, frozenset())
    own_calls = arrived_as(room.legs)
    live = [leg for leg in room.legs if leg.is_live and call.is_live]
    return {
        "call": call,
        "headline": seen(call_headline(room, why=call_page.why_it_ended(events))),
        "status": (call.get_status_display(), call_page.COLORS.get(call.get_status_display(), "")),
        "cards": [_card(leg, offer, own_calls.get(leg.pk), seen, may_act=may_act) for leg in live],
        "over": [
            f"{seen(leg_name(leg))}: {leg.get_outcome_display().lower()}" for leg in _over(room)
        ],
        "conference": conference_diagram(room, seen=seen),
        "steps": call_page.timeline_steps(call, room, events, seen),
        "clock": timestamp(call.ended_at or at),
        "ahead": max((call.clock - timezone.now()).total_seconds(), 0.0) if call.is_live else 0.0,
        "began": timestamp(call.started_at),
        "lasted": lasted((call.ended_at or at) - call.started_at),
        "rings": any(leg.status == Leg.Status.RINGING and leg.rings_until for leg in live),
        "may_act": may_act,
        "pays": None
        if call.payout is None
        else (money_text(call.payout), money_text(call.revenue), call.company.currency),
        "known_numbers": _buyers(call) if "transfer" in offer.acts else [],
    }


def _over(room: LockedCall) -> list[Leg]:
    return [leg for leg in room.dialed_legs() if not leg.is_live]


def _card(
    leg: Leg,
    offer: ManagerAction,
    own_call: UUID | None,
    seen: Callable[[str], str],
    *,
    may_act: bool,
) -> LegCard:
    number = seen(leg.number) if leg.number else "withheld number"
    name = "" if leg.party == Party.CALLER else f": {leg.buyer.name if leg.buyer else number}"
    phone = _PHONE[Leg.Status(leg.status)] if may_act else []
    return LegCard(
        leg=leg,
        title=f"{leg.get_party_display()}{name}",
        number=number,
        state=_state(leg),
        since=timestamp(leg.answered_at or leg.started_at),
        phone=[one for one in phone if own_call is None or one[0] != "phone-answer"],
        steers=_steers(leg, offer),
        may_transfer=leg is offer.line and "transfer" in offer.acts,
        own_call=own_call,
    )


def _state(leg: Leg) -> str:
    if leg.status == Leg.Status.RINGING:
        return "rings"
    if leg.held:
        return "on hold, hears music"
    return "on the line" if leg.is_accepted else "on the line, has not accepted the call"


def _steers(leg: Leg, offer: ManagerAction) -> list[tuple[str, str]]:
    """What the handler may do with the call, and what may be done with a transfer on the card of whom it brought."""
    shown: list[tuple[str, str]] = []
    if leg is offer.line:
        labels = (("accept", "Accept"), ("return", "Return"), ("reject", "Reject"))
        shown += [(f"{word} {leg.pk}", label) for word, label in labels if word in offer.acts]
    if offer.transfer and leg is offer.transfer.transferee:
        of_transfer = (("connect", "Connect the caller"), ("stop", "Stop the transfer"))
        shown += [
            (f"{word} {offer.transfer.pk}", label)
            for word, label in of_transfer
            if word in offer.acts
        ]
    return shown


def _buyers(call: Call) -> list[tuple[str, str]]:
    """Numbers that a handler may want to transfer to, with whose they are."""
    rows = (
        Buyer.objects.unretired()
        .filter(company=call.company_id)
        .exclude(pk=call.buyer_id)
        .exclude(number__contains="[")
    )
    return list(rows.order_by("name").values_list("number", "name")[:_MOST_BUYERS])


def live_calls(company: Company, *, but: Call | None, clear: bool) -> list[tuple[UUID, str]]:
    """The company's calls that are live now, the newest first: what to call them."""
    rows = (
        Call.objects.live()
        .filter(company=company, ended_at=None, carrier="simulator")
        .select_related("campaign", "buyer")
    )
    found = rows.order_by("-started_at")[: _MOST_LIVE + 1]
    return [(call.pk, _named(call, clear=clear)) for call in found if call != but][:_MOST_LIVE]


def _named(call: Call, *, clear: bool) -> str:
    caller = call.caller_number or "withheld number"
    buyer = f" with {call.buyer}" if call.buyer else ""
    return f"{call.campaign}: {caller if clear else mask_text(caller)}, {call.get_status_display().lower()}{buyer}"
