"""A stored routing trace as a page shows it: who was chosen, who else would have been, and why the others were not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from campaigns.models import Buyer
from campaigns.routing import explain
from campaigns.routing.engine import replay, rows_of
from publishers.request_log import labels

# So many refused buyers are told at once; more are folded, a reason each.
_MOST_UNFOLDED = 25


@dataclass(frozen=True, slots=True)
class Who:
    """A buyer and its page; blank when it is gone."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Why:
    """One sentence, and the buyers that it is about."""

    sentence: str
    buyers: list[Who]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with the code that it has in a filter's address, and how many buyers were refused for it."""

    slug: str
    label: str
    count: int
    whys: list[Why]


@dataclass(frozen=True, slots=True)
class Trace:
    chosen: Who | None
    others: list[Who]
    refused: list[Reason]
    folded: bool


def read(trace: Mapping[str, Any], *, time_zone: str, mask: Callable[[str], str]) -> Trace:
    """The trace by buyers' names, times in `time_zone`. `mask` hides what the reader may not see."""
    names = dict(Buyer.objects.filter(pk__in=rows_of(trace)).values_list("pk", "name"))
    order = [_who(row, names) for row in replay(trace)]
    refused = [_reason(slug, groups, names, time_zone, mask) for slug, groups in trace["refused"].items()]
    count = sum(one.count for one in refused)
    return Trace(order[0] if order else None, order[1:], refused, count > _MOST_UNFOLDED)


def _reason(slug: str, groups: Any, names: Mapping[int, str], time_zone: str, mask: Callable[[str], str]) -> Reason:
    whys = [Why(mask(explain.why(slug, detail, time_zone)), [_who(row, names) for row in rows]) for detail, rows in groups]
    return Reason(slug, labels.reason(slug), sum(len(one.buyers) for one in whys), whys)


def _who(row: int, names: Mapping[int, str]) -> Who:
    if row not in names:
        return Who(f"Buyer number {row}", "")
    return Who(names[row], reverse("admin:campaigns_buyer_change", args=[row]))


def is_readable(trace: Any) -> bool:
    """Whether it is one that the log keeps: buyers in their order, and the refused."""
    return isinstance(trace, dict) and {"seed", "eligible", "refused"} <= trace.keys()
