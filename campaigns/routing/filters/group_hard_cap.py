"""A group that the buyer is in has had all the calls that it wanted."""

from .cap_bases import GroupCap


class GroupHardCap(GroupCap):
    slug = "group-hard-cap"
    rank = 64
    kind = "hard"
