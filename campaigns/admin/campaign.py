"""A campaign's page: its routes, and what it still needs before it can sell a call."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin_base import CatalogueForm, CatalogueInline, PausableAdmin, TimeZoneWidget
from campaigns.models import Buyer, Campaign, Route

from .webhooks import WebhookInline


class RouteInline(CatalogueInline):
    model = Route
    fields = ["buyer", "group", "priority", "weight"]
    verbose_name_plural = "routes: the buyers and groups that its calls may go to"
    initial_rows = 1
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A route to something retired leads nowhere; it comes back with what it led to."""
        kept = Q(buyer__retired_at=None, group__retired_at=None)
        return super().get_queryset(request).filter(kept).select_related("buyer", "group")


class CampaignForm(CatalogueForm):
    class Meta:
        widgets = {"time_zone": TimeZoneWidget()}
        help_texts = {
            "campaign_id": "What files, filters and answers call it. Make up your own, or leave it.",
            "duplicates": "What becomes of a caller whose call converted a short while ago.",
            "dedupe_seconds": "How long that while is: 86400 is a day, 2592000 are 30 days. 0: every call counts anew.",
        }
        labels = {"dedupe_seconds": "Repeats within (seconds)"}


Need = tuple[
    str, str, str
]  # what a campaign lacks without which it sells nothing, what mends it, and the address of that


def _demand(campaign: Campaign) -> Iterator[Need]:
    """What the buyers' side lacks."""
    if campaign.paused:
        yield ("It is paused.", "Resume it with the switch above", "#id_paused")
    open_routes = Route.objects.filter(
        campaign=campaign, buyer__retired_at=None, group__retired_at=None
    )
    if not open_routes.exists():
        yield ("Nobody takes its calls.", "Add a route to a buyer", "#routes-group")
    else:
        awake = Buyer.objects.unretired().filter(paused=False)
        reached = awake.filter(routes__in=open_routes) | awake.filter(
            groups__routes__in=open_routes
        )
        if not reached.exists():
            yield (
                "All its buyers are paused.",
                "Look at the buyers",
                reverse("admin:campaigns_buyer_changelist"),
            )


@admin.register(Campaign)
class CampaignAdmin(PausableAdmin):
    form = CampaignForm
    list_display = ["name", "campaign_id", "state"]
    search_fields = ["name", "campaign_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "campaign_id"), "paused", "ready"]}),
        ("Repeat callers and hours", {"fields": [("duplicates", "dedupe_seconds"), "time_zone"]}),
    ]
    readonly_fields = ["ready"]
    inlines = [RouteInline, WebhookInline]
    needs: list[Callable[[Campaign], Iterator[Need]]] = [_demand]  # floors above add theirs
    hint = "No campaign yet. A campaign is a stream of calls that publishers bring and buyers take. Add one, and its routes."
    retire_effects = (
        "Its keys answer 410 from the next request on.",
        "Pings and calls find no buyer through it; live calls go on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )

    @display(description="can it sell?")
    def ready(self, campaign: Campaign) -> SafeString | str:
        if campaign._state.adding:
            return "Save it once; then this place says what it still needs."
        missing = [need for find in self.needs for need in find(campaign)]
        if not missing:
            return format_html(
                '<span class="admin-ready">{}</span>',
                "Yes: whoever pings it or calls its numbers is taken while a buyer is open and has room.",
            )
        lines = ((text, url, label) for text, label, url in missing)
        one = '<li>{} <a href="{}" class="text-primary-600 dark:text-primary-500">{}</a></li>'
        return format_html(
            '<div>Not yet:</div><ul class="admin-steps">{}</ul>', format_html_join("", one, lines)
        )
