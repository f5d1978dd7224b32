"""Webhooks: added on their campaign's page; what they learn, their filters and their secret on a page of their own."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordToggleWidget

from campaigns.admin_base import (
    CatalogueAdmin,
    CatalogueForm,
    CatalogueInline,
    PairsField,
    admin_link,
    host_of,
    may_edit,
)
from campaigns.models import Webhook, WebhookFilter


class WebhookInline(CatalogueInline):
    model = Webhook
    fk_name = "campaign"
    fields = ["name", "trigger", "method", "url", "deadline_ms", "more"]
    readonly_fields = ["more", "host"]
    verbose_name_plural = "webhooks: whom it asks or tells of its calls"
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None or may_edit(request, obj.company_id):
            return self.fields
        return ["host" if name == "url" else name for name in self.fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("filters")

    @display(description="URL")
    def host(self, webhook: Webhook) -> str:
        return host_of(webhook.url)

    @display(description="filters, tags and secret")
    def more(self, webhook: Webhook) -> SafeString | str:
        return admin_link(webhook, text=_in_short(webhook)) if webhook.pk else "–"


def _in_short(webhook: Webhook) -> str:
    filters = ", ".join(str(row) for row in webhook.filters.all()) or "every call"
    return f"{filters}; {', '.join(webhook.values) or 'no tags'}"


class WebhookFilterInline(CatalogueInline):
    model = WebhookFilter
    fields = ["key", "operator", "value"]
    verbose_name_plural = "filters: the calls that it is asked or told about"
    hide_title = True


class WebhookForm(CatalogueForm):
    values = PairsField(
        noun="value",
        example="inbound_number = call_reservation.inbound_number",
        label="Tags from the answer",
        help_text="One “tag = path in the JSON” a line, like inbound_number = call_reservation.inbound_number.",
    )

    class Meta:
        widgets = {"secret": UnfoldAdminPasswordToggleWidget(render_value=True)}


@admin.register(Webhook)
class WebhookAdmin(CatalogueAdmin):
    form = WebhookForm
    fieldsets = [
        (
            None,
            {"fields": ["campaign_link", ("name", "trigger"), ("method", "deadline_ms"), "url"]},
        ),
        ("What comes back, and who it is from", {"fields": ["values", "secret"]}),
    ]
    readonly_fields = ["campaign_link", "host"]
    reader_fields = {"url": "host", "secret": None}
    list_display = ["name", "campaign", "trigger", "method", "deadline_ms"]
    list_select_related = ["campaign"]
    ordering = ["campaign__name", "name"]
    inlines = [WebhookFilterInline]
    actions_detail = []
    hint = "Webhooks are added on a campaign's page."
    hint_link = ("admin:campaigns_campaign_changelist", "Open the campaigns")

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(campaign__retired_at=None)

    def is_over(self, obj: Webhook) -> bool:
        return obj.campaign.retired_at is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description="campaign")
    def campaign_link(self, webhook: Webhook) -> SafeString | str:
        return admin_link(webhook.campaign)

    @display(description="URL")
    def host(self, webhook: Webhook) -> str:
        return host_of(webhook.url)
