"""The buyer has as many calls as it takes at once."""

from .cap_bases import BuyerCap


class ConcurrencyCap(BuyerCap):
    slug = "concurrency-cap"
    rank = 50
    kind = "concurrency"
