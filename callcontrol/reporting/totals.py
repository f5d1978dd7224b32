"""What a company's rows of some time add up to: from tallies as far as they go, and from the rows for all the rest."""

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
from .rollups import NUMBERS, OWNER, stale_hours, unseen_sales

_IDS_A_STATEMENT = 5000


@dataclass(slots=True)
class Totals:
    """Numbers of a stretch of time: by the slots that it was asked in, by owner, and how many pings each reason refused."""

    slots: list[Metrics]
    owners: dict[MetricsScope, Metrics] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> Metrics:
        found = Metrics()
        for figures in self.slots:
            found.add(figures)
        return found

    def by(self, name: str) -> dict[int, Metrics]:
        """By the row of each campaign, publisher or buyer."""
        found: dict[int, Metrics] = {}
        for owner, figures in self.owners.items():
            found.setdefault(getattr(owner, name), Metrics()).add(figures)
        return found

    def take(self, place: int, line: MetricsRow) -> None:
        if line.reason:
            self.reasons[line.reason] += line.figures.pings
        else:
            self.slots[place].add(line.figures)
            self.owners.setdefault(line.owner, Metrics()).add(line.figures)

    def shorten_reasons(self) -> None:
        """Each hour tells so many errors apart, and a year has many hours."""
        short, every = reasons.short_reasons(self.reasons), self.reasons
        self.reasons = Counter()
        for code, pings in every.items():
            self.reasons[short.get(code, code)] += pings


def read_totals(company_pk: int, slots: Sequence[Period], *, asked: MetricsScope) -> Totals:
    """The numbers of stretches that follow each other, of what is `asked` for (0: anybody's)."""
    account = Totals([Metrics() for _ in slots])
    places: dict[int, int] = {}
    for book in RollupSource:
        spans, left = _cover(company_pk, book, slots)
        places |= spans
        for place, stretch in across(left, slots):
            for line in counts.count_rows(book, company_pk, stretch):
                if asked.covers(line.owner):
                    account.take(place, line)
    _take_tallies(account, places, asked)
    account.shorten_reasons()
    return account


# --- which tallies ----------------------------------------------------------------------------------------
def _cover(
    company_pk: int, book: str, slots: Sequence[Period]
) -> tuple[dict[int, int], list[Period]]:
    """The tallied spans that stand for as much of the slots as they can, each with its slot's place; and what is left.

    Days before hours. A span that reaches out of its slot is of no use, nor is one whose calls have sold since.
    """
    stale = (
        sorted(start for start, _ in stale_hours(company_pk, unseen_sales(company_pk)))
        if book == RollupSource.OUTCOMES
        else []
    )
    whole = (slots[0][0], slots[-1][1])
    used: dict[int, int] = {}
    covered: list[Period] = []
    left = [whole]
    for is_day in (True, False):
        spans = RollupPeriod.objects.filter(company_id=company_pk, book=book, is_day=is_day)
        for pk, stretch in _near(spans, left):
            place = within(stretch, slots)
            if (
                place is not None
                and within(stretch, left) is not None
                and not _holds(stretch, stale)
            ):
                used[pk] = place
                covered.append(stretch)
        left = uncovered(whole, covered)
    return used, left


def _near(spans: "QuerySet[RollupPeriod]", left: Sequence[Period]) -> list[tuple[int, Period]]:
    if not left:
        return []
    rows = spans.filter(starts_at__gte=left[0][0], ends_at__lte=left[-1][1])
    return [(pk, (start, end)) for pk, start, end in rows.values_list("pk", "starts_at", "ends_at")]


def _holds(stretch: Period, starts: Sequence[datetime]) -> bool:
    """Whether one of the hours that start then, in order, is of this hour or day."""
    place = bisect_left(starts, stretch[0])
    return place < len(starts) and starts[place] < stretch[1]


# --- their numbers ----------------------------------------------------------------------------------------
def _take_tallies(account: Totals, places: dict[int, int], asked: MetricsScope) -> None:
    ids = list(places)
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        rows = Rollup.objects.filter(span_id__in=ids[start : start + _IDS_A_STATEMENT]).order_by()
        for name, row in zip(OWNER, (asked.campaign, asked.publisher, asked.buyer), strict=True):
            rows = rows.filter(**{name: row}) if row else rows
        for span, *numbers in _sums(rows.filter(reason=""), "span_id"):
            account.slots[places[span]].add(Metrics(*map(int, numbers)))
        for campaign, publisher, buyer, *numbers in _sums(rows.filter(reason=""), *OWNER):
            account.owners.setdefault(MetricsScope(campaign, publisher, buyer), Metrics()).add(
                Metrics(*map(int, numbers))
            )
        for reason, pings in (
            rows.exclude(reason="").values_list("reason").annotate(sum=Sum("pings"))
        ):
            account.reasons[reason] += int(pings)


def _sums(rows: "QuerySet[Rollup]", *by: str) -> Iterable[tuple[int, ...]]:
    return rows.values_list(*by).annotate(**{f"{name}_sum": Sum(name) for name in NUMBERS})
