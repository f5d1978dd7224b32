"""Moments and amounts as text and numbers, in both formats."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(moment: datetime) -> str:
    """Return an aware moment in UTC with milliseconds: `2026-05-05T06:25:08.295Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def milliseconds(moment: datetime) -> int:
    """Return an aware moment as whole milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@overload
def decimal_text(amount: Decimal) -> str: ...
@overload
def decimal_text(amount: Decimal | None) -> str | None: ...
def decimal_text(amount: Decimal | None) -> str | None:
    """Return an amount as it goes over the wire: text with two decimals, or None."""
    return None if amount is None else f"{amount:.2f}"
