"""Read-only pages of records, and how admin pages write values."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin import ShowFacets
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from unfold.admin import TabularInline

from campaigns.models import Company
from campaigns.phone import to_e164

from .access import (
    companies,
    is_lookup_offered,
    is_member,
    is_superuser,
    parse_pk,
    roles,
    visible_to,
)
from .lists import ListAdmin
from .pagination import InfinitePaginator

# Nine digits or more, with the usual separators; a date has eight.


class ReadOnlyAdmin(ListAdmin):
    """Base of pages of records. Never counts the rows, because the tables grow with traffic."""

    company_field = "company_id"
    hint: str | Promise = ""
    more_lookups: tuple[str, ...] = ()
    actions = None
    list_per_page = 25
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    list_before_template = "admin/hint.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if is_superuser(request) or len(roles(request)) < 2:
            return visible_to(request, rows, company_field=self.company_field)
        # `+ 0` keeps SQLite from scanning, for several companies, an index that begins with one.
        return visible_to(
            request, rows.alias(of_company=F(self.company_field) + 0), company_field="of_company"
        )

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> InfinitePaginator:
        paginator: InfinitePaginator = super().get_paginator(request, *args, **kwargs)
        paginator.branches = self.company_branches(request)
        return paginator

    def company_branches(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return a condition for each company with rows in the list; none for a single company."""
        if parse_pk(request.GET.get("company", "")) is not None:
            return []
        if is_superuser(request):
            branches: list[dict[str, Any]] = [
                {self.company_field: pk} for pk in Company.objects.values_list("pk", flat=True)
            ]
            if self.opts.get_field(self.company_field).null:
                branches.append({f"{self.company_field}__isnull": True})
            return branches
        branches = [{self.company_field: pk} for pk in roles(request)]
        return branches if len(branches) > 1 else []

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_lookup_offered(lookup, self.get_list_filter(request), self.more_lookups)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a caller by the whole number, in any format."""
        # A partial match would read the whole table.
        if not search_term.strip():
            return queryset, False
        number = self.searched_number(request, search_term)
        return (queryset.filter(caller_number=number) if number else queryset.none()), False

    def searched_number(self, request: HttpRequest, search_term: str) -> str | None:
        company = companies(request).first()
        return to_e164(search_term, company.region if company else "US")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_member(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            is_member(request)
            if obj is None
            else is_superuser(request) or getattr(obj, self.company_field) in roles(request)
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_history"] = False  # records have no history
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404


class ReadOnlyInline(TabularInline):
    """Records on the page of the record to which they belong."""

    extra = 0
    max_num = 0
    can_delete = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            self.admin_site.get_model_admin(self.parent_model).has_view_permission(request, obj)
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def admin_link(row: Any, *, text: str = "") -> SafeString | str:
    """Return a link to the row's page, with its name or `text`."""
    if row is None:
        return "–"
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', url, text or row
    )


def moment_text(at: datetime | None) -> str:
    """Return a time to the second, which Django's formats omit, in the time zone of the page."""
    return f"{timezone.localtime(at):%b %-d, %Y, %H:%M:%S %Z}" if at else "–"


def ago_text(at: datetime | None) -> str:
    return _("%(time)s ago") % {"time": timesince(at, depth=1)} if at else _("never")


def host_of(url: str) -> str:
    """Return a URL without its path and query, which may hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def pretty_json(value: Any) -> str:
    """Return indented JSON of a value or a JSON text; return other text unchanged."""
    try:
        data = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return json.dumps(data, indent=2, ensure_ascii=False)


def preformatted(text: str) -> SafeString:
    return format_html(
        '<pre class="admin-preformatted bg-base-50 border border-base-200 rounded-default p-3 '
        'text-xs dark:bg-base-800 dark:border-base-700">{}</pre>',
        text,
    )
