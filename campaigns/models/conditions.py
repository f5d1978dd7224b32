"""When a buyer is open, and which callers it takes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from .buyer import Buyer
from .catalogue import CatalogueRow

OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "starts with", "exists", "missing"]


class Day(models.TextChoices):
    MONDAY = "monday", "Monday"
    TUESDAY = "tuesday", "Tuesday"
    WEDNESDAY = "wednesday", "Wednesday"
    THURSDAY = "thursday", "Thursday"
    FRIDAY = "friday", "Friday"
    SATURDAY = "saturday", "Saturday"
    SUNDAY = "sunday", "Sunday"


class BusinessHours(CatalogueRow):
    """An opening in every week, in the buyer's time zone. `close` at or before `open` is on the next day."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="business_hours")
    day = models.CharField(max_length=10, choices=Day)
    open = models.TimeField()
    close = models.TimeField(
        help_text="May pass midnight: 22:00 to 02:00. 00:00 is the end of the day."
    )

    class Meta:
        verbose_name = verbose_name_plural = "business hours"
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

    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="closed_dates")
    date = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["buyer", "date"], name="closed_date_once")
        ]

    def __str__(self) -> str:
        return f"{self.date}"


class SpecialHours(CatalogueRow):
    """Hours of one date, in place of the weekly ones."""

    belongs_to = "buyer"

    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="special_hours")
    date = models.DateField()
    open = models.TimeField()
    close = models.TimeField()

    class Meta:
        verbose_name = verbose_name_plural = "special hours"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["buyer", "date", "open"], name="special_hours_once")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.open:%H:%M}–{self.close:%H:%M}"


class FilterRow(CatalogueRow):
    """A condition on what is known of a caller."""

    key = models.CharField("tag", max_length=100)
    operator = models.CharField(
        max_length=20, choices=[(word, word) for word in OPERATORS], default="=="
    )
    value = models.CharField(
        max_length=1000, blank=True, help_text="For “in” and “not in”: separated by commas."
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

    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="filters")
