"""The routing trace in plain words."""

from collections.abc import Mapping

from .engine import Decision, Detail, Stored, Verdict, reasons, replay


def verdict_sentence(verdict: Verdict, time_zone: str) -> str:
    """One verdict, as `Buyer Two: closed, opens Monday 09:00 New York time`; times in `time_zone`."""
    if verdict.reason is None:
        return f"{verdict.name}: {_place(verdict.place or 0)}"
    return f"{verdict.name}: {refusal_text(verdict.reason, verdict.detail, time_zone)}"


def decision_lines(decision: Decision, time_zone: str) -> list[str]:
    """One sentence for each buyer: the eligible by place, then the refused by reason."""
    return [verdict_sentence(verdict, time_zone) for verdict in decision.verdicts()]


def stored_lines(
    stored: Stored, names: Mapping[int, str], time_zone: str, reserved: int | None = None
) -> list[str]:
    """The same from what a log row or a call keeps. `names` are the buyers' by row (see `routing.rows_of`).

    `reserved` is the row of a buyer that had the call reserved: it comes first, whatever the decision says of it.
    """
    order = [row for row in replay(stored) if row != reserved]
    first = [] if reserved is None else [(reserved, "reserved for this caller")]
    eligible = [(row, _place(place)) for place, row in enumerate(order, 1 + len(first))]
    refused = [(row, why) for row, why in _refused(stored, time_zone) if row != reserved]
    return [f"{_name(row, names)}: {why}" for row, why in (*first, *eligible, *refused)]


def _refused(stored: Stored, time_zone: str) -> list[tuple[int, str]]:
    """Each refused buyer's row, and why."""
    return [
        (row, refusal_text(reason, detail, time_zone))
        for reason, groups in stored["refused"].items()
        for detail, rows in groups
        for row in rows
    ]


def _name(row: int, names: Mapping[int, str]) -> str:
    return names.get(row, f"Buyer number {row}")


def _place(place: int) -> str:
    return "chosen" if place == 1 else f"eligible, place {place}"


def refusal_text(reason: str, detail: Detail | None, time_zone: str) -> str:
    """A reason whose file is gone is told by its code."""
    found = {one.slug: one for one in reasons()}.get(reason)
    return found.sentence(detail or {}, time_zone) if found else reason
