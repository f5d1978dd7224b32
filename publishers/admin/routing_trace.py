"""A stored routing trace for display: the chosen buyer, the other eligible, and the refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Buyer
from campaigns.routing import explain
from campaigns.routing.engine import buyers_in_trace, replay

_MAX_UNFOLDED = 25  # refused buyers; more are folded by reason


@dataclass(frozen=True, slots=True)
class TraceBuyer:
    """A buyer and the URL of its page, blank for a deleted buyer."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class TraceDetail:
    """A sentence, and the buyers that were refused for it."""

    sentence: str
    buyers: list[TraceBuyer]


@dataclass(frozen=True, slots=True)
class TraceReason:
    """A reason with its slug, label and number of refused buyers."""

    slug: str
    label: str
    count: int
    details: list[TraceDetail]


@dataclass(frozen=True, slots=True)
class TraceView:
    chosen: TraceBuyer | None
    others: list[TraceBuyer]
    refused: list[TraceReason]
    folded: bool


def read_trace(
    trace: Mapping[str, Any], *, time_zone: str, mask: Callable[[str], str]
) -> TraceView:
    """Return the trace with buyers' names and times in `time_zone`; `mask` hides numbers."""
    names = dict(Buyer.objects.filter(pk__in=buyers_in_trace(trace)).values_list("pk", "name"))

    def buyer(pk: int) -> TraceBuyer:
        if pk not in names:
            return TraceBuyer(_("Buyer number %(pk)d") % {"pk": pk}, "")
        return TraceBuyer(names[pk], reverse("admin:campaigns_buyer_change", args=[pk]))

    order = [buyer(pk) for pk in replay(trace)]
    refused = []
    for slug, groups in trace["refused"].items():
        details = [
            TraceDetail(
                mask(explain.refusal_text(slug, detail, time_zone)), [buyer(pk) for pk in pks]
            )
            for detail, pks in groups
        ]
        count = sum(len(detail.buyers) for detail in details)
        refused.append(TraceReason(slug, explain.reason_label(slug), count, details))
    total = sum(reason.count for reason in refused)
    return TraceView(order[0] if order else None, order[1:], refused, total > _MAX_UNFOLDED)


def is_readable(trace: Any) -> bool:
    """Return whether a trace has the current format."""
    return isinstance(trace, dict) and {"seed", "eligible", "refused"} <= trace.keys()
