"""The dashboard's charts for Chart.js, and the table of the same numbers."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from .date_ranges import DateRange
from .metrics import Metric, Metrics
from .periods import hours_of, next_day, split_period
from .view_model import DashboardViewModel, Measure

_FUNNEL = ("pings", "reserved", "claimed", "converted")
_TICKS = {"color": "#808894", "maxRotation": 0, "autoSkipPadding": 12}
_GRID = {"color": "#808894", "lineWidth": 0.5, "drawTicks": False}


@dataclass(frozen=True, slots=True)
class Slot:
    """A row of the table: an hour or a day with its numbers."""

    label: str
    url: str
    numbers: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `data` and `options` are JSON for unfold's chart component."""

    title: str
    series: tuple[Metric, ...]
    data: str
    options: str
    is_empty: bool


def charts(time: DateRange, metrics: list[Metrics], *, has_pings: bool) -> list[Chart]:
    """Return the funnel and the money chart. A buyer's funnel has no pings."""
    starts = [start for start, __ in time.slots]
    if time.by_hour and time.is_open:  # the remaining hours of today stay empty
        following = hours_of(time.zone)
        rest = (following(starts[-1]), next_day(starts[0], zone=time.zone))
        starts += [start for start, __ in split_period(rest, following)]
    labels = [label(start, time) for start in starts]
    funnel = _chart(labels, _FUNNEL if has_pings else _FUNNEL[1:], metrics, stacked=False)
    return [funnel, _chart(labels, ("payout", "profit"), metrics, stacked=True)]


def slots(view: DashboardViewModel) -> list[Slot]:
    """Return the rows of the table; a day links to its dashboard."""
    found = []
    for (start, __), metrics in zip(view.range.slots, view.now.slots, strict=True):
        day = {} if view.range.by_hour else {"from": str(start.astimezone(view.range.zone).date())}
        url = view.links.dashboard(time={**day, "to": day["from"]}) if day else ""
        values = view.values(metrics)
        numbers = tuple(Measure(name, values[name]) for name in view.measures())
        found.append(Slot(label(start, view.range), url, numbers))
    return found


def label(moment: datetime, time: DateRange) -> str:
    """Return `14:00` or `May 5`; with the zone if clocks show the hour twice."""
    local = moment.astimezone(time.zone)
    if not time.by_hour:
        return f"{local:%b %-d}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def _chart(
    labels: list[str], names: tuple[str, ...], metrics: list[Metrics], *, stacked: bool
) -> Chart:
    """Draw stacked parts of a sum, or each series as a narrower part over the one before."""
    values = {name: [float(each.value(name)) for each in metrics] for name in names}
    datasets: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        width = 1 if stacked else 1 - place * 0.2
        datasets.append(
            {
                "label": str(Metric(name).label),
                "data": values[name],
                "backgroundColor": Metric(name).color,
                "barPercentage": width,
                "categoryPercentage": 0.8,
                "borderRadius": 3,
                "maxBarThickness": 40 * width,
                "grouped": False,
            }
        )
    options = {
        **_OPTIONS,
        "scales": {name: {**axis, "stacked": stacked} for name, axis in _AXES.items()},
    }
    return Chart(
        title=_("Revenue: payout and profit") if stacked else _("From ping to conversion"),
        series=tuple(Metric(name) for name in names),
        data=json.dumps({"labels": labels, "datasets": datasets if stacked else datasets[::-1]}),
        options=json.dumps(options),
        is_empty=not any(any(each) for each in values.values()),
    )


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
