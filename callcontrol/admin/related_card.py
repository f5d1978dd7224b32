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
    facts = [(_("Buyer"), admin_link(call.buyer)), (_("Started"), moment_text(call.started_at))]
    if call.converted_at:
        currency = call.company.currency
        facts += [
            (_("Payout"), f"{money_text(call.payout)} {currency}"),
            (_("Revenue"), f"{money_text(call.revenue)} {currency}"),
        ]
    elif call.duplicate:
        facts.append((_("Converted"), _("duplicate")))
    else:
        facts.append((_("Converted"), _("not yet") if call.settled_at is None else _("no")))
    status = Call.Status(call.status)
    url = reverse("admin:callcontrol_call_change", args=[call.pk])
    return RelatedCard(_("Call"), url, str(status.label), status.color, facts)


_log: Any = admin.site.get_model_admin(LogEntry)
_log.card_sources = [*_log.card_sources, call_card]
