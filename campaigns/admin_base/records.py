"""Pages of records: what happened is read, by those whose company it is, and never edited."""

import json
import re
from datetime import datetime
from decimal import Decimal
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
from unfold.admin import TabularInline

from campaigns import phone
from campaigns.models import Company

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

_CENT = Decimal("0.01")
# Nine digits or more, spaced as people space them; a date has eight.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().\-]{0,2}\d){8,}")


class ReadOnlyAdmin(ListAdmin):
    """A kind of record. Never counts its rows: the tables grow with traffic."""

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
        # As a sum: an index in the order of time begins with one company, and SQLite would go through it for several.
        return visible_to(
            request, rows.alias(of_company=F(self.company_field) + 0), company_field="of_company"
        )

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> InfinitePaginator:
        paginator: InfinitePaginator = super().get_paginator(request, *args, **kwargs)
        paginator.branches = self._branches(request)
        return paginator

    def _branches(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The conditions for each company that the list may hold rows of; none where it is one, or the address names it."""
        if parse_pk(request.GET.get("company", "")) is not None:
            return []
        if not is_superuser(request):
            return (
                [{self.company_field: company} for company in roles(request)]
                if len(roles(request)) > 1
                else []
            )
        nobodys = (
            [{f"{self.company_field}__isnull": True}]
            if self.opts.get_field(self.company_field).null
            else []
        )
        return [
            *({self.company_field: row} for row in Company.objects.values_list("pk", flat=True)),
            *nobodys,
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_lookup_offered(lookup, self.get_list_filter(request), self.more_lookups)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A caller is searched for in any spelling, but as a whole: a part of a number would read the whole table."""
        if not search_term.strip():
            return queryset, False
        number = self.searched_number(request, search_term)
        return (queryset.filter(caller_number=number) if number else queryset.none()), False

    def searched_number(self, request: HttpRequest, search_term: str) -> str | None:
        company = companies(request).first()
        return phone.to_e164(search_term, company.region if company else "US")

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
        context["show_history"] = False  # a record has none
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404


class ReadOnlyInline(TabularInline):
    """Records on the page of the record that they belong to."""

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
    """The row's name, or `text`, leading to its page."""
    if row is None:
        return "–"
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', url, text or row
    )


def moment_text(at: datetime | None) -> str:
    """A time to the second, by the clocks of the page (see `zone`); Django's own format stops at the minute."""
    return f"{timezone.localtime(at):%b %-d, %Y, %H:%M:%S %Z}" if at else "–"


def money_text(amount: Decimal | None) -> str:
    """With two decimals, unless it has more."""
    if amount is None:
        return "–"
    cents = amount.quantize(_CENT)
    return str(cents if cents == amount else amount.normalize())


def ago_text(at: datetime | None) -> str:
    return f"{timesince(at, depth=1)} ago" if at else "never"


def mask_text(text: str) -> str:
    """The text with the last four digits of each long number, and no other."""
    return _LONG_NUMBER.sub(lambda found: phone.masked(found.group()), text)


def host_of(url: str) -> str:
    """An address without what may be secret in it: paths and queries hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def pretty_json(value: Any) -> str:
    """JSON over several lines; what is a JSON text already is laid out, other text stands as it is."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return json.dumps(read, indent=2, ensure_ascii=False)


def preformatted(text: str) -> SafeString:
    return format_html(
        '<pre class="admin-preformatted bg-base-50 border border-base-200 rounded-default p-3 text-xs '
        'dark:bg-base-800 dark:border-base-700">{}</pre>',
        text,
    )
