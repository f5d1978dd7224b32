"""The postback log: every request by a key, its answer beside it, and why it was decided so."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from campaigns import phone, words
from campaigns.desk import ReadOnlyAdmin, link, mask_text, mine, moment, pre, pretty
from campaigns.models import Buyer, Company
from campaigns.routing import rows_of
from publishers.models import Key, LogEntry

from .key_display import kind_label
from .keys import KindFilter

_STATUSES = [200, 201, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503]
_RESULTS = [
    *("reserved", "confirmed", "claimed", "no-target", "rejected", "shielded", "replayed", "refused", "failed"),
    *("done", "stored", "in-progress", "applied", "converted", "already-converted"),
]


class TypeFilter(KindFilter):
    """Also the transfers, whose own UUIDs are their keys."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*super().lookups(request, model_admin), ("transfer", "Transfer")]


class ResultFilter(DropdownFilter):
    title = "result"
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in _RESULTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(result=self.value()) if self.value() else None


class StatusFilter(DropdownFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(code), f"{code} {HTTPStatus(code).phrase}") for code in _STATUSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        asked = self.value() or ""
        return queryset.filter(status=int(asked)) if asked.isdecimal() and int(asked) in _STATUSES else None


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    by = "company_row"
    list_display = ["when", "kind", "key_name", "outcome", "status", "caller", "took"]
    list_filter = [TypeFilter, ResultFilter, StatusFilter, ("at", RangeDateTimeFilter)]
    search_fields = ["caller_number"]
    search_help_text = "A caller's whole number in any spelling, a reservation's or call's UUID, a key or its name"
    ordering = ["-id"]
    more_lookups = ("key_row",)
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("when", "status"),
                    ("kind", "key_link"),
                    ("outcome", "took"),
                    ("caller", "address"),
                    ("led_to", "remarks"),
                ]
            },
        ),
        ("Request and response", {"fields": [("request_text", "response_text")]}),
        ("Why", {"fields": ["reasons"]}),
    ]
    hint = "No request yet. Each request that names a key shows up here: try a key's ready URL."

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Also what a UUID names, and the requests of a key by its text or its name."""
        named = _named_by(request, search_term.strip())
        if named is not None:
            return queryset.filter(named), False
        return super().get_search_results(request, queryset, search_term)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = Key.objects.filter(pk=OuterRef("key_row")).values("name")[:1]
        return super().get_queryset(request).annotate(named=Subquery(name))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            "when",
            "kind",
            "key_link",
            "outcome",
            "took",
            "caller",
            "led_to",
            "remarks",
            "request_text",
            "response_text",
            "reasons",
        ]

    @display(description="time", ordering="id")
    def when(self, entry: LogEntry) -> str:
        return moment(entry.at)

    @display(description="type", ordering="type")
    def kind(self, entry: LogEntry) -> str:
        return kind_label(entry.type) or "unknown key"

    @display(description="key")
    def key_name(self, entry: Any) -> str:
        return entry.named or (f"number {entry.key_row}" if entry.key_row else f"…{entry.key_end}")

    @display(description="key")
    def key_link(self, entry: LogEntry) -> SafeString | str:
        key = Key.objects.filter(pk=entry.key_row or 0).first()
        return link(key) if key else f"…{entry.key_end}"

    @display(
        description="result",
        label={"reserved": "success", "confirmed": "success", "claimed": "success", "refused": "warning", "failed": "danger"},
    )
    def outcome(self, entry: LogEntry) -> str:
        return entry.result

    @display(description="duration", ordering="duration_ms")
    def took(self, entry: LogEntry) -> str:
        return f"{entry.duration_ms:.1f} ms"

    @display(description="caller")
    def caller(self, entry: Any) -> str:
        return (entry.caller_number if entry.clear else phone.masked(entry.caller_number)) if entry.caller_number else "–"

    @display(description="led to")
    def led_to(self, entry: LogEntry) -> SafeString | str:
        found = {"reservations_reservation": entry.reservation_uuid, "callcontrol_call": entry.call_uuid}
        pages = [(reverse(f"admin:{page}_change", args=[uuid]), page.split("_")[1], uuid) for page, uuid in found.items() if uuid]
        return format_html_join(", ", '<a href="{}" class="text-primary-600 dark:text-primary-500">{} {}</a>', pages) or "–"

    @display(description="remarks")
    def remarks(self, entry: LogEntry) -> SafeString | str:
        return format_html_join("", "<div>{}</div>", ((note,) for note in entry.notes)) or "–"

    @display(description="request")
    def request_text(self, entry: Any) -> SafeString:
        text = f"{entry.method} {entry.path}\n\n{pretty(entry.parameters)}"
        return pre(text if entry.clear else mask_text(text))

    @display(description="response")
    def response_text(self, entry: Any) -> SafeString:
        text = pretty(entry.response)
        return pre(f"{entry.status}\n\n{text if entry.clear else mask_text(text)}")

    @display(description="each buyer")
    def reasons(self, entry: Any) -> SafeString | str:
        if not entry.trace:
            return "No buyer was looked for."
        names = dict(Buyer.objects.filter(pk__in=rows_of(entry.trace)).values_list("pk", "name"))
        zone = Company.objects.filter(pk=entry.company_row).values_list("time_zone", flat=True).first()
        lines = words.stored_lines(entry.trace, names, zone or "UTC")
        shown = ((line if entry.clear else mask_text(line),) for line in lines)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", shown))


def _named_by(request: HttpRequest, term: str) -> Q | None:
    """The rows of what a text names: a key, or the reservation or call with that UUID. None when it names nothing."""
    keys = mine(request, Key.objects.filter(Q(key=term) | Q(name__iexact=term))) if term else Key.objects.none()
    rows = list(keys.values_list("pk", flat=True)[:100])
    of_keys = Q(key_row__in=rows) if rows else None
    try:
        uuid = UUID(term)
    except ValueError:
        return of_keys
    of_uuid = Q(reservation_uuid=uuid) | Q(call_uuid=uuid)
    return of_uuid | of_keys if of_keys else of_uuid
