"""Amounts of money as people read them."""

from decimal import Decimal

_CENT = Decimal("0.01")


def money_text(amount: Decimal | None) -> str:
    """Return an amount for a page: two decimals, or more where the amount has more."""
    if amount is None:
        return "–"
    cents = amount.quantize(_CENT)
    return str(cents if cents == amount else amount.normalize())
