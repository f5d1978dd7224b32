"""The dashboard as CSV: one observation per row, one variable per column."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from .cap_usage import CapUsage
from .periods import Period
from .view_model import MEASURES, DashboardViewModel, Measure

HEADER = ("section", "from", "to", "name", "code", *MEASURES, "used", "cap")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # in spreadsheets
_Row = dict[str, Any]


def csv_text(view: DashboardViewModel, caps: Iterable[CapUsage]) -> str:
    """Return the CSV text. Times have offsets; money is exact, in the company's currency."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for row in _rows(view, caps):
        writer.writerow(_cell(row.get(name), view) for name in HEADER)
    return file.getvalue()


def _cell(value: Any, view: DashboardViewModel) -> str:
    """Return a cell; text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, datetime):
        return value.astimezone(view.range.zone).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else str(value)


def _rows(view: DashboardViewModel, caps: Iterable[CapUsage]) -> Iterator[_Row]:
    whole = _bounds(view.range.period)
    cards = view.cards()
    yield {"section": "range", **whole, **_numbers(card.number for card in cards)}
    yield {
        "section": "range before",
        **_bounds(view.range.before),
        **_numbers(card.before for card in cards),
    }
    for slot, metrics in zip(view.range.slots, view.now.slots, strict=True):
        yield {
            "section": "hour" if view.range.by_hour else "day",
            **_bounds(slot),
            **view.values(metrics),
        }
    for is_of_routing, section in ((True, "refused by a buyer"), (False, "never got to routing")):
        for refusal in view.refusals(of_routing=is_of_routing):
            yield {
                "section": section,
                **whole,
                "name": refusal.label,
                "code": refusal.code,
                "pings": refusal.pings,
            }
    for section, rows in view.breakdowns():
        for row in rows:
            names = {"name": row.name, "code": row.code}
            yield {"section": section, **whole, **names, **_numbers(row.numbers)}
    for usage in caps:
        for bar in usage.bars:
            cap = {"name": usage.name, "code": bar.kind, "used": bar.used, "cap": bar.cap}
            yield {
                "section": f"cap of a {usage.type}",
                "from": view.range.now,
                "to": bar.ends_at,
                **cap,
            }


def _bounds(period: Period) -> _Row:
    return {"from": period[0], "to": period[1]}


def _numbers(numbers: Iterable[Measure]) -> _Row:
    return {number.name: number.value for number in numbers}
