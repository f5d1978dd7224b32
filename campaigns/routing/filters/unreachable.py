"""The buyer's number needs a tag that this caller lacks, or the number may not be dialed."""

from collections.abc import Iterable, Sequence, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Unreachable(RoutingFilter):
    """Detail: the missing `tag`; None when the number itself may not be dialed."""

    slug = "unreachable"
    rank = 40
    label = _("Unreachable")
    summary = _("unreachable")
    reason = _("unreachable, its number may not be dialed")
    missing_tag = _("unreachable, its number needs the tag “%(tag)s”")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.templated = [candidate for candidate in candidates if candidate.needs]
        self.undialable = [
            candidate.row
            for candidate in candidates
            if not candidate.needs and candidate.dials(str) is None
        ]
        self.rows_by_tag: dict[str, list[int]] = {}
        for candidate in self.templated:
            for name in candidate.needs:
                self.rows_by_tag.setdefault(name, []).append(candidate.row)

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, list[int]]]:
        refused: list[tuple[Detail | None, list[int]]] = [
            ({"tag": name}, rows)
            for name, rows in self.rows_by_tag.items()
            if not prepared.value(name).strip()
        ]
        undialable = [
            candidate.row
            for candidate in self.templated
            if candidate.row in left and candidate.dials(prepared.value) is None
        ]
        if undialable or self.undialable:
            refused.append((None, undialable + self.undialable))
        return refused

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return str(cls.missing_tag if "tag" in detail else cls.reason) % detail
