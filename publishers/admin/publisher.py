"""Publishers in the admin, and the keys on the pages of all owners."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.admin_base import CatalogueForm, PausableAdmin, ReadOnlyInline, admin_link
from campaigns.audit import sentences
from publishers.keys.types import key_type_label
from publishers.models import InboundNumber, Publisher

from .owner_keys import add_keys_to_pages


class GivenNumberInline(ReadOnlyInline):
    """Numbers with this publisher, which are assigned on the campaign's page."""

    model = InboundNumber
    fk_name = "publisher"
    fields = readonly_fields = ["number_link", "campaign_link"]
    verbose_name_plural = "numbers given to it (on a campaign's page)"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .filter(retired_at=None)
            .select_related("campaign")
            .order_by("number")
        )

    @display(description="number")
    def number_link(self, number: InboundNumber) -> SafeString | str:
        return admin_link(number)

    @display(description="campaign")
    def campaign_link(self, number: InboundNumber) -> SafeString | str:
        return admin_link(number.campaign)


class PublisherForm(CatalogueForm):
    class Meta:
        help_texts = {
            "name": "Shown to your company alone.",
            "publisher_id": "The ID in the publisher’s pings. Keep this one, or choose another.",
        }


@admin.register(Publisher)
class PublisherAdmin(PausableAdmin):
    form = PublisherForm
    list_display = ["name", "publisher_id", "state"]
    search_fields = ["name", "publisher_id"]
    ordering = ["name"]
    fieldsets = [(None, {"fields": [("name", "publisher_id"), "paused"]})]
    inlines = [GivenNumberInline]
    hint = "No publisher yet. A publisher sends calls, and is paid for those that convert."
    retire_effects = (
        "Its keys answer 410 from the next request on.",
        "Its ID in a ping names nobody anymore.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )


add_keys_to_pages()
sentences.value_formats["key", "type"] = key_type_label
