"""Totals of a company over a time: from rollups where there are some, from rows for the rest."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet, Sum

from . import counts, reasons
from .metrics import Metrics, MetricsRow, MetricsScope
from .models import Rollup, RollupPeriod, RollupSource
from .periods import Period, across, uncovered, within
from .rollups import METRICS, SCOPE_FIELDS, stale_hours, unseen_sales

_MAX_IDS = 5000  # in one statement


@dataclass(slots=True)
class Totals:
    """Metrics by slot of time and by scope, and the number of pings that each reason refused."""

    slots: list[Metrics]
    scopes: dict[MetricsScope, Metrics] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> Metrics:
        total = Metrics()
        for metrics in self.slots:
            total.add(metrics)
        return total

    def by(self, name: str) -> dict[int, Metrics]:
        """Return the metrics by campaign, publisher or buyer (0: none)."""
        found: dict[int, Metrics] = {}
        for scope, metrics in self.scopes.items():
            found.setdefault(getattr(scope, name), Metrics()).add(metrics)
        return found

    def add(self, slot: int, row: MetricsRow) -> None:
        if row.reason:
            self.reasons[row.reason] += row.metrics.pings
        else:
            self.slots[slot].add(row.metrics)
            self.scopes.setdefault(row.scope, Metrics()).add(row.metrics)

    def shorten_reasons(self) -> None:
        """Bound the number of error texts: an hour keeps only a few, a year has many hours."""
        short, counted = reasons.short_reasons(self.reasons), self.reasons
        self.reasons = Counter()
        for code, pings in counted.items():
            self.reasons[short.get(code, code)] += pings


def read_totals(company_pk: int, slots: Sequence[Period], *, scope: MetricsScope) -> Totals:
    """Return the totals of consecutive slots, of one campaign, publisher or buyer (0: all)."""
    totals = Totals([Metrics() for _ in slots])
    slot_of: dict[int, int] = {}
    for source in RollupSource:
        rollups, rest = _cover(company_pk, source, slots)
        slot_of |= rollups
        for slot, period in across(rest, slots):
            for row in counts.count_rows(source, company_pk, period):
                if scope.covers(row.scope):
                    totals.add(slot, row)
    ids = list(slot_of)
    wanted = dict(zip(SCOPE_FIELDS, (scope.campaign, scope.publisher, scope.buyer), strict=True))
    for start in range(0, len(ids), _MAX_IDS):
        rows = Rollup.objects.filter(period_id__in=ids[start : start + _MAX_IDS]).order_by()
        rows = rows.filter(**{name: pk for name, pk in wanted.items() if pk})
        for period_pk, *numbers in _sums(rows.filter(reason=""), "period_id"):
            totals.slots[slot_of[period_pk]].add(Metrics(*map(int, numbers)))
        for campaign, publisher, buyer, *numbers in _sums(rows.filter(reason=""), *SCOPE_FIELDS):
            summed = totals.scopes.setdefault(MetricsScope(campaign, publisher, buyer), Metrics())
            summed.add(Metrics(*map(int, numbers)))
        refused = rows.exclude(reason="").values_list("reason").annotate(sum=Sum("pings"))
        for reason, pings in refused:
            totals.reasons[reason] += int(pings)
    totals.shorten_reasons()
    return totals


# --- choice of rollups ---------------------------------------------------------------------------
def _cover(
    company_pk: int, source: str, slots: Sequence[Period]
) -> tuple[dict[int, int], list[Period]]:
    """Return the slot of each usable rollup period, and the time without one.

    Days go before hours. A period that reaches out of its slot or has unseen sales is not usable.
    """
    stale: list[datetime] = []
    if source == RollupSource.OUTCOMES:
        stale = sorted(start for start, _ in stale_hours(company_pk, unseen_sales(company_pk)))
    whole = (slots[0][0], slots[-1][1])
    slot_of: dict[int, int] = {}
    covered: list[Period] = []
    rest = [whole]
    for is_day in (True, False):
        if not rest:
            break
        rows = RollupPeriod.objects.filter(
            company_id=company_pk,
            source=source,
            is_day=is_day,
            starts_at__gte=rest[0][0],
            ends_at__lte=rest[-1][1],
        )
        for pk, *bounds in rows.values_list("pk", "starts_at", "ends_at"):
            period = (bounds[0], bounds[1])
            slot = within(period, slots)
            is_missing = within(period, rest) is not None
            is_stale = bisect_left(stale, period[0]) < bisect_left(stale, period[1])
            if slot is not None and is_missing and not is_stale:
                slot_of[pk] = slot
                covered.append(period)
        rest = uncovered(whole, covered)
    return slot_of, rest


def _sums(rows: "QuerySet[Rollup]", *by: str) -> Iterable[tuple[int, ...]]:
    return rows.values_list(*by).annotate(**{f"{name}_sum": Sum(name) for name in METRICS})
