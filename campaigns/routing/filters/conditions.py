"""A filter of the buyer does not take this caller."""

from collections.abc import Iterable, Sequence, Set

from campaigns.routing.conditions import Clause, Condition, condition_text, in_clauses, plain_text
from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Conditions(RoutingFilter):
    """Looks at each distinct clause once, however many buyers share it. Detail: `key`, `operator`, `value`, and the `seen`."""

    slug = "filter"
    rank = 30

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        rows: dict[tuple[Condition, ...], list[int]] = {}
        for one in candidates:
            for clause in in_clauses(one.conditions):
                rows.setdefault(clause, []).append(one.row)
        self.by_key: dict[str, list[tuple[Clause, frozenset[int]]]] = {}
        for conditions, having in rows.items():
            self.by_key.setdefault(conditions[0].key, []).append(
                (Clause(conditions), frozenset(having))
            )

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, frozenset[int]]]:
        for key, clauses in self.by_key.items():
            seen = asked.value(key)
            text = plain_text(seen)
            if text:
                failed = [pair for pair in clauses if not pair[0].holds(text)]
            else:
                failed = [pair for pair in clauses if not pair[0].holds_if_blank]
            told = condition_text(seen)
            for clause, rows in failed:
                yield (
                    {"key": key, "operator": clause.operator, "value": clause.value, "seen": told},
                    rows,
                )

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        wanted = " ".join(filter(None, (detail["key"], detail["operator"], detail["value"])))
        seen = (
            f"the caller's is “{detail['seen']}”"
            if detail["seen"].strip()
            else "the caller has none"
        )
        return f"filter “{wanted}” not met, {seen}"
