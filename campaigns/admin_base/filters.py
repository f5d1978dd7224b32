"""Filters of lists: by company, by a catalogue row, and by time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.widgets import INPUT_CLASSES

from .access import companies, parse_pk, visible_to

_CHOICES = 200  # at most; other rows are filtered by from their own pages


class CompanyFilter(DropdownFilter):
    """By company, for users with more than one."""

    title = _("company")
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        choices = list(companies(request).values_list("pk", "name"))
        return choices if len(choices) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        company = parse_pk(self.value() or "")
        return None if company is None else queryset.filter(company_id=company)


class RowFilter(DropdownFilter):
    """By a catalogue row: `?buyer=7`. A retired row is a choice only while it is chosen.

    Subclasses set the `model`, and the `column` of the list's rows with its primary key.
    """

    model: ClassVar[type[Model]]
    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        rows = visible_to(request, self.model._default_manager.all())
        pk = parse_pk(request.GET.get(str(self.parameter_name), ""))
        chosen = [] if pk is None else list(rows.filter(pk=pk).exclude(retired_at=None))
        return [
            (row.pk, str(row))
            for row in [*chosen, *rows.filter(retired_at=None).order_by("name")[:_CHOICES]]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        row = parse_pk(self.value() or "")
        return None if row is None else queryset.filter(**{self.column: row})


class TimeForm(forms.Form):
    """A date and a time for each end of the range, in the browser's own inputs."""

    def __init__(self, *, name: str, data: dict[str, Any]) -> None:
        super().__init__(data=data)
        for suffix, input_type, label in (
            ("from_0", "date", _("Date from")),
            ("from_1", "time", _("Time from")),
            ("to_0", "date", _("Date to")),
            ("to_1", "time", _("Time to")),
        ):
            attributes = {
                "class": " ".join(INPUT_CLASSES),
                "aria-label": label,
                "title": label,
                **({"step": "1"} if input_type == "time" else {}),
            }
            widget = forms.TextInput(attributes)
            widget.input_type = input_type
            self.fields[f"{name}_{suffix}"] = forms.CharField(widget=widget)


class TimeFilter(RangeDateTimeFilter):
    """From one second to another, both included, in the time zone of the page.

    A date alone is the whole day. A malformed or impossible time is ignored.
    """

    form_class = TimeForm
    template = "admin/time_filter.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        city = timezone.get_current_timezone_name().rpartition("/")[2].replace("_", " ")
        self.title = _("time (%(city)s)") % {"city": city}

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
