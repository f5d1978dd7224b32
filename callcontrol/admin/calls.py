"""Calls with their tags, legs and timeline, read only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from callcontrol import timeline
from callcontrol.models import Call, CallEvent, CallTag, Delivery, DeliveryAttempt, Leg, Party, Transfer
from campaigns import phone
from campaigns.desk import CompanyFilter, ReadOnlyAdmin, ReadOnlyInline, host_of, link, mask_text, mine, moment, money, pre

_COLORS = {
    Call.Status.ROUTING.label: "info",
    Call.Status.RINGING.label: "info",
    Call.Status.IN_PROGRESS.label: "success",
    Call.Status.NO_TARGET.label: "danger",
}


_OUTCOME = [
    ("buyer_link", "reservation_link"),
    ("paid", "earned", "converted_at"),
    ("started_at", "connected_at", "ended_at"),
    "duplicate",
]


class OfCallInline(ReadOnlyInline):
    """`clear` says whether the user may see the call's numbers."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return mine(request, super().get_queryset(request), by="call__company_id").order_by("pk")


class TagInline(OfCallInline):
    model = CallTag
    fields = readonly_fields = ["name", "text", "publisher", "written_at"]
    verbose_name_plural = "tags"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("publisher")

    @display(description="value")
    def text(self, tag: Any) -> str:
        return tag.value if tag.clear else mask_text(tag.value)


class LegInline(OfCallInline):
    model = Leg
    fields = readonly_fields = ["party", "buyer", "dialed", "sent", "status", "outcome", "began", "answered", "ended"]
    verbose_name_plural = "legs: each line into the call"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("buyer").order_by("started_at", "place")

    @display(description="number")
    def dialed(self, leg: Any) -> str:
        return (leg.number if leg.clear else phone.masked(leg.number)) if leg.number else "withheld"

    @display(description="began")
    def began(self, leg: Leg) -> str:
        return moment(leg.started_at)

    @display(description="picked up")
    def answered(self, leg: Leg) -> str:
        return moment(leg.answered_at)

    @display(description="ended")
    def ended(self, leg: Leg) -> str:
        return moment(leg.ended_at)

    @display(description="shown as caller")
    def sent(self, leg: Any) -> str:
        if leg.party == Party.CALLER:
            return "–"
        return (leg.caller_number_sent if leg.clear else phone.masked(leg.caller_number_sent or "")) or "withheld"


class TransferInline(OfCallInline):
    model = Transfer
    fields = readonly_fields = ["transferee_number", "hold_caller", "status", "started_at", "ended_at"]
    verbose_name_plural = "transfers"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("transferee").order_by("started_at")

    @display(description="to")
    def transferee_number(self, transfer: Any) -> str:
        number = transfer.transferee.number or ""
        return number if transfer.clear else phone.masked(number)


class DeliveryInline(OfCallInline):
    model = Delivery
    fields = readonly_fields = ["trigger", "webhook_link", "address", "status", "attempts_made"]
    verbose_name_plural = "webhooks: who was asked or told, and every try"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("webhook").prefetch_related("tries").order_by("created_at", "name")

    @display(description="webhook")
    def webhook_link(self, delivery: Delivery) -> SafeString | str:
        return link(delivery.webhook, text=delivery.name) if delivery.webhook else f"{delivery.name}, deleted"

    @display(description="address")
    def address(self, delivery: Any) -> str:
        """Path and query hold keys and callers' numbers: not for everybody."""
        return f"{delivery.method} {delivery.url if delivery.clear else host_of(delivery.url)}"

    @display(description="tries")
    def attempts_made(self, delivery: Any) -> SafeString:
        tries = sorted(delivery.tries.all(), key=lambda one: one.pk)
        return format_html_join("", "<div>{}</div>", ((_attempt(one, clear=delivery.clear),) for one in tries))


def _attempt(one: DeliveryAttempt, *, clear: bool) -> SafeString | str:
    """When, what came of it, and how the answer began."""
    status = f"{one.status} in {one.duration_ms} ms" if one.status else one.error or "nobody knows: the process ended"
    told = f"{moment(one.at)}: {status}"
    if not (clear and one.answer):
        return told
    return format_html("<details><summary>{}</summary>{}</details>", told, pre(one.answer))


class EventInline(OfCallInline):
    model = CallEvent
    fields = readonly_fields = ["when", "kind", "what"]
    verbose_name_plural = "timeline"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("call__company")

    @display(description="time")
    def when(self, event: CallEvent) -> str:
        return moment(event.at)

    @display(description="what happened")
    def what(self, event: Any) -> SafeString | str:
        """In words, with a line for each buyer of a decision."""
        lines = [timeline.sentence(event), *timeline.verdicts(event, timeline.names_of([event]), event.call.company.time_zone)]
        return format_html_join("", "<div>{}</div>", [(line if event.clear else mask_text(line),) for line in lines])


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "state", "campaign", "publisher", "buyer", "caller", "inbound_number", "paid", "earned"]
    list_filter = [("status", ChoicesDropdownFilter), ("started_at", RangeDateTimeFilter), CompanyFilter]
    list_select_related = ["campaign", "publisher", "buyer"]
    search_fields = ["caller_number"]
    search_help_text = "A caller's whole number, in any spelling"
    ordering = ["-started_at"]
    fieldsets = [
        (None, {"fields": [("uuid", "state"), ("caller", "inbound_number"), ("campaign_link", "publisher_link")]}),
        (
            "Outcome",
            {"fields": _OUTCOME},
        ),
    ]
    readonly_fields = ["paid", "earned", "state", "caller", "campaign_link", "publisher_link", "buyer_link", "reservation_link"]
    inlines = [EventInline, LegInline, TransferInline, DeliveryInline, TagInline]
    hint = "No call yet. A call arrives when somebody dials a campaign's number."

    @display(description="status", label=_COLORS)
    def state(self, call: Call) -> str:
        return call.get_status_display()

    @display(description="payout")
    def paid(self, call: Call) -> str:
        return money(call.payout)

    @display(description="revenue")
    def earned(self, call: Call) -> str:
        return money(call.revenue)

    @display(description="caller")
    def caller(self, call: Any) -> str:
        return (call.caller_number if call.clear else phone.masked(call.caller_number)) if call.caller_number else "withheld"

    @display(description="campaign")
    def campaign_link(self, call: Call) -> SafeString | str:
        return link(call.campaign)

    @display(description="publisher")
    def publisher_link(self, call: Call) -> SafeString | str:
        return link(call.publisher)

    @display(description="buyer")
    def buyer_link(self, call: Call) -> SafeString | str:
        return link(call.buyer)

    @display(description="reservation")
    def reservation_link(self, call: Call) -> SafeString | str:
        return link(call.reservation)
