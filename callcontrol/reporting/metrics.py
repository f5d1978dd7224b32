"""The numbers of the dashboard, and how they add up."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Self

COUNTED = ("pings", "reserved", "claimed", "calls", "connected", "converted")
PAID = ("payout", "revenue")
_UNITS = 10_000  # of money, in what stands for one: all that its four decimal places can hold


@dataclass(slots=True)
class Metrics:
    """Counts, and money in ten-thousandths. Everything belongs to the moment at which its row began."""

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
        """A number as people know it: money in the company's currency."""
        number: int = getattr(self, name)
        return amount(number) if name in (*PAID, "profit") else number


_NAMES = tuple(field.name for field in fields(Metrics))


def amount(units: int) -> Decimal:
    return Decimal(units) / _UNITS


@dataclass(frozen=True, slots=True)
class MetricsScope:
    """Whose a number is: rows of a campaign, a publisher and a buyer; 0: nobody's, and in a question: anybody's."""

    campaign: int = 0
    publisher: int = 0
    buyer: int = 0

    def covers(self, other: "MetricsScope") -> bool:
        """Whether what is the other's is asked for by this one."""
        asked = (
            (self.campaign, other.campaign),
            (self.publisher, other.publisher),
            (self.buyer, other.buyer),
        )
        return all(mine in (0, theirs) for mine, theirs in asked)


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """What some rows add up to: of one owner, and with a `reason` only the pings that it refused."""

    owner: MetricsScope
    figures: Metrics
    reason: str = ""


def sum_metrics(lines: Iterable[MetricsRow]) -> Metrics:
    """All of the lines that are no refusals."""
    found = Metrics()
    for line in lines:
        if not line.reason:
            found.add(line.figures)
    return found
