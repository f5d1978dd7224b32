"""Context of a simulated call on the softphone: a card for each live leg."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcontrol.carriers.simulator import arrived_as
from callcontrol.control.manager import ManagerAction, manager_actions
from callcontrol.lifecycle.summary import call_headline, lasted
from callcontrol.models import Call, Leg, Party
from callcontrol.state.locked_call import read_call
from callcontrol.state.timeline import leg_name
from campaigns.models import Buyer, Company
from campaigns.money import money_text
from campaigns.phone import mask_text
from config.http.values import timestamp

from . import call_page
from .diagrams import conference_diagram

_MAX_LIVE = 25
_MAX_BUYERS = 50
_PHONE = {
    Leg.Status.RINGING: [
        ("phone-answer", _("Answer")),
        ("phone-busy", _("Busy")),
        ("phone-no-answer", _("No answer")),
    ],
    Leg.Status.IN_PROGRESS: [("phone-hang-up", _("Hang up"))],
}


@dataclass(frozen=True, slots=True)
class LegCard:
    """A live leg. `phone` and `controls` are (name, label) of the possible actions."""

    leg: Leg
    title: str
    number: str
    state: str
    since: str
    phone: list[tuple[str, Any]]
    controls: list[tuple[str, Any]]
    may_transfer: bool
    own_call: UUID | None


def softphone_cards(call: Any, *, may_act: bool, now: datetime) -> dict[str, Any]:
    """Return the context; times are of the call's own clock."""
    locked, events = read_call(call), list(call.events.order_by("id"))
    at = locked.call_time(now)
    mask: Callable[[str], str] = str if call.clear else mask_text
    offer = manager_actions(locked, at=at) if may_act else ManagerAction(None, None, frozenset())
    own_calls = arrived_as(locked.legs)
    live = [leg for leg in locked.legs if leg.is_live and call.is_live]
    buyers = Buyer.objects.unretired().filter(company=call.company_id).exclude(pk=call.buyer_id)
    # A number with a tag in brackets is complete only when routing dials it.
    dialable = buyers.exclude(number__contains="[").order_by("name")
    return {
        "call": call,
        "headline": mask(call_headline(locked, why=call_page.why_it_ended(events))),
        "status": Call.Status(call.status),
        "cards": [_card(leg, offer, own_calls.get(leg.pk), mask, may_act=may_act) for leg in live],
        "ended": [
            f"{mask(leg_name(leg))}: {leg.get_outcome_display().lower()}"
            for leg in locked.dialed_legs()
            if not leg.is_live
        ],
        "conference": conference_diagram(locked, mask=mask),
        "steps": call_page.timeline_steps(call, locked, events, mask),
        "clock": timestamp(call.ended_at or at),
        "ahead": max((call.clock - timezone.now()).total_seconds(), 0.0) if call.is_live else 0.0,
        "began": timestamp(call.started_at),
        "lasted": lasted((call.ended_at or at) - call.started_at),
        "rings": any(leg.status == Leg.Status.RINGING and leg.rings_until for leg in live),
        "may_act": may_act,
        "amounts": None
        if call.payout is None
        else (money_text(call.payout), money_text(call.revenue), call.company.currency),
        "known_numbers": list(dialable.values_list("number", "name")[:_MAX_BUYERS])
        if "transfer" in offer.actions
        else [],
    }


def _card(
    leg: Leg,
    offer: ManagerAction,
    own_call: UUID | None,
    mask: Callable[[str], str],
    *,
    may_act: bool,
) -> LegCard:
    number = mask(leg.number) if leg.number else gettext("withheld number")
    name = "" if leg.party == Party.CALLER else f": {leg.buyer.name if leg.buyer else number}"
    phone = _PHONE[Leg.Status(leg.status)] if may_act else []
    if leg.status == Leg.Status.RINGING:
        state = gettext("rings")
    elif leg.held:
        state = gettext("on hold, hears music")
    else:
        state = gettext("connected") if leg.is_accepted else gettext("connected, not accepted")
    return LegCard(
        leg=leg,
        title=f"{leg.get_party_display()}{name}",
        number=number,
        state=state,
        since=timestamp(leg.answered_at or leg.started_at),
        # A leg to a number of this installation is answered on the call that arrived there.
        phone=[pair for pair in phone if own_call is None or pair[0] != "phone-answer"],
        controls=_controls(leg, offer),
        may_transfer=leg is offer.leg and "transfer" in offer.actions,
        own_call=own_call,
    )


def _controls(leg: Leg, offer: ManagerAction) -> list[tuple[str, Any]]:
    """Return the actions of the handler, and on the transferee's card those of the transfer."""
    controls: list[tuple[str, Any]] = []
    if leg is offer.leg:
        labels = (("accept", _("Accept")), ("return", _("Return")), ("reject", _("Reject")))
        controls += [(f"{name} {leg.pk}", label) for name, label in labels if name in offer.actions]
    if offer.transfer and leg is offer.transfer.transferee:
        of_transfer = (("connect", _("Connect the caller")), ("stop", _("Cancel the transfer")))
        controls += [
            (f"{name} {offer.transfer.pk}", label)
            for name, label in of_transfer
            if name in offer.actions
        ]
    return controls


def live_calls(company: Company, *, exclude: Call | None, clear: bool) -> list[tuple[UUID, str]]:
    """Return (UUID, text) of the company's live calls, newest first."""
    rows = (
        Call.objects.live()
        .filter(company=company, ended_at=None, carrier="simulator")
        .select_related("campaign", "buyer")
    )
    found = []
    # One more than is shown, in case that `exclude` is among them.
    for call in rows.order_by("-started_at")[: _MAX_LIVE + 1]:
        if call == exclude:
            continue
        caller = call.caller_number or gettext("withheld number")
        values = {
            "campaign": call.campaign,
            "caller": caller if clear else mask_text(caller),
            "status": call.get_status_display().lower(),
            "buyer": call.buyer,
        }
        text = gettext("%(campaign)s: %(caller)s, %(status)s")
        if call.buyer:
            text = gettext("%(campaign)s: %(caller)s, %(status)s with %(buyer)s")
        found.append((call.pk, text % values))
    return found[:_MAX_LIVE]
