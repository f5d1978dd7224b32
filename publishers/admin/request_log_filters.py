"""What the postback log is filtered by: all of it in the address, so that other pages lead to the rows they count."""

from http import HTTPStatus
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from campaigns.admin_base import CompanyFilter, RowFilter, moment_text, parse_pk, visible_to
from campaigns.models import Buyer, Campaign
from campaigns.routing.engine import routing_filters
from publishers.models import Key, LogEntry, Publisher
from publishers.request_log import labels

from .keys import KeyTypeFilter

STATUSES = [200, 201, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503]
# Traces are texts that no index knows: so many of the newest that refused somebody are looked through.
LOOKED_THROUGH = 20_000


class LogTypeFilter(KeyTypeFilter):
    """Also the transfers, whose own UUIDs are their keys."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*super().lookups(request, model_admin), ("transfer", "Transfer")]


class LogResultFilter(DropdownFilter):
    title = "result"
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(labels.RESULTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(result=self.value()) if self.value() else None


class LogStatusFilter(DropdownFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(code), f"{code} {HTTPStatus(code).phrase}") for code in STATUSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        asked = parse_pk(self.value() or "")
        return queryset.filter(status=asked) if asked in STATUSES else None


class LogCompanyFilter(CompanyFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        company = parse_pk(self.value() or "")
        return None if company is None else queryset.filter(company_pk=company)


class LogPublisherFilter(RowFilter):
    """Whom the request named, or whose key it was; unknown of rows from before the log kept it."""

    title = "publisher"
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_pk"


def of_keys(rows: QuerySet[Any], keys: list[int]) -> QuerySet[Any]:
    """The requests by these keys. As a sum, or a key's own index, which is in no order of time, would be gone through."""
    return rows.alias(of_key=F("key_pk") + 0).filter(of_key__in=keys)


class LogKeyFilter(RowFilter):
    title = "key"
    parameter_name = "key_pk"
    model = Key

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        key = parse_pk(self.value() or "")
        return None if key is None else of_keys(queryset, [key])


class LogCampaignFilter(RowFilter):
    """The requests by a campaign's own keys."""

    title = "campaign"
    parameter_name = "campaign"
    model = Campaign

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        campaign = parse_pk(self.value() or "")
        if campaign is None:
            return None
        keys = visible_to(request, Key.objects.filter(campaign=campaign))
        return of_keys(queryset, list(keys.values_list("pk", flat=True)))


class ReasonFilter(DropdownFilter):
    """The requests of which somebody was refused for this."""

    title = "reason of a refusal"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.slug, str(each.label)) for each in routing_filters()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        asked = self.value()
        return queryset.filter(reasons__contains=f",{asked},") if asked else None


class RefusedBuyerFilter(RowFilter):
    """The requests of which this buyer was refused, among the newest that the other filters let through. Comes last."""

    title = "refused buyer"
    parameter_name = "buyer"
    model = Buyer

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        buyer = parse_pk(self.value() or "")
        if buyer is None:
            return None
        rows = queryset.filter(reasons__isnull=False).order_by("-at", "-id")
        paginator = self.model_admin.get_paginator(request, rows, 1)
        last = LogEntry.objects.filter(
            pk__in=paginator.keys(LOOKED_THROUGH, LOOKED_THROUGH + 1)
        ).first()
        if last is not None:
            rows = rows.filter(at__gt=last.at)
            self.model_admin.message_user(request, _looked_back_to(moment_text(last.at)))
        refused = Substr("trace", StrIndex("trace", Value('"refused":')), output_field=CharField())
        return rows.alias(refused=refused).filter(
            refused__contains=str(buyer), refused__regex=_LIST.format(buyer)
        )

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.model_admin = model_admin
        super().__init__(request, params, model, model_admin)


# A list of rows with this one in it, behind the detail of their refusal: null,[5,7,12]] or {…},[5,7,12]]. A detail holds
# what the caller's tags say, and that may be a list as well.
_LIST = r"(null|\}}),\[([0-9]+,)*{}(,[0-9]+)*\]\]"


def _looked_back_to(time: str) -> str:
    return (
        f"The newest {LOOKED_THROUGH:,} of these requests were looked through, back to {time}. "
        "For what is older, filter by an earlier time as well."
    )
