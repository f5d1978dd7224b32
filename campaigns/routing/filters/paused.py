"""The buyer is paused."""

from collections.abc import Iterable, Sequence, Set

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Paused(RoutingFilter):
    slug = "paused"
    rank = 10

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.rows = frozenset(one.row for one in candidates if one.paused)

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        return [(None, self.rows)]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return "paused"
