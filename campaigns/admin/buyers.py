"""The pages of buyers and groups: who takes calls, when, which and how many."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordToggleWidget, UnfoldAdminTextareaWidget

from campaigns import phone
from campaigns.admin_base import (
    CatalogueAdmin,
    CatalogueForm,
    CatalogueInline,
    CompanyFilter,
    PausableAdmin,
    TimeZoneWidget,
    admin_link,
)
from campaigns.caps import counters
from campaigns.caps.usage import usage_text
from campaigns.models import (
    Buyer,
    BuyerGroup,
    Campaign,
    ClosedDate,
    Filter,
    GroupMember,
    SpecialHours,
)
from campaigns.routing import weekly_hours

_LINK = "text-primary-600 dark:text-primary-500"
_NONE = "Empty: unlimited. 0: none."
_CAP_HELP = {
    "concurrency_cap": f"Calls at once. {_NONE}",
    "hourly_cap": f"Calls in an hour of the clock. {_NONE}",
    "daily_cap": f"Calls in a day, from midnight to midnight. {_NONE}",
    "monthly_cap": f"Calls in a calendar month. {_NONE}",
    "hard_cap": f"Calls in all; only the button “Reset hard cap” counts anew. {_NONE}",
    "cap_counts": "Whether a call takes its place in the hour, day, month and all once it connects, or only if it converts.",
}
_CAPS = (
    ("concurrency_cap", "hourly_cap"),
    ("daily_cap", "monthly_cap"),
    ("hard_cap", "cap_counts"),
)


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


class FilterForm(CatalogueForm):
    class Meta:
        help_texts = {
            "key": "A tag of the ping or call, like caller_zip; or caller_state, campaign_id, publisher_id.",
            "operator": "“starts with” and “in” compare text, < and > numbers; “missing” takes who did not send the tag.",
        }


class FilterInline(CatalogueInline):
    model = Filter
    form = FilterForm
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
        words = usage_text(row, owner=f"{self.owner_name}:{row.pk}", now=timezone.now())
        return format_html_join("", "<div>{}</div>", ((word,) for word in words))

    def routes(self, row: Any) -> Q:
        raise NotImplementedError

    @display(description="campaigns that route here")
    def routed_from(self, row: Any) -> SafeString | str:
        if row.pk is None:
            return "–"
        campaigns = (
            Campaign.objects.filter(self.routes(row), retired_at=None).distinct().order_by("name")
        )
        if found := format_html_join(
            ", ", "{}", ((admin_link(campaign),) for campaign in campaigns)
        ):
            return found
        there = reverse("admin:campaigns_campaign_changelist")
        return format_html(
            'None yet: add a route on <a href="{}" class="{}">a campaign’s page</a>.', there, _LINK
        )

    @action(
        description="Reset hard cap",
        url_path="reset-hard-cap",
        permissions=["edit"],
        icon="restart_alt",
    )
    def reset_hard_cap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (
                f"The hard cap of {row} counts from zero again.",
                "The other caps stay as they are.",
            )
            return self.confirm_page(
                request, row, title="Reset the hard cap?", label="Reset", lines=lines
            )
        counters.reset_hard(owner=f"{self.owner_name}:{row.pk}", now=timezone.now())
        self.message_user(request, f"The hard cap of {row} counts from zero again.")
        return redirect(self.change_url(row))


class WeekField(forms.CharField):
    """A week of openings as people write it."""

    def __init__(self) -> None:
        super().__init__(
            label="Business hours",
            required=False,
            widget=UnfoldAdminTextareaWidget({"rows": 3, "placeholder": weekly_hours.EXAMPLE}),
            help_text=f"Like {weekly_hours.EXAMPLE}, in the buyer’s time zone. Past midnight: fri 22-2. Empty: always open.",
        )

    def prepare_value(self, value: Any) -> Any:
        return weekly_hours.week_text(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        try:
            return value if isinstance(value, list) else weekly_hours.parse_week(str(value or ""))
        except ValueError as refused:
            raise ValidationError(str(refused)) from None


class BuyerForm(CatalogueForm):
    weekly_hours = WeekField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("weekly_hours", weekly_hours.week_of(self.instance))

    class Meta:
        widgets = {
            "time_zone": TimeZoneWidget(),
            "sip_password": UnfoldAdminPasswordToggleWidget(render_value=True),
        }
        help_texts = {
            **_CAP_HELP,
            "name": "Yours alone: publishers never see it.",
            "buyer_id": "What files, filters and answers call it. Make up your own, or leave it.",
            "timeout_seconds": "Seconds that it may ring before the next buyer is dialed.",
            "paused": "It gets no calls until it is resumed; live calls go on.",
            "priority": "1 is dialed first. Buyers of the same priority share the calls by weight.",
            "weight": "Among equals, 2 gets twice the calls of 1.",
            "acceptance": "When a call counts as the buyer’s.",
            "acceptance_seconds": "How long it has to accept a call, from the pick-up.",
            "sip_username": "For a sip: address that asks for it.",
            "sip_password": "The password that goes with it.",
        }
        labels = {
            "timeout_seconds": "Ring time (seconds)",
            "sip_username": "SIP username",
            "sip_password": "SIP password",
            "caller_id": "Caller ID",
        }

    def clean_number(self) -> str:
        return self.destination(self.cleaned_data["number"])

    def clean_send_digits(self) -> str:
        return str(self.cleaned_data["send_digits"]).replace(" ", "")

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
                    ("timeout_seconds", "paused"),
                    "routed_from",
                ]
            },
        ),
        ("Order among the buyers of a campaign", {"fields": [("priority", "weight")]}),
        ("Caps", {"fields": [*_CAPS, "use"]}),
        ("When it is open", {"fields": [("weekly_hours", "time_zone")]}),
        (
            "The call itself",
            {
                "fields": [
                    ("acceptance", "acceptance_seconds"),
                    ("caller_id", "inband_signals"),
                    ("sip_username", "sip_password"),
                ]
            },
        ),
    ]
    reader_fields = {"number": "number_seen", "sip_username": None, "sip_password": None}
    inlines = [FilterInline, SpecialHoursInline, ClosedDateInline, BuyerGroupsInline]
    hint = "No buyer yet. A buyer takes calls at a number, in its hours, up to its caps. Add one, then route a campaign to it."
    retire_effects = (
        "No call is routed to it anymore; its live calls go on.",
        "Callers that are reserved for it go to other buyers.",
        "Its keys answer 410 from the next request on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "weekly_hours" in form.changed_data:
            weekly_hours.save_week(buyer=form.instance, spans=form.cleaned_data["weekly_hours"])

    @display(description="business hours")
    def weekly_hours(self, row: Any) -> str:
        """For those who may not change them."""
        return weekly_hours.week_text(weekly_hours.week_of(row)) or "always open"

    @display(description="number")
    def number_seen(self, row: Any) -> str:
        return str(row.number) if row.clear else phone.masked(row.number)

    def routes(self, row: Any) -> Q:
        return Q(routes__buyer=row) | Q(
            routes__group__memberships__buyer=row, routes__group__retired_at=None
        )


class GroupForm(CatalogueForm):
    class Meta:
        help_texts = {
            **_CAP_HELP,
            "group_id": "What files, filters and answers call it. Make up your own, or leave it.",
        }


@admin.register(BuyerGroup)
class BuyerGroupAdmin(CappedAdmin):
    form = GroupForm
    owner_name = "group"
    list_display = ["name", "group_id", "daily_cap", "concurrency_cap"]
    list_filter = [CompanyFilter]
    search_fields = ["name", "group_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "group_id"), "routed_from"]}),
        ("Caps that its buyers share", {"fields": [*_CAPS, "use"]}),
    ]
    inlines = [GroupBuyersInline]
    hint = "No group yet. The buyers of a group share its caps, and a campaign can route to all of them at once."
    retire_effects = (
        "Campaigns no longer reach its buyers through it, and its caps no longer count.",
        "Its keys answer 410 from the next request on.",
        "It leaves the lists, and its ID is free again. Its history is kept.",
    )

    def routes(self, row: Any) -> Q:
        return Q(routes__group=row)
