"""Reservations, read only, and what the postback log tells of them."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from campaigns import phone
from campaigns.admin_base import (
    CompanyFilter,
    ReadOnlyAdmin,
    RowFilter,
    TimeFilter,
    admin_link,
    is_superuser,
    mask_text,
    moment_text,
    money_text,
    preformatted,
    pretty_json,
    roles,
    visible_to,
)
from campaigns.models import Buyer, Campaign
from publishers.models import LogEntry, Publisher
from publishers.request_log.related import RelatedCard

from .models import LIVE, Reservation, Status

_COLORS = {
    Status.RESERVED.label: "info",
    Status.CONFIRMED.label: "info",
    Status.CLAIMED.label: "success",
    Status.EXPIRED.label: "warning",
    Status.NO_TARGET.label: "danger",
    Status.REJECTED.label: "danger",
}
_MOST_LOGGED = 1000  # a caller of more is found quickly among the newest


class ReservationStatusFilter(DropdownFilter):
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
            return queryset.filter(status=value) | queryset.filter(
                status__in=LIVE, expires_at__lte=now
            )
        return queryset.filter(status=value) if value else None


class ReservationCampaignFilter(RowFilter):
    title = "campaign"
    parameter_name = "campaign"
    model = Campaign
    column = "campaign_id"


class ReservationPublisherFilter(RowFilter):
    title = "publisher"
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


class ReservationBuyerFilter(RowFilter):
    title = "buyer"
    parameter_name = "buyer"
    model = Buyer
    column = "buyer_id"


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = [
        "when",
        "status_now",
        "campaign",
        "publisher",
        "buyer",
        "caller",
        "paid",
        "earned",
    ]
    list_filter = [
        ("created_at", TimeFilter),
        ReservationStatusFilter,
        ReservationCampaignFilter,
        ReservationPublisherFilter,
        ReservationBuyerFilter,
        CompanyFilter,
    ]
    list_select_related = ["company", "campaign", "publisher", "buyer"]
    sortable_by = ["when"]  # by any other column, all there is would have to be read
    search_fields = ["caller_number"]
    search_help_text = "A caller's whole number in any spelling, or a reservation's UUID"
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
        ("Life", {"fields": [("when", "until"), ("claimed", "closed", "wiped"), "postbacks"]}),
        ("Tags", {"fields": ["tags_seen"]}),
    ]
    readonly_fields = [
        *("when", "until", "claimed", "closed", "wiped", "postbacks"),
        *("paid", "earned", "status_now", "caller", "number", "tags_seen"),
        *("campaign_link", "publisher_link", "buyer_link", "key_link"),
    ]
    hint = "No reservation yet. Each ping of a campaign's key makes one."

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return (
            [*self.list_display, "company"]
            if is_superuser(request) or len(roles(request)) > 1
            else self.list_display
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A caller's are those that the log names: what made them is in it, under the caller's number."""
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            found, duplicates = super().get_search_results(request, queryset, search_term)
        number = self.searched_number(request, search_term)
        logged = (
            LogEntry.objects.filter(caller_number=number, reservation_uuid__isnull=False)
            if number
            else LogEntry.objects.none()
        )
        named = set(logged.values_list("reservation_uuid", flat=True)[: _MOST_LOGGED + 1])
        return found.filter(pk__in=named) if 0 < len(named) <= _MOST_LOGGED else found, duplicates

    @display(description="time", ordering="created_at")
    def when(self, row: Reservation) -> str:
        return moment_text(row.created_at)

    @display(description="lives until")
    def until(self, row: Reservation) -> str:
        return moment_text(row.expires_at)

    @display(description="claimed")
    def claimed(self, row: Reservation) -> str:
        return moment_text(row.claimed_at)

    @display(description="closed")
    def closed(self, row: Reservation) -> str:
        return moment_text(row.closed_at)

    @display(description="personal data wiped")
    def wiped(self, row: Reservation) -> str:
        return moment_text(row.wiped_at)

    @display(description="postback log")
    def postbacks(self, row: Reservation) -> SafeString:
        return log_link(row)

    @display(description="status", label=_COLORS)
    def status_now(self, row: Reservation) -> str:
        return status_now(row)

    @display(description="payout")
    def paid(self, row: Reservation) -> str:
        return money_text(row.payout)

    @display(description="revenue")
    def earned(self, row: Reservation) -> str:
        return money_text(row.revenue)

    @display(description="caller")
    def caller(self, row: Any) -> SafeString:
        number = row.caller_number or ""
        return format_html(
            '<span class="whitespace-nowrap">{}</span>',
            (number if row.clear else phone.masked(number)) or "–",
        )

    @display(description="number to dial")
    def number(self, row: Reservation) -> str:
        return row.inbound_number or "–"

    @display(description="campaign")
    def campaign_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.campaign)

    @display(description="publisher")
    def publisher_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.publisher)

    @display(description="buyer")
    def buyer_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.buyer)

    @display(description="key")
    def key_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.key)

    @display(description="tags")
    def tags_seen(self, row: Any) -> SafeString:
        text = pretty_json(row.tags)
        return preformatted(text if row.clear else mask_text(text))


def status_now(row: Reservation) -> str:
    return str(Status(row.status_at(timezone.now())).label)


def log_link(row: Reservation) -> SafeString:
    url = f"{reverse('admin:publishers_logentry_changelist')}?{urlencode({'q': row.pk})}"
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">Its postbacks</a>', url
    )


def reservation_card(request: HttpRequest, entry: LogEntry) -> RelatedCard | None:
    """The reservation that a row of the log led to, as it stands now."""
    if entry.reservation_uuid is None:
        return None
    row = (
        visible_to(request, Reservation.objects.filter(pk=entry.reservation_uuid))
        .select_related("buyer", "company")
        .first()
    )
    if row is None:
        return None
    state = status_now(row)
    facts = [
        ("Buyer", admin_link(row.buyer)),
        (
            "Payout",
            f"{money_text(row.payout)} {row.company.currency} after {row.seconds} seconds"
            if row.buyer
            else "–",
        ),
        ("Made", moment_text(row.created_at)),
        ("Claimed", moment_text(row.claimed_at))
        if row.claimed_at
        else ("Lives until", moment_text(row.expires_at)),
    ]
    url = reverse("admin:reservations_reservation_change", args=[row.pk])
    return RelatedCard("Reservation", url, state, _COLORS.get(state, ""), facts)


_log: Any = admin.site.get_model_admin(LogEntry)
_log.led_to = [*_log.led_to, reservation_card]
