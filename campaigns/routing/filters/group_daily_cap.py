"""A group that the buyer is in has had its calls of this day."""

from .cap_bases import GroupCap


class GroupDailyCap(GroupCap):
    slug = "group-daily-cap"
    rank = 62
    kind = "daily"
