"""A cap of the buyer or of one of its groups is full: a reason for each kind of cap."""

from collections.abc import Collection, Iterable, Sequence, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import (
    CAP_KINDS,
    Candidate,
    CappedOwner,
    Detail,
    PreparedPing,
    RoutingFilter,
)


class BuyerCap(RoutingFilter):
    """Compares a counter of the buyer with the cap in force. Detail: the `cap`.

    A cap of 0 refuses without a counter.
    """

    kind: str
    color = "danger"

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        position = CAP_KINDS.index(self.kind)
        # By owner: the cap, the detail of a refusal, and the buyers that the cap limits.
        self.limits: dict[str, tuple[int, Detail, list[int]]] = {}
        for candidate in candidates:
            for owner in self.owners(candidate):
                cap = owner.caps[position]
                if cap is not None:
                    limit: tuple[int, Detail, list[int]] = (cap, self.detail(owner, cap), [])
                    self.limits.setdefault(owner.owner, limit)[2].append(candidate.row)
        self.always_full = [
            (detail, rows) for cap, detail, rows in self.limits.values() if cap <= 0
        ]

    def owners(self, candidate: Candidate) -> Sequence[CappedOwner]:
        return (candidate.own,)

    def detail(self, owner: CappedOwner, cap: int) -> Detail:
        return {"cap": cap}

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        yield from self.always_full
        for owner, used in prepared.used_of(self.kind):
            limit = self.limits.get(owner)
            if limit is not None and used >= limit[0]:
                yield limit[1], limit[2]


class GroupCap(BuyerCap):
    """The same for the buyer's groups. Detail: the `group` ID, its `name` and the `cap`."""

    def owners(self, candidate: Candidate) -> Sequence[CappedOwner]:
        return candidate.groups

    def detail(self, owner: CappedOwner, cap: int) -> Detail:
        return {"group": owner.label, "name": owner.name, "cap": cap}


class ConcurrencyCap(BuyerCap):
    slug = "concurrency-cap"
    rank = 50
    kind = "concurrency"
    label = _("Concurrency cap")
    summary = _("concurrency cap full")
    reason = _("its concurrency cap of %(cap)s is full")


class HourlyCap(BuyerCap):
    slug = "hourly-cap"
    rank = 51
    kind = "hourly"
    label = _("Hourly cap")
    summary = _("hourly cap full")
    reason = _("its hourly cap of %(cap)s is full")


class DailyCap(BuyerCap):
    slug = "daily-cap"
    rank = 52
    kind = "daily"
    label = _("Daily cap")
    summary = _("daily cap full")
    reason = _("its daily cap of %(cap)s is full")


class MonthlyCap(BuyerCap):
    slug = "monthly-cap"
    rank = 53
    kind = "monthly"
    label = _("Monthly cap")
    summary = _("monthly cap full")
    reason = _("its monthly cap of %(cap)s is full")


class HardCap(BuyerCap):
    slug = "hard-cap"
    rank = 54
    kind = "hard"
    label = _("Hard cap")
    summary = _("hard cap full")
    reason = _("its hard cap of %(cap)s is full")


class GroupConcurrencyCap(GroupCap):
    slug = "group-concurrency-cap"
    rank = 60
    kind = "concurrency"
    label = _("Group concurrency cap")
    summary = _("group concurrency cap full")
    reason = _("the concurrency cap of %(cap)s of its group %(name)s is full")


class GroupHourlyCap(GroupCap):
    slug = "group-hourly-cap"
    rank = 61
    kind = "hourly"
    label = _("Group hourly cap")
    summary = _("group hourly cap full")
    reason = _("the hourly cap of %(cap)s of its group %(name)s is full")


class GroupDailyCap(GroupCap):
    slug = "group-daily-cap"
    rank = 62
    kind = "daily"
    label = _("Group daily cap")
    summary = _("group daily cap full")
    reason = _("the daily cap of %(cap)s of its group %(name)s is full")


class GroupMonthlyCap(GroupCap):
    slug = "group-monthly-cap"
    rank = 63
    kind = "monthly"
    label = _("Group monthly cap")
    summary = _("group monthly cap full")
    reason = _("the monthly cap of %(cap)s of its group %(name)s is full")


class GroupHardCap(GroupCap):
    slug = "group-hard-cap"
    rank = 64
    kind = "hard"
    label = _("Group hard cap")
    summary = _("group hard cap full")
    reason = _("the hard cap of %(cap)s of its group %(name)s is full")
