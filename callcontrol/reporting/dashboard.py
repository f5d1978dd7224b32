"""The dashboard page, its caps fragment, and its CSV export."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin_base import AdminPage, parse_pk
from campaigns.models import Buyer, Campaign, Company
from publishers.models import Publisher

from . import cap_usage, charts, csv_export
from .date_ranges import DateRange, InvalidDateRange, Preset, parse_date_range
from .list_links import ListLinks
from .metrics import Metric, MetricsScope
from .onboarding import onboarding_steps
from .view_model import DashboardViewModel, dashboard_view_model

_FILTERS: dict[str, type[Campaign | Publisher | Buyer]] = {
    "campaign": Campaign,
    "publisher": Publisher,
    "buyer": Buyer,
}
_MAX_CHOICES = 200  # the tables link to the others
CAPS_SHOWN = 8
ROWS_SHOWN = 25


class Dashboard(AdminPage):
    """The dashboard of a company.

    Query parameters: the time as `range`, or `from` and `to`; and the primary key of one
    `campaign`, `publisher` or `buyer`.
    """

    title = gettext_lazy("Dashboard")
    template_name = "callcontrol/dashboard/page.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.now = timezone.now()
        self.problems: list[str] = []

    # --- query ---
    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone if self.company else "UTC")

    @cached_property
    def range(self) -> DateRange:
        try:
            return parse_date_range(self.request.GET, zone=self.zone, now=self.now)
        except InvalidDateRange as error:
            self.problems.append(str(error))
            return parse_date_range({}, zone=self.zone, now=self.now)

    @cached_property
    def scope(self) -> MetricsScope:
        """The chosen rows of the company; others are reported as problems."""
        scope = {}
        company_pk = self.company.pk if self.company else 0
        for name, model in _FILTERS.items():
            text = self.request.GET.get(name, "")
            pk = parse_pk(text)
            if pk and model.objects.filter(company_id=company_pk, pk=pk).exists():
                scope[name] = pk
            elif text:
                problem = _("This %(model)s does not exist here. Showing all.")
                self.problems.append(problem % {"model": model._meta.verbose_name})
        return MetricsScope(**scope)

    @cached_property
    def time_query(self) -> Mapping[str, str]:
        """The query of the time that is shown."""
        if self.range.name:
            return _preset_query(self.range.name)
        return {"from": str(self.range.first), "to": str(self.range.last)}

    @cached_property
    def links(self) -> ListLinks:
        return ListLinks(
            company_pk=self._company().pk,
            period=self.range.period,
            scope=self.scope,
            time=self.time_query,
            zone=timezone.get_current_timezone(),
        )

    @cached_property
    def view_model(self) -> DashboardViewModel:
        return dashboard_view_model(self._company(), self.range, links=self.links)

    def _company(self) -> Company:
        if self.company is None:
            raise LookupError("a dashboard without a company")
        return self.company

    def caps(self) -> list[cap_usage.CapUsage]:
        if self.company is None:
            return []
        return cap_usage.cap_bars(self.company, scope=self.scope, now=self.now)

    # --- context ---
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = self.own_context() if self.company else {}
        return super().get_context_data(**own, **kwargs)

    def own_context(self) -> dict[str, Any]:
        model, steps = self.view_model, onboarding_steps(self._company())
        return {
            "dashboard": model,
            "steps": steps,
            "is_new": bool(steps) and not steps[-1].is_done,  # no ping and no call ever came in
            "problems": self.problems,
            "presets": [
                (
                    preset.label,
                    self.links.dashboard(time=_preset_query(preset)),
                    preset == self.range.name,
                )
                for preset in Preset
            ],
            "filters": [self.filter(name) for name in _FILTERS],
            "charts": charts.charts(self.range, model.now.slots, has_pings=not self.scope.buyer),
            "slots": charts.slots(model),
            "breakdowns": [
                (name, _FILTERS[name]._meta.verbose_name, _labels(model.measures(name)), rows)
                for name, rows in model.breakdowns()
            ],
            "measure_labels": _labels(model.measures()),
            "csv_url": self.links.dashboard(page="dashboard-csv"),
            "rows_shown": f":{ROWS_SHOWN}",
            "rows_folded": f"{ROWS_SHOWN}:",
            **self.caps_context(),
        }

    def caps_context(self) -> dict[str, Any]:
        caps = [
            (usage, [(bar, usage.reset_text(bar, now=self.now)) for bar in usage.bars])
            for usage in self.caps()
        ]
        return {
            "caps": caps[:CAPS_SHOWN],
            "more_caps": caps[CAPS_SHOWN:],
            "caps_url": self.links.dashboard(page="dashboard-caps"),
            "counted_at": f"{self.now.astimezone(self.zone):%H:%M:%S %Z}",
        }

    def filter(self, name: str) -> dict[str, Any]:
        """Return the choices of a filter; a retired row only if it is chosen."""
        model = _FILTERS[name]
        rows = model.objects.filter(company=self.company)
        chosen = getattr(self.scope, name)
        choices = list(rows.filter(retired_at=None).order_by("name")[:_MAX_CHOICES])
        if chosen and chosen not in {row.pk for row in choices}:
            choices.insert(0, rows.get(pk=chosen))
        label = model._meta.verbose_name
        return {"name": name, "label": label, "chosen": chosen, "choices": choices}


def _preset_query(name: str) -> dict[str, str]:
    return {} if name == Preset.TODAY else {"range": name}


def _labels(measures: tuple[str, ...]) -> list[str]:
    return [str(Metric(name).label) for name in measures]


class DashboardCaps(Dashboard):
    """The caps of the dashboard, which its script fetches every ten seconds."""

    template_name = "callcontrol/dashboard/caps.html"

    def own_context(self) -> dict[str, Any]:
        return self.caps_context()


class DashboardCSV(Dashboard):
    """The dashboard as CSV."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.company is None:
            return redirect("dashboard")
        page_url = self.links.dashboard()  # reads the query, which may add problems
        if self.problems:
            messages.warning(request, " ".join(self.problems))
            return redirect(page_url)
        text = csv_export.csv_text(self.view_model, self.caps())
        name = f"ringpost-{self.range.first}-to-{self.range.last}.csv"
        return HttpResponse(
            text,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
