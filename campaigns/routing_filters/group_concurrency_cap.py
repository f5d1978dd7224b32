"""A group that the buyer is in has as many calls as it takes at once."""

from campaigns.cap_reasons import GroupCap


class GroupConcurrencyCap(GroupCap):
    slug = "group-concurrency-cap"
    rank = 60
    kind = "concurrency"
