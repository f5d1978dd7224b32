"""The buyer has had its calls of this day."""

from campaigns.cap_reasons import BuyerCap


class DailyCap(BuyerCap):
    slug = "daily-cap"
    rank = 52
    kind = "daily"
