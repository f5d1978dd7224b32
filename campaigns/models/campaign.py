"""A campaign, and its routes to buyers and groups."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .buyer import Buyer, BuyerGroup
from .catalogue import CatalogueRow, Retirable
from .company import validate_time_zone
from .ids import new_short_id, short_id_validator


class Campaign(Retirable):
    """A stream of calls that publishers send and buyers buy."""

    class Duplicates(models.TextChoices):
        PAY_ONCE = "pay_once", _("Route the call, pay once")
        EXCLUDE_BUYER = (
            "exclude_buyer",
            _("Route the call to a buyer that did not convert the caller"),
        )
        REFUSE = "refuse", _("Refuse the call")

    campaign_id = models.CharField(
        _("campaign ID"),
        max_length=100,
        default=new_short_id,
        validators=[short_id_validator],
        help_text=_(
            "Catalogue files, filters and API answers use this ID. Keep it or enter yours."
        ),
    )
    name = models.CharField(_("name"), max_length=200)
    paused = models.BooleanField(
        _("paused"),
        default=False,
        help_text=_("A paused campaign rejects pings, and its calls reach no buyer."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Leave empty to use the company’s time zone."),
    )
    dedupe_seconds = models.PositiveIntegerField(
        _("dedupe seconds"),
        default=0,
        help_text=_(
            "How long a caller counts as a duplicate after a conversion: 86400 is a day, "
            "2592000 is 30 days. 0 turns duplicates off."
        ),
    )
    duplicates = models.CharField(
        _("duplicate callers"),
        max_length=20,
        choices=Duplicates,
        default=Duplicates.PAY_ONCE,
        help_text=_("Choose what happens to the call of a caller that converted recently."),
    )

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "campaign_id"],
                condition=Q(retired_at=None),
                name="campaign_id_unique",
                violation_error_message=_("Another campaign has this ID."),
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

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="routes", verbose_name=_("campaign")
    )
    buyer = models.ForeignKey(
        Buyer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="routes",
        verbose_name=_("buyer"),
    )
    group = models.ForeignKey(
        BuyerGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="routes",
        verbose_name=_("group"),
    )
    priority = models.PositiveIntegerField(
        _("priority"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("1 is dialed first. Leave empty to use the buyer’s priority."),
    )
    weight = models.PositiveIntegerField(
        _("weight"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Share at the same priority. Leave empty to use the buyer’s weight."),
    )

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(buyer__isnull=False, group__isnull=True)
                | Q(buyer__isnull=True, group__isnull=False),
                name="route_to_buyer_or_group",
                violation_error_message=_("Choose a buyer or a group, not both."),
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
