"""Which conversion applies, what a ping is quoted, and what a call earns."""

from decimal import Decimal

import pytest

from campaigns.routing.engine import Condition
from publishers.conversions import applying_conversions, earned_conversion, quote_of
from publishers.snapshot import ConversionSnapshot

ALPHA, BUYER = 1, 7


def conversion(
    seconds: int = 120, publisher: int | None = None, buyer: int | None = None, *conditions: str
) -> ConversionSnapshot:
    rows = tuple(Condition(key, "exists", "") for key in conditions)
    return ConversionSnapshot(
        seconds, Decimal(seconds), Decimal(2 * seconds), publisher, buyer, rows
    )


PLAIN, FOR_BUYER = conversion(10), conversion(20, None, BUYER)
FOR_PUBLISHER, FOR_BOTH = conversion(30, ALPHA), conversion(40, ALPHA, BUYER)
ALL = [PLAIN, FOR_BUYER, FOR_PUBLISHER, FOR_BOTH]


def apply(
    conversions: list[ConversionSnapshot], publisher: int | None = ALPHA, buyer: int | None = BUYER
) -> list[ConversionSnapshot]:
    return applying_conversions(
        conversions, publisher_pk=publisher, buyer_pk=buyer, holds=lambda conditions: not conditions
    )


@pytest.mark.parametrize(
    ("publisher", "buyer", "expected"),
    [
        (ALPHA, BUYER, FOR_BOTH),
        (ALPHA, 8, FOR_PUBLISHER),
        (2, BUYER, FOR_BUYER),
        (None, BUYER, FOR_BUYER),
        (2, 8, PLAIN),
        (None, None, PLAIN),
    ],
)
def test_the_most_specific_set(
    publisher: int | None, buyer: int | None, expected: ConversionSnapshot
) -> None:
    assert apply(ALL, publisher, buyer) == [expected]


def test_a_publisher_is_more_specific_than_a_buyer() -> None:
    assert apply([FOR_BUYER, FOR_PUBLISHER]) == [FOR_PUBLISHER]


def test_a_conversion_with_a_failing_condition_does_not_apply() -> None:
    assert apply([conversion(40, ALPHA, BUYER, "zip"), PLAIN]) == [PLAIN]


def test_a_set_applies_whether_or_not_it_is_reached() -> None:
    assert earned_conversion(apply(ALL), seconds=39) is None


def test_a_set_stays_in_its_order() -> None:
    tiers = [conversion(120), conversion(60), conversion(90)]
    assert apply(tiers) == tiers


@pytest.mark.parametrize(("seconds", "index"), [(59, None), (60, 1), (119, 1), (120, 0), (500, 0)])
def test_the_first_that_was_reached_pays(seconds: int, index: int | None) -> None:
    tiers = [conversion(120), conversion(60), conversion(90)]
    assert earned_conversion(tiers, seconds=seconds) == (None if index is None else tiers[index])


def test_a_ping_is_quoted_the_first() -> None:
    assert quote_of([conversion(120), conversion(60)]) == (Decimal(120), Decimal(240), 120)


def test_without_a_conversion_a_ping_is_quoted_nothing() -> None:
    assert apply([]) == []
    assert quote_of([]) == (Decimal(0), Decimal(0), 0)
