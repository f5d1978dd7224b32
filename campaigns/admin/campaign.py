"""A campaign's page, with its routes."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from campaigns.desk import (
    CatalogueForm,
    CatalogueInline,
    PausableAdmin,
    TimeZoneWidget,
)
from campaigns.models import (
    Campaign,
    Route,
)

from .webhooks import WebhookInline


class RouteInline(CatalogueInline):
    model = Route
    fields = ["buyer", "group", "priority", "weight"]
    verbose_name_plural = "routes: the buyers and groups that its calls may go to"
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A route to something retired leads nowhere; it comes back with what it led to."""
        kept = Q(buyer__retired_at=None, group__retired_at=None)
        return super().get_queryset(request).filter(kept).select_related("buyer", "group")


class CampaignForm(CatalogueForm):
    class Meta:
        widgets = {"time_zone": TimeZoneWidget()}


@admin.register(Campaign)
class CampaignAdmin(PausableAdmin):
    form = CampaignForm
    list_display = ["name", "campaign_id", "state"]
    search_fields = ["name", "campaign_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "campaign_id"), "paused"]}),
        ("Repeat callers and hours", {"fields": [("duplicates", "dedupe_seconds"), "time_zone"]}),
    ]
    inlines = [RouteInline, WebhookInline]
    hint = "No campaign yet. A campaign is a stream of calls that publishers bring and buyers take. Add one, and its routes."
    retiring = (
        "Its keys answer 410 from the next request on.",
        "Pings and calls find no buyer through it; live calls go on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )
