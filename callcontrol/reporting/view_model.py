"""View model of the dashboard; its template and the CSV export lay it out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Buyer, Campaign, Company
from campaigns.money import grouped_money_text
from publishers.models import Publisher

from . import reasons
from .date_ranges import DateRange
from .list_links import ListLinks
from .metrics import COUNTED, PAID, Metric, Metrics
from .totals import Totals, read_totals

MEASURES = (*COUNTED, *PAID, "profit")
MONEY = (*PAID, "profit")
# The metric that each metric is a meaningful part of.
_PART_OF = {
    "reserved": "pings",
    "claimed": "reserved",
    "connected": "calls",
    "converted": "connected",
    "profit": "revenue",
}
_BREAKDOWNS: dict[str, type[Campaign | Publisher | Buyer]] = {
    "campaign": Campaign,
    "publisher": Publisher,
    "buyer": Buyer,
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with a link to its rows; `value` None: not defined, as the pings of a buyer."""

    name: str
    value: int | Decimal | None
    url: str = ""

    @property
    def text(self) -> str:
        """Return the number with thousands separators."""
        if self.value is None:
            return "–"
        in_money = self.name in MONEY
        return grouped_money_text(Decimal(self.value)) if in_money else f"{self.value:,}"

    @property
    def label(self) -> str:
        return str(Metric(self.name).label)


@dataclass(frozen=True, slots=True)
class MetricCard:
    """A number on top, the number of the range before, and its rate of the whole."""

    number: Measure
    before: Measure
    rate: str

    @property
    def hint(self) -> str:
        return str(Metric(self.number.name).hint)

    @property
    def change(self) -> str:
        """Return `+12%` against the range before, "" without a number to compare with."""
        now, before = self.number.value, self.before.value
        if now is None or not before:
            return ""
        percent = round(float(now - before) * 100 / abs(float(before)))
        return f"{'+' if percent > 0 else '−'}{abs(percent):,}%" if percent else _("same")

    @property
    def direction(self) -> str:
        """Return `up`, `down` or `level`; more payout is neither good nor bad."""
        if self.number.name == "payout" or not self.change.startswith(("+", "−")):
            return "level"
        return "down" if self.change.startswith("−") else "up"


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """The numbers of a campaign, publisher or buyer (`pk` 0: none); `url` is its dashboard."""

    pk: int
    name: str
    code: str
    url: str
    numbers: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """The pings that a reason refused; `percent` of the most frequent reason."""

    code: str
    label: str
    pings: int
    percent: int
    url: str

    @property
    def text(self) -> str:
        return f"{self.pings:,}"


@dataclass(frozen=True, slots=True)
class DashboardViewModel:
    """The numbers of a range, of one campaign, publisher or buyer if the links' scope has it."""

    company: Company
    range: DateRange
    links: ListLinks
    now: Totals
    before: Totals

    @property
    def is_empty(self) -> bool:
        return self.now.total.is_nothing()

    def cards(self) -> list[MetricCard]:
        now, before = self.now.total, self.before.total
        values: Mapping[str, Any] = self.values(now)
        rates = {}
        for name, whole in _PART_OF.items():
            if values[whole] and values[name] is not None:
                percent = round(values[name] * 100 / values[whole])
                text = _("%(percent)s%% of %(whole)s")
                label = str(Metric(whole).label).lower()
                rates[name] = (text % {"percent": percent, "whole": label}).replace("-", "−")
        return [
            MetricCard(self._measure(name, now), self._measure(name, before), rates.get(name, ""))
            for name in MEASURES
        ]

    def breakdowns(self) -> Iterator[tuple[str, list[BreakdownRow]]]:
        """Yield the rows by campaign, publisher and buyer, but not by what the page filters by."""
        for name in _BREAKDOWNS:
            if not getattr(self.links.scope, name):
                yield name, self._breakdown(name)

    def refusals(self, *, of_routing: bool) -> list[RefusalRow]:
        """Return why buyers refused pings, or why pings never reached routing; by frequency."""
        counted = [
            (code, number)
            for code, number in self.now.reasons.items()
            if code != reasons.NO_TARGET and reasons.is_of_routing(code) == of_routing
        ]
        highest = max((number for __, number in counted), default=1)
        return [
            RefusalRow(
                code=code,
                label=reasons.reason_text(code),
                pings=number,
                percent=number * 100 // highest,
                url=self.links.refused(code),
            )
            for code, number in sorted(counted, key=lambda pair: (-pair[1], pair[0]))
        ]

    @property
    def buyer_refusals(self) -> list[RefusalRow]:
        return self.refusals(of_routing=True)

    @property
    def request_refusals(self) -> list[RefusalRow]:
        return self.refusals(of_routing=False)

    @property
    def without_buyer(self) -> Measure:
        number = self.now.reasons[reasons.NO_TARGET]
        return Measure("pings", number, self.links.refused(reasons.NO_TARGET))

    def _breakdown(self, name: str) -> list[BreakdownRow]:
        """Return the rows of one breakdown, the greatest revenue first."""
        by_pk = {pk: row for pk, row in self.now.by(name).items() if not row.is_nothing()}
        owners = _BREAKDOWNS[name].objects.filter(company_id=self.company.pk)
        names: dict[int, Any] = owners.in_bulk([pk for pk in by_pk if pk])
        nothing = {
            "campaign": _("No campaign"),
            "publisher": _("No publisher"),
            "buyer": _("No buyer"),
        }
        rows = []
        for pk, metrics in by_pk.items():
            if not pk and name == "buyer" and not metrics.calls:
                continue
            numbers = (self._measure(each, metrics, **{name: pk}) for each in self.measures(name))
            rows.append(
                BreakdownRow(
                    pk=pk,
                    name=str(names.get(pk, nothing[name])),
                    code=getattr(names.get(pk), f"{name}_id", ""),
                    url=self.links.dashboard(only={name: pk}) if pk else "",
                    numbers=tuple(numbers),
                )
            )
        order = ("revenue", "converted", "calls", "reserved", "pings")
        # The name and the primary key make the order of equal rows the same on every database.
        return sorted(
            rows,
            key=lambda row: (
                *(-getattr(by_pk[row.pk], metric) for metric in order),
                row.name.lower(),
                row.pk,
            ),
        )

    def measures(self, breakdown: str = "") -> tuple[str, ...]:
        """Return the columns of a table. Pings have no buyer: the whole campaign decides."""
        return MEASURES[1:] if breakdown == "buyer" or self.links.scope.buyer else MEASURES

    def _measure(self, name: str, metrics: Metrics, **only: int) -> Measure:
        value = self.values(metrics, **only)[name]
        has_list = value is not None and all(only.values())
        return Measure(name, value, self.links.rows(name, only) if has_list else "")

    def values(self, metrics: Metrics, **only: int) -> dict[str, int | Decimal | None]:
        """Return the value of each measure; the pings of a buyer are None."""
        of_buyer = self.links.scope.buyer or "buyer" in only
        return {
            name: None if name == "pings" and of_buyer else metrics.value(name) for name in MEASURES
        }


def dashboard_view_model(
    company: Company, time: DateRange, *, links: ListLinks
) -> DashboardViewModel:
    return DashboardViewModel(
        company=company,
        range=time,
        links=links,
        now=read_totals(company.pk, time.slots, scope=links.scope),
        before=read_totals(company.pk, [time.before], scope=links.scope),
    )
