"""Addresses of the lists of rows behind a number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from . import reasons
from .metrics import MetricsScope
from .periods import Period

_LISTS = {
    "pings": ("publishers_logentry", "at", {"ping": "1"}),
    "reserved": ("reservations_reservation", "created_at", {"reserved": "1"}),
    "claimed": ("reservations_reservation", "created_at", {"status": "claimed"}),
    "calls": ("callcontrol_call", "started_at", {}),
    "connected": ("callcontrol_call", "started_at", {"connected": "1"}),
    "converted": ("callcontrol_call", "started_at", {"converted": "1"}),
}
_PAID_BY = "converted"  # money is that of the calls that converted


@dataclass(frozen=True, slots=True)
class ListLinks:
    """What the dashboard shows: whose rows, of which time, and how its own address asks for that time.

    The lists read times by the `clocks` of the page, which are those of the user's first company.
    """

    company_pk: int
    stretch: Period
    owner: MetricsScope
    time: Mapping[str, str]
    clocks: tzinfo

    def rows(self, name: str, only: Mapping[str, int] | None = None) -> str:
        """The list behind a number, of one campaign, publisher or buyer if it is named."""
        page, column, asked = _LISTS.get(name, _LISTS[_PAID_BY])
        return self._list(page, column, {**asked, **_owner_query(self._narrowed(only))})

    def refused(self, code: str) -> str:
        """The pings that a reason refused; blank where no list finds just these."""
        if not reasons.is_whole(code):
            return ""
        page, column, asked = _LISTS["pings"]
        return self._list(page, column, {**asked, **_asking_for(code), **_owner_query(self.owner)})

    def dashboard(
        self,
        *,
        time: Mapping[str, str] | None = None,
        page: str = "dashboard",
        only: Mapping[str, int] | None = None,
    ) -> str:
        """The dashboard with one more filter, or another time."""
        asked = {**(self.time if time is None else time), **_owner_query(self._narrowed(only))}
        return f"{reverse(page)}?{urlencode({'company': self.company_pk, **asked})}"

    def _narrowed(self, only: Mapping[str, int] | None) -> MetricsScope:
        return replace(self.owner, **only or {})

    def _list(self, page: str, column: str, asked: Mapping[str, Any]) -> str:
        query = {"company": self.company_pk, **asked, **self._time_query(column)}
        return f"{reverse(f'admin:{page}_changelist')}?{urlencode(query)}"

    def _time_query(self, column: str) -> dict[str, str]:
        """From a second to a second, both included."""
        start, end = self.stretch
        return {
            **self._moment(f"{column}_from", start),
            **self._moment(f"{column}_to", end - timedelta(seconds=1)),
        }

    def _moment(self, name: str, at: datetime) -> dict[str, str]:
        local = at.astimezone(self.clocks)
        return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def _asking_for(code: str) -> dict[str, str]:
    if code == reasons.REJECTED:
        return {"result": code}
    if code[:1].isdigit():
        status, _, text = code.partition(" ")
        return {"status": status, "error": text}
    if code == reasons.NOBODY:
        return {"ping": code}
    return {"result": reasons.NO_TARGET} | ({} if code == reasons.NO_TARGET else {"reason": code})


def _owner_query(owner: MetricsScope) -> dict[str, int]:
    rows = {"campaign": owner.campaign, "publisher": owner.publisher, "buyer": owner.buyer}
    return {name: row for name, row in rows.items() if row}
