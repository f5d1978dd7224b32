"""The buyer has had its calls of this hour."""

from campaigns.cap_reasons import BuyerCap


class HourlyCap(BuyerCap):
    slug = "hourly-cap"
    rank = 51
    kind = "hourly"
