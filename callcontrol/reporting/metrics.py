"""The metrics of the dashboard, and their sums."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Metric(models.TextChoices):
    """A number of the dashboard: its name, its color in charts, the hint beside it, and its label.

    The colors are those of dashboard.css, readable on light and dark backgrounds.
    """

    color: str
    hint: str

    def __new__(cls, value: str, color: str = "", hint: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.color, member.hint = color, hint
        return member

    PINGS = "pings", "#b3bdcc", _("Requests for a buyer"), _("Pings")
    RESERVED = "reserved", "#8ad6cf", _("Pings that reserved a buyer"), _("Reserved")
    CLAIMED = "claimed", "#2bb3a6", _("Calls that reached the reserved buyer"), _("Claimed")
    CALLS = "calls", "", _("All calls, with or without a ping"), _("Calls")
    CONNECTED = "connected", "", _("Calls that a buyer took"), _("Connected")
    CONVERTED = "converted", "#0b6e69", _("Calls that paid"), _("Converted")
    PAYOUT = "payout", "#b3bdcc", _("Paid to publishers"), _("Payout")
    REVENUE = "revenue", "", _("Earned from buyers"), _("Revenue")
    PROFIT = "profit", "#2bb3a6", _("Revenue less payout"), _("Profit")


COUNTED = ("pings", "reserved", "claimed", "calls", "connected", "converted")
PAID = ("payout", "revenue")
_UNITS = 10_000  # money has four decimal places


@dataclass(slots=True)
class Metrics:
    """Counts, and money in ten-thousandths. A row counts at the moment at which it began."""

    pings: int = 0
    reserved: int = 0
    claimed: int = 0
    calls: int = 0
    connected: int = 0
    converted: int = 0
    payout: int = 0
    revenue: int = 0

    @property
    def profit(self) -> int:
        return self.revenue - self.payout

    def add(self, other: Self) -> None:
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def is_nothing(self) -> bool:
        return not any(getattr(self, name) for name in _NAMES)

    def value(self, name: str) -> int | Decimal:
        """Return a metric; money in the company's currency."""
        number: int = getattr(self, name)
        return amount(number) if name in (*PAID, "profit") else number


_NAMES = tuple(field.name for field in fields(Metrics))


def amount(units: int) -> Decimal:
    return Decimal(units) / _UNITS


@dataclass(frozen=True, slots=True)
class MetricsScope:
    """Primary keys of a campaign, a publisher and a buyer; 0: none, or all when it filters."""

    campaign: int = 0
    publisher: int = 0
    buyer: int = 0

    def covers(self, other: "MetricsScope") -> bool:
        """Return whether rows of the other scope pass this one as a filter."""
        return (
            self.campaign in (0, other.campaign)
            and self.publisher in (0, other.publisher)
            and self.buyer in (0, other.buyer)
        )


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """The metrics of one scope; with a `reason`, only the pings that it refused."""

    scope: MetricsScope
    metrics: Metrics
    reason: str = ""


def sum_metrics(rows: Iterable[MetricsRow]) -> Metrics:
    """Return the sum of the rows without a reason."""
    total = Metrics()
    for row in rows:
        if not row.reason:
            total.add(row.metrics)
    return total
