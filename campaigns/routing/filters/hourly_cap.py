"""The buyer has had its calls of this hour."""

from .cap_bases import BuyerCap


class HourlyCap(BuyerCap):
    slug = "hourly-cap"
    rank = 51
    kind = "hourly"
