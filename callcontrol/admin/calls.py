"""Calls in the admin: a list that tells what became of each, and a page on which a live one can be steered."""

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
    money_text,
    roles,
)
from campaigns.errors import Refusal

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

_CONVERTED, _DUPLICATE = "Converted", "Paid before"


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
    sortable_by = ["when"]  # by any other column, all calls there are would have to be read
    search_fields = ["caller_number"]
    search_help_text = (
        "A caller's whole number in any spelling, or the UUID of a call or of a reservation"
    )
    ordering = ["-started_at"]
    hint = "No call yet. A call arrives when somebody dials a campaign's number: try it on the softphone."

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shown = list(super().get_list_display(request))
        return [*shown, "company"] if is_superuser(request) or len(roles(request)) > 1 else shown

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return [*self.list_select_related, "company"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What a UUID names is looked up first: the list's own order is no way to it."""
        try:
            named = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        found = Call.objects.filter(Q(pk=named) | Q(reservation_id=named)).values_list(
            "pk", flat=True
        )
        return queryset.filter(pk__in=list(found)), False

    # --- what the list shows ---
    @display(description="when", ordering="started_at")
    def when(self, call: Call) -> SafeString:
        """Short, for there is much to tell beside it."""
        at = timezone.localtime(call.started_at)
        day = f"{at:%b %-d}" if at.year == timezone.localtime().year else f"{at:%b %-d, %Y}"
        return format_html(
            '<span class="whitespace-nowrap" title="{}">{}, {}</span>',
            moment_text(at),
            day,
            f"{at:%H:%M:%S}",
        )

    @display(description="status", label=call_page.COLORS)
    def state(self, call: Call) -> str:
        return call.get_status_display()

    @display(description="caller")
    def caller(self, call: Any) -> str:
        return (
            (call.caller_number if call.clear else phone.masked(call.caller_number))
            if call.caller_number
            else "withheld"
        )

    @display(description="talk time")
    def talked(self, call: Call) -> str:
        return (
            lasted(call.ended_at - call.connected_at)
            if call.connected_at and call.ended_at
            else "–"
        )

    @display(description="payout")
    def paid(self, call: Call) -> str:
        return money_text(call.payout)

    @display(description="revenue")
    def earned(self, call: Call) -> str:
        return money_text(call.revenue)

    @display(description="converted", label={_CONVERTED: "success", _DUPLICATE: "warning"})
    def outcome(self, call: Call) -> str:
        return _CONVERTED if call.converted_at else _DUPLICATE if call.duplicate else ""

    # --- one call ---
    def get_urls(self) -> list[Any]:
        act_on = self.admin_site.admin_view(self.act_view)
        return [
            path("<uuid:call_uuid>/act/", act_on, name="callcontrol_call_act"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Read anew at each look: what was due has happened by then."""
        if request.method != "GET" or object_id is None:
            raise PermissionDenied
        call = self._call(request, object_id)
        if call is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        shown = call_page.call_context(
            call, may_act=may_edit(request, call.company_id), now=timezone.now()
        )
        if "live" in request.GET:
            return TemplateResponse(request, "callcontrol/call/live.html", shown)
        title = f"{call.campaign}, {moment_text(call.started_at)}"
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, "callcontrol/call/page.html", {**frame, **shown})

    def _call(self, request: HttpRequest, written: str) -> Any:
        """One of the user's calls, brought to this moment."""
        if self.get_object(request, written) is None:
            return None
        call_uuid = UUID(written.replace("_", "-"))
        if Call.objects.filter(pk=call_uuid, settled_at=None).exists():
            timeouts.apply_timeouts(call_uuid, now=timezone.now())
        related = self.get_queryset(request).select_related(
            "company", "campaign", "publisher", "buyer", "reservation"
        )
        return related.get(pk=call_uuid)

    def act_view(self, request: HttpRequest, call_uuid: UUID) -> HttpResponse:
        call = self.get_queryset(request).filter(pk=call_uuid).first()
        if request.method != "POST" or call is None or not may_edit(request, call.company_id):
            raise PermissionDenied
        try:
            messages.success(request, run_call_action(request, call, now=timezone.now()))
        except Refusal as refusal:
            messages.error(request, f"Not done: {refusal.text}.")
        return redirect("admin:callcontrol_call_change", call.pk)
