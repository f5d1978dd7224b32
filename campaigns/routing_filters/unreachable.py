"""The buyer's number is made of a tag that this caller lacks."""

from collections.abc import Iterable, Sequence, Set

from campaigns.routing import Asked, Candidate, Detail, RoutingFilter


class Unreachable(RoutingFilter):
    """Detail: the missing `tag`."""

    slug = "unreachable"
    rank = 40

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.rows: dict[str, list[int]] = {}
        for one in candidates:
            for name in one.needs:
                self.rows.setdefault(name, []).append(one.row)

    def refuse(self, asked: Asked, left: Set[int]) -> Iterable[tuple[Detail | None, list[int]]]:
        return [({"tag": name}, rows) for name, rows in self.rows.items() if not asked.value(name).strip()]

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        return f"unreachable, its number needs the tag “{detail['tag']}”"
