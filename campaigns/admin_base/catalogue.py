"""Pages of the catalogue: one's own companies only, edited by role, retired instead of deleted."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import ForeignKey, QuerySet, TimeField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSingleTimeWidget

from campaigns.audit.records import of_row
from campaigns.models import CatalogueRow, Company

from . import history
from .access import (
    EDITORS,
    companies,
    is_lookup_offered,
    is_member,
    is_superuser,
    may_edit,
    parse_pk,
    roles,
    visible_to,
)
from .filters import CompanyFilter
from .forms import CatalogueForm, CatalogueFormSet, OwnAutocomplete
from .lists import ListAdmin


class ConfirmForm(forms.Form):
    """The fields of a page that asks before it acts; none, unless a subclass has some."""


class OwnChoices:
    """Foreign keys are found by typing, among the rows of the company."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if issubclass(db_field.related_model, CatalogueRow):
            kwargs["widget"] = OwnAutocomplete(db_field, self.admin_site)  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class CatalogueAdmin(OwnChoices, ListAdmin):
    """A kind of row of the catalogue.

    `hint` is said above an empty list, with a link to what `hint_link`, a URL's name and words, else to the page that
    adds a row. `reader_fields` names what those see who may not edit, in place of a field;
    None: nothing. `retire_effects` says what will happen, one sentence each.
    """

    form = CatalogueForm
    company_field = "company_id"
    editors: frozenset[str] = EDITORS
    hint: str | Promise = ""
    hint_link: tuple[str, str] | None = None
    reader_fields: dict[str, str | None] = {}
    retire_effects: tuple[str, ...] = (
        "It leaves the lists, and its ID is free again.",
        "Its history is kept.",
    )
    list_select_related: Sequence[str] = ()
    list_per_page = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    warn_unsaved_form = True
    list_filter_submit = True
    list_before_template = "admin/hint.html"
    actions_detail = ["retire"]

    # --- whose rows ---
    def company_of(self, obj: Any) -> int:
        return int(obj.company_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        related = (
            () if self.company_field == "id" else ("company", *(self.list_select_related or ()))
        )
        return visible_to(
            request,
            rows.select_related(*related) if related else rows,
            company_field=self.company_field,
        )

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What lists and choices show."""
        return rows.filter(retired_at=None)

    def is_over(self, obj: Any) -> bool:
        """Whether the row is history, which nobody edits."""
        return obj.retired_at is not None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Lists and autocompletes both pass here, a row's own page does not: history can be looked at by its address."""
        company = parse_pk(request.GET.get("company", ""))
        if company is not None and self.company_field == "company_id":
            queryset = queryset.filter(company_id=company)
        return super().get_search_results(request, self.current(queryset), search_term)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shown = list(super().get_list_display(request))
        return (
            [*shown, "company"]
            if self.company_field == "company_id"
            and (is_superuser(request) or len(roles(request)) > 1)
            else shown
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_lookup_offered(lookup, self.get_list_filter(request))

    # --- what a role may do ---
    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_member(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            is_member(request)
            if obj is None
            else is_superuser(request) or self.company_of(obj) in roles(request)
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return may_edit(request, allowed=self.editors)
        return may_edit(request, self.company_of(obj), allowed=self.editors) and not self.is_over(
            obj
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_edit(request, allowed=self.editors)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """What unfold asks before it shows or runs a page's action."""
        row = self.get_object(request, str(object_id))
        return row is not None and self.has_change_permission(request, row)

    def may_see_history(self, request: HttpRequest, obj: Any) -> bool:
        """History tells numbers as they were: it is for editors."""
        return may_edit(request, self.company_of(obj), allowed=self.editors)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.may_see_history(request, row):
            raise PermissionDenied
        return self.page(
            request,
            "campaigns/history.html",
            title=f"History of {row}",
            original=row,
            **history.history_entries(request, of_row(row)),
        )

    # --- the page ---
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if (
            obj is None
            or may_edit(request, self.company_of(obj), allowed=self.editors)
            or not self.reader_fields
        ):
            return fieldsets
        return [
            (name, options | {"fields": self._readable(options["fields"])})
            for name, options in fieldsets
        ]

    def _readable(self, fields: Any) -> list[Any]:
        shown = [
            self._readable(field)
            if isinstance(field, list | tuple)
            else self.reader_fields.get(field, field)
            for field in fields
        ]
        return [field for field in shown if field]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if self.company_field == "company_id":
            form.company = obj.company if obj is not None else self.company_for_new(request)
        return form

    def company_for_new(self, request: HttpRequest) -> Company | None:
        """The company that a new row is made in: the one named in the address, or the user's only one."""
        open_to_me = companies(request, allowed=self.editors)
        named = parse_pk(request.GET.get("company", ""))
        if named is not None:
            return open_to_me.filter(pk=named).first()
        first = list(open_to_me[:2])
        return first[0] if len(first) == 1 else None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if (
            self.company_field != "company_id"
            or not self.has_add_permission(request)
            or self.company_for_new(request)
        ):
            return super().add_view(request, form_url, extra_context)
        query = request.GET.copy()
        choices = []
        for company in companies(request, allowed=self.editors):
            query["company"] = str(company.pk)
            choices.append((f"?{query.urlencode()}", company.name, ""))
        empty = "There is no company yet. Add one first."
        return self.page(
            request,
            "admin/choices.html",
            title=f"Add {self.opts.verbose_name}: in which company?",
            choices=choices,
            empty=empty,
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The database's rules hold whatever a form let through: two rows of a page, or of two people, may exclude each other."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            self.message_user(
                request,
                "Not saved: two rows contradict each other. Is something here twice?",
                messages.ERROR,
            )
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        form.write_changes()
        if form.changed_by_others:
            told = f"While this page was open, somebody else changed {', '.join(form.changed_by_others)}: that was kept."
            self.message_user(request, told, messages.WARNING)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """To the row's own page: what is added to it once it is there, keys for one, is at its bottom."""
        return redirect(self.change_url(obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        context["show_history"] = row is not None and self.may_see_history(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- asking before acting ---
    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request,
            template,
            {**self.admin_site.each_context(request), "opts": self.opts, **context},
        )

    def confirm_page(
        self,
        request: HttpRequest,
        row: Any,
        *,
        title: str,
        label: str,
        lines: Any = (),
        form: Any = None,
    ) -> TemplateResponse:
        """The page on which the user confirms what an action will do; posting it comes back to the action."""
        context = {
            "title": title,
            "label": label,
            "lines": lines,
            "form": form,
            "original": row,
            "back": self.change_url(row),
        }
        return self.page(request, "admin/confirm.html", **context)

    def change_url(self, row: Any) -> str:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])

    @action(
        description="Retire",
        url_path="retire",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="archive",
    )
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if request.method != "POST":
            return self.confirm_page(
                request, row, title=f"Retire {row}?", label="Retire", lines=self.retire_effects
            )
        row.retire(now=timezone.now())
        self.message_user(request, f"{row} is retired.")
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


class PausableAdmin(CatalogueAdmin):
    """What can be paused says so in its list."""

    list_filter = [("paused", BooleanRadioFilter), CompanyFilter]

    actions = ["pause", "resume"]

    @action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_paused(request, queryset, True)

    @action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_paused(request, queryset, False)

    def _set_paused(self, request: HttpRequest, queryset: QuerySet[Any], paused: bool) -> None:
        """One by one, so that each leaves its history; rows that the user may only read stay as they are."""
        for row in queryset:
            if self.has_change_permission(request, row):
                row.paused = paused
                row.save(update_fields=["paused"])

    @display(
        description="state",
        label={"Active": "success", "Paused": "warning", "Retired": "danger"},
        ordering="paused",
    )
    def state(self, row: Any) -> str:
        if row.retired_at:
            return "Retired"
        return "Paused" if row.paused else "Active"


class CatalogueInline(OwnChoices, TabularInline):
    """Rows on their owner's page, open to those who may edit the owner."""

    formset = CatalogueFormSet
    form = CatalogueForm
    formfield_overrides = {TimeField: {"widget": UnfoldAdminSingleTimeWidget(format="%H:%M")}}
    extra = 0
    initial_rows = 0  # empty rows on the page of an owner that is being added

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return self.initial_rows if obj is None else self.extra

    def _page(self) -> Any:
        return self.admin_site.get_model_admin(self.parent_model)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_view_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._page().has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


admin.site.empty_value_display = "–"
