"""What the reasons of full caps share; each of them is a file in `routing_filters`."""

from collections.abc import Collection, Iterable, Sequence, Set

from campaigns.routing.engine import (
    KINDS,
    Candidate,
    CappedOwner,
    Detail,
    PreparedPing,
    RoutingFilter,
)


class BuyerCap(RoutingFilter):
    """A cap of the buyer is full: a counter against the cap in force, and a cap of 0 without one. Detail: the `cap`."""

    kind: str

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        place = KINDS.index(self.kind)
        self.limits: dict[str, tuple[int, Detail, list[int]]] = {}
        for one in candidates:
            for capped in self.owners(one):
                cap = capped.caps[place]
                if cap is not None:
                    self.limits.setdefault(capped.owner, (cap, self.detail(capped, cap), []))[
                        2
                    ].append(one.row)
        self.never = [(detail, rows) for cap, detail, rows in self.limits.values() if cap <= 0]

    def owners(self, candidate: Candidate) -> Sequence[CappedOwner]:
        return (candidate.own,)

    def detail(self, capped: CappedOwner, cap: int) -> Detail:
        return {"cap": cap}

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        yield from self.never
        for owner, used in asked.used_of(self.kind):
            limit = self.limits.get(owner)
            if limit is not None and used >= limit[0]:
                yield limit[1], limit[2]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return f"its {cls.kind} cap of {detail['cap']} is full"


class GroupCap(BuyerCap):
    """The same of a group that the buyer is in. Detail: the `group` (its id), its `name` and the `cap`."""

    def owners(self, candidate: Candidate) -> Sequence[CappedOwner]:
        return candidate.groups

    def detail(self, capped: CappedOwner, cap: int) -> Detail:
        return {"group": capped.label, "name": capped.name, "cap": cap}

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return f"the {cls.kind} cap of {detail['cap']} of its group {detail['name']} is full"
