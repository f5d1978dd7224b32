"""What the dashboard shows, in the words and addresses of its page; its template and its CSV lay it out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from campaigns.models import Buyer, Campaign, Company
from publishers.models import Publisher

from . import reasons
from .date_ranges import DateRange
from .list_links import ListLinks
from .metrics import COUNTED, PAID, Metrics
from .totals import Totals, read_totals

MEASURES = (*COUNTED, *PAID, "profit")
MONEY = (*PAID, "profit")
# Of what each count is a part that says something.
_PART_OF = {
    "reserved": "pings",
    "claimed": "reserved",
    "connected": "calls",
    "converted": "connected",
    "profit": "revenue",
}
_SHARES: dict[str, tuple[type[Campaign | Publisher | Buyer], str]] = {
    "campaign": (Campaign, "No campaign"),
    "publisher": (Publisher, "No publisher"),
    "buyer": (Buyer, "No buyer"),
}
HINTS = {
    "pings": "Asked whether we take a caller",
    "reserved": "A buyer was held for the caller",
    "claimed": "The call came to the buyer that was held",
    "calls": "All that arrived, with a ping or without",
    "connected": "A buyer had the call",
    "converted": "It paid",
    "payout": "To publishers",
    "revenue": "From buyers",
    "profit": "What stays",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with the rows behind it; `value` None: there is no such number, as pings of a buyer."""

    name: str
    value: int | Decimal | None
    url: str = ""

    @property
    def text(self) -> str:
        return spelled_number(self.value, is_money=self.name in MONEY)


@dataclass(frozen=True, slots=True)
class MetricCard:
    """One of the numbers on top, beside the one before and the one that it is a part of."""

    number: Measure
    before: Measure
    rate: str
    hint: str

    @property
    def change(self) -> str:
        """`+12%` against the range before; blank where there is nothing to compare with."""
        return _change(self.number.value, self.before.value)

    @property
    def direction(self) -> str:
        """Whether the change is `up` or `down`; what is paid out is neither good nor bad."""
        if not self.change or self.number.name == "payout" or self.change == "same":
            return "level"
        return "down" if self.change.startswith("−") else "up"


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """A campaign, publisher or buyer with its ID, and its numbers. `url` is the dashboard of it alone."""

    row: int
    name: str
    code: str
    url: str
    numbers: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """How many pings a reason kept from buyers; `percent` of the most frequent one."""

    code: str
    words: str
    pings: int
    percent: int
    url: str

    @property
    def text(self) -> str:
        return spelled_number(self.pings, is_money=False)


@dataclass(frozen=True, slots=True)
class DashboardViewModel:
    """All numbers of a range, of one campaign, publisher or buyer if the page is filtered by it."""

    company: Company
    range: DateRange
    place: ListLinks
    now: Totals
    before: Totals

    @property
    def is_empty(self) -> bool:
        return self.now.total.is_nothing()

    def cards(self) -> list[MetricCard]:
        now, before = self.now.total, self.before.total
        return [
            MetricCard(
                self._number(name, now),
                self._number(name, before),
                _rate(name, self.known(now)),
                HINTS[name],
            )
            for name in MEASURES
        ]

    def shares(self) -> Iterator[tuple[str, list[BreakdownRow]]]:
        """The rows by campaign, publisher and buyer, the greatest revenue first; not by what the page is filtered by."""
        for name in _SHARES:
            if not getattr(self.place.owner, name):
                yield name, self._rows(name)

    def refusals(self, *, of_routing: bool) -> list[RefusalRow]:
        """Why buyers were refused where nobody was left; or what kept pings from routing. The most frequent first."""
        kept = [
            (code, number)
            for code, number in self.now.reasons.items()
            if code != reasons.NO_TARGET and reasons.is_of_routing(code) == of_routing
        ]
        limit = max((number for _, number in kept), default=1)
        kept.sort(key=lambda each: (-each[1], each[0]))
        return [
            RefusalRow(
                code,
                reasons.reason_text(code),
                number,
                number * 100 // limit,
                self.place.refused(code),
            )
            for code, number in kept
        ]

    @property
    def refused(self) -> list[RefusalRow]:
        return self.refusals(of_routing=True)

    @property
    def unasked(self) -> list[RefusalRow]:
        return self.refusals(of_routing=False)

    @property
    def without_buyer(self) -> Measure:
        return Measure(
            "pings", self.now.reasons[reasons.NO_TARGET], self.place.refused(reasons.NO_TARGET)
        )

    def _rows(self, name: str) -> list[BreakdownRow]:
        model, nobody = _SHARES[name]
        by_row = {
            row: figures for row, figures in self.now.by(name).items() if not figures.is_nothing()
        }
        known = model.objects.filter(company_id=self.company.pk).in_bulk(
            [row for row in by_row if row]
        )
        found = [
            BreakdownRow(
                row,
                str(known.get(row, nobody)),
                getattr(known.get(row), f"{name}_id", ""),
                self.place.dashboard(only={name: row}) if row else "",
                tuple(
                    self._number(measure, figures, **{name: row}) for measure in self.measures(name)
                ),
            )
            for row, figures in by_row.items()
            if row or name != "buyer" or figures.calls
        ]
        return sorted(found, key=lambda each: _rank(each, by_row[each.row]))

    def measures(self, share: str = "") -> tuple[str, ...]:
        """The columns of a table; of buyers without pings, which are asked of all of them."""
        return MEASURES[1:] if share == "buyer" or self.place.owner.buyer else MEASURES

    def _number(self, name: str, figures: Metrics, **only: int) -> Measure:
        value = self.known(figures, **only)[name]
        is_somebodys = all(only.values())
        return Measure(
            name, value, self.place.rows(name, only) if value is not None and is_somebodys else ""
        )

    def known(self, figures: Metrics, **only: int) -> dict[str, int | Decimal | None]:
        """Each measure; of a buyer no pings."""
        of_buyer = self.place.owner.buyer or "buyer" in only
        return {
            name: None if name == "pings" and of_buyer else figures.value(name) for name in MEASURES
        }


def dashboard_view_model(
    company: Company, time: DateRange, *, place: ListLinks
) -> DashboardViewModel:
    """Reads what the page needs."""
    return DashboardViewModel(
        company=company,
        range=time,
        place=place,
        now=read_totals(company.pk, time.slots, asked=place.owner),
        before=read_totals(company.pk, [time.before], asked=place.owner),
    )


# --- in words ---------------------------------------------------------------------------------------------
def spelled_number(value: int | Decimal | None, *, is_money: bool) -> str:
    """As people write it; money with two decimals, unless it has more."""
    if value is None:
        return "–"
    if not is_money:
        return f"{value:,}"
    more = Decimal(value).normalize().as_tuple().exponent
    return f"{value:,.{max(2, -int(more))}f}".replace("-", "−")


def _change(now: int | Decimal | None, before: int | Decimal | None) -> str:
    if now is None or not before:
        return ""
    percent = round(float(now - before) * 100 / abs(float(before)))
    return "same" if not percent else f"{'+' if percent > 0 else '−'}{abs(percent):,}%"


def _rate(name: str, values: Mapping[str, Any]) -> str:
    whole = _PART_OF.get(name, "")
    of, part = values.get(whole), values[name]
    return (
        f"{round(part * 100 / of)}% of {whole}".replace("-", "−") if of and part is not None else ""
    )


def _rank(row: BreakdownRow, figures: Metrics) -> tuple[Any, ...]:
    return (
        -figures.revenue,
        -figures.converted,
        -figures.calls,
        -figures.reserved,
        -figures.pings,
        row.name.lower(),
        row.row,
    )
