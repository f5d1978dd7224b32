"""Filters of the postback log. Other pages link to the rows that they count."""

from http import HTTPStatus
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from campaigns.admin_base import CompanyFilter, RowFilter, moment_text, parse_pk, visible_to
from campaigns.models import Buyer, Campaign
from campaigns.routing.engine import routing_filters
from publishers.models import AnswerStatus, Key, LogEntry, LogResult, Publisher

from .keys import KeyTypeFilter

# Traces are not indexed, so only the newest rows with a refusal are searched.
MAX_SEARCHED = 20_000


class LogTypeFilter(KeyTypeFilter):
    """The key types, and transfers, which are authorized by their own UUIDs."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*super().lookups(request, model_admin), ("transfer", _("Transfer"))]


class LogResultFilter(DropdownFilter):
    title = gettext_lazy("result")
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(result), str(result.label)) for result in LogResult]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(result=self.value()) if self.value() else None


class LogStatusFilter(DropdownFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(code), f"{code} {HTTPStatus(code).phrase}") for code in AnswerStatus.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        status = parse_pk(self.value() or "")
        return queryset.filter(status=status) if status in AnswerStatus.values else None


class LogCompanyFilter(CompanyFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        company = parse_pk(self.value() or "")
        return None if company is None else queryset.filter(company_pk=company)


class LogPublisherFilter(RowFilter):
    """The publisher that the request named, or else the one that owns the key."""

    title = gettext_lazy("publisher")
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_pk"


def by_keys(rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
    """Return the requests by these keys, in the order of the list's index.

    The `+ 0` keeps the database from using the index of the key, which is not ordered by time.
    """
    return rows.alias(unindexed_key=F("key_pk") + 0).filter(unindexed_key__in=keys)


class LogKeyFilter(RowFilter):
    title = gettext_lazy("key")
    parameter_name = "key_pk"
    model = Key

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        key = parse_pk(self.value() or "")
        return None if key is None else by_keys(queryset, [key])


class LogCampaignFilter(RowFilter):
    """Requests by the campaign's own keys."""

    title = gettext_lazy("campaign")
    parameter_name = "campaign"
    model = Campaign

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        campaign = parse_pk(self.value() or "")
        if campaign is None:
            return None
        keys = visible_to(request, Key.objects.filter(campaign=campaign))
        return by_keys(queryset, list(keys.values_list("pk", flat=True)))


class ReasonFilter(DropdownFilter):
    """Requests that refused at least one buyer for this reason."""

    title = gettext_lazy("reason of a refusal")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.slug, str(each.label)) for each in routing_filters()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        reason = self.value()
        return queryset.filter(reasons__contains=f",{reason},") if reason else None


# A list of rows that contains this one, after the detail of a refusal: null,[5,7,12]] or
# {…},[5,7,12]]. A detail may contain another list, from the caller's tags.
_REFUSED_ROWS = r"(null|\}}),\[([0-9]+,)*{}(,[0-9]+)*\]\]"


class RefusedBuyerFilter(RowFilter):
    """Requests that refused this buyer, among the newest rows that the other filters leave."""

    title = gettext_lazy("refused buyer")
    parameter_name = "buyer"
    model = Buyer

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.model_admin = model_admin
        super().__init__(request, params, model, model_admin)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        buyer = parse_pk(self.value() or "")
        if buyer is None:
            return None
        rows = queryset.filter(reasons__isnull=False).order_by("-at", "-id")
        paginator = self.model_admin.get_paginator(request, rows, 1)
        beyond = paginator.keys(MAX_SEARCHED, MAX_SEARCHED + 1)
        last = LogEntry.objects.filter(pk__in=beyond).first()
        if last is not None:
            rows = rows.filter(at__gt=last.at)
            message = _(
                "Searched the newest %(count)s requests, back to %(when)s. "
                "To search older requests, also filter by an earlier time."
            ) % {"count": f"{MAX_SEARCHED:,}", "when": moment_text(last.at)}
            self.model_admin.message_user(request, message)
        refused = Substr("trace", StrIndex("trace", Value('"refused":')), output_field=CharField())
        return rows.alias(refused=refused).filter(
            refused__contains=str(buyer), refused__regex=_REFUSED_ROWS.format(buyer)
        )
