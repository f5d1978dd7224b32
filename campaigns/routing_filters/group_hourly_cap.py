"""A group that the buyer is in has had its calls of this hour."""

from campaigns.cap_reasons import GroupCap


class GroupHourlyCap(GroupCap):
    slug = "group-hourly-cap"
    rank = 61
    kind = "hourly"
