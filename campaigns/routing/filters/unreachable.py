"""The buyer's number is made of a tag that this caller lacks, or is none that may be dialed."""

from collections.abc import Iterable, Sequence, Set

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter


class Unreachable(RoutingFilter):
    """Detail: the missing `tag`; none when the number itself may not be dialed."""

    slug = "unreachable"
    rank = 40

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.made_of_tags = [one for one in candidates if one.needs]
        self.never = [one.row for one in candidates if not one.needs and one.dials(str) is None]
        self.rows: dict[str, list[int]] = {}
        for one in self.made_of_tags:
            for name in one.needs:
                self.rows.setdefault(name, []).append(one.row)

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, list[int]]]:
        refused: list[tuple[Detail | None, list[int]]] = [
            ({"tag": name}, rows)
            for name, rows in self.rows.items()
            if not asked.value(name).strip()
        ]
        undialable = [
            one.row
            for one in self.made_of_tags
            if one.row in left and one.dials(asked.value) is None
        ]
        if undialable or self.never:
            refused.append((None, undialable + self.never))
        return refused

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        if "tag" in detail:
            return f"unreachable, its number needs the tag “{detail['tag']}”"
        return "unreachable, its number may not be dialed"
