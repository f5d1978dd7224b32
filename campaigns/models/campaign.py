"""A campaign and its routes: which buyers its calls may go to."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from .buyer import Buyer, BuyerGroup
from .catalogue import CatalogueRow, Retirable
from .company import validate_time_zone
from .ids import new_short_id, short_id_validator


class Campaign(Retirable):
    """A stream of calls that is bought by some buyers and filled by some publishers."""

    class Duplicates(models.TextChoices):
        PAY_ONCE = "pay_once", "Route it, pay once"
        EXCLUDE_BUYER = "exclude_buyer", "Route it to another buyer than it converted with"
        REFUSE = "refuse", "Refuse it"

    campaign_id = models.CharField(
        "campaign ID", max_length=100, default=new_short_id, validators=[short_id_validator]
    )
    name = models.CharField(max_length=200)
    paused = models.BooleanField(
        default=False, help_text="Pings are rejected and calls find no buyer."
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Empty: the company's.",
    )
    dedupe_seconds = models.PositiveIntegerField(
        default=0, help_text="How long a converted caller counts as a repeat. 0: never."
    )
    duplicates = models.CharField(
        "repeat callers", max_length=20, choices=Duplicates, default=Duplicates.PAY_ONCE
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "campaign_id"],
                condition=Q(retired_at=None),
                name="campaign_id_unique",
                violation_error_message="Another campaign has this ID.",
            ),
            models.CheckConstraint(
                condition=~Q(campaign_id="") & ~Q(name=""), name="campaign_named"
            ),
            models.CheckConstraint(
                condition=Q(duplicates__in=["pay_once", "exclude_buyer", "refuse"]),
                name="campaign_duplicates_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Route(CatalogueRow):
    """A buyer or a group that a campaign's calls may go to."""

    belongs_to = "campaign"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="routes")
    buyer = models.ForeignKey(Buyer, models.PROTECT, null=True, blank=True, related_name="routes")
    group = models.ForeignKey(
        BuyerGroup, models.PROTECT, null=True, blank=True, related_name="routes"
    )
    priority = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Lowest first. Empty: the buyer's own.",
    )
    weight = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Share among equals. Empty: the buyer's own.",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(buyer__isnull=False, group__isnull=True)
                | Q(buyer__isnull=True, group__isnull=False),
                name="route_to_buyer_or_group",
                violation_error_message="Choose a buyer or a group, not both.",
            ),
            models.UniqueConstraint(fields=["campaign", "buyer"], name="route_buyer_once"),
            models.UniqueConstraint(fields=["campaign", "group"], name="route_group_once"),
            models.CheckConstraint(
                condition=Q(priority=None) | Q(priority__gte=1), name="route_priority_positive"
            ),
            models.CheckConstraint(
                condition=Q(weight=None) | Q(weight__gte=1), name="route_weight_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} → {self.buyer or self.group}"
