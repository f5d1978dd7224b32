"""Admin page of webhooks, which are added on the page of their campaign."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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
    verbose_name_plural = _("webhooks: requests about the calls")
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None or may_edit(request, obj.company_id):
            return self.fields
        return ["host" if name == "url" else name for name in self.fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("filters")

    @display(description=_("URL"))
    def host(self, webhook: Webhook) -> str:
        return host_of(webhook.url)

    @display(description=_("filters, tags and secret"))
    def more(self, webhook: Webhook) -> SafeString | str:
        if not webhook.pk:
            return "–"
        filters = ", ".join(str(row) for row in webhook.filters.all())
        tags = ", ".join(webhook.values)
        summary = f"{filters or gettext('every call')}; {tags or gettext('no tags')}"
        return admin_link(webhook, text=summary)


class WebhookFilterInline(CatalogueInline):
    model = WebhookFilter
    fields = ["key", "operator", "value"]
    verbose_name_plural = _("filters: the calls that it sends requests for")
    hide_title = True


class WebhookForm(CatalogueForm):
    values = PairsField(
        example="inbound_number = call_reservation.inbound_number",
        label=_("Tags from the answer"),
        help_text=_(
            "Enter one “tag = path in the JSON” per line, such as "
            "inbound_number = call_reservation.inbound_number."
        ),
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
        (_("Answer and signature"), {"fields": ["values", "secret"]}),
    ]
    readonly_fields = ["campaign_link", "host"]
    reader_fields = {"url": "host", "secret": None}
    list_display = ["name", "campaign", "trigger", "method", "deadline_ms"]
    list_select_related = ["campaign"]
    ordering = ["campaign__name", "name"]
    inlines = [WebhookFilterInline]
    actions_detail = []
    hint = _("Add webhooks on the page of a campaign.")
    hint_link = ("admin:campaigns_campaign_changelist", _("Open the campaigns"))

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(campaign__retired_at=None)

    def is_over(self, obj: Webhook) -> bool:
        return obj.campaign.retired_at is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("campaign"))
    def campaign_link(self, webhook: Webhook) -> SafeString | str:
        return admin_link(webhook.campaign)

    @display(description=_("URL"))
    def host(self, webhook: Webhook) -> str:
        return host_of(webhook.url)
