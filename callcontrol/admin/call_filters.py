"""Filters of the list of calls: all of them can be set by address, so that other pages lead to the calls they count."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from callcontrol.models import Call
from campaigns.admin_base import RowFilter
from campaigns.models import Buyer, Campaign
from publishers.models import Publisher


class CallStatusFilter(DropdownFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Call.Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(status=self.value()) if self.value() in Call.Status.values else None


class CallCampaignFilter(RowFilter):
    title = "campaign"
    parameter_name = "campaign"
    model = Campaign
    column = "campaign_id"


class CallPublisherFilter(RowFilter):
    title = "publisher"
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


class CallBuyerFilter(RowFilter):
    """The buyer that the call was dialed to last: the one that has it."""

    title = "buyer"
    parameter_name = "buyer"
    model = Buyer
    column = "buyer_id"


class YesNoFilter(DropdownFilter):
    """Whether a moment has come: `?converted=1` for yes, 0 for no. Subclasses name its `column`, and what both are called."""

    column: str
    answers: tuple[str, str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        yes, no = self.answers
        return [("1", yes), ("0", no)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        value = self.value()
        return (
            queryset.filter(**{f"{self.column}__isnull": value == "0"})
            if value in ("0", "1")
            else None
        )


class ConnectedFilter(YesNoFilter):
    title = "connected"
    parameter_name = "connected"
    column = "connected_at"
    answers = ("A buyer had the call", "Nobody had it")


class ConvertedFilter(YesNoFilter):
    title = "converted"
    parameter_name = "converted"
    column = "converted_at"
    answers = ("Converted", "Not converted")
