"""Amounts of money as people read them."""

from decimal import Decimal

import pytest

from campaigns.money import grouped_money_text, money_text


@pytest.mark.parametrize(
    ("amount", "text"), [("1234.5000", "1234.50"), ("0.0125", "0.0125"), ("0", "0.00")]
)
def test_an_amount_has_two_decimals_or_more(amount: str, text: str) -> None:
    assert money_text(Decimal(amount)) == text


def test_an_unknown_amount_is_a_dash() -> None:
    assert money_text(None) == "–"


@pytest.mark.parametrize(
    ("amount", "text"), [("1234.5", "1,234.50"), ("-9876543.125", "−9,876,543.125")]
)
def test_thousands_are_grouped(amount: str, text: str) -> None:
    assert grouped_money_text(Decimal(amount)) == text
