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
    """The most specific set whose conditions hold, in its order; reached or not.

    Publisher and buyer is more specific than publisher, than buyer, than neither. `holds` says whether filters hold.
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
    """Payout, revenue and seconds that a ping is told: the first of the set, else nothing."""
    if not applying:
        return NOTHING, NOTHING, 0
    return applying[0].payout, applying[0].revenue, applying[0].seconds


def earned_conversion(
    applying: Iterable[ConversionSnapshot], *, seconds: int
) -> ConversionSnapshot | None:
    """The first of the set whose seconds were reached."""
    return next((facts for facts in applying if seconds >= facts.seconds), None)
