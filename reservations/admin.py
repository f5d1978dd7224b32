"""Reservations in the admin, read only, and their card on a page of the postback log."""

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
from django.utils.translation import gettext_lazy as _
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
    moment_text,
    preformatted,
    pretty_json,
    roles,
    visible_to,
)
from campaigns.models import Buyer, Campaign
from campaigns.money import money_text
from campaigns.phone import mask_text
from publishers.models import Conversion, LogEntry, Publisher
from publishers.request_log.related import RelatedCard

from .models import LIVE, Reservation, Status

# Above this number the log is not asked: the reservations of such a caller are found by number.
MAX_LOGGED = 1000


class ReservationStatusFilter(DropdownFilter):
    """Filter by the status at this moment: a reservation past its end is expired, swept or not."""

    title = _("status")
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
    title = _("campaign")
    parameter_name = "campaign"
    model = Campaign
    column = "campaign_id"


class ReservationPublisherFilter(RowFilter):
    title = _("publisher")
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


class ReservationBuyerFilter(RowFilter):
    title = _("buyer")
    parameter_name = "buyer"
    model = Buyer
    column = "buyer_id"


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = [
        "created",
        "current_status",
        "campaign",
        "publisher",
        "buyer",
        "caller",
        "payout_amount",
        "revenue_amount",
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
    sortable_by = ["created"]  # any other order would read the whole table
    search_fields = ["caller_number"]
    search_help_text = _("Search by a caller’s whole number, or by a reservation’s UUID.")
    ordering = ["-created_at"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("uuid", "current_status"),
                    ("caller", "number"),
                    ("campaign_link", "publisher_link"),
                    ("buyer_link", "key_link"),
                ]
            },
        ),
        (
            _("Quote"),
            {"fields": [("payout_amount", "revenue_amount"), ("seconds", "quoted_conversion")]},
        ),
        (
            _("Timeline"),
            {"fields": [("created", "expires"), ("claimed", "closed", "wiped"), "postbacks"]},
        ),
        (_("Tags"), {"fields": ["tag_values"]}),
    ]
    readonly_fields = [
        *("created", "expires", "claimed", "closed", "wiped", "postbacks"),
        *("payout_amount", "revenue_amount", "quoted_conversion"),
        *("current_status", "caller", "number", "tag_values"),
        *("campaign_link", "publisher_link", "buyer_link", "key_link"),
    ]
    hint = _("No reservations yet. Each ping with a campaign’s key creates one.")

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return (
            [*self.list_display, "company"]
            if is_superuser(request) or len(roles(request)) > 1
            else self.list_display
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a caller's reservations by the log, which has an index of callers."""
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            found, duplicates = super().get_search_results(request, queryset, search_term)
        number = self.searched_number(request, search_term)
        if not number:
            return found, duplicates
        logged = LogEntry.objects.filter(caller_number=number, reservation_uuid__isnull=False)
        uuids = set(logged.values_list("reservation_uuid", flat=True)[: MAX_LOGGED + 1])
        if 0 < len(uuids) <= MAX_LOGGED:
            return found.filter(pk__in=uuids), False
        return found, duplicates

    @display(description=_("time"), ordering="created_at")
    def created(self, row: Reservation) -> str:
        return moment_text(row.created_at)

    @display(description=_("expires"))
    def expires(self, row: Reservation) -> str:
        return moment_text(row.expires_at)

    @display(description=_("claimed"))
    def claimed(self, row: Reservation) -> str:
        return moment_text(row.claimed_at)

    @display(description=_("closed"))
    def closed(self, row: Reservation) -> str:
        return moment_text(row.closed_at)

    @display(description=_("personal data wiped"))
    def wiped(self, row: Reservation) -> str:
        return moment_text(row.wiped_at)

    @display(description=_("postback log"))
    def postbacks(self, row: Reservation) -> SafeString:
        query = urlencode({"q": row.pk})
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            f"{reverse('admin:publishers_logentry_changelist')}?{query}",
            _("Requests about this reservation"),
        )

    @display(description=_("status"), label=Status.colors())
    def current_status(self, row: Reservation) -> tuple[str, str]:
        status = Status(row.status_at(timezone.now()))
        return status.value, str(status.label)

    @display(description=_("payout"))
    def payout_amount(self, row: Reservation) -> str:
        return money_text(row.payout)

    @display(description=_("revenue"))
    def revenue_amount(self, row: Reservation) -> str:
        return money_text(row.revenue)

    @display(description=_("conversion"))
    def quoted_conversion(self, row: Reservation) -> SafeString | str:
        """Link to the conversion that was quoted, and show whether it was changed since."""
        if row.conversion_pk is None:
            return "–"
        conversion = Conversion.objects.filter(pk=row.conversion_pk).first()
        if conversion is None:
            return str(_("Deleted after the ping"))
        quote = (row.payout, row.revenue, row.seconds)
        if (conversion.payout, conversion.revenue, conversion.seconds) == quote:
            return admin_link(row.campaign, text=str(conversion))
        text = _("%(conversion)s, edited after the ping") % {"conversion": conversion}
        return admin_link(row.campaign, text=text)

    @display(description=_("caller"))
    def caller(self, row: Any) -> SafeString:
        number = row.caller_number or ""
        return format_html(
            '<span class="whitespace-nowrap">{}</span>',
            (number if row.clear else phone.masked(number)) or "–",
        )

    @display(description=_("number to dial"))
    def number(self, row: Reservation) -> str:
        return row.inbound_number or "–"

    @display(description=_("campaign"))
    def campaign_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.campaign)

    @display(description=_("publisher"))
    def publisher_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.publisher)

    @display(description=_("buyer"))
    def buyer_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.buyer)

    @display(description=_("key"))
    def key_link(self, row: Reservation) -> SafeString | str:
        return admin_link(row.key)

    @display(description=_("tags"))
    def tag_values(self, row: Any) -> SafeString:
        text = pretty_json(row.tags)
        return preformatted(text if row.clear else mask_text(text))


def reservation_card(request: HttpRequest, entry: LogEntry) -> RelatedCard | None:
    """Return the card of the reservation that a log entry is about, with its current state."""
    if entry.reservation_uuid is None:
        return None
    row = (
        visible_to(request, Reservation.objects.filter(pk=entry.reservation_uuid))
        .select_related("buyer", "company")
        .first()
    )
    if row is None:
        return None
    status = Status(row.status_at(timezone.now()))
    payout = "–"
    if row.buyer:
        payout = _("%(payout)s %(currency)s after %(seconds)s seconds") % {
            "payout": money_text(row.payout),
            "currency": row.company.currency,
            "seconds": row.seconds,
        }
    facts: list[tuple[Any, Any]] = [
        (_("Buyer"), admin_link(row.buyer)),
        (_("Payout"), payout),
        (_("Created"), moment_text(row.created_at)),
        (_("Claimed"), moment_text(row.claimed_at))
        if row.claimed_at
        else (_("Expires"), moment_text(row.expires_at)),
    ]
    url = reverse("admin:reservations_reservation_change", args=[row.pk])
    return RelatedCard(str(_("Reservation")), url, str(status.label), status.color, facts)


_log: Any = admin.site.get_model_admin(LogEntry)
_log.card_sources = [*_log.card_sources, reservation_card]
