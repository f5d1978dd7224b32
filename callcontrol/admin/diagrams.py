"""Diagrams of a call: its legs over time and its conference, each also as text."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from callcontrol.lifecycle.summary import all_of, lasted
from callcontrol.models import CallEvent, Leg, Party
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import leg_name

_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
)  # seconds between two marks of the axis
_MARKS = 5
_MIDDLE, _ACROSS, _DOWN = (
    (165, 105),
    96,
    52,
)  # of the ellipse on which parties stand, in units of the picture


# --- legs over time ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LegBar:
    """A part of a leg: `state` is rings, waits, talks or holds; the place is in percent."""

    state: str
    left: str
    width: str
    text: str


@dataclass(frozen=True, slots=True)
class LegRow:
    """A leg with its bars, and the same as text."""

    name: str
    party: str
    bars: list[LegBar]
    text: str


@dataclass(frozen=True, slots=True)
class LegChart:
    """The legs of a call, and the marks of the axis: place in percent and text."""

    rows: list[LegRow]
    marks: list[tuple[str, str]]


Section = tuple[datetime, datetime, str]
_WORDS = {"rings": "rang", "waits": "waited", "talks": "talked", "holds": "was on hold"}
LEGEND = [("rings", "rings"), ("waits", "waits"), ("talks", "talks"), ("holds", "on hold")]


def leg_chart(
    locked: LockedCall, events: Sequence[CallEvent], *, at: datetime, mask: Callable[[str], str]
) -> LegChart:
    """Return the chart from the start of the call to its end, or to `at` while it is live."""
    begin, end = locked.call.started_at, locked.call.ended_at or at
    whole = max((end - begin).total_seconds(), 1.0)
    rows = []
    for leg in locked.legs:
        sections = (
            _callers(locked, events, begin, end) if leg.party == Party.CALLER else _others(leg, end)
        )
        rows.append(_row(mask(leg_name(leg)), leg, sections, begin, whole))
    return LegChart(rows, _marks(whole))


def _row(name: str, leg: Leg, sections: Iterable[Section], begin: datetime, whole: float) -> LegRow:
    shown = [(start, stop, state) for start, stop, state in sections if stop > start]
    bars = [_bar(section, begin, whole) for section in shown]
    spans: dict[str, timedelta] = {}
    for start, stop, state in shown:
        spans[state] = spans.get(state, timedelta()) + (stop - start)
    text = all_of(
        [f"{_WORDS[state]} {lasted(span)}" for state, span in spans.items()] or ["ended at once"]
    )
    return LegRow(name, str(leg.get_party_display()), bars, text)


def _bar(section: Section, begin: datetime, whole: float) -> LegBar:
    start, stop, state = section
    left, wide = (start - begin).total_seconds() / whole, (stop - start).total_seconds() / whole
    return LegBar(
        state, f"{100 * left:.2f}%", f"{100 * wide:.2f}%", f"{_WORDS[state]} {lasted(stop - start)}"
    )


def _others(leg: Leg, end: datetime) -> list[Section]:
    over = leg.ended_at or end
    picked_up = leg.answered_at or over
    return [(leg.started_at, min(picked_up, over), "rings"), (picked_up, over, "talks")]


def _callers(
    locked: LockedCall, events: Sequence[CallEvent], begin: datetime, end: datetime
) -> list[Section]:
    """Return when the caller waited, talked or was on hold."""
    talks = [
        (leg.answered_at, leg.ended_at or end) for leg in locked.dialed_legs() if leg.answered_at
    ]
    holds = _holds(events, end)
    cuts = sorted(
        {
            begin,
            end,
            *(moment for span in (*talks, *holds) for moment in span if begin < moment < end),
        }
    )
    sections: list[Section] = []
    for start, stop in pairwise(cuts):
        state = "holds" if _within(start, holds) else "talks" if _within(start, talks) else "waits"
        if sections and sections[-1][2] == state:
            start = sections.pop()[0]
        sections.append((start, stop, state))
    return sections


def _holds(events: Sequence[CallEvent], end: datetime) -> list[tuple[datetime, datetime]]:
    """Return when the caller was on hold, by the events of the timeline."""
    spans: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for event in events:
        if event.kind == "caller-held":
            since = event.at
        elif event.kind == "caller-joined" and since:
            spans.append((since, event.at))
            since = None
    return [*spans, (since, end)] if since else spans


def _within(moment: datetime, spans: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(start <= moment < stop for start, stop in spans)


def _marks(whole: float) -> list[tuple[str, str]]:
    step = next((one for one in _STEPS if whole / one <= _MARKS), math.ceil(whole / _MARKS))
    moments = range(0, int(whole) + 1, step)
    return [
        (f"{100 * moment / whole:.2f}%", lasted(timedelta(seconds=moment)).split()[0])
        for moment in moments
    ]


# --- conference ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ConferenceParty:
    """A party and its place, its name above or below. `state`: rings, talks or holds."""

    name: str
    role: str
    state: str
    x: int
    y: int
    above: bool


@dataclass(frozen=True, slots=True)
class AudioLink:
    """A line between two parties: they hear each other, or one rings."""

    state: str
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class ConferenceDiagram:
    """The diagram; `box` is its SVG view box, which is smaller for two parties."""

    box: str
    parties: list[ConferenceParty]
    links: list[AudioLink]
    sentences: list[str]


def conference_diagram(locked: LockedCall, *, mask: Callable[[str], str]) -> ConferenceDiagram:
    """Return the parties of a live call in a circle; none after the call."""
    legs = [leg for leg in locked.legs if leg.is_live] if locked.call.is_live else []
    parties = [_party(mask(leg_name(leg)), leg, place, len(legs)) for place, leg in enumerate(legs)]
    box = "0 0 330 225" if len(parties) > 2 else "0 72 330 96"
    return ConferenceDiagram(
        box, parties, list(_links(parties)), [_hears(one, parties) for one in parties]
    )


def _party(name: str, leg: Leg, place: int, of: int) -> ConferenceParty:
    angle = math.pi + 2 * math.pi * place / max(of, 1)
    x, y = (
        round(_MIDDLE[0] + _ACROSS * math.cos(angle)),
        round(_MIDDLE[1] + _DOWN * math.sin(angle)),
    )
    state = "rings" if not leg.is_talking else "holds" if leg.held else "talks"
    return ConferenceParty(name, str(leg.get_party_display()), state, x, y, y < _MIDDLE[1])


def _links(parties: Sequence[ConferenceParty]) -> Iterable[AudioLink]:
    talking = [one for one in parties if one.state == "talks"]
    yield from (AudioLink("talks", a.x, a.y, b.x, b.y) for a, b in combinations(talking, 2))
    for rung in (one for one in parties if one.state == "rings"):
        rings = parties[0] if parties[0].state == "talks" else next(iter(talking), parties[0])
        yield AudioLink("rings", rings.x, rings.y, rung.x, rung.y)


def _hears(one: ConferenceParty, parties: Sequence[ConferenceParty]) -> str:
    name = f"{one.name[:1].upper()}{one.name[1:]}"
    if one.state == "rings":
        return f"{name} rings."
    if one.state == "holds":
        return f"{name} is on hold and hears music."
    others = [other.name for other in parties if other is not one and other.state == "talks"]
    alone = "the ringing tone" if any(other.state == "rings" for other in parties) else "silence"
    return f"{name} hears {all_of(others) if others else alone}."
