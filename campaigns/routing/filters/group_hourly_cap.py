"""A group that the buyer is in has had its calls of this hour."""

from .cap_bases import GroupCap


class GroupHourlyCap(GroupCap):
    slug = "group-hourly-cap"
    rank = 61
    kind = "hourly"
