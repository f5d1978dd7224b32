"""A filter of the buyer rejects this caller."""

from collections.abc import Iterable, Sequence, Set

from django.utils.translation import gettext_lazy as _

from campaigns.routing.conditions import Clause, Condition, condition_text, in_clauses, plain_text
from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Conditions(RoutingFilter):
    """Evaluate each distinct clause once, however many buyers share it.

    Detail: `key`, `operator` and `value` of the clause; `seen`, the caller's value.
    """

    slug = "filter"
    rank = 30
    label = _("Filter")
    summary = _("filtered out")
    reason = _("filter “%(filter)s” not met, the caller's is “%(seen)s”")
    value_missing = _("filter “%(filter)s” not met, the caller has none")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        rows: dict[tuple[Condition, ...], list[int]] = {}
        for candidate in candidates:
            for conditions in in_clauses(candidate.conditions):
                rows.setdefault(conditions, []).append(candidate.row)
        self.by_key: dict[str, list[tuple[Clause, frozenset[int]]]] = {}
        for conditions, sharing in rows.items():
            self.by_key.setdefault(conditions[0].key, []).append(
                (Clause(conditions), frozenset(sharing))
            )

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        for key, clauses in self.by_key.items():
            value = prepared.value(key)
            text = plain_text(value)
            if text:
                failed = [pair for pair in clauses if not pair[0].holds(text)]
            else:
                failed = [pair for pair in clauses if not pair[0].holds_if_blank]
            if not failed:
                continue
            stored = condition_text(value)
            for clause, rows in failed:
                yield (
                    {
                        "key": key,
                        "operator": clause.operator,
                        "value": clause.value,
                        "seen": stored,
                    },
                    rows,
                )

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        condition = " ".join(filter(None, (detail["key"], detail["operator"], detail["value"])))
        text = str(cls.reason if detail["seen"].strip() else cls.value_missing)
        return text % {"filter": condition, "seen": detail["seen"]}
