"""Which conversion applies to a call, what a ping is quoted, and what a finished call pays."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from campaigns.routing.engine import Condition

from .snapshot import ConversionSnapshot

NOTHING = Decimal("0")
Holds = Callable[[tuple[Condition, ...]], bool]


def applying_conversions(
    conversions: Iterable[ConversionSnapshot],
    *,
    publisher_pk: int | None,
    buyer_pk: int | None,
    holds: Holds,
) -> list[ConversionSnapshot]:
    """Return the most specific set of conversions with matching conditions, in its order.

    Publisher and buyer is more specific than publisher, then buyer, then neither. `holds` evaluates
    conditions. Whether the seconds are reached does not matter here.
    """
    sets: dict[int, list[ConversionSnapshot]] = {}
    for facts in conversions:
        if facts.publisher_pk not in (None, publisher_pk) or facts.buyer_pk not in (None, buyer_pk):
            continue
        if holds(facts.conditions):
            specific = 2 * (facts.publisher_pk is not None) + (facts.buyer_pk is not None)
            sets.setdefault(specific, []).append(facts)
    return sets[max(sets)] if sets else []


def quote_of(applying: Sequence[ConversionSnapshot]) -> tuple[Decimal, Decimal, int]:
    """Return the payout, revenue and seconds of a ping's quote: the first of the set, or zero."""
    if not applying:
        return NOTHING, NOTHING, 0
    return applying[0].payout, applying[0].revenue, applying[0].seconds


def earned_conversion(
    applying: Iterable[ConversionSnapshot], *, seconds: int
) -> ConversionSnapshot | None:
    """Return the first conversion of the set with its seconds reached."""
    return next((facts for facts in applying if seconds >= facts.seconds), None)
