"""The buyer has had its calls of this month."""

from .cap_bases import BuyerCap


class MonthlyCap(BuyerCap):
    slug = "monthly-cap"
    rank = 53
    kind = "monthly"
