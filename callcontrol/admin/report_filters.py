"""What the lists of records can also be filtered by, so that each number of the dashboard leads to its rows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from callcontrol.reporting import reasons
from callcontrol.reporting.counts import PINGS, RESERVED
from config.http.errors import POSTBACK_SHAPE
from config.http.renderers import MEDIA_TYPES, render
from publishers.admin import request_log
from reservations import admin as reservations


class PingFilter(DropdownFilter):
    """Pings alone, whatever they were answered: no confirmations, and no other requests by a ping's key."""

    title = "pings"
    parameter_name = "ping"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Pings alone"), (reasons.NOBODY, "Pings that had no buyer to ask")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() not in ("1", reasons.NOBODY):
            return None
        pings = queryset.filter(PINGS)
        return (
            pings if self.value() == "1" else pings.filter(result=reasons.NO_TARGET, reasons=None)
        )


class ErrorFilter(DropdownFilter):
    """Requests that were answered with this error, in either format."""

    title = "error"
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """It is set by an address alone: the one in force can be seen, and taken away."""
        text = request.GET.get(self.parameter_name or "", "")[:200]
        return [(text, text)] if text else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if not self.value():
            return None
        answers = [
            render({**POSTBACK_SHAPE, "error": self.value()}, format).decode()
            for format in MEDIA_TYPES
        ]
        return queryset.filter(response__in=answers)


class ReservedFilter(DropdownFilter):
    """Reservations that held a buyer, whatever became of them."""

    title = "buyer held"
    parameter_name = "reserved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "A buyer was held")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(status__in=RESERVED) if self.value() == "1" else None


def _add(page: Any, *filters: type[DropdownFilter]) -> None:
    page.list_filter = [*page.list_filter, *filters]


_add(admin.site.get_model_admin(request_log.LogEntry), PingFilter, ErrorFilter)
_add(admin.site.get_model_admin(reservations.Reservation), ReservedFilter)
