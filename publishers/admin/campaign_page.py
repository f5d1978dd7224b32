"""What supply adds to a campaign's page: conversions, numbers and the pool, and what of them it
lacks."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin_base import (
    CatalogueAdmin,
    CatalogueForm,
    CatalogueInline,
    admin_link,
)
from campaigns.models import Campaign
from campaigns.money import money_text
from publishers.models import Conversion, ConversionFilter

from .numbers import FixedNumberInline, PoolInline


class MoneyForm(CatalogueForm):
    """Money with two decimals, unless it has more."""

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
            "seconds": "Connected seconds that a call must reach: 120 are two minutes.",
            "payout": "What the publisher gets.",
            "revenue": "What the buyer pays.",
            "publisher": "Only for calls of this publisher. Empty: of any.",
            "buyer": "Only for calls of this buyer. Empty: of any.",
        }


class ConversionInline(CatalogueInline):
    model = Conversion
    form = MoneyForm
    fk_name = "campaign"
    fields = ["seconds", "payout", "revenue", "publisher", "buyer", "conditions", "position"]
    readonly_fields = ["conditions"]
    ordering_field = "position"
    hide_ordering_field = True
    verbose_name_plural = "conversions: what a call must reach, and what it pays"
    initial_rows = 1
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("publisher", "buyer")
            .prefetch_related("filters")
        )

    @display(description="filters")
    def conditions(self, conversion: Conversion) -> SafeString | str:
        return (
            admin_link(
                conversion, text=", ".join(str(row) for row in conversion.filters.all()) or "None"
            )
            if conversion.pk
            else "–"
        )


class ConversionFilterInline(CatalogueInline):
    model = ConversionFilter
    fields = ["key", "operator", "value"]
    verbose_name_plural = "filters: the calls that it counts for"
    hide_title = True


@admin.register(Conversion)
class ConversionAdmin(CatalogueAdmin):
    """For its filters; the rest is edited on the campaign's page."""

    form = MoneyForm
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
    hint = "Conversions are added on a campaign's page."
    hint_link = ("admin:campaigns_campaign_changelist", "Open the campaigns")

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(campaign__retired_at=None)

    def is_over(self, obj: Conversion) -> bool:
        return obj.campaign.retired_at is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description="campaign")
    def campaign_link(self, conversion: Conversion) -> SafeString | str:
        return admin_link(conversion.campaign)


def _supply(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    """What the campaign lacks for publishers to bring calls, and be paid: a sentence, where it
    is mended, and its address."""
    if not campaign.conversions.exists():
        yield (
            "No call pays.",
            "Say what a call must reach, and what it pays",
            "#conversions-group",
        )
    numbers = campaign.numbers.unretired()
    if not numbers.exists():
        yield (
            "Callers have nowhere to call.",
            "Add numbers to its pool",
            reverse("admin:publishers_inboundnumber_paste", args=[campaign.pk]),
        )
    if (
        not campaign.keys.unretired().filter(paused=False).exists()
        and not numbers.filter(in_pool=False).exists()
    ):
        new = f"{reverse('admin:publishers_key_add')}?type=rtb&campaign={campaign.pk}"
        yield (
            "Nobody can ping it, and it has no number of its own.",
            "Make a key for publishers",
            new,
        )
    if campaign.company.retired_at is None and not campaign.company.rtb_enabled:
        company = reverse("admin:campaigns_company_change", args=[campaign.company_id])
        yield (
            "Real-time bidding is switched off for the company.",
            "Ask an owner to switch it on",
            company,
        )


page: Any = admin.site.get_model_admin(Campaign)
page.needs = [*page.needs, _supply]
page.retire_effects = (
    *page.retire_effects,
    "Its numbers are retired with it, and free for another campaign.",
)
page.inlines = [
    *page.inlines[:1],
    ConversionInline,
    FixedNumberInline,
    PoolInline,
    *page.inlines[1:],
]  # webhooks come last
