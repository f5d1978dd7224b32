"""Filters of the log and of reservations that the numbers of the dashboard link to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from callcontrol.reporting import reasons
from callcontrol.reporting.counts import PINGS, RESERVED
from config.http.errors import POSTBACK_SHAPE
from config.http.renderers import MEDIA_TYPES, render
from publishers.admin import request_log
from reservations import admin as reservations


class PingFilter(DropdownFilter):
    """Pings with any result, without confirmations and other requests of their keys."""

    title = _("pings")
    parameter_name = "ping"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("1", gettext("Only pings")),
            (reasons.NOBODY, gettext("Pings of campaigns without buyers")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        if self.value() not in ("1", reasons.NOBODY):
            return None
        pings = queryset.filter(PINGS)
        return (
            pings if self.value() == "1" else pings.filter(result=reasons.NO_TARGET, reasons=None)
        )


class ErrorFilter(DropdownFilter):
    """Requests with this error in the response, in either format."""

    title = _("error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return only the current value: links set the filter, and the list can clear it."""
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
    """Reservations with a buyer, of any later status."""

    title = _("buyer reserved")
    parameter_name = "reserved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", gettext("With a buyer"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(status__in=RESERVED) if self.value() == "1" else None


def _add(page: Any, *filters: type[DropdownFilter]) -> None:
    page.list_filter = [*page.list_filter, *filters]


_add(admin.site.get_model_admin(request_log.LogEntry), PingFilter, ErrorFilter)
_add(admin.site.get_model_admin(reservations.Reservation), ReservedFilter)
