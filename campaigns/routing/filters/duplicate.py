"""The caller is a duplicate that the campaign keeps from this buyer, or from all buyers."""

from collections.abc import Iterable, Sequence, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Duplicate(RoutingFilter):
    slug = "duplicate"
    rank = 70
    label = _("Duplicate")
    summary = _("duplicate")
    reason = _("the caller is a duplicate")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.all_buyers = frozenset(candidate.row for candidate in candidates)

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        ping = prepared.ping
        return [(None, self.all_buyers if ping.duplicate_refused else ping.converted_buyers)]
