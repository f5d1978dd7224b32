"""The buyer is closed at this moment."""

from collections.abc import Collection, Iterable, Sequence, Set
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter
from campaigns.routing.hours import Hours, open_state

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
Found = list[tuple[Detail | None, Collection[int]]]


class Closed(RoutingFilter):
    """Looks at each distinct set of hours when one of them changes, not at each ping. Detail: `opens`, ISO 8601 or None."""

    slug = "closed"
    rank = 20

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.rows: dict[Hours, list[int]] = {}
        for one in candidates:
            if one.hours is not None:
                self.rows.setdefault(one.hours, []).append(one.row)
        self.looked: tuple[datetime, datetime, Found] = (_LONG_AGO, _LONG_AGO, [])

    def refuse(
        self, asked: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        if not self.rows:
            return ()
        now = asked.ping.now
        since, until, found = self.looked
        if not since <= now < until:
            since, until, found = self.looked = self._look(now)
        return found

    def _look(self, now: datetime) -> tuple[datetime, datetime, Found]:
        states = {hours: open_state(hours, now) for hours in self.rows}
        rows: dict[str | None, list[int]] = {}
        for hours, one in states.items():
            if not one.is_open:
                rows.setdefault(one.opens.isoformat() if one.opens else None, []).extend(
                    self.rows[hours]
                )
        found: Found = [({"opens": opens}, frozenset(closed)) for opens, closed in rows.items()]
        return now, min(one.until for one in states.values()), found

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        if not detail.get("opens"):
            return "closed, and does not open in the next 60 days"
        opens = datetime.fromisoformat(detail["opens"]).astimezone(ZoneInfo(time_zone))
        city = time_zone.rpartition("/")[2].replace("_", " ")
        return f"closed, opens {opens:%A} {opens:%H:%M} {city} time"
