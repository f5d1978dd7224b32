"""Which conversion applies to a call, what a ping is quoted, and what a finished call pays."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from campaigns.routing.engine import Condition

from .snapshot import ConversionFacts

NOTHING = Decimal("0")
Holds = Callable[[tuple[Condition, ...]], bool]


def applying(
    conversions: Iterable[ConversionFacts], *, publisher_row: int | None, buyer_row: int | None, holds: Holds
) -> list[ConversionFacts]:
    """The most specific set whose conditions hold, in its order; reached or not.

    Publisher and buyer is more specific than publisher, than buyer, than neither. `holds` says whether filters hold.
    """
    sets: dict[int, list[ConversionFacts]] = {}
    for facts in conversions:
        if facts.publisher_row not in (None, publisher_row) or facts.buyer_row not in (None, buyer_row):
            continue
        if holds(facts.conditions):
            specific = 2 * (facts.publisher_row is not None) + (facts.buyer_row is not None)
            sets.setdefault(specific, []).append(facts)
    return sets[max(sets)] if sets else []


def quoted(applying: Sequence[ConversionFacts]) -> tuple[Decimal, Decimal, int]:
    """Payout, revenue and seconds that a ping is told: the first of the set, else nothing."""
    if not applying:
        return NOTHING, NOTHING, 0
    return applying[0].payout, applying[0].revenue, applying[0].seconds


def earned(applying: Iterable[ConversionFacts], *, seconds: int) -> ConversionFacts | None:
    """The first of the set whose seconds were reached."""
    return next((facts for facts in applying if seconds >= facts.seconds), None)
