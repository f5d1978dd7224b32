"""The buyer has had its calls of this day."""

from .cap_bases import BuyerCap


class DailyCap(BuyerCap):
    slug = "daily-cap"
    rank = 52
    kind = "daily"
