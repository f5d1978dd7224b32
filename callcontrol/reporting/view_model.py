"""What the dashboard shows, in the words and addresses of its page; its template and its CSV lay it out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from campaigns.models import Buyer, Campaign, Company
from publishers.models import Publisher

from . import reasons
from .date_ranges import Range
from .list_links import Place
from .metrics import COUNTED, PAID, Figures
from .totals import Account, read

MEASURES = (*COUNTED, *PAID, "profit")
MONEY = (*PAID, "profit")
# Of what each count is a part that says something.
_PART_OF = {"reserved": "pings", "claimed": "reserved", "connected": "calls", "converted": "connected", "profit": "revenue"}
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
class Number:
    """A number with the rows behind it; `value` None: there is no such number, as pings of a buyer."""

    name: str
    value: int | Decimal | None
    url: str = ""

    @property
    def text(self) -> str:
        return spelled(self.value, is_money=self.name in MONEY)


@dataclass(frozen=True, slots=True)
class Card:
    """One of the numbers on top, beside the one before and the one that it is a part of."""

    number: Number
    before: Number
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
class Row:
    """A campaign, publisher or buyer with its ID, and its numbers. `url` is the dashboard of it alone."""

    row: int
    name: str
    code: str
    url: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How many pings a reason kept from buyers; `percent` of the most frequent one."""

    code: str
    words: str
    pings: int
    percent: int
    url: str

    @property
    def text(self) -> str:
        return spelled(self.pings, is_money=False)


@dataclass(frozen=True, slots=True)
class Board:
    """All numbers of a range, of one campaign, publisher or buyer if the page is filtered by it."""

    company: Company
    range: Range
    place: Place
    now: Account
    before: Account

    @property
    def is_empty(self) -> bool:
        return self.now.total.is_nothing()

    def cards(self) -> list[Card]:
        now, before = self.now.total, self.before.total
        return [
            Card(self._number(name, now), self._number(name, before), _rate(name, self.known(now)), HINTS[name])
            for name in MEASURES
        ]

    def shares(self) -> Iterator[tuple[str, list[Row]]]:
        """The rows by campaign, publisher and buyer, the greatest revenue first; not by what the page is filtered by."""
        for name in _SHARES:
            if not getattr(self.place.owner, name):
                yield name, self._rows(name)

    def refusals(self, *, of_routing: bool) -> list[Refusal]:
        """Why buyers were refused where nobody was left; or what kept pings from routing. The most frequent first."""
        kept = [
            (code, number)
            for code, number in self.now.reasons.items()
            if code != reasons.NO_TARGET and reasons.is_of_routing(code) == of_routing
        ]
        most = max((number for _, number in kept), default=1)
        kept.sort(key=lambda each: (-each[1], each[0]))
        return [
            Refusal(code, reasons.in_words(code), number, number * 100 // most, self.place.refused(code)) for code, number in kept
        ]

    @property
    def refused(self) -> list[Refusal]:
        return self.refusals(of_routing=True)

    @property
    def unasked(self) -> list[Refusal]:
        return self.refusals(of_routing=False)

    @property
    def without_buyer(self) -> Number:
        return Number("pings", self.now.reasons[reasons.NO_TARGET], self.place.refused(reasons.NO_TARGET))

    def _rows(self, name: str) -> list[Row]:
        model, nobody = _SHARES[name]
        by_row = {row: figures for row, figures in self.now.by(name).items() if not figures.is_nothing()}
        known = model.objects.filter(company_id=self.company.pk).in_bulk([row for row in by_row if row])
        found = [
            Row(
                row,
                str(known.get(row, nobody)),
                getattr(known.get(row), f"{name}_id", ""),
                self.place.dashboard(only={name: row}) if row else "",
                tuple(self._number(measure, figures, **{name: row}) for measure in self.measures(name)),
            )
            for row, figures in by_row.items()
            if row or name != "buyer" or figures.calls
        ]
        return sorted(found, key=lambda each: _rank(each, by_row[each.row]))

    def measures(self, share: str = "") -> tuple[str, ...]:
        """The columns of a table; of buyers without pings, which are asked of all of them."""
        return MEASURES[1:] if share == "buyer" or self.place.owner.buyer else MEASURES

    def _number(self, name: str, figures: Figures, **only: int) -> Number:
        value = self.known(figures, **only)[name]
        is_somebodys = all(only.values())
        return Number(name, value, self.place.rows(name, only) if value is not None and is_somebodys else "")

    def known(self, figures: Figures, **only: int) -> dict[str, int | Decimal | None]:
        """Each measure; of a buyer no pings."""
        of_buyer = self.place.owner.buyer or "buyer" in only
        return {name: None if name == "pings" and of_buyer else figures.value(name) for name in MEASURES}


def draw_up(company: Company, time: Range, *, place: Place) -> Board:
    """Reads what the page needs."""
    return Board(
        company=company,
        range=time,
        place=place,
        now=read(company.pk, time.slots, asked=place.owner),
        before=read(company.pk, [time.before], asked=place.owner),
    )


# --- in words ---------------------------------------------------------------------------------------------
def spelled(value: int | Decimal | None, *, is_money: bool) -> str:
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
    return f"{round(part * 100 / of)}% of {whole}".replace("-", "−") if of and part is not None else ""


def _rank(row: Row, figures: Figures) -> tuple[Any, ...]:
    return -figures.revenue, -figures.converted, -figures.calls, -figures.reserved, -figures.pings, row.name.lower(), row.row
