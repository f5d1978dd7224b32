"""The caller is a repeat, and the campaign does not want it with this buyer, or at all."""

from collections.abc import Iterable, Sequence, Set

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Duplicate(RoutingFilter):
    slug = "duplicate"
    rank = 70

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.everyone = frozenset(one.row for one in candidates)

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        return [(None, self.everyone if asked.ping.repeat_refused else asked.ping.converted_with)]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return "the caller is a duplicate"
