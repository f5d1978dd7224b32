"""A cap of the buyer is full: one reason for each of the five caps."""

from collections.abc import Collection, Iterable, Sequence, Set

from campaigns.routing import KINDS, Asked, Candidate, Capped, Detail, RoutingFilter


class CapFilter(RoutingFilter):
    """Compares a counter with the cap in force. A cap of 0 is full without a counter. Detail: the `cap`."""

    kind: str

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        place = KINDS.index(self.kind)
        self.limits: dict[str, tuple[int, Detail, list[int]]] = {}
        for one in candidates:
            for capped in self.owners(one):
                cap = capped.caps[place]
                if cap is not None:
                    self.limits.setdefault(capped.owner, (cap, self.detail(capped, cap), []))[2].append(one.row)
        self.never = [(detail, rows) for cap, detail, rows in self.limits.values() if cap <= 0]

    def owners(self, candidate: Candidate) -> Sequence[Capped]:
        return (candidate.own,)

    def detail(self, capped: Capped, cap: int) -> Detail:
        return {"cap": cap}

    def refuse(self, asked: Asked, left: Set[int]) -> Iterable[tuple[Detail | None, Collection[int]]]:
        yield from self.never
        for owner, used in asked.used_of(self.kind):
            limit = self.limits.get(owner)
            if limit is not None and used >= limit[0]:
                yield limit[1], limit[2]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return f"its {cls.kind} cap of {detail['cap']} is full"


class ConcurrencyCap(CapFilter):
    slug = "concurrency-cap"
    rank = 50
    kind = "concurrency"


class HourlyCap(CapFilter):
    slug = "hourly-cap"
    rank = 51
    kind = "hourly"


class DailyCap(CapFilter):
    slug = "daily-cap"
    rank = 52
    kind = "daily"


class MonthlyCap(CapFilter):
    slug = "monthly-cap"
    rank = 53
    kind = "monthly"


class HardCap(CapFilter):
    slug = "hard-cap"
    rank = 54
    kind = "hard"
