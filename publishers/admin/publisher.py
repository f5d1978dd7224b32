"""Admin of publishers; adds the keys to the pages of all owners."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.admin_base import CatalogueForm, PausableAdmin, ReadOnlyInline, admin_link
from campaigns.audit import sentences
from publishers.keys.types import key_type_label
from publishers.models import InboundNumber, Publisher

from .owner_keys import add_keys_to_pages


class AssignedNumberInline(ReadOnlyInline):
    """Numbers that the campaigns' pages assign to this publisher."""

    model = InboundNumber
    fk_name = "publisher"
    fields = readonly_fields = ["number_link", "campaign_link"]
    verbose_name_plural = _("numbers: assigned on the page of their campaign")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .filter(retired_at=None)
            .select_related("campaign")
            .order_by("number")
        )

    @display(description=_("number"))
    def number_link(self, number: InboundNumber) -> SafeString | str:
        return admin_link(number)

    @display(description=_("campaign"))
    def campaign_link(self, number: InboundNumber) -> SafeString | str:
        return admin_link(number.campaign)


class PublisherForm(CatalogueForm):
    class Meta:
        help_texts = {
            "name": _("Only your company sees it."),
            "publisher_id": _("Publishers send it in their pings. Keep this ID or enter another."),
        }


@admin.register(Publisher)
class PublisherAdmin(PausableAdmin):
    form = PublisherForm
    list_display = ["name", "publisher_id", "state"]
    search_fields = ["name", "publisher_id"]
    ordering = ["name"]
    fieldsets = [(None, {"fields": [("name", "publisher_id"), "paused"]})]
    inlines = [AssignedNumberInline]
    hint = _(
        "No publishers yet. A publisher sends calls and is paid for each one that converts. "
        "Add one, then give it a key."
    )
    retire_effects = (
        _("Its keys answer 410 from the next request on."),
        _("Pings with its ID have no publisher; they keep the ID as a tag."),
        _("It leaves the lists and frees its ID. Its history stays."),
    )


add_keys_to_pages()
sentences.value_formats["key", "type"] = key_type_label
