"""Filters of the list of calls; the dashboard links to them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from callcontrol.models import Call
from campaigns.admin_base import RowFilter
from campaigns.models import Buyer, Campaign
from publishers.models import Publisher


class CallStatusFilter(DropdownFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Call.Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(status=self.value()) if self.value() in Call.Status.values else None


class CallCampaignFilter(RowFilter):
    title = _("campaign")
    parameter_name = "campaign"
    model = Campaign
    column = "campaign_id"


class CallPublisherFilter(RowFilter):
    title = _("publisher")
    parameter_name = "publisher"
    model = Publisher
    column = "publisher_id"


class CallBuyerFilter(RowFilter):
    """The buyer that was dialed last."""

    title = _("buyer")
    parameter_name = "buyer"
    model = Buyer
    column = "buyer_id"


class YesNoFilter(DropdownFilter):
    """Filter by whether a time is set: `?converted=1` or `?converted=0`."""

    column: str
    answers: tuple[Any, Any]

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
    title = _("connected")
    parameter_name = "connected"
    column = "connected_at"
    answers = (_("Connected to a buyer"), _("Not connected"))


class ConvertedFilter(YesNoFilter):
    title = _("converted")
    parameter_name = "converted"
    column = "converted_at"
    answers = (_("Converted"), _("Not converted"))
