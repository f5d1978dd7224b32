"""Additions to a campaign's page: conversions, numbers, the pool, and the checks for them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.admin.campaign import Need
from campaigns.admin_base import CatalogueAdmin, CatalogueForm, CatalogueInline, admin_link
from campaigns.models import Campaign
from campaigns.money import money_text
from publishers.models import Conversion, ConversionFilter

from .numbers import FixedNumberInline, PoolInline


class ConversionForm(CatalogueForm):
    """Form of a conversion; amounts have two decimals, or as many as they need."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {
            name: self.initial[name]
            for name in ("payout", "revenue")
            if self.instance.pk and name in self.initial
        }
        self.initial.update({name: Decimal(money_text(amount)) for name, amount in stored.items()})

    class Meta:
        help_texts = {
            "publisher": _("Leave empty to pay for the calls of all publishers."),
            "buyer": _("Leave empty to pay for the calls of all buyers."),
        }


class ConversionInline(CatalogueInline):
    model = Conversion
    form = ConversionForm
    fk_name = "campaign"
    fields = ["seconds", "payout", "revenue", "publisher", "buyer", "conditions", "position"]
    readonly_fields = ["conditions"]
    ordering_field = "position"
    hide_ordering_field = True
    verbose_name_plural = _(
        "conversions: the seconds that a call must reach, and the amounts that it pays"
    )
    initial_rows = 1
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("publisher", "buyer")
            .prefetch_related("filters")
        )

    @display(description=_("filters"))
    def conditions(self, conversion: Conversion) -> SafeString | str:
        if not conversion.pk:
            return "–"
        filters = ", ".join(str(row) for row in conversion.filters.all())
        return admin_link(conversion, text=filters or gettext("None"))


class ConversionFilterInline(CatalogueInline):
    model = ConversionFilter
    fields = ["key", "operator", "value"]
    verbose_name_plural = _("filters: the calls that it pays for")
    hide_title = True


@admin.register(Conversion)
class ConversionAdmin(CatalogueAdmin):
    """Page of one conversion, for its filters; the campaign's page edits the other fields."""

    form = ConversionForm
    fieldsets = [
        (
            None,
            {"fields": ["campaign_link", ("seconds", "payout", "revenue"), ("publisher", "buyer")]},
        )
    ]
    readonly_fields = ["campaign_link"]
    list_display = ["campaign", "seconds", "payout", "revenue", "publisher", "buyer"]
    list_select_related = ["campaign", "publisher", "buyer"]
    inlines = [ConversionFilterInline]
    actions_detail = []
    hint = _("Add conversions on the page of a campaign.")
    hint_link = ("admin:campaigns_campaign_changelist", _("Open the campaigns"))

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(campaign__retired_at=None)

    def is_over(self, obj: Conversion) -> bool:
        return obj.campaign.retired_at is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("campaign"))
    def campaign_link(self, conversion: Conversion) -> SafeString | str:
        return admin_link(conversion.campaign)


def supply_needs(campaign: Campaign) -> Iterator[Need]:
    """Yield what the publishers' side of the campaign needs."""
    if not campaign.conversions.exists():
        yield gettext("No call pays."), gettext("Add a conversion"), "#conversions-group"
    numbers = campaign.numbers.unretired()
    if not numbers.exists():
        yield (
            gettext("The campaign has no numbers."),
            gettext("Add numbers to its pool"),
            reverse("admin:publishers_inboundnumber_paste", args=[campaign.pk]),
        )
    # Calls come by a ping, which takes a key, or by a fixed number, which takes none.
    has_key = campaign.keys.unretired().filter(paused=False).exists()
    if not has_key and not numbers.filter(in_pool=False).exists():
        yield (
            gettext("Publishers cannot send calls: it has no active key and no fixed number."),
            gettext("Add a key for publishers"),
            f"{reverse('admin:publishers_key_add')}?type=rtb&campaign={campaign.pk}",
        )
    if campaign.company.retired_at is None and not campaign.company.rtb_enabled:
        yield (
            gettext("Real-time bidding is off for the company."),
            gettext("Ask an owner to turn it on"),
            reverse("admin:campaigns_company_change", args=[campaign.company_id]),
        )


page: Any = admin.site.get_model_admin(Campaign)
page.needs = [*page.needs, supply_needs]
page.retire_effects = (
    *page.retire_effects,
    _("Its numbers are retired with it; another campaign can use them."),
)
# Routes come first and webhooks last.
routes, *others = page.inlines
page.inlines = [routes, ConversionInline, FixedNumberInline, PoolInline, *others]
