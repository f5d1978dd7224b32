"""The pages of buyers and groups: who takes calls, when, which and how many."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordToggleWidget

from campaigns import caps, phone
from campaigns.cap_use import in_words
from campaigns.desk import (
    CatalogueAdmin,
    CatalogueForm,
    CatalogueInline,
    CompanyFilter,
    PausableAdmin,
    TimeZoneWidget,
    link,
)
from campaigns.models import (
    BusinessHours,
    Buyer,
    BuyerGroup,
    Campaign,
    ClosedDate,
    Filter,
    GroupMember,
    SpecialHours,
)

_CAPS = ("concurrency_cap", "hourly_cap", "daily_cap", "monthly_cap", "hard_cap")


class HoursInline(CatalogueInline):
    model = BusinessHours
    fields = ["day", "open", "close"]
    verbose_name = "opening"
    verbose_name_plural = "business hours (none: always open)"
    hide_title = True


class ClosedDateInline(CatalogueInline):
    model = ClosedDate
    fields = ["date"]
    hide_title = True


class SpecialHoursInline(CatalogueInline):
    model = SpecialHours
    fields = ["date", "open", "close"]
    verbose_name = "opening"
    verbose_name_plural = "special hours of single dates"
    hide_title = True


class FilterInline(CatalogueInline):
    model = Filter
    fields = ["key", "operator", "value"]
    verbose_name_plural = "filters: which callers it takes"
    hide_title = True


class BuyerGroupsInline(CatalogueInline):
    model = GroupMember
    fk_name = "buyer"
    fields = ["group"]
    verbose_name = "group"
    verbose_name_plural = "groups that it shares caps with"
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(group__retired_at=None).select_related("group")


class GroupBuyersInline(CatalogueInline):
    model = GroupMember
    fk_name = "group"
    fields = ["buyer"]
    verbose_name = "buyer"
    verbose_name_plural = "buyers"
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(buyer__retired_at=None).select_related("buyer")


class CappedAdmin(CatalogueAdmin):
    """What a buyer's and a group's page have in common: caps, how full they are, and the campaigns that lead here."""

    owner_name = ""
    readonly_fields = ["use", "routed_from"]
    actions_detail = ["reset_hard_cap", "retire"]

    @display(description="used now")
    def use(self, row: Any) -> SafeString | str:
        if row.pk is None:
            return "–"
        words = in_words(row, owner=f"{self.owner_name}:{row.pk}", now=timezone.now())
        return format_html_join("", "<div>{}</div>", ((word,) for word in words))

    def routes(self, row: Any) -> Q:
        raise NotImplementedError

    @display(description="campaigns that route here")
    def routed_from(self, row: Any) -> SafeString | str:
        if row.pk is None:
            return "–"
        campaigns = Campaign.objects.filter(self.routes(row), retired_at=None).distinct().order_by("name")
        found = format_html_join(", ", "{}", ((link(campaign),) for campaign in campaigns))
        return found or "None yet: add a route on a campaign's page."

    @action(description="Reset hard cap", url_path="reset-hard-cap", permissions=["edit"], icon="restart_alt")
    def reset_hard_cap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (f"The hard cap of {row} counts from zero again.", "The other caps stay as they are.")
            return self.ask(request, row, title="Reset the hard cap?", label="Reset", lines=lines)
        caps.reset_hard(owner=f"{self.owner_name}:{row.pk}", now=timezone.now())
        self.message_user(request, f"The hard cap of {row} counts from zero again.")
        return redirect(self.address_of(row))


class BuyerForm(CatalogueForm):
    class Meta:
        widgets = {
            "time_zone": TimeZoneWidget(),
            "sip_password": UnfoldAdminPasswordToggleWidget(render_value=True),
        }
        labels = {"sip_username": "SIP username", "sip_password": "SIP password", "caller_id": "Caller ID"}

    def clean_number(self) -> str:
        return self.destination(self.cleaned_data["number"])

    def clean_caller_id(self) -> str:
        text = self.cleaned_data["caller_id"].strip()
        return "caller" if text.lower() == "caller" else self.phone_number(text)


@admin.register(Buyer)
class BuyerAdmin(CappedAdmin, PausableAdmin):
    form = BuyerForm
    owner_name = "buyer"
    list_display = ["name", "buyer_id", "number_seen", "priority", "weight", "state"]
    search_fields = ["name", "buyer_id", "=number"]
    ordering = ["name"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name", "buyer_id"),
                    ("number", "send_digits"),
                    ("timeout_seconds", "time_zone"),
                    "paused",
                    "routed_from",
                ]
            },
        ),
        ("Order among the buyers of a campaign", {"fields": [("priority", "weight")]}),
        ("Caps", {"fields": [("concurrency_cap", "hourly_cap", "daily_cap"), ("monthly_cap", "hard_cap", "cap_counts"), "use"]}),
        (
            "The call itself",
            {"fields": [("acceptance", "acceptance_seconds"), ("caller_id", "inband_signals"), ("sip_username", "sip_password")]},
        ),
    ]
    for_readers = {"number": "number_seen", "sip_username": None, "sip_password": None}
    inlines = [FilterInline, HoursInline, SpecialHoursInline, ClosedDateInline, BuyerGroupsInline]
    hint = "No buyer yet. A buyer takes calls at a number, in its hours, up to its caps. Add one, then route a campaign to it."
    retiring = (
        "No call is routed to it anymore; its live calls go on.",
        "Callers that are reserved for it go to other buyers.",
        "Its keys answer 410 from the next request on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )

    @display(description="number")
    def number_seen(self, row: Any) -> str:
        return str(row.number) if row.clear else phone.masked(row.number)

    def routes(self, row: Any) -> Q:
        return Q(routes__buyer=row) | Q(routes__group__memberships__buyer=row, routes__group__retired_at=None)


@admin.register(BuyerGroup)
class BuyerGroupAdmin(CappedAdmin):
    owner_name = "group"
    list_display = ["name", "group_id", "daily_cap", "concurrency_cap"]
    list_filter = [CompanyFilter]
    search_fields = ["name", "group_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "group_id"), "routed_from"]}),
        ("Caps that its buyers share", {"fields": [_CAPS[:3], (*_CAPS[3:], "cap_counts"), "use"]}),
    ]
    inlines = [GroupBuyersInline]
    hint = "No group yet. The buyers of a group share its caps, and a campaign can route to all of them at once."
    retiring = (
        "Campaigns no longer reach its buyers through it, and its caps no longer count.",
        "Its keys answer 410 from the next request on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )

    def routes(self, row: Any) -> Q:
        return Q(routes__group=row)
