"""What the dashboard shows, as rows of a table for spreadsheets: one observation a row, each column one thing."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from .cap_usage import CapUsage
from .periods import Period
from .view_model import MEASURES, BreakdownRow, DashboardViewModel, Measure

HEADER = ("section", "from", "to", "name", "code", *MEASURES, "used", "cap")
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_Row = dict[str, Any]


def csv_text(board: DashboardViewModel, caps: Iterable[CapUsage]) -> str:
    """The whole as CSV. Times with their zone, decimals exact, in the company's currency."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for row in _rows(board, caps):
        writer.writerow(_cell(row.get(name), board) for name in HEADER)
    return file.getvalue()


def _cell(value: Any, board: DashboardViewModel) -> str:
    """Numbers stay numbers; a text that a spreadsheet would run is made one that it shows."""
    if isinstance(value, datetime):
        return value.astimezone(board.range.zone).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else str(value)


def _rows(board: DashboardViewModel, caps: Iterable[CapUsage]) -> Iterator[_Row]:
    whole = _stretch(board.range.now_part)
    cards = board.cards()
    yield {"section": "range", **whole, **_numbers(card.number for card in cards)}
    yield {
        "section": "range before",
        **_stretch(board.range.before),
        **_numbers(card.before for card in cards),
    }
    for slot, figures in zip(board.range.slots, board.now.slots, strict=True):
        yield {
            "section": "hour" if board.range.by_hour else "day",
            **_stretch(slot),
            **board.known(figures),
        }
    for is_of_routing, section in ((True, "refused by a buyer"), (False, "never got to routing")):
        for one in board.refusals(of_routing=is_of_routing):
            yield {
                "section": section,
                **whole,
                "name": one.words,
                "code": one.code,
                "pings": one.pings,
            }
    for section, rows in board.shares():
        yield from ({"section": section, **whole, **_share(row)} for row in rows)
    for filled in caps:
        for bar in filled.bars:
            told = {"name": filled.name, "code": bar.kind, "used": bar.used, "cap": bar.cap}
            yield {
                "section": f"cap of a {filled.what}",
                "from": board.range.now,
                "to": bar.ends_at,
                **told,
            }


def _stretch(stretch: Period) -> _Row:
    return {"from": stretch[0], "to": stretch[1]}


def _numbers(numbers: Iterable[Measure]) -> _Row:
    return {number.name: number.value for number in numbers}


def _share(row: BreakdownRow) -> _Row:
    return {"name": row.name, "code": row.code, **_numbers(row.numbers)}
