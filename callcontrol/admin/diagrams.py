"""Pictures of a call: its lines over time, and who hears whom now; both also in words."""

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
)  # of the ellipse on which people stand, in units of the picture


# --- lines over time --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LegBar:
    """A stretch of a line: `state` is one of `rings waits talks holds`, its place in per cent of the whole."""

    state: str
    left: str
    width: str
    text: str


@dataclass(frozen=True, slots=True)
class LegRow:
    """One line: whose it is, what it went through, and the same in words."""

    name: str
    party: str
    bars: list[LegBar]
    text: str


@dataclass(frozen=True, slots=True)
class LegChart:
    """All lines of a call, and the marks below them: each with its place in per cent and its text."""

    rows: list[LegRow]
    marks: list[tuple[str, str]]


Stretch = tuple[datetime, datetime, str]
_WORDS = {"rings": "rang", "waits": "waited", "talks": "talked", "holds": "was on hold"}
LEGEND = [("rings", "rings"), ("waits", "waits"), ("talks", "talks"), ("holds", "on hold")]


def leg_chart(
    room: LockedCall, events: Sequence[CallEvent], *, at: datetime, seen: Callable[[str], str]
) -> LegChart:
    """From the call's first moment to its end, or to `at` while it lives. `seen` masks what is not for everybody."""
    begin, end = room.call.started_at, room.call.ended_at or at
    whole = max((end - begin).total_seconds(), 1.0)
    rows = []
    for leg in room.legs:
        stretches = (
            _callers(room, events, begin, end) if leg.party == Party.CALLER else _others(leg, end)
        )
        rows.append(_row(seen(leg_name(leg)), leg, stretches, begin, whole))
    return LegChart(rows, _marks(whole))


def _row(
    name: str, leg: Leg, stretches: Iterable[Stretch], begin: datetime, whole: float
) -> LegRow:
    shown = [(start, stop, state) for start, stop, state in stretches if stop > start]
    bars = [_bar(stretch, begin, whole) for stretch in shown]
    spans: dict[str, timedelta] = {}
    for start, stop, state in shown:
        spans[state] = spans.get(state, timedelta()) + (stop - start)
    told = all_of(
        [f"{_WORDS[state]} {lasted(span)}" for state, span in spans.items()] or ["was over at once"]
    )
    return LegRow(name, str(leg.get_party_display()), bars, told)


def _bar(stretch: Stretch, begin: datetime, whole: float) -> LegBar:
    start, stop, state = stretch
    left, wide = (start - begin).total_seconds() / whole, (stop - start).total_seconds() / whole
    return LegBar(
        state, f"{100 * left:.2f}%", f"{100 * wide:.2f}%", f"{_WORDS[state]} {lasted(stop - start)}"
    )


def _others(leg: Leg, end: datetime) -> list[Stretch]:
    over = leg.ended_at or end
    picked_up = leg.answered_at or over
    return [(leg.started_at, min(picked_up, over), "rings"), (picked_up, over, "talks")]


def _callers(
    room: LockedCall, events: Sequence[CallEvent], begin: datetime, end: datetime
) -> list[Stretch]:
    """Waiting while nobody is on the line, on hold, or talking: cut wherever one of these may have changed."""
    talks = [
        (leg.answered_at, leg.ended_at or end) for leg in room.dialed_legs() if leg.answered_at
    ]
    holds = _holds(events, end)
    cuts = sorted(
        {
            begin,
            end,
            *(moment for span in (*talks, *holds) for moment in span if begin < moment < end),
        }
    )
    stretches: list[Stretch] = []
    for start, stop in pairwise(cuts):
        state = "holds" if _within(start, holds) else "talks" if _within(start, talks) else "waits"
        if stretches and stretches[-1][2] == state:
            start = stretches.pop()[0]
        stretches.append((start, stop, state))
    return stretches


def _holds(events: Sequence[CallEvent], end: datetime) -> list[tuple[datetime, datetime]]:
    """When the caller was on hold, as the timeline tells."""
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


# --- who hears whom ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ConferenceParty:
    """Somebody on a live line, and where the picture has them, the name above or below. `state`: `rings`, `talks`, `holds`."""

    name: str
    party: str
    state: str
    x: int
    y: int
    above: bool


@dataclass(frozen=True, slots=True)
class AudioLink:
    """Between two people: they hear each other, or one of them is being rung."""

    state: str
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class ConferenceDiagram:
    """`box` is the part of the plane that is shown: two people need less of it."""

    box: str
    people: list[ConferenceParty]
    links: list[AudioLink]
    sentences: list[str]


def conference_diagram(room: LockedCall, *, seen: Callable[[str], str]) -> ConferenceDiagram:
    """Everybody on a live line, in a circle; nobody once the call is over."""
    legs = [leg for leg in room.legs if leg.is_live] if room.call.is_live else []
    people = [_person(seen(leg_name(leg)), leg, place, len(legs)) for place, leg in enumerate(legs)]
    box = "0 0 330 225" if len(people) > 2 else "0 72 330 96"
    return ConferenceDiagram(
        box, people, list(_links(people)), [_hears(one, people) for one in people]
    )


def _person(name: str, leg: Leg, place: int, of: int) -> ConferenceParty:
    angle = math.pi + 2 * math.pi * place / max(of, 1)
    x, y = (
        round(_MIDDLE[0] + _ACROSS * math.cos(angle)),
        round(_MIDDLE[1] + _DOWN * math.sin(angle)),
    )
    state = "rings" if not leg.is_talking else "holds" if leg.held else "talks"
    return ConferenceParty(name, str(leg.get_party_display()), state, x, y, y < _MIDDLE[1])


def _links(people: Sequence[ConferenceParty]) -> Iterable[AudioLink]:
    talking = [one for one in people if one.state == "talks"]
    yield from (AudioLink("talks", a.x, a.y, b.x, b.y) for a, b in combinations(talking, 2))
    for rung in (one for one in people if one.state == "rings"):
        rings = people[0] if people[0].state == "talks" else next(iter(talking), people[0])
        yield AudioLink("rings", rings.x, rings.y, rung.x, rung.y)


def _hears(one: ConferenceParty, people: Sequence[ConferenceParty]) -> str:
    who = f"{one.name[:1].upper()}{one.name[1:]}"
    if one.state == "rings":
        return f"{who} rings."
    if one.state == "holds":
        return f"{who} is on hold: hears music, and is heard by nobody."
    others = [other.name for other in people if other is not one and other.state == "talks"]
    alone = "the ringing tone" if any(other.state == "rings" for other in people) else "nobody"
    return f"{who} hears {all_of(others) if others else alone}."
