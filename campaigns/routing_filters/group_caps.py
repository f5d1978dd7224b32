"""A cap of a group that the buyer is in is full: one reason for each of the five caps."""

from collections.abc import Sequence

from campaigns.routing import Candidate, Capped, Detail

from .buyer_caps import CapFilter


class GroupCapFilter(CapFilter):
    """Detail: the `group` (its id), its `name` and the `cap`."""

    def owners(self, candidate: Candidate) -> Sequence[Capped]:
        return candidate.groups

    def detail(self, capped: Capped, cap: int) -> Detail:
        return {"group": capped.label, "name": capped.name, "cap": cap}

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return f"the {cls.kind} cap of {detail['cap']} of its group {detail['name']} is full"


class GroupConcurrencyCap(GroupCapFilter):
    slug = "group-concurrency-cap"
    rank = 60
    kind = "concurrency"


class GroupHourlyCap(GroupCapFilter):
    slug = "group-hourly-cap"
    rank = 61
    kind = "hourly"


class GroupDailyCap(GroupCapFilter):
    slug = "group-daily-cap"
    rank = 62
    kind = "daily"


class GroupMonthlyCap(GroupCapFilter):
    slug = "group-monthly-cap"
    rank = 63
    kind = "monthly"


class GroupHardCap(GroupCapFilter):
    slug = "group-hard-cap"
    rank = 64
    kind = "hard"
