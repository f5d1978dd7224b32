"""Filters of lists: by company, by a row of the catalogue, and by time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.widgets import INPUT_CLASSES

from .access import companies, parse_pk, visible_to

_MOST = 200  # choices; a longer list is reached from the row's own page


class CompanyFilter(DropdownFilter):
    """Shown to those who see more than one company."""

    title = "company"
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        known = list(companies(request).values_list("pk", "name"))
        return known if len(known) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        company = parse_pk(self.value() or "")
        return None if company is None else queryset.filter(company_id=company)


class RowFilter(DropdownFilter):
    """By a row of the catalogue, named by its number in the address: `?buyer=7`. Retired ones are found by address too.

    Subclasses say the `model`, and the `column` of the list's rows that holds its number.
    """

    model: ClassVar[type[Model]]
    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        rows = visible_to(request, self.model._default_manager.all())
        named = parse_pk(request.GET.get(str(self.parameter_name), ""))
        chosen = [] if named is None else list(rows.filter(pk=named).exclude(retired_at=None))
        return [
            (row.pk, str(row))
            for row in [*chosen, *rows.filter(retired_at=None).order_by("name")[:_MOST]]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        row = parse_pk(self.value() or "")
        return None if row is None else queryset.filter(**{self.column: row})


class TimeForm(forms.Form):
    """A date and a time for each end, as the browser itself asks for them."""

    def __init__(self, *, name: str, data: dict[str, Any]) -> None:
        super().__init__(data=data)
        for end in ("from", "to"):
            self.fields[f"{name}_{end}_0"] = forms.CharField(
                widget=_input("date", label=f"Date {end}")
            )
            self.fields[f"{name}_{end}_1"] = forms.CharField(
                widget=_input("time", label=f"Time {end}", step="1")
            )


def _input(kind: str, *, label: str, **attributes: str) -> forms.TextInput:
    widget = forms.TextInput(
        {"class": " ".join(INPUT_CLASSES), "aria-label": label, "title": label, **attributes}
    )
    widget.input_type = kind
    return widget


class TimeFilter(RangeDateTimeFilter):
    """From a second to a second, both included, by the clocks of the page. A date alone is the whole day.

    What is no time is left out; so is a year that no clock can be set to.
    """

    form_class = TimeForm
    template = "admin/time_filter.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = (
            f"time ({timezone.get_current_timezone_name().rpartition('/')[2].replace('_', ' ')})"
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        begin, end = self._moment("from", time.min), self._moment("to", time(23, 59, 59))
        if begin is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": begin})
        if end is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": end + timedelta(seconds=1)})
        return queryset

    def _moment(self, end: str, otherwise: time) -> datetime | None:
        date, clock = (
            str(self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") or "").strip()
            for part in (0, 1)
        )
        try:
            day, hour = parse_date(date), parse_time(clock) if clock else otherwise
        except ValueError:
            return None
        if day is None or hour is None or not 1900 <= day.year <= 9000:
            return None
        return timezone.make_aware(
            datetime.combine(day, hour.replace(microsecond=0, tzinfo=None))
        ).astimezone(UTC)
