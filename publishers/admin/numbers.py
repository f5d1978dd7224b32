"""Admin of numbers: on the campaign's page, on their own page, and pasted as a list."""

from collections import Counter
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from campaigns.admin_base import (
    CatalogueAdmin,
    CatalogueForm,
    CatalogueFormSet,
    CatalogueInline,
    CompanyFilter,
    ConfirmForm,
    LinesField,
    PairsField,
    may_edit,
    parse_phone_number,
    visible_to,
)
from campaigns.models import Campaign
from publishers.models import InboundNumber
from publishers.numbers import add_to_pool


class NumberForm(CatalogueForm):
    def clean_number(self) -> str:
        return self.phone_number(self.cleaned_data["number"])


class TaggedNumberForm(NumberForm):
    tags = PairsField(
        help_text=_("Added to every call to this number. Enter one “name = text” per line.")
    )


class PoolNumberForm(NumberForm):
    def save(self, commit: bool = True) -> Any:
        self.instance.in_pool = True
        return super().save(commit)


class NumberFormSet(CatalogueFormSet):
    def clean(self) -> None:
        """Raise ValidationError if a number appears twice on the page."""
        # Django's formsets skip constraints with a condition, and this one has: unretired rows.
        super().clean()
        cleaned = [getattr(form, "cleaned_data", {}) for form in self.forms]
        counts = Counter(data["number"] for data in cleaned if data.get("number"))
        duplicates = sorted(number for number, count in counts.items() if count > 1)
        if duplicates:
            raise ValidationError(
                _("Enter each number once. Remove the duplicates of %(numbers)s."),
                params={"numbers": ", ".join(duplicates)},
            )


class NumberInline(CatalogueInline):
    model = InboundNumber
    formset = NumberFormSet
    fk_name = "campaign"
    per_page = 50
    hide_title = True
    in_pool = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).filter(in_pool=self.in_pool, retired_at=None)
        return rows.select_related("publisher").order_by("pk")


class FixedNumberInline(NumberInline):
    form = TaggedNumberForm
    fields = ["number", "publisher", "tags", "ask_caller_number"]
    verbose_name = _("number")
    verbose_name_plural = _("numbers")


class PoolInline(NumberInline):
    form = PoolNumberForm
    fields = ["number"]
    in_pool = True
    template_after = "publishers/numbers/paste_link.html"
    verbose_name = _("pool number")
    verbose_name_plural = _("pool: the numbers that pings get to dial")
    initial_rows = 1


class PasteForm(ConfirmForm):
    def __init__(self, *args: Any, region: str) -> None:
        super().__init__(*args)
        self.fields["numbers"] = LinesField(
            each=partial(parse_phone_number, region=region),
            help_text=_("Enter one number per line, in any spelling."),
        )
        self.fields["numbers"].required = True


@admin.register(InboundNumber)
class InboundNumberAdmin(CatalogueAdmin):
    form = TaggedNumberForm
    list_display = ["number", "campaign", "publisher", "in_pool", "ask_caller_number"]
    list_filter = [("in_pool", BooleanRadioFilter), CompanyFilter]
    list_select_related = ["campaign", "publisher"]
    search_fields = ["number", "campaign__name", "publisher__name"]
    ordering = ["number"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("number", "campaign"),
                    "publisher",
                    "tags",
                    ("in_pool", "ask_caller_number"),
                ]
            },
        )
    ]
    reader_fields = {"tags": "tags_text"}
    readonly_fields = ["tags_text"]
    hint = _("No numbers yet. Add numbers on the page of a campaign.")
    hint_link = ("admin:campaigns_campaign_changelist", _("Open the campaigns"))
    retire_effects = (
        _("Calls to it are no longer taken; another campaign can use it."),
        _("Its history stays."),
    )

    @display(description=_("tags"))
    def tags_text(self, number: InboundNumber) -> str:
        return "\n".join(f"{name} = {text}" for name, text in number.tags.items())

    def get_urls(self) -> list[Any]:
        paste = path(
            "paste/<int:campaign>/",
            self.admin_site.admin_view(self.paste),
            name="publishers_inboundnumber_paste",
        )
        return [paste, *super().get_urls()]

    def paste(self, request: HttpRequest, campaign: int) -> HttpResponse:
        """Add a pasted list of numbers to the pool of a campaign."""
        row = get_object_or_404(visible_to(request, Campaign.objects.unretired()), pk=campaign)
        if not may_edit(request, row.company_id):
            raise PermissionDenied
        form = PasteForm(request.POST or None, region=row.company.region)
        if request.method != "POST" or not form.is_valid():
            title = gettext("Add pool numbers to %(campaign)s") % {"campaign": row}
            return self.confirm_page(request, row, title=title, label=gettext("Add"), form=form)
        added, taken = add_to_pool(campaign=row, numbers=form.cleaned_data["numbers"])
        text = ngettext(
            "%(count)d number added to the pool.", "%(count)d numbers added to the pool.", added
        )
        self.message_user(request, text % {"count": added})
        if taken:
            skipped = gettext("Skipped numbers that are already in use: %(numbers)s.")
            numbers = ", ".join(taken)
            self.message_user(request, skipped % {"numbers": numbers}, messages.WARNING)
        return redirect(self.change_url(row))
