"""The dashboard: what came in, what became of it, and what it paid."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from campaigns.admin_base import AdminPage, parse_pk
from campaigns.models import Buyer, Campaign, Company
from publishers.models import Publisher

from . import cap_usage, charts, csv_export
from .date_ranges import NAMED, TODAY, DateRange, InvalidDateRange, parse_date_range
from .list_links import ListLinks
from .metrics import MetricsScope
from .onboarding import onboarding_steps
from .view_model import DashboardViewModel, dashboard_view_model

_FILTERS: dict[str, type[Campaign | Publisher | Buyer]] = {
    "campaign": Campaign,
    "publisher": Publisher,
    "buyer": Buyer,
}
_CHOICES = 200  # offered; what is beyond is reached by its name in the tables
_TIME = ("range", "from", "to")
CAPS_SHOWN = 8
ROWS_SHOWN = 25


class Dashboard(AdminPage):
    """Its address says the time (`range`, or `from` and `to`) and whose numbers (`campaign`, `publisher`, `buyer`, by row)."""

    title = "Dashboard"
    template_name = "callcontrol/dashboard/page.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.now = timezone.now()
        self.problems: list[str] = []

    # --- what is asked for ---
    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone if self.company else "UTC")

    @cached_property
    def range(self) -> DateRange:
        try:
            return parse_date_range(self.request.GET, zone=self.zone, now=self.now)
        except InvalidDateRange as problem:
            self.problems.append(str(problem))
            return parse_date_range({}, zone=self.zone, now=self.now)

    @cached_property
    def asked(self) -> MetricsScope:
        """Rows of the company alone; any other is not there, and the page says so."""
        return MetricsScope(**{name: self._row(name, model) for name, model in _FILTERS.items()})

    def _row(self, name: str, model: type[Campaign | Publisher | Buyer]) -> int:
        text = self.request.GET.get(name, "")
        row = parse_pk(text)
        if (
            row
            and self.company
            and model.objects.filter(company_id=self.company.pk, pk=row).exists()
        ):
            return row
        if text:
            self.problems.append(f"There is no such {name} here, so the numbers are those of all.")
        return 0

    @cached_property
    def time_query(self) -> Mapping[str, str]:
        """How the address asks for the time that is shown."""
        if self.range.name:
            return {} if self.range.name == TODAY else {"range": self.range.name}
        return {"from": str(self.range.first), "to": str(self.range.last)}

    @cached_property
    def whose(self) -> Company:
        if self.company is None:
            raise LookupError("a dashboard without a company")
        return self.company

    @cached_property
    def place(self) -> ListLinks:
        return ListLinks(
            self.whose.pk,
            self.range.now_part,
            self.asked,
            self.time_query,
            timezone.get_current_timezone(),
        )

    @cached_property
    def board(self) -> DashboardViewModel:
        return dashboard_view_model(self.whose, self.range, place=self.place)

    def caps(self) -> list[cap_usage.CapUsage]:
        return (
            cap_usage.cap_bars(self.company, asked=self.asked, now=self.now) if self.company else []
        )

    # --- what is shown ---
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = self.shown() if self.company else {}
        return super().get_context_data(**shown, **kwargs)

    def shown(self) -> dict[str, Any]:
        board, way = self.board, onboarding_steps(self.whose)
        return {
            "board": board,
            "steps": way,
            "is_new": bool(way) and not way[-1].is_done,  # nothing has ever come in
            "problems": self.problems,
            "presets": self.presets(),
            "filters": [self.filter(name) for name in _FILTERS],
            "charts": charts.charts(self.range, board.now.slots, has_pings=not self.asked.buyer),
            "slots": charts.slots(board),
            "shares": [(name, board.measures(name), rows) for name, rows in board.shares()],
            "measures": board.measures(),
            "sheet_url": self.place.dashboard(page="dashboard-csv"),
            "rows_shown": f":{ROWS_SHOWN}",
            "rows_folded": f"{ROWS_SHOWN}:",
            **self.caps_shown(),
        }

    def caps_shown(self) -> dict[str, Any]:
        caps = [
            (one, [(bar, one.resets(bar, now=self.now)) for bar in one.bars]) for one in self.caps()
        ]
        url = self.place.dashboard(page="dashboard-caps")
        seen_at = f"{self.now.astimezone(self.zone):%H:%M:%S %Z}"
        return {
            "caps": caps[:CAPS_SHOWN],
            "more_caps": caps[CAPS_SHOWN:],
            "caps_url": url,
            "seen_at": seen_at,
        }

    def presets(self) -> list[tuple[str, str, bool]]:
        """(label, address, whether it is shown) of each range with a name."""
        times: list[tuple[str, dict[str, str]]] = [
            (name, {} if name == TODAY else {"range": name}) for name in NAMED
        ]
        return [
            (NAMED[name], self.place.dashboard(time=time), name == self.range.name)
            for name, time in times
        ]

    def filter(self, name: str) -> dict[str, Any]:
        """A choice of campaigns, publishers or buyers; the retired one that is asked for is among them."""
        rows = _FILTERS[name].objects.filter(company=self.company)
        chosen = getattr(self.asked, name)
        choices = list(rows.filter(retired_at=None).order_by("name")[:_CHOICES])
        if chosen and chosen not in {row.pk for row in choices}:
            choices.insert(0, rows.get(pk=chosen))
        return {"name": name, "chosen": chosen, "choices": choices}


class DashboardCaps(Dashboard):
    """The part that is looked at again and again: how full the caps are."""

    template_name = "callcontrol/dashboard/caps.html"

    def shown(self) -> dict[str, Any]:
        return self.caps_shown()


class DashboardCSV(Dashboard):
    """What the dashboard shows, as CSV."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.company is None:
            return redirect("dashboard")
        shown_at = self.place.dashboard()  # finds what is wrong with the address
        if self.problems:
            messages.warning(request, " ".join(self.problems))
            return redirect(shown_at)
        text = csv_export.csv_text(self.board, self.caps())
        name = f"ringpost-{self.range.first}-to-{self.range.last}.csv"
        return HttpResponse(
            text,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
