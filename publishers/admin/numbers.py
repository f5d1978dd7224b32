"""Numbers: on their campaign's page, on a page of their own, and pasted by the hundred."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
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
    tags = PairsField(help_text="Put on every call on this number: one “name = text” a line.")


class PoolNumberForm(NumberForm):
    def save(self, commit: bool = True) -> Any:
        self.instance.in_pool = True
        return super().save(commit)


class NumberFormSet(CatalogueFormSet):
    def clean(self) -> None:
        """The database's rule holds for unretired rows only, which Django's formsets leave to
        the database."""
        super().clean()
        given = [
            form.cleaned_data.get("number")
            for form in self.forms
            if getattr(form, "cleaned_data", None)
        ]
        twice = {number for number in given if number and given.count(number) > 1}
        if twice:
            raise ValidationError(f"{', '.join(sorted(twice))} is here twice.")


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
    verbose_name = "number"
    verbose_name_plural = "numbers"


class PoolInline(NumberInline):
    form = PoolNumberForm
    fields = ["number"]
    in_pool = True
    template_after = "publishers/numbers/paste_link.html"
    verbose_name = "pool number"
    verbose_name_plural = "pool: numbers that pings are answered with"
    initial_rows = 1


class PasteForm(ConfirmForm):
    def __init__(self, *args: Any, region: str) -> None:
        super().__init__(*args)
        self.fields["numbers"] = LinesField(
            each=partial(parse_phone_number, region=region),
            help_text="One a line, in any spelling.",
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
    reader_fields = {"tags": "tags_seen"}
    readonly_fields = ["tags_seen"]
    hint = "No number yet. Numbers are added on a campaign's page."
    hint_link = ("admin:campaigns_campaign_changelist", "Open the campaigns")
    retire_effects = (
        "Calls to it are no longer taken, and it can be given to another campaign.",
        "Its history is kept.",
    )

    @display(description="tags")
    def tags_seen(self, number: InboundNumber) -> str:
        return "\n".join(f"{name} = {text}" for name, text in number.tags.items())

    def get_urls(self) -> list[Any]:
        paste = path(
            "paste/<int:campaign>/",
            self.admin_site.admin_view(self.paste),
            name="publishers_inboundnumber_paste",
        )
        return [paste, *super().get_urls()]

    def paste(self, request: HttpRequest, campaign: int) -> HttpResponse:
        """Many numbers for the pool of one campaign."""
        row = get_object_or_404(visible_to(request, Campaign.objects.unretired()), pk=campaign)
        if not may_edit(request, row.company_id):
            raise PermissionDenied
        form = PasteForm(request.POST or None, region=row.company.region)
        if request.method != "POST" or not form.is_valid():
            return self.confirm_page(
                request, row, title=f"Add pool numbers to {row}", label="Add", form=form
            )
        added, taken = add_to_pool(campaign=row, numbers=form.cleaned_data["numbers"])
        self.message_user(
            request,
            f"{added} added to the pool."
            + (f" In use already: {', '.join(taken)}." if taken else ""),
        )
        return redirect(self.change_url(row))
