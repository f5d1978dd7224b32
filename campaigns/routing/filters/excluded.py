"""The buyer is left out by who asks: it was tried already."""

from collections.abc import Iterable, Set

from campaigns.routing.engine import Detail, PreparedPing, RoutingFilter


class Excluded(RoutingFilter):
    slug = "excluded"
    rank = 80

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        return [(None, asked.ping.leave_out)]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return "left out, it was tried already"
