"""A group that the buyer is in has had all the calls that it wanted."""

from campaigns.cap_reasons import GroupCap


class GroupHardCap(GroupCap):
    slug = "group-hard-cap"
    rank = 64
    kind = "hard"
