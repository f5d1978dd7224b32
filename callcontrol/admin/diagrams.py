"""Diagrams of a call: its legs over time and its conference, each also as text."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Self

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcontrol.lifecycle.summary import all_of, lasted
from callcontrol.models import CallEvent, Party
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import leg_name

# Seconds between two marks of the axis.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MAX_INTERVALS = 5
# The ellipse on which parties stand, in units of the SVG: center and radii.
_MIDDLE, _ACROSS, _DOWN = (165, 105), 96, 52
Period = tuple[datetime, datetime]


# --- legs over time ------------------------------------------------------------------------------
class BarState(models.TextChoices):
    """What a leg does during a bar: its name, how the bar's text says it, and its legend."""

    past: str

    def __new__(cls, value: str, past: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.past = past
        return member

    RINGS = "rings", _("rang %(time)s"), _("rings")
    WAITS = "waits", _("waited %(time)s"), _("waits")
    TALKS = "talks", _("talked %(time)s"), _("talks")
    HOLDS = "holds", _("was on hold %(time)s"), _("on hold")

    def sentence(self, span: timedelta) -> str:
        return str(self.past) % {"time": lasted(span)}


@dataclass(frozen=True, slots=True)
class LegBar:
    """A part of a leg; `left` and `width` are percentages."""

    state: BarState
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


def leg_chart(
    locked: LockedCall, events: Sequence[CallEvent], *, at: datetime, mask: Callable[[str], str]
) -> LegChart:
    """Return the chart from the start of the call to its end, or to `at` while it is live."""
    begin, end = locked.call.started_at, locked.call.ended_at or at
    # A call that ended at once would divide by zero.
    whole = max((end - begin).total_seconds(), 1.0)
    rows = []
    for leg in locked.legs:
        if leg.party == Party.CALLER:
            sections = _caller_sections(locked, events, begin, end)
        else:
            over = leg.ended_at or end
            answered = leg.answered_at or over
            sections = [
                (leg.started_at, min(answered, over), BarState.RINGS),
                (answered, over, BarState.TALKS),
            ]
        bars = []
        spans: dict[BarState, timedelta] = {}
        for start, stop, state in sections:
            if stop <= start:
                continue
            left = 100 * (start - begin).total_seconds() / whole
            width = 100 * (stop - start).total_seconds() / whole
            bars.append(
                LegBar(state, f"{left:.2f}%", f"{width:.2f}%", state.sentence(stop - start))
            )
            spans[state] = spans.get(state, timedelta()) + (stop - start)
        texts = [state.sentence(span) for state, span in spans.items()]
        text = all_of(texts or [gettext("ended at once")])
        rows.append(LegRow(mask(leg_name(leg)), str(leg.get_party_display()), bars, text))
    interval = next(
        (step for step in _STEPS if whole / step <= _MAX_INTERVALS),
        math.ceil(whole / _MAX_INTERVALS),
    )
    marks = [
        (f"{100 * moment / whole:.2f}%", lasted(timedelta(seconds=moment)).split()[0])
        for moment in range(0, int(whole) + 1, interval)
    ]
    return LegChart(rows, marks)


def _caller_sections(
    locked: LockedCall, events: Sequence[CallEvent], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime, BarState]]:
    """Return when the caller waited, talked or was on hold.

    Holds are read from the timeline, because a leg stores only whether it is on hold now.
    """
    talks = [
        (leg.answered_at, leg.ended_at or end) for leg in locked.dialed_legs() if leg.answered_at
    ]
    holds: list[Period] = []
    held_at: datetime | None = None
    for event in events:
        if event.kind == "caller-held":
            held_at = event.at
        elif event.kind == "caller-joined" and held_at:
            holds.append((held_at, event.at))
            held_at = None
    if held_at:
        holds.append((held_at, end))
    moments = {moment for period in (*talks, *holds) for moment in period if begin < moment < end}
    sections: list[tuple[datetime, datetime, BarState]] = []
    for start, stop in pairwise(sorted({begin, end, *moments})):
        state = BarState.WAITS
        if _within(start, holds):
            state = BarState.HOLDS
        elif _within(start, talks):
            state = BarState.TALKS
        if sections and sections[-1][2] == state:
            start = sections.pop()[0]
        sections.append((start, stop, state))
    return sections


def _within(moment: datetime, periods: Iterable[Period]) -> bool:
    return any(start <= moment < stop for start, stop in periods)


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
    """A line between two parties: they hear each other, or the first hears the second ring."""

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
    parties = []
    for place, leg in enumerate(legs):
        angle = math.pi + 2 * math.pi * place / len(legs)  # the caller stands on the left
        x = round(_MIDDLE[0] + _ACROSS * math.cos(angle))
        y = round(_MIDDLE[1] + _DOWN * math.sin(angle))
        state = "rings" if not leg.is_talking else "holds" if leg.held else "talks"
        role = str(leg.get_party_display())
        parties.append(
            ConferenceParty(mask(leg_name(leg)), role, state, x, y, above=y < _MIDDLE[1])
        )
    talking = [party for party in parties if party.state == "talks"]
    links = [AudioLink("talks", a.x, a.y, b.x, b.y) for a, b in combinations(talking, 2)]
    # The caller hears the ringing tone; while the caller is on hold, the first talking party does.
    for ringing in (party for party in parties if party.state == "rings"):
        hears = parties[0] if parties[0].state == "talks" else next(iter(talking), parties[0])
        links.append(AudioLink("rings", hears.x, hears.y, ringing.x, ringing.y))
    box = "0 0 330 225" if len(parties) > 2 else "0 72 330 96"
    return ConferenceDiagram(
        box, parties, links, [_audio_sentence(party, parties) for party in parties]
    )


def _audio_sentence(party: ConferenceParty, parties: Sequence[ConferenceParty]) -> str:
    """Return what a party hears."""
    others = [other for other in parties if other is not party]
    talking = [other.name for other in others if other.state == "talks"]
    names = {"name": capfirst(party.name), "others": all_of(talking)}
    if party.state == "rings":
        return gettext("%(name)s rings.") % names
    if party.state == "holds":
        return gettext("%(name)s is on hold and hears music.") % names
    if talking:
        return gettext("%(name)s hears %(others)s.") % names
    if any(other.state == "rings" for other in others):
        return gettext("%(name)s hears the ringing tone.") % names
    return gettext("%(name)s hears silence.") % names
