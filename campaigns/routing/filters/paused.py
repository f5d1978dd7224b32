"""The buyer is paused."""

from collections.abc import Iterable, Sequence, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Paused(RoutingFilter):
    slug = "paused"
    rank = 10
    label = _("Paused")
    summary = reason = _("paused")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.rows = frozenset(candidate.row for candidate in candidates if candidate.paused)

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        return [(None, self.rows)]
