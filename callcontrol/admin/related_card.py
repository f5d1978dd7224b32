"""What the postback log tells of the call that a request led to."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from callcontrol.models import Call
from campaigns.admin_base import admin_link, moment_text, money_text, visible_to
from publishers.models import LogEntry
from publishers.request_log.related import RelatedCard

_COLORS = {
    Call.Status.ROUTING.label: "info",
    Call.Status.RINGING.label: "info",
    Call.Status.IN_PROGRESS.label: "success",
    Call.Status.NO_TARGET.label: "danger",
}


def call_card(request: HttpRequest, entry: LogEntry) -> RelatedCard | None:
    """The call that a row of the log speaks of, or that claimed its reservation, as it stands now."""
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
        ("Buyer", admin_link(call.buyer)),
        ("Began", moment_text(call.started_at)),
        *_money(call),
    ]
    return RelatedCard(
        "Call",
        reverse("admin:callcontrol_call_change", args=[call.pk]),
        state,
        _COLORS.get(state, ""),
        facts,
    )


def _money(call: Call) -> list[tuple[str, Any]]:
    if not call.converted_at:
        return [
            (
                "Converted",
                "paid before" if call.duplicate else "not yet" if call.settled_at is None else "no",
            )
        ]
    currency = call.company.currency
    return [
        ("Payout", f"{money_text(call.payout)} {currency}"),
        ("Revenue", f"{money_text(call.revenue)} {currency}"),
    ]


_log: Any = admin.site.get_model_admin(LogEntry)
_log.card_sources = [*_log.card_sources, call_card]
