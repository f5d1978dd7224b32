"""The routing decision: which buyers may take a call, in which order, and why the others may not.

Pure: it reads no rows and no clock, and its only randomness comes from the seed. The reasons to
refuse a buyer are the classes in `campaigns/routing/filters`.
"""

import random
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from math import log
from typing import Any

from django.utils.functional import Promise

from campaigns.models import CapKind
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

CAP_KINDS: tuple[str, ...] = tuple(CapKind.values)
Detail = dict[str, Any]
Stored = Mapping[str, Any]
# Tags that the caller's number stands in for, when the request has none.
_FROM_NUMBER = ("caller_state", "caller_city", "caller_country")
# No colon: sip:user@[::1] holds an address, not a tag.
_TAG_PART = re.compile(r"\[([^\[\]:]+)\]")


@dataclass(frozen=True, slots=True)
class CappedOwner:
    """The caps of a buyer or a group.

    `owner` is "buyer:12" or "group:3", `label` the editable ID; `caps` are in the order of
    CAP_KINDS.
    """

    owner: str
    label: str
    name: str
    time_zone: str
    counts: str
    caps: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A buyer on a campaign.

    `row` is its primary key, `needs` the names of the tags in its number.
    """

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
        """Return the number to dial, or None if it may not be dialed; `value` returns a tag."""
        number = self.number
        if self.needs:
            number = fill_number(number, {name: value(name) for name in self.needs})
        return dialable(number, self.region, self.dial_prefixes)


@dataclass(frozen=True, slots=True)
class Ping:
    """The facts of a caller at a moment. The sets hold buyers' primary keys.

    `tags` are the tags of the request, and stored tags that the request does not replace.
    """

    now: datetime
    campaign_id: str
    caller_number: str | None
    tags: Mapping[str, str]
    publisher_id: str | None
    excluded_buyers: frozenset[int] = frozenset()
    converted_buyers: frozenset[int] = frozenset()
    duplicate_refused: bool = False


class PreparedPing:
    """A ping as the filters read it. `used` holds the counters that may be full."""

    __slots__ = ("_by_kind", "_values", "ping")

    def __init__(self, ping: Ping, used: Mapping[tuple[str, str], int]) -> None:
        self.ping = ping
        self._values: dict[str, str] = {}
        self._by_kind: dict[str, list[tuple[str, int]]] = {}
        for (owner, kind), count in used.items():
            self._by_kind.setdefault(kind, []).append((owner, count))

    def used_of(self, kind: str) -> Sequence[tuple[str, int]]:
        """Return (owner, used) of the counters of one kind of cap."""
        return self._by_kind.get(kind, ())

    def value(self, key: str) -> str:
        """Return the value of a tag, or of a fact with its name; blank when there is none."""
        if key not in self._values:
            ping = self.ping
            value = ping.tags.get(key, "")
            if key == "campaign_id":
                value = ping.campaign_id
            elif key == "publisher_id" and ping.publisher_id:
                value = ping.publisher_id
            elif key == "caller_number":
                value = ping.caller_number or ""
            elif key in _FROM_NUMBER and ping.caller_number and not value.strip():
                value = place(ping.caller_number).get(key, "")
            self._values[key] = value
        return self._values[key]


class RoutingFilter:
    """A reason to refuse buyers, made once for the candidates of a campaign.

    `slug` is its code in traces and counts. A buyer that several filters refuse gets the reason
    with the lowest `rank`. `label` names it, `summary` follows a count ("3 filtered out"), `reason`
    is the sentence after the buyer's name, with the members of the detail as placeholders; `color`
    is the color of its label in the admin.
    """

    slug: str
    rank: int
    label: str | Promise
    summary: str | Promise
    reason: str | Promise
    color = "warning"

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """Prepare what stays the same from ping to ping."""

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        """Return the refused rows by detail.

        `left` are the rows that no filter of a lower rank refused; other rows are ignored.
        """
        raise NotImplementedError

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        """Return the reason as it stands after the buyer's name; times are in `time_zone`."""
        return str(cls.reason) % detail


@cache
def routing_filters() -> tuple[type[RoutingFilter], ...]:
    """Return every filter, by rank."""
    return tuple(sorted(classes_declared_in(filters, RoutingFilter), key=lambda each: each.rank))


class Pool:
    """The candidates of a campaign, and the filters that are prepared for them."""

    __slots__ = ("by_row", "candidates", "entries", "filters")

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.candidates = tuple(sorted(candidates, key=lambda candidate: candidate.row))
        self.by_row = {candidate.row: candidate for candidate in self.candidates}
        self.entries = sorted(
            ((each.row, each.priority, each.weight) for each in self.candidates), key=_by_priority
        )
        self.filters = tuple(each(self.candidates) for each in routing_filters())


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about one buyer: its `place` from 1 (chosen), or the `reason` of its refusal."""

    buyer_id: str
    name: str
    place: int | None
    reason: str | None
    detail: Detail | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The eligible buyers in their `order`, and the refusals: (slug, detail, rows).

    Each refused row is in exactly one refusal.
    """

    seed: int
    order: tuple[Candidate, ...]
    refusals: tuple[tuple[str, Detail | None, Collection[int]], ...]
    pool: Pool = field(repr=False, compare=False)

    @property
    def refused(self) -> dict[str, list[tuple[Candidate, Detail | None]]]:
        """The refused buyers by slug: in the order of the filters, then of the rows."""
        refused: dict[str, list[tuple[Candidate, Detail | None]]] = {}
        for slug, detail, rows in self.refusals:
            refused.setdefault(slug, []).extend((self.pool.by_row[row], detail) for row in rows)
        for pairs in refused.values():
            pairs.sort(key=lambda pair: pair[0].row)
        return refused

    def verdicts(self) -> list[Verdict]:
        """Return a verdict for each candidate: eligible by place, then refused by reason."""
        eligible = [
            Verdict(candidate.buyer_id, candidate.name, place, None, None)
            for place, candidate in enumerate(self.order, 1)
        ]
        refused = [
            Verdict(candidate.buyer_id, candidate.name, None, slug, detail)
            for slug, pairs in self.refused.items()
            for candidate, detail in pairs
        ]
        return eligible + refused

    def stored(self) -> dict[str, Any]:
        """Return the decision as JSON, by buyers' primary keys: enough to replay and to explain it.

        {"seed": 7, "eligible": [[priority, weight, [row…]]…],
        "refused": {slug: [[detail, [row…]]…]}}
        """
        eligible: dict[tuple[int, int], list[int]] = {}
        for candidate in self.order:
            terms = (candidate.priority, candidate.weight)
            eligible.setdefault(terms, []).append(candidate.row)
        refused: dict[str, list[list[Any]]] = {}
        for slug, detail, rows in self.refusals:
            refused.setdefault(slug, []).append([detail, sorted(rows)])
        return {
            "seed": self.seed,
            "eligible": [
                [priority, weight, sorted(rows)] for (priority, weight), rows in eligible.items()
            ],
            "refused": refused,
        }


def decide(pool: Pool, ping: Ping, used: Mapping[tuple[str, str], int], seed: int) -> Decision:
    """Return exactly one verdict for each candidate.

    `used` maps (owner, kind) to the use of every counter that may be full. The lowest priority
    comes first; equal priorities are drawn at random in proportion to their weights, from the seed.
    """
    prepared = PreparedPing(ping, used)
    left = set(pool.by_row)
    refusals: list[tuple[str, Detail | None, Collection[int]]] = []
    for each in pool.filters:
        for detail, rows in each.refuse(prepared, left):
            refused = left.intersection(rows)
            if refused:
                left -= refused
                refusals.append((each.slug, detail, refused))
    eligible = [entry for entry in pool.entries if entry[0] in left]
    order = tuple(map(pool.by_row.__getitem__, _draw(eligible, seed)))
    return Decision(seed, order, tuple(refusals), pool)


def _by_priority(entry: tuple[int, int, int]) -> tuple[int, int]:
    return entry[1], entry[0]


def _draw(entries: Sequence[tuple[int, int, int]], seed: int) -> list[int]:
    """Return the rows of (row, priority, weight), sorted by priority and row, as drawn."""
    # A weighted draw without replacement: each entry waits an exponential time at the rate of its
    # weight, and the shortest wait is first.
    draw = random.Random(seed).random  # noqa: S311 - a fair share, not a secret; it must be replayed
    times = [-log(1.0 - draw()) / weight for _, _, weight in entries]
    ranks = sorted(range(len(entries)), key=times.__getitem__)
    if entries and entries[0][1] != entries[-1][1]:
        ranks.sort(key=lambda rank: entries[rank][1])
    return [entries[rank][0] for rank in ranks]


def replay(stored: Stored) -> list[int]:
    """Return the rows of the eligible buyers in their order, from the stored decision alone."""
    entries = [
        (row, priority, weight) for priority, weight, rows in stored["eligible"] for row in rows
    ]
    return _draw(sorted(entries, key=_by_priority), stored["seed"])


def buyers_in_trace(stored: Stored) -> list[int]:
    """Return the rows of all buyers in a stored decision."""
    eligible = [row for _, _, rows in stored["eligible"] for row in rows]
    return eligible + [
        row for groups in stored["refused"].values() for _, rows in groups for row in rows
    ]


def conditions_hold(conditions: tuple[Condition, ...], ping: Ping) -> bool:
    """Return whether a caller meets the conditions of a conversion or a webhook."""
    prepared = PreparedPing(ping, {})
    for clause in clauses_of(conditions):
        text = plain_text(prepared.value(clause.key))
        if not (clause.holds(text) if text else clause.holds_if_blank):
            return False
    return True


def parts_of(number: str) -> tuple[str, ...]:
    """Return the names of the tags in [brackets] in a number."""
    return tuple(dict.fromkeys(name.strip() for name in _TAG_PART.findall(number)))


def fill_number(number: str, tags: Mapping[str, str]) -> str:
    """Replace the [tag] parts of a number; a missing tag leaves nothing."""
    return _TAG_PART.sub(lambda part: tags.get(part[1].strip(), "").strip(), number)


def number_for(candidate: Candidate, ping: Ping) -> str | None:
    """Return the number to dial for this caller; None when the buyer is unreachable."""
    prepared = PreparedPing(ping, {})
    missing = any(not prepared.value(name).strip() for name in candidate.needs)
    return None if missing else candidate.dials(prepared.value)
