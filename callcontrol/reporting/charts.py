"""The dashboard's pictures, as Chart.js is told of them, and the same numbers as a table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .date_ranges import DateRange
from .metrics import Metrics
from .periods import hours_of, next_day, split_period
from .view_model import DashboardViewModel, Measure

_FUNNEL = ("pings", "reserved", "claimed", "converted")
# Each a part of the one before, drawn over it. The colors are those of dashboard.css, for white and for black ground.
COLORS = {
    "pings": "#b3bdcc",
    "reserved": "#8ad6cf",
    "claimed": "#2bb3a6",
    "converted": "#0b6e69",
    "payout": "#b3bdcc",
    "profit": "#2bb3a6",
}
_TICKS = {"color": "#808894", "maxRotation": 0, "autoSkipPadding": 12}
_GRID = {"color": "#808894", "lineWidth": 0.5, "drawTicks": False}


@dataclass(frozen=True, slots=True)
class Slot:
    """A line of the table: an hour or a day, and its numbers."""

    label: str
    url: str
    numbers: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`data` and `options` are for the component that draws it."""

    title: str
    series: tuple[str, ...]
    data: str
    options: str
    is_empty: bool


def charts(time: DateRange, figures: list[Metrics], *, has_pings: bool) -> list[Chart]:
    """What came of the pings, and the money. Without `has_pings` (those of a buyer) the first begins with what was reserved."""
    labels = [label(start, time) for start in _starts(time)]
    funnel = _chart(labels, _FUNNEL if has_pings else _FUNNEL[1:], figures, stacked=False)
    return [funnel, _chart(labels, ("payout", "profit"), figures, stacked=True)]


def _starts(time: DateRange) -> Iterator[datetime]:
    """Of today also the hours to come, so that a day looks like one."""
    slots = time.slots
    yield from (start for start, _ in slots)
    if time.by_hour and time.is_open:
        striking = hours_of(time.zone)
        yield from (
            start
            for start, _ in split_period(
                (striking(slots[-1][0]), next_day(slots[0][0], zone=time.zone)), striking
            )
        )


def slots(board: DashboardViewModel) -> list[Slot]:
    """The table beside the pictures; a day leads to the dashboard of it."""
    found = []
    for (start, _), figures in zip(board.range.slots, board.now.slots, strict=True):
        day = (
            {} if board.range.by_hour else {"from": str(start.astimezone(board.range.zone).date())}
        )
        url = board.place.dashboard(time={**day, "to": day["from"]}) if day else ""
        known = board.known(figures)
        numbers = tuple(Measure(name, known[name]) for name in board.measures())
        found.append(Slot(label(start, board.range), url, numbers))
    return found


def label(moment: datetime, time: DateRange) -> str:
    """`14:00` or `May 5`; an hour that the clocks tell twice with its zone."""
    local = moment.astimezone(time.zone)
    if not time.by_hour:
        return f"{local:%b %-d}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def _chart(
    labels: list[str], names: tuple[str, ...], figures: list[Metrics], *, stacked: bool
) -> Chart:
    """Parts of a whole are stacked, from the bottom; what is a part of the one before it is drawn over it, narrower."""
    values = {name: [float(each.value(name)) for each in figures] for name in names}
    datasets = [
        _bars(name, values[name], width=1 if stacked else 1 - place * 0.2)
        for place, name in enumerate(names)
    ]
    options = {
        **_OPTIONS,
        "scales": {name: {**axis, "stacked": stacked} for name, axis in _AXES.items()},
    }
    return Chart(
        title="Revenue: payout and profit" if stacked else "From ping to conversion",
        series=names,
        data=json.dumps({"labels": labels, "datasets": datasets if stacked else datasets[::-1]}),
        options=json.dumps(options),
        is_empty=not any(any(each) for each in values.values()),
    )


def _bars(name: str, values: list[float], *, width: float) -> dict[str, Any]:
    return {
        "label": name.capitalize(),
        "data": values,
        "backgroundColor": COLORS[name],
        "barPercentage": width,
        "categoryPercentage": 0.8,
        "borderRadius": 3,
        "maxBarThickness": 40 * width,
        "grouped": False,
    }


_AXES: dict[str, dict[str, Any]] = {
    "x": {"grid": {"display": False}, "border": {"display": False}, "ticks": _TICKS},
    "y": {
        "grid": _GRID,
        "border": {"display": False},
        "ticks": {**_TICKS, "maxTicksLimit": 5},
        "beginAtZero": True,
    },
}
_OPTIONS: dict[str, Any] = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "plugins": {"legend": {"display": False}, "tooltip": {"reverse": True}},
}
