"""The buyer is closed at this moment."""

from collections.abc import Collection, Iterable, Sequence, Set
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from campaigns.routing.engine import Candidate, Detail, PreparedPing, RoutingFilter
from campaigns.routing.hours import Hours, open_state

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
ClosedRows = list[tuple[Detail | None, Collection[int]]]


class Closed(RoutingFilter):
    """Evaluate each distinct set of hours when a state changes, not at each ping.

    Detail: `opens`, ISO 8601 or None.
    """

    slug = "closed"
    rank = 20
    label = _("Closed")
    summary = _("closed")
    reason = _("closed, and does not open in the next 60 days")
    opens_later = _("closed, opens %(weekday)s %(time)s %(city)s time")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.rows: dict[Hours, list[int]] = {}
        for candidate in candidates:
            if candidate.hours is not None:
                self.rows.setdefault(candidate.hours, []).append(candidate.row)
        # The closed buyers, and the times between which they stay the same.
        self.cached: tuple[datetime, datetime, ClosedRows] = (_LONG_AGO, _LONG_AGO, [])

    def refuse(
        self, prepared: PreparedPing, left: Set[int]
    ) -> Iterable[tuple[Detail | None, Collection[int]]]:
        if not self.rows:
            return ()
        now = prepared.ping.now
        since, until, closed = self.cached
        if since <= now < until:
            return closed
        states = {hours: open_state(hours, now) for hours in self.rows}
        by_opening: dict[str | None, list[int]] = {}
        for hours, state in states.items():
            if not state.is_open:
                opens = state.opens.isoformat() if state.opens else None
                by_opening.setdefault(opens, []).extend(self.rows[hours])
        closed = [({"opens": opens}, frozenset(rows)) for opens, rows in by_opening.items()]
        self.cached = (now, min(state.until for state in states.values()), closed)
        return closed

    @classmethod
    def sentence(cls, detail: Detail, time_zone: str) -> str:
        if not detail.get("opens"):
            return str(cls.reason)
        opens = datetime.fromisoformat(detail["opens"]).astimezone(ZoneInfo(time_zone))
        city = time_zone.rpartition("/")[2].replace("_", " ")
        values = {"weekday": f"{opens:%A}", "time": f"{opens:%H:%M}", "city": city}
        return str(cls.opens_later) % values
