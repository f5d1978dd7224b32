"""The postback log: every request by a key, its answer beside it, and why it was decided so."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin_base import (
    ReadOnlyAdmin,
    TimeFilter,
    is_superuser,
    mask_text,
    may_edit,
    moment_text,
    roles,
    visible_to,
)
from publishers.models import Key, LogEntry
from publishers.request_log import labels

from . import request_log_filters, request_log_list, request_log_page

_MOST_NAMED = 1000  # by one UUID: a publisher may repeat a ping as often as it likes


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """`led_to` are asked what a row led to: apps above add theirs."""

    company_field = "company_pk"
    list_display = ["when", "publisher", "key", "key_type", "caller", "outcome", "answer"]
    list_filter = [
        ("at", TimeFilter),
        request_log_filters.LogResultFilter,
        request_log_filters.ReasonFilter,
        request_log_filters.LogPublisherFilter,
        request_log_filters.LogCampaignFilter,
        request_log_filters.LogKeyFilter,
        request_log_filters.LogTypeFilter,
        request_log_filters.LogStatusFilter,
        request_log_filters.LogCompanyFilter,
        request_log_filters.RefusedBuyerFilter,  # looks through what the others have left
    ]
    search_fields = ["caller_number"]
    search_help_text = (
        "A caller's whole number in any spelling, a reservation's or call's UUID, a key or its name"
    )
    ordering = ["-at", "-id"]
    sortable_by = ["when"]  # by any other column, all there is would have to be read
    list_fullwidth = True
    change_form_template = "publishers/request_log/row.html"
    led_to: list[request_log_page.Tells] = []
    hint = "No request yet. Each request that names a key shows up here: try a key's ready URL."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[request_log_list.LogList]:
        return request_log_list.LogList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return (
            [*self.list_display, "company"]
            if is_superuser(request) or len(roles(request)) > 1
            else self.list_display
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Also what a UUID names, and the requests of a key by its text or its name."""
        term = search_term.strip()
        keys = _keys_named(request, term)
        if keys:
            return request_log_filters.of_keys(queryset, keys), False
        try:
            uuid = UUID(term)
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(pk__in=_that_name(uuid)), False

    # --- one row ---
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # its template tells it

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        told = request_log_page.page_context(request, context["original"], self.led_to)
        return super().render_change_form(request, {**context, **told}, *args, **kwargs)

    # --- the list ---
    @display(description="time", ordering="at")
    def when(self, entry: LogEntry) -> str:
        return moment_text(entry.at)

    @display(description="type")
    def key_type(self, entry: LogEntry) -> str:
        return labels.key_type_text(entry)

    @display(description="publisher")
    def publisher(self, entry: Any) -> str:
        return entry.publisher_name or "–"

    @display(description="key")
    def key(self, entry: Any) -> str:
        return entry.key_name or request_log_page.key_text(entry)

    @display(description="company")
    def company(self, entry: Any) -> str:
        return entry.company_name or "–"

    @display(description="caller")
    def caller(self, entry: Any) -> SafeString:
        return format_html(
            '<span class="whitespace-nowrap">{}</span>', request_log_page.caller_cell(entry) or "–"
        )

    @display(description="result", label=labels.COLORS)
    def outcome(self, entry: LogEntry) -> tuple[str, str]:
        return entry.result, labels.result_text(entry)

    @display(description="answer")
    def answer(self, entry: Any) -> str:
        told = request_log_list.row_answer(entry) or "–"
        return told if entry.clear else mask_text(told)


def _that_name(uuid: UUID) -> list[int]:
    """The newest rows of a reservation or a call, each found in its own index: the list's order is no way to either."""
    columns = ("reservation_uuid", "call_uuid")
    rows = (
        LogEntry.objects.filter(**{name: uuid}).order_by("-pk").values_list("pk", flat=True)
        for name in columns
    )
    return [row for each in rows for row in each[:_MOST_NAMED]]


def _keys_named(request: HttpRequest, term: str) -> list[int]:
    """The keys of this name; and of this text, where the user may see keys: others cannot try which there are."""
    if not term:
        return []
    found = visible_to(request, Key.objects.filter(Q(key=term) | Q(name__iexact=term)))[:100]
    return [
        key.pk
        for key in found
        if key.name.lower() == term.lower() or may_edit(request, key.company_id)
    ]
