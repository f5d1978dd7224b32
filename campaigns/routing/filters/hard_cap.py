"""The buyer has had all the calls that it wanted."""

from .cap_bases import BuyerCap


class HardCap(BuyerCap):
    slug = "hard-cap"
    rank = 54
    kind = "hard"
