"""Admin page of campaigns: routes, webhooks, and what a campaign needs to sell a call."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.admin_base import CatalogueForm, CatalogueInline, PausableAdmin, TimeZoneWidget
from campaigns.models import Buyer, Campaign, Route

from .webhooks import WebhookInline

# A problem that keeps a campaign from selling calls, the action that solves it, and its URL.
Need = tuple[str, str, str]


class RouteInline(CatalogueInline):
    model = Route
    fields = ["buyer", "group", "priority", "weight"]
    verbose_name_plural = _("routes: the buyers and groups that take the calls")
    initial_rows = 1
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out routes to retired rows; they return when the row does."""
        unretired = Q(buyer__retired_at=None, group__retired_at=None)
        return super().get_queryset(request).filter(unretired).select_related("buyer", "group")


class CampaignForm(CatalogueForm):
    class Meta:
        widgets = {"time_zone": TimeZoneWidget()}
        labels = {"dedupe_seconds": _("Duplicates within (seconds)")}


def demand_needs(campaign: Campaign) -> Iterator[Need]:
    """Yield what the buyers' side of the campaign needs."""
    if campaign.paused:
        yield gettext("The campaign is paused."), gettext("Resume it above"), "#id_paused"
    routes = Route.objects.filter(campaign=campaign, buyer__retired_at=None, group__retired_at=None)
    if not routes.exists():
        yield gettext("No buyer takes its calls."), gettext("Add a route"), "#routes-group"
        return
    buyers = Buyer.objects.unretired().filter(paused=False)
    if not buyers.filter(Q(routes__in=routes) | Q(groups__routes__in=routes)).exists():
        yield (
            gettext("All its buyers are paused."),
            gettext("Open the buyers"),
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
        (
            _("Duplicate callers and hours"),
            {"fields": [("duplicates", "dedupe_seconds"), "time_zone"]},
        ),
    ]
    readonly_fields = ["ready"]
    inlines = [RouteInline, WebhookInline]
    # Checks of readiness; the apps above append theirs.
    needs: list[Callable[[Campaign], Iterator[Need]]] = [demand_needs]
    hint = _(
        "No campaigns yet. A campaign is a stream of calls that publishers send and buyers take. "
        "Add one with its routes."
    )
    retire_effects = (
        _("Its keys answer 410 from the next request on."),
        _("Pings and calls find no buyer through it; live calls go on."),
        _("It leaves the lists and frees its ID. Its history stays."),
    )

    @display(description=_("ready to sell?"))
    def ready(self, campaign: Campaign) -> str:
        if campaign._state.adding:
            return gettext("Save the campaign to see what it still needs.")
        missing = [need for check in self.needs for need in check(campaign)]
        return render_to_string("campaigns/readiness.html", {"missing": missing})
