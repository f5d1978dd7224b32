"""The postback log: every request by a key, its answer, and the decision behind it."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.admin_base import (
    ReadOnlyAdmin,
    TimeFilter,
    is_superuser,
    may_edit,
    moment_text,
    roles,
    visible_to,
)
from campaigns.phone import mask_text
from publishers.models import Key, LogEntry, LogResult
from publishers.request_log import labels

from . import request_log_filters, request_log_list, request_log_page

_MAX_FOUND = 1000  # rows by one UUID, because a publisher may repeat a ping without limit
_MAX_KEYS = 100


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Apps above append to `card_sources`, which return what a request led to."""

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
        request_log_filters.RefusedBuyerFilter,  # last: it searches what the others leave
    ]
    search_fields = ["caller_number"]
    search_help_text = _(
        "A caller's whole number, a reservation's or call's UUID, a key or its name"
    )
    ordering = ["-at", "-id"]
    sortable_by = ["when"]  # sorting by another column would read the whole log
    list_fullwidth = True
    change_form_template = "publishers/request_log/row.html"
    card_sources: list[request_log_page.CardSource] = []
    hint = _("No request yet. To send one, open a key and try its ready URL.")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[request_log_list.LogList]:
        return request_log_list.LogList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        several_companies = is_superuser(request) or len(roles(request)) > 1
        return [*self.list_display, "company"] if several_companies else self.list_display

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search also by UUID, and by a key's text or name."""
        term = search_term.strip()
        named = visible_to(request, Key.objects.filter(Q(key=term) | Q(name__iexact=term)))
        keys = [
            key.pk
            for key in (named[:_MAX_KEYS] if term else ())
            # Users that may not see keys could otherwise guess them by searching.
            if key.name.lower() == term.lower() or may_edit(request, key.company_id)
        ]
        if keys:
            return request_log_filters.by_keys(queryset, keys), False
        try:
            uuid = UUID(term)
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        # Each UUID is looked up in its own index, which the order of the list would not use.
        found = [
            pk
            for column in ("reservation_uuid", "call_uuid")
            for pk in LogEntry.objects.filter(**{column: uuid})
            .order_by("-pk")
            .values_list("pk", flat=True)[:_MAX_FOUND]
        ]
        return queryset.filter(pk__in=found), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # the template shows the whole row

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = request_log_page.page_context(request, context["original"], self.card_sources)
        return super().render_change_form(request, {**context, **row}, *args, **kwargs)

    @display(description=_("time"), ordering="at")
    def when(self, entry: LogEntry) -> str:
        return moment_text(entry.at)

    @display(description=_("type"))
    def key_type(self, entry: LogEntry) -> str:
        return labels.key_type_text(entry)

    @display(description=_("publisher"))
    def publisher(self, entry: Any) -> str:
        return entry.publisher_name or "–"

    @display(description=_("key"))
    def key(self, entry: Any) -> str:
        return entry.key_name or request_log_page.key_text(entry)

    @display(description=_("company"))
    def company(self, entry: Any) -> str:
        return entry.company_name or "–"

    @display(description=_("caller"))
    def caller(self, entry: Any) -> SafeString:
        return format_html(
            '<span class="whitespace-nowrap">{}</span>', request_log_page.caller_cell(entry) or "–"
        )

    @display(description=_("result"), label={str(each): each.color for each in LogResult})
    def outcome(self, entry: LogEntry) -> tuple[str, str]:
        return entry.result, entry.result_label

    @display(description=_("answer"))
    def answer(self, entry: Any) -> str:
        text = request_log_list.row_answer(entry) or "–"
        return text if entry.clear else mask_text(text)
