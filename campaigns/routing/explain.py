"""The routing trace in words: each buyer with its place, or with the reason of its refusal."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from .engine import Decision, Detail, RoutingFilter, Stored, Verdict, replay, routing_filters


def verdict_sentence(verdict: Verdict, time_zone: str) -> str:
    """Return `Buyer Two: closed, opens Monday 09:00 New York time`; times are in `time_zone`."""
    if verdict.reason is None:
        return f"{verdict.name}: {_place_text(verdict.place or 0)}"
    return f"{verdict.name}: {refusal_text(verdict.reason, verdict.detail, time_zone)}"


def decision_lines(decision: Decision, time_zone: str) -> list[str]:
    """Return a sentence for each buyer: the eligible by place, then the refused by reason."""
    return [verdict_sentence(verdict, time_zone) for verdict in decision.verdicts()]


def stored_lines(
    stored: Stored, names: Mapping[int, str], time_zone: str, reserved: int | None = None
) -> list[str]:
    """Return the same sentences from a stored decision. `names` maps buyers' rows to their names.

    `reserved` is the row of the buyer that the call was reserved for: it comes first, whatever the
    decision says about it.
    """
    order = [row for row in replay(stored) if row != reserved]
    first = [] if reserved is None else [(reserved, _("reserved for this caller"))]
    eligible = [(row, _place_text(place)) for place, row in enumerate(order, 1 + len(first))]
    refused = [
        (row, refusal_text(slug, detail, time_zone))
        for slug, groups in stored["refused"].items()
        for detail, rows in groups
        for row in rows
        if row != reserved
    ]
    unnamed = _("Buyer number %(row)s")
    return [
        f"{names.get(row) or unnamed % {'row': row}}: {text}"
        for row, text in (*first, *eligible, *refused)
    ]


def _place_text(place: int) -> str:
    return _("chosen") if place == 1 else _("eligible, place %(place)s") % {"place": place}


def routing_filter(slug: str) -> type[RoutingFilter] | None:
    """Return the filter with this slug; None for a filter that this version does not have."""
    return next((each for each in routing_filters() if each.slug == slug), None)


def refusal_text(slug: str, detail: Detail | None, time_zone: str) -> str:
    """Return the reason of a refusal as a sentence; the slug alone for an unknown filter."""
    found = routing_filter(slug)
    return found.sentence(detail or {}, time_zone) if found else slug


def reason_label(slug: str) -> str:
    """Return the label of a reason: `Group daily cap`."""
    found = routing_filter(slug)
    return str(found.label) if found else slug.replace("-", " ").capitalize()


def reason_summary(slug: str) -> str:
    """Return a reason as it follows a count: `group daily cap full`, `filtered out`."""
    found = routing_filter(slug)
    return str(found.summary) if found else slug.replace("-", " ")
