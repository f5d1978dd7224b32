"""The card of a request's call on the page of the request."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from callcontrol.models import Call
from campaigns.admin_base import admin_link, moment_text, visible_to
from campaigns.money import money_text
from publishers.models import LogEntry
from publishers.request_log.related import RelatedCard


def call_card(request: HttpRequest, entry: LogEntry) -> RelatedCard | None:
    """Return the card of the call that the entry names, or that claimed its reservation."""
    named = Q(pk=entry.call_uuid) if entry.call_uuid else Q(reservation=entry.reservation_uuid)
    if not (entry.call_uuid or entry.reservation_uuid):
        return None
    call = (
        visible_to(request, Call.objects.filter(named)).select_related("buyer", "company").first()
    )
    if call is None:
        return None
    state = call.get_status_display()
    facts = [
        (_("Buyer"), admin_link(call.buyer)),
        (_("Started"), moment_text(call.started_at)),
        *_money(call),
    ]
    return RelatedCard(
        _("Call"),
        reverse("admin:callcontrol_call_change", args=[call.pk]),
        state,
        Call.Status(call.status).color,
        facts,
    )


def _money(call: Call) -> list[tuple[str, Any]]:
    if not call.converted_at:
        return [
            (
                _("Converted"),
                _("duplicate")
                if call.duplicate
                else _("not yet")
                if call.settled_at is None
                else _("no"),
            )
        ]
    currency = call.company.currency
    return [
        (_("Payout"), f"{money_text(call.payout)} {currency}"),
        (_("Revenue"), f"{money_text(call.revenue)} {currency}"),
    ]


_log: Any = admin.site.get_model_admin(LogEntry)
_log.card_sources = [*_log.card_sources, call_card]
