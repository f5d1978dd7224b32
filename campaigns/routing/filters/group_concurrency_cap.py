"""A group that the buyer is in has as many calls as it takes at once."""

from .cap_bases import GroupCap


class GroupConcurrencyCap(GroupCap):
    slug = "group-concurrency-cap"
    rank = 60
    kind = "concurrency"
