"""The request excludes the buyer, because the call was offered to it before."""

from collections.abc import Iterable, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import Detail, PreparedPing, RoutingFilter


class Excluded(RoutingFilter):
    slug = "excluded"
    rank = 80
    label = _("Excluded")
    summary = _("already tried")
    reason = _("left out, it was tried already")

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        return [(None, prepared.ping.excluded_buyers)]
