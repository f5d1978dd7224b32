"""Reservations, read only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from campaigns import phone
from campaigns.desk import CompanyFilter, ReadOnlyAdmin, link, mask_text, money, pre, pretty
from reservations.models import LIVE, Reservation, Status

_COLORS = {
    Status.RESERVED.label: "info",
    Status.CONFIRMED.label: "info",
    Status.CLAIMED.label: "success",
    Status.EXPIRED.label: "warning",
    Status.NO_TARGET.label: "danger",
    Status.REJECTED.label: "danger",
}


_LINKS = [("campaign_link", "publisher_link"), ("buyer_link", "key_link")]


class StatusFilter(DropdownFilter):
    """By the status that is true now: what has run out is expired, swept or not."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        value, now = self.value(), timezone.now()
        if value in LIVE:
            return queryset.filter(status=value, expires_at__gt=now)
        if value == Status.EXPIRED:
            return queryset.filter(status=value) | queryset.filter(status__in=LIVE, expires_at__lte=now)
        return queryset.filter(status=value) if value else None


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "status_now", "campaign", "publisher", "buyer", "caller", "expires_at"]
    list_filter = [StatusFilter, ("created_at", RangeDateTimeFilter), CompanyFilter]
    list_select_related = ["campaign", "publisher", "buyer"]
    search_fields = ["caller_number"]
    search_help_text = "A caller's whole number, in any spelling"
    ordering = ["-created_at"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("uuid", "status_now"),
                    ("caller", "number"),
                    ("campaign_link", "publisher_link"),
                    ("buyer_link", "key_link"),
                ]
            },
        ),
        ("Money", {"fields": [("paid", "earned", "seconds")]}),
        ("Life", {"fields": [("created_at", "expires_at"), ("claimed_at", "closed_at", "wiped_at")]}),
        ("Tags", {"fields": ["tags_seen"]}),
    ]
    readonly_fields = [
        "paid",
        "earned",
        "status_now",
        "caller",
        "number",
        "campaign_link",
        "publisher_link",
        "buyer_link",
        "key_link",
        "tags_seen",
    ]
    hint = "No reservation yet. Each ping of a campaign's key makes one."

    @display(description="status", label=_COLORS)
    def status_now(self, row: Reservation) -> str:
        return str(Status(row.status_at(timezone.now())).label)

    @display(description="payout")
    def paid(self, row: Reservation) -> str:
        return money(row.payout)

    @display(description="revenue")
    def earned(self, row: Reservation) -> str:
        return money(row.revenue)

    @display(description="caller")
    def caller(self, row: Any) -> str:
        return (row.caller_number if row.clear else phone.masked(row.caller_number)) if row.caller_number else "–"

    @display(description="number to dial")
    def number(self, row: Reservation) -> str:
        return row.inbound_number or "–"

    @display(description="campaign")
    def campaign_link(self, row: Reservation) -> SafeString | str:
        return link(row.campaign)

    @display(description="publisher")
    def publisher_link(self, row: Reservation) -> SafeString | str:
        return link(row.publisher)

    @display(description="buyer")
    def buyer_link(self, row: Reservation) -> SafeString | str:
        return link(row.buyer)

    @display(description="key")
    def key_link(self, row: Reservation) -> SafeString | str:
        return link(row.key)

    @display(description="tags")
    def tags_seen(self, row: Any) -> SafeString:
        text = pretty(row.tags)
        return pre(text if row.clear else mask_text(text))
