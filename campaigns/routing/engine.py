"""The one decision: which buyers would take a caller, in which order, and why each of the others would not.

Pure: no rows, no clock, no chance but the seed. Each reason to refuse is a file in `routing_filters`.
"""

import random
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from math import log
from typing import Any

from campaigns.phone import dialable, place
from campaigns.registry import classes_declared_in

from . import filters
from .conditions import Condition, clauses_of, plain_text
from .hours import Hours, Opening

__all__ = [
    "Candidate",
    "CappedOwner",
    "Condition",
    "Decision",
    "Hours",
    "Opening",
    "Ping",
    "Pool",
    "Verdict",
    "decide",
    "replay",
]

KINDS = ("concurrency", "hourly", "daily", "monthly", "hard")
Detail = dict[str, Any]
Stored = Mapping[str, Any]
_DERIVED = ("caller_state", "caller_city", "caller_country")
# No colon: sip:user@[::1] holds an address, not a tag.
_PART = re.compile(r"\[([^\[\]:]+)\]")


@dataclass(frozen=True, slots=True)
class CappedOwner:
    """Who has caps: `owner` is "buyer:12" or "group:3", `label` its editable id, `caps` are in the order of KINDS."""

    owner: str
    label: str
    name: str
    time_zone: str
    counts: str
    caps: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A buyer on a campaign. `row` is its primary key, `needs` the tags that its number is made of."""

    row: int
    buyer_id: str
    name: str
    number: str
    needs: tuple[str, ...]
    paused: bool
    priority: int
    weight: int
    hours: Hours | None
    conditions: tuple[Condition, ...]
    own: CappedOwner
    groups: tuple[CappedOwner, ...]
    region: str = "US"
    dial_prefixes: tuple[str, ...] = ()

    def dials(self, value: Callable[[str], str]) -> str | None:
        """What is dialed for a caller of whom `value` knows the tags; None when that is nothing that may be dialed."""
        number = (
            fill_number(self.number, {name: value(name) for name in self.needs})
            if self.needs
            else self.number
        )
        return dialable(number, self.region, self.dial_prefixes)


@dataclass(frozen=True, slots=True)
class Ping:
    """What is known of a caller at a moment. `tags` are the request's over the stored ones; the sets hold buyers' rows."""

    now: datetime
    campaign_id: str
    caller_number: str | None
    tags: Mapping[str, str]
    publisher_id: str | None
    leave_out: frozenset[int] = frozenset()
    converted_with: frozenset[int] = frozenset()
    repeat_refused: bool = False


class PreparedPing:
    """A ping as the reasons look at it. `used` holds the counters that may be full."""

    __slots__ = ("_by_kind", "_known", "ping")

    def __init__(self, ping: Ping, used: Mapping[tuple[str, str], int]) -> None:
        self.ping = ping
        self._known: dict[str, str] = {}
        self._by_kind: dict[str, list[tuple[str, int]]] = {}
        for (owner, kind), number in used.items():
            self._by_kind.setdefault(kind, []).append((owner, number))

    def used_of(self, kind: str) -> Sequence[tuple[str, int]]:
        """(owner, used) of the counters of one kind."""
        return self._by_kind.get(kind, ())

    def value(self, key: str) -> str:
        """What is known under a tag's name: a tag, or what stands for one; blank when nothing is."""
        if key not in self._known:
            self._known[key] = self._find(key)
        return self._known[key]

    def _find(self, key: str) -> str:
        ping = self.ping
        if key == "campaign_id":
            return ping.campaign_id
        if key == "publisher_id" and ping.publisher_id:
            return ping.publisher_id
        if key == "caller_number":
            return ping.caller_number or ""
        given = ping.tags.get(key, "")
        if key in _DERIVED and ping.caller_number and not given.strip():
            return place(ping.caller_number).get(key, "")
        return given


class RoutingFilter:
    """A reason to refuse buyers: made once for the candidates of a campaign, asked at every decision.

    `slug` is the reason's code; of several reasons the one of the lowest `rank` counts.
    """

    slug: str
    rank: int

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """Prepares what does not change from ping to ping."""

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        """The refused rows by detail. `left` are the rows that no earlier reason refused; others may be given and are ignored."""
        raise NotImplementedError

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        """The reason in plain words, to go behind the buyer's name."""
        raise NotImplementedError


@cache
def reasons() -> tuple[type[RoutingFilter], ...]:
    """Every reason, in the order in which they count."""
    return tuple(
        sorted(classes_declared_in(filters, RoutingFilter), key=lambda reason: reason.rank)
    )


class Pool:
    """The candidates of a campaign, with all that each reason can prepare before a ping comes."""

    __slots__ = ("by_row", "candidates", "entries", "filters")

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.candidates = tuple(sorted(candidates, key=lambda candidate: candidate.row))
        self.by_row = {candidate.row: candidate for candidate in self.candidates}
        self.entries = sorted(
            ((one.row, one.priority, one.weight) for one in self.candidates), key=_by_priority
        )
        self.filters = tuple(reason(self.candidates) for reason in reasons())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of one buyer: its `place` from 1 (1 is the chosen), or the `reason` why not."""

    buyer_id: str
    name: str
    place: int | None
    reason: str | None
    detail: Detail | None


@dataclass(frozen=True, slots=True)
class Decision:
    """`order` are the eligible; `refusals` are (reason, detail, rows), each row in one of them."""

    seed: int
    order: tuple[Candidate, ...]
    refusals: tuple[tuple[str, Detail | None, Collection[int]], ...]
    pool: Pool = field(repr=False, compare=False)

    @property
    def refused(self) -> dict[str, list[tuple[Candidate, Detail | None]]]:
        """The refused by reason, in the order of the reasons and then of the rows."""
        found: dict[str, list[tuple[Candidate, Detail | None]]] = {}
        for reason, detail, rows in self.refusals:
            found.setdefault(reason, []).extend((self.pool.by_row[row], detail) for row in rows)
        for pairs in found.values():
            pairs.sort(key=lambda pair: pair[0].row)
        return found

    def verdicts(self) -> list[Verdict]:
        """One for every candidate: the eligible by place, then the refused by reason."""
        eligible = [
            Verdict(one.buyer_id, one.name, place, None, None)
            for place, one in enumerate(self.order, 1)
        ]
        refused = [
            Verdict(one.buyer_id, one.name, None, reason, detail)
            for reason, pairs in self.refused.items()
            for one, detail in pairs
        ]
        return eligible + refused

    def stored(self) -> dict[str, Any]:
        """As JSON, by buyers' rows, all that `replay` and a reader need.

        {"seed": 7, "eligible": [[priority, weight, [row…]]…], "refused": {reason: [[detail, [row…]]…]}}
        """
        eligible: dict[tuple[int, int], list[int]] = {}
        for one in self.order:
            eligible.setdefault((one.priority, one.weight), []).append(one.row)
        refused: dict[str, list[list[Any]]] = {}
        for reason, detail, rows in self.refusals:
            refused.setdefault(reason, []).append([detail, sorted(rows)])
        return {
            "seed": self.seed,
            "eligible": [
                [priority, weight, sorted(rows)] for (priority, weight), rows in eligible.items()
            ],
            "refused": refused,
        }


def decide(pool: Pool, ping: Ping, used: Mapping[tuple[str, str], int], seed: int) -> Decision:
    """Exactly one verdict for each candidate. `used` holds (owner, kind) → used of all counters that may be full.

    The eligible come lowest priority first, equals at random in proportion to their weight: the same for the same seed.
    """
    asked = PreparedPing(ping, used)
    left = set(pool.by_row)
    refusals: list[tuple[str, Detail | None, Collection[int]]] = []
    for reason in pool.filters:
        for detail, rows in reason.refuse(asked, left):
            out = left.intersection(rows)
            if out:
                left -= out
                refusals.append((reason.slug, detail, out))
    eligible = [entry for entry in pool.entries if entry[0] in left]
    return Decision(
        seed, tuple(map(pool.by_row.__getitem__, _drawn(eligible, seed))), tuple(refusals), pool
    )


def _by_priority(entry: tuple[int, int, int]) -> tuple[int, int]:
    return entry[1], entry[0]


def _drawn(entries: Sequence[tuple[int, int, int]], seed: int) -> list[int]:
    """The rows of (row, priority, weight) in the order that the seed gives; `entries` come by priority and row.

    A weighted draw without replacement is a race: each runs an exponential time at the rate of its weight.
    """
    draw = random.Random(seed).random  # noqa: S311 - a fair share, not a secret; it must be replayed
    times = [-log(1.0 - draw()) / weight for _, _, weight in entries]
    ranks = sorted(range(len(entries)), key=times.__getitem__)
    if entries and entries[0][1] != entries[-1][1]:
        ranks.sort(key=lambda rank: entries[rank][1])
    return [entries[rank][0] for rank in ranks]


def replay(stored: Stored) -> list[int]:
    """The rows of the eligible in the order that was decided, from the stored decision alone."""
    entries = [
        (row, priority, weight) for priority, weight, rows in stored["eligible"] for row in rows
    ]
    return _drawn(sorted(entries, key=_by_priority), stored["seed"])


def buyers_in_trace(stored: Stored) -> list[int]:
    """The rows of all buyers that a stored decision speaks of."""
    eligible = [row for _, _, rows in stored["eligible"] for row in rows]
    return eligible + [
        row for groups in stored["refused"].values() for _, rows in groups for row in rows
    ]


def conditions_hold(conditions: tuple[Condition, ...], ping: Ping) -> bool:
    """Whether a caller fulfils the conditions, of a conversion or a webhook as of a buyer."""
    asked = PreparedPing(ping, {})
    for clause in clauses_of(conditions):
        text = plain_text(asked.value(clause.key))
        if not (clause.holds(text) if text else clause.holds_if_blank):
            return False
    return True


def parts_of(number: str) -> tuple[str, ...]:
    """The names of the tags in [brackets] that a number is made of."""
    return tuple(dict.fromkeys(name.strip() for name in _PART.findall(number)))


def fill_number(number: str, tags: Mapping[str, str]) -> str:
    """The number with its [tag] parts replaced; a missing tag leaves nothing."""
    return _PART.sub(lambda part: tags.get(part[1].strip(), "").strip(), number)


def number_for(candidate: Candidate, ping: Ping) -> str | None:
    """What is dialed for this caller, with all that a filter would know; None when the buyer is unreachable."""
    asked = PreparedPing(ping, {})
    missing = any(not asked.value(name).strip() for name in candidate.needs)
    return None if missing else candidate.dials(asked.value)
