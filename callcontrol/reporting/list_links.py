"""Links to the lists of rows that the numbers of the dashboard count."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from . import reasons
from .metrics import MetricsScope
from .periods import Period

# The list, its time column and its query for each metric.
_LISTS = {
    "pings": ("publishers_logentry", "at", {"ping": "1"}),
    "reserved": ("reservations_reservation", "created_at", {"reserved": "1"}),
    "claimed": ("reservations_reservation", "created_at", {"status": "claimed"}),
    "calls": ("callcontrol_call", "started_at", {}),
    "connected": ("callcontrol_call", "started_at", {"connected": "1"}),
    "converted": ("callcontrol_call", "started_at", {"converted": "1"}),
}
_MONEY_LIST = "converted"  # payout and revenue link to the calls that converted


@dataclass(frozen=True, slots=True)
class ListLinks:
    """Links for what the dashboard shows: a period and a scope of one company.

    `time` is the dashboard's own query for the period. The lists read times in `zone`, the time
    zone of the user's first company.
    """

    company_pk: int
    period: Period
    scope: MetricsScope
    time: Mapping[str, str]
    zone: tzinfo

    def rows(self, name: str, only: Mapping[str, int] | None = None) -> str:
        """Return the list behind a metric, of one campaign, publisher or buyer if `only` is set."""
        page, column, query = _LISTS.get(name, _LISTS[_MONEY_LIST])
        return self._list(page, column, {**query, **_scope_query(self._narrowed(only))})

    def refused(self, code: str) -> str:
        """Return the list of pings that a reason refused, "" where a list cannot find them."""
        if not reasons.is_whole(code):
            return ""
        page, column, query = _LISTS["pings"]
        if code in (reasons.REJECTED, reasons.NO_TARGET):
            reason = {"result": code}
        elif code[:1].isdigit():
            status, __, text = code.partition(" ")
            reason = {"status": status, "error": text}
        elif code == reasons.NOBODY:
            reason = {"ping": code}
        else:
            reason = {"result": reasons.NO_TARGET, "reason": code}
        return self._list(page, column, {**query, **reason, **_scope_query(self.scope)})

    def dashboard(
        self,
        *,
        time: Mapping[str, str] | None = None,
        page: str = "dashboard",
        only: Mapping[str, int] | None = None,
    ) -> str:
        """Return the dashboard with one more filter, or another time."""
        query = {**(self.time if time is None else time), **_scope_query(self._narrowed(only))}
        return f"{reverse(page)}?{urlencode({'company': self.company_pk, **query})}"

    def _narrowed(self, only: Mapping[str, int] | None) -> MetricsScope:
        return replace(self.scope, **only or {})

    def _list(self, page: str, column: str, query: Mapping[str, Any]) -> str:
        start, end = self.period
        times = {
            **self._moment(f"{column}_from", start),
            **self._moment(f"{column}_to", end - timedelta(seconds=1)),  # both are included
        }
        whole = urlencode({"company": self.company_pk, **query, **times})
        return f"{reverse(f'admin:{page}_changelist')}?{whole}"

    def _moment(self, name: str, at: datetime) -> dict[str, str]:
        local = at.astimezone(self.zone)
        return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def _scope_query(scope: MetricsScope) -> dict[str, int]:
    pks = {"campaign": scope.campaign, "publisher": scope.publisher, "buyer": scope.buyer}
    return {name: pk for name, pk in pks.items() if pk}
