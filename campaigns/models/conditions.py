"""Opening hours and filters of a buyer."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .buyer import Buyer
from .catalogue import CatalogueRow

OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "starts with", "exists", "missing"]


class Day(models.TextChoices):
    MONDAY = "monday", _("Monday")
    TUESDAY = "tuesday", _("Tuesday")
    WEDNESDAY = "wednesday", _("Wednesday")
    THURSDAY = "thursday", _("Thursday")
    FRIDAY = "friday", _("Friday")
    SATURDAY = "saturday", _("Saturday")
    SUNDAY = "sunday", _("Sunday")


class BusinessHours(CatalogueRow):
    """A weekly opening in the buyer's time zone; `close` at or before `open` is on the next day."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(
        Buyer, models.CASCADE, related_name="business_hours", verbose_name=_("buyer")
    )
    day = models.CharField(_("day"), max_length=10, choices=Day)
    open = models.TimeField(_("open"))
    close = models.TimeField(
        _("close"),
        help_text=_("May be after midnight, such as 22:00 to 02:00. 00:00 is the end of the day."),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("business hours")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["buyer", "day", "open"], name="business_hours_once"),
            models.CheckConstraint(
                condition=Q(day__in=Day.values), name="business_hours_day_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.open:%H:%M}–{self.close:%H:%M}"


class ClosedDate(CatalogueRow):
    """A day on which the buyer takes no calls."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(
        Buyer, models.CASCADE, related_name="closed_dates", verbose_name=_("buyer")
    )
    date = models.DateField(_("date"))

    class Meta:
        verbose_name = _("closed date")
        verbose_name_plural = _("closed dates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["buyer", "date"], name="closed_date_once")
        ]

    def __str__(self) -> str:
        return f"{self.date}"


class SpecialHours(CatalogueRow):
    """Hours of one date; they replace the weekly hours."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(
        Buyer, models.CASCADE, related_name="special_hours", verbose_name=_("buyer")
    )
    date = models.DateField(_("date"))
    open = models.TimeField(_("open"))
    close = models.TimeField(_("close"))

    class Meta:
        verbose_name = verbose_name_plural = _("special hours")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["buyer", "date", "open"], name="special_hours_once")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.open:%H:%M}–{self.close:%H:%M}"


class FilterRow(CatalogueRow):
    """A condition on a tag, or on another fact of a caller."""

    key = models.CharField(
        _("tag"),
        max_length=100,
        help_text=_(
            "A tag of the ping or call, such as caller_zip; or caller_state, campaign_id or "
            "publisher_id."
        ),
    )
    operator = models.CharField(
        _("operator"),
        max_length=20,
        choices=[(operator, operator) for operator in OPERATORS],
        default="==",
        help_text=_(
            "“starts with” and “in” compare text, < and > compare numbers; “missing” takes callers "
            "without the tag."
        ),
    )
    value = models.CharField(
        _("value"),
        max_length=1000,
        blank=True,
        help_text=_("For “in” and “not in”, separate values with commas."),
    )

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(operator__in=OPERATORS), name="%(class)s_operator_known"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="%(class)s_has_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.operator} {self.value}".strip()


class Filter(FilterRow):
    """A condition of a buyer."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(
        Buyer, models.CASCADE, related_name="filters", verbose_name=_("buyer")
    )

    class Meta(FilterRow.Meta):
        verbose_name = _("filter")
        verbose_name_plural = _("filters")
