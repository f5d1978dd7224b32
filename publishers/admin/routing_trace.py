"""A stored routing trace as a page shows it: who was chosen, who else would have been, and why the others were not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from campaigns.models import Buyer
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace, replay

# So many refused buyers are told at once; more are folded, a reason each.
_MOST_UNFOLDED = 25


@dataclass(frozen=True, slots=True)
class TraceBuyer:
    """A buyer and its page; blank when it is gone."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class TraceDetail:
    """One sentence, and the buyers that it is about."""

    sentence: str
    buyers: list[TraceBuyer]


@dataclass(frozen=True, slots=True)
class TraceReason:
    """A reason with the code that it has in a filter's address, and how many buyers were refused for it."""

    slug: str
    label: str
    count: int
    whys: list[TraceDetail]


@dataclass(frozen=True, slots=True)
class TraceView:
    chosen: TraceBuyer | None
    others: list[TraceBuyer]
    refused: list[TraceReason]
    folded: bool


def read_trace(
    trace: Mapping[str, Any], *, time_zone: str, mask: Callable[[str], str]
) -> TraceView:
    """The trace by buyers' names, times in `time_zone`. `mask` hides what the reader may not see."""
    names = dict(Buyer.objects.filter(pk__in=buyers_in_trace(trace)).values_list("pk", "name"))
    order = [_who(row, names) for row in replay(trace)]
    refused = [
        _reason(slug, groups, names, time_zone, mask) for slug, groups in trace["refused"].items()
    ]
    count = sum(one.count for one in refused)
    return TraceView(order[0] if order else None, order[1:], refused, count > _MOST_UNFOLDED)


def _reason(
    slug: str, groups: Any, names: Mapping[int, str], time_zone: str, mask: Callable[[str], str]
) -> TraceReason:
    whys = [
        TraceDetail(
            mask(explain.refusal_text(slug, detail, time_zone)), [_who(row, names) for row in rows]
        )
        for detail, rows in groups
    ]
    return TraceReason(slug, explain.reason_label(slug), sum(len(one.buyers) for one in whys), whys)


def _who(row: int, names: Mapping[int, str]) -> TraceBuyer:
    if row not in names:
        return TraceBuyer(f"Buyer number {row}", "")
    return TraceBuyer(names[row], reverse("admin:campaigns_buyer_change", args=[row]))


def is_readable(trace: Any) -> bool:
    """Whether it is one that the log keeps: buyers in their order, and the refused."""
    return isinstance(trace, dict) and {"seed", "eligible", "refused"} <= trace.keys()
