"""Calls in the admin: the list, and a page with the actions on a live call."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callcontrol.lifecycle import timeouts
from callcontrol.lifecycle.summary import lasted
from callcontrol.models import Call
from campaigns import phone
from campaigns.admin_base import (
    CompanyFilter,
    ReadOnlyAdmin,
    TimeFilter,
    is_superuser,
    may_edit,
    moment_text,
    roles,
)
from campaigns.errors import Refusal
from campaigns.money import money_text

from . import call_page
from .call_actions import run_call_action
from .call_filters import (
    CallBuyerFilter,
    CallCampaignFilter,
    CallPublisherFilter,
    CallStatusFilter,
    ConnectedFilter,
    ConvertedFilter,
)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = [
        "when",
        "state",
        "outcome",
        "campaign",
        "publisher",
        "buyer",
        "caller",
        "talked",
        "paid",
        "earned",
    ]
    list_filter = [
        ("started_at", TimeFilter),
        CallStatusFilter,
        CallCampaignFilter,
        CallPublisherFilter,
        CallBuyerFilter,
        ConnectedFilter,
        ConvertedFilter,
        CompanyFilter,
    ]
    list_select_related = ["campaign", "publisher", "buyer"]
    sortable_by = ["when"]  # other columns have no index
    search_fields = ["caller_number"]
    search_help_text = _(
        "Enter the caller's whole number in any format, or the UUID of a call or reservation."
    )
    ordering = ["-started_at"]
    hint = _("No calls yet. Dial a number of a campaign on the softphone to try it.")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = list(super().get_list_display(request))
        if is_superuser(request) or len(roles(request)) > 1:
            columns.append("company")
        return columns

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return [*self.list_select_related, "company"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look up a UUID first, so that the list is not read in the order of time."""
        try:
            named = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        found = Call.objects.filter(Q(pk=named) | Q(reservation_id=named)).values_list(
            "pk", flat=True
        )
        return queryset.filter(pk__in=list(found)), False

    # --- columns ---
    @display(description=_("started"), ordering="started_at")
    def when(self, call: Call) -> SafeString:
        """Return a short time; the whole moment is in its title."""
        at = timezone.localtime(call.started_at)
        day = f"{at:%b %-d}" if at.year == timezone.localtime().year else f"{at:%b %-d, %Y}"
        return format_html(
            '<span class="whitespace-nowrap" title="{}">{}, {}</span>',
            moment_text(at),
            day,
            f"{at:%H:%M:%S}",
        )

    @display(description=_("status"), label=Call.Status.colors())
    def state(self, call: Call) -> tuple[str, str]:
        return call.status, call.get_status_display()

    @display(description=_("caller"))
    def caller(self, call: Any) -> str:
        return (
            (call.caller_number if call.clear else phone.masked(call.caller_number))
            if call.caller_number
            else gettext("withheld")
        )

    @display(description=_("talk time"))
    def talked(self, call: Call) -> str:
        return (
            lasted(call.ended_at - call.connected_at)
            if call.connected_at and call.ended_at
            else "–"
        )

    @display(description=_("payout"))
    def paid(self, call: Call) -> str:
        return money_text(call.payout)

    @display(description=_("revenue"))
    def earned(self, call: Call) -> str:
        return money_text(call.revenue)

    @display(description=_("converted"), label=Call.Earning.colors())
    def outcome(self, call: Call) -> Any:
        return (call.earning, call.earning.label) if call.earning else ""

    # --- the page of a call ---
    def get_urls(self) -> list[Any]:
        action_view = self.admin_site.admin_view(self.action_view)
        return [
            path("<uuid:call_uuid>/act/", action_view, name="callcontrol_call_action"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the call after all timeouts that are due."""
        if request.method != "GET" or object_id is None:
            raise PermissionDenied
        if self.get_object(request, object_id) is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        call_uuid = UUID(object_id.replace("_", "-"))
        if Call.objects.filter(pk=call_uuid, settled_at=None).exists():
            timeouts.apply_timeouts(call_uuid, now=timezone.now())
        related = self.get_queryset(request).select_related(
            "company", "campaign", "publisher", "buyer", "reservation"
        )
        call: Any = related.get(pk=call_uuid)
        context = call_page.call_context(
            call, may_act=may_edit(request, call.company_id), now=timezone.now()
        )
        if "live" in request.GET:
            return TemplateResponse(request, "callcontrol/call/live.html", context)
        title = f"{call.campaign}, {moment_text(call.started_at)}"
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, "callcontrol/call/page.html", {**frame, **context})

    def action_view(self, request: HttpRequest, call_uuid: UUID) -> HttpResponse:
        call = self.get_queryset(request).filter(pk=call_uuid).first()
        if request.method != "POST" or call is None or not may_edit(request, call.company_id):
            raise PermissionDenied
        try:
            messages.success(request, run_call_action(request, call, now=timezone.now()))
        except Refusal as refusal:
            messages.error(request, gettext("Not done: %(error)s.") % {"error": refusal.text})
        return redirect("admin:callcontrol_call_change", call.pk)
