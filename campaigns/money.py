"""Amounts of money as people read them."""

from decimal import Decimal

_CENT = Decimal("0.01")


def money_text(amount: Decimal | None) -> str:
    """Return an amount for a page: two decimals, or more where the amount has more."""
    if amount is None:
        return "–"
    return str(_in_cents(amount))


def grouped_money_text(amount: Decimal) -> str:
    """Return an amount with thousands separators and a real minus sign: `−1,234.50`."""
    return f"{_in_cents(amount):,}".replace("-", "−")


def _in_cents(amount: Decimal) -> Decimal:
    cents = amount.quantize(_CENT)
    return cents if cents == amount else amount.normalize()
