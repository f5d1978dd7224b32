"""Conversions: the connected seconds that a call must reach, and its payout and revenue."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Buyer, Campaign, CatalogueRow, FilterRow

from .publisher import Publisher


class Conversion(CatalogueRow):
    """A rule of a campaign: connected seconds that earn a payout and a revenue.

    Amounts are in the company's currency.
    """

    belongs_to = "campaign"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="conversions")
    position = models.PositiveIntegerField(default=0)
    seconds = models.PositiveIntegerField(
        default=0, help_text=_("Connected seconds that a call must reach.")
    )
    payout = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Paid to the publisher."),
    )
    revenue = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Paid by the buyer."),
    )
    publisher = models.ForeignKey(
        Publisher, models.PROTECT, null=True, blank=True, related_name="conversions"
    )
    buyer = models.ForeignKey(
        Buyer, models.PROTECT, null=True, blank=True, related_name="conversions"
    )

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(payout__gte=0, revenue__gte=0), name="conversion_money_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seconds} s: {self.payout} / {self.revenue}"


class ConversionFilter(FilterRow):
    """A condition of a conversion."""

    belongs_to = "conversion"

    conversion = models.ForeignKey(Conversion, models.CASCADE, related_name="filters")
