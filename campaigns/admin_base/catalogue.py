"""Bases of catalogue pages: rows of the user's companies, edited by role, retired, not deleted."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSingleTimeWidget

from campaigns.audit.records import of_row
from campaigns.models import ActiveStatus, CatalogueRow, Company

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
    """The form of a confirmation page; subclasses add fields."""


class CompanyChoices:
    """Foreign keys autocomplete among the rows of the company."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if issubclass(db_field.related_model, CatalogueRow):
            kwargs["widget"] = OwnAutocomplete(db_field, self.admin_site)  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class CatalogueAdmin(CompanyChoices, ListAdmin):
    """Base of the pages of a catalogue model.

    `hint` shows above an empty list, with `hint_link` (a URL name and a label) or a link to the add
    page. `reader_fields` maps fields to those that members without edit rights see; None hides a
    field. `retire_effects` are the sentences of the page that confirms retiring.
    """

    form = CatalogueForm
    company_field = "company_id"
    editors: frozenset[str] = EDITORS
    hint: str | Promise = ""
    hint_link: tuple[str, str | Promise] | None = None
    reader_fields: dict[str, str | None] = {}
    retire_effects: tuple[str | Promise, ...] = (
        _("It leaves the lists and frees its ID."),
        _("Its history stays."),
    )
    list_select_related: Sequence[str] = ()
    list_per_page = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    warn_unsaved_form = True
    list_filter_submit = True
    list_before_template = "admin/hint.html"
    actions_detail = ["retire"]

    # --- rows ---
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
        """Return the rows of lists and choices."""
        return rows.filter(retired_at=None)

    def is_over(self, obj: Any) -> bool:
        """Return whether the row is retired, and so read-only."""
        return obj.retired_at is not None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Lists and autocompletes call this; a row's own page does not, so that retired rows open.
        company = parse_pk(request.GET.get("company", ""))
        if company is not None and self.company_field == "company_id":
            queryset = queryset.filter(company_id=company)
        return super().get_search_results(request, self.current(queryset), search_term)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = list(super().get_list_display(request))
        many_companies = is_superuser(request) or len(roles(request)) > 1
        if self.company_field == "company_id" and many_companies:
            columns.append("company")
        return columns

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return is_lookup_offered(lookup, self.get_list_filter(request))

    # --- permissions ---
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
        """Return whether unfold may show and run a page's actions."""
        row = self.get_object(request, str(object_id))
        return row is not None and self.has_change_permission(request, row)

    def may_see_history(self, request: HttpRequest, obj: Any) -> bool:
        """Return whether the user may see the history, which contains unmasked numbers."""
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
            title=gettext("History of %(row)s") % {"row": row},
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
            (name, options | {"fields": self.readable(options["fields"])})
            for name, options in fieldsets
        ]

    def readable(self, fields: Any) -> list[Any]:
        """Replace `reader_fields` in the fields of a fieldset."""
        replaced = [
            self.readable(field)
            if isinstance(field, list | tuple)
            else self.reader_fields.get(field, field)
            for field in fields
        ]
        return [field for field in replaced if field]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if self.company_field == "company_id":
            form.company = obj.company if obj is not None else self.company_for_new(request)
        return form

    def company_for_new(self, request: HttpRequest) -> Company | None:
        """Return the company of a new row: that of `?company=`, or the user's only company."""
        editable = companies(request, allowed=self.editors)
        pk = parse_pk(request.GET.get("company", ""))
        if pk is not None:
            return editable.filter(pk=pk).first()
        first = list(editable[:2])
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
        title = gettext("Add %(model)s: choose the company")
        return self.page(
            request,
            "admin/choices.html",
            title=title % {"model": self.opts.verbose_name},
            choices=choices,
            empty=gettext("There is no company yet. Add one first."),
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show a violated constraint as a message: rows of a page or of two users may conflict."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            self.message_user(
                request,
                gettext("Not saved: two rows conflict. Remove the row that is here twice."),
                messages.ERROR,
            )
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        form.write_changes()
        if form.changed_by_others:
            text = gettext(
                "While this page was open, another user changed %(fields)s. That change was kept."
            )
            fields = ", ".join(form.changed_by_others)
            self.message_user(request, text % {"fields": fields}, messages.WARNING)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Redirect to the row's page, where keys and other rows can now be added."""
        return redirect(self.change_url(obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        context["show_history"] = row is not None and self.may_see_history(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- actions ---
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
        """Return the page that confirms an action; its form posts to the action."""
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
        description=_("Retire"),
        url_path="retire",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="archive",
    )
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if request.method != "POST":
            return self.confirm_page(
                request,
                row,
                title=gettext("Retire %(row)s?") % {"row": row},
                label=gettext("Retire"),
                lines=self.retire_effects,
            )
        row.retire(now=timezone.now())
        self.message_user(request, gettext("%(row)s is retired.") % {"row": row})
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


class PausableAdmin(CatalogueAdmin):
    """Base of the pages of rows that can be paused."""

    list_filter = [("paused", BooleanRadioFilter), CompanyFilter]

    actions = ["pause", "resume"]

    @action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self.set_paused(request, queryset, True)

    @action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self.set_paused(request, queryset, False)

    def set_paused(self, request: HttpRequest, queryset: QuerySet[Any], paused: bool) -> None:
        """Save the rows one by one, for their history; skip rows that the user may not edit."""
        for row in queryset:
            if self.has_change_permission(request, row):
                row.paused = paused
                row.save(update_fields=["paused"])

    @display(
        description=_("state"),
        label=ActiveStatus.colors(),
        ordering="paused",
    )
    def state(self, row: Any) -> tuple[str, str]:
        status = ActiveStatus.PAUSED if row.paused else ActiveStatus.ACTIVE
        if row.retired_at:
            status = ActiveStatus.RETIRED
        return status.value, str(status.label)


class CatalogueInline(CompanyChoices, TabularInline):
    """Rows on their owner's page, with the permissions of the owner's page."""

    formset = CatalogueFormSet
    form = CatalogueForm
    formfield_overrides = {TimeField: {"widget": UnfoldAdminSingleTimeWidget(format="%H:%M")}}
    extra = 0
    initial_rows = 0  # blank rows on the add page of the owner

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return self.initial_rows if obj is None else self.extra

    def owner_page(self) -> Any:
        return self.admin_site.get_model_admin(self.parent_model)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.owner_page().has_view_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.owner_page().has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


admin.site.empty_value_display = "–"
