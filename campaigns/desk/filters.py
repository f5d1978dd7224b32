"""Filters of lists: by company, and by a row of the catalogue."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from .access import companies, mine, row_number

_MOST = 200  # choices; a longer list is reached from the row's own page


class CompanyFilter(DropdownFilter):
    """Shown to those who see more than one company."""

    title = "company"
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        known = list(companies(request).values_list("pk", "name"))
        return known if len(known) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        company = row_number(self.value() or "")
        return None if company is None else queryset.filter(company_id=company)


class RowFilter(DropdownFilter):
    """By a row of the catalogue, named by its number in the address: `?buyer=7`. Retired ones are found by address too.

    Subclasses say the `model`, and the `column` of the list's rows that holds its number.
    """

    model: ClassVar[type[Model]]
    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        rows = mine(request, self.model._default_manager.all())
        named = row_number(request.GET.get(str(self.parameter_name), ""))
        chosen = [] if named is None else list(rows.filter(pk=named).exclude(retired_at=None))
        return [(row.pk, str(row)) for row in [*chosen, *rows.filter(retired_at=None).order_by("name")[:_MOST]]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        row = row_number(self.value() or "")
        return None if row is None else queryset.filter(**{self.column: row})
