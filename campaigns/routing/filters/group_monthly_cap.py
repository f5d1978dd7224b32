"""A group that the buyer is in has had its calls of this month."""

from .cap_bases import GroupCap


class GroupMonthlyCap(GroupCap):
    slug = "group-monthly-cap"
    rank = 63
    kind = "monthly"
