"""Admin pages of buyers and buyer groups."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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
)
from campaigns.caps import counters, sync
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
    verbose_name = _("opening")
    verbose_name_plural = _("special hours of single dates")
    hide_title = True


class FilterInline(CatalogueInline):
    model = Filter
    fields = ["key", "operator", "value"]
    verbose_name_plural = _("filters: the callers that the buyer takes")
    hide_title = True


class BuyerGroupsInline(CatalogueInline):
    model = GroupMember
    fk_name = "buyer"
    fields = ["group"]
    verbose_name = _("group")
    verbose_name_plural = _("groups: the buyer shares their caps")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(group__retired_at=None).select_related("group")


class GroupBuyersInline(CatalogueInline):
    model = GroupMember
    fk_name = "group"
    fields = ["buyer"]
    verbose_name = _("buyer")
    verbose_name_plural = _("buyers")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(buyer__retired_at=None).select_related("buyer")


class CappedAdmin(CatalogueAdmin):
    """Base of the pages of buyers and groups: their caps, and the campaigns that route to them."""

    owner_prefix = ""  # of the owner's name in the counters: "buyer" in "buyer:12"
    readonly_fields = ["use", "routed_from"]
    actions_detail = ["reset_hard_cap", "retire"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        sync.sync_on_commit(company_id=obj.company_id, owners=[f"{self.owner_prefix}:{obj.pk}"])

    @display(description=_("used now"))
    def use(self, row: Any) -> SafeString | str:
        if row.pk is None:
            return "–"
        lines = usage_text(row, owner=f"{self.owner_prefix}:{row.pk}", now=timezone.now())
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))

    def routes(self, row: Any) -> Q:
        """Return the condition of the campaigns that route to the row."""
        raise NotImplementedError

    @display(description=_("campaigns that route here"))
    def routed_from(self, row: Any) -> SafeString | str:
        if row.pk is None:
            return "–"
        campaigns = Campaign.objects.unretired().filter(self.routes(row)).distinct()
        context = {"campaigns": campaigns.order_by("name")}
        return render_to_string("campaigns/routed_from.html", context)

    @action(
        description=_("Reset hard cap"),
        url_path="reset-hard-cap",
        permissions=["edit"],
        icon="restart_alt",
    )
    def reset_hard_cap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Any = self.get_object(request, object_id)
        if request.method != "POST":
            lines = (
                gettext("The hard cap of %(row)s starts again from zero.") % {"row": row},
                gettext("The other caps stay as they are."),
            )
            return self.confirm_page(
                request,
                row,
                title=gettext("Reset the hard cap?"),
                label=gettext("Reset"),
                lines=lines,
            )
        counters.reset_hard(owner=f"{self.owner_prefix}:{row.pk}", now=timezone.now())
        done = gettext("The hard cap of %(row)s now starts again from zero.")
        self.message_user(request, done % {"row": row})
        return redirect(self.change_url(row))


class WeekField(forms.CharField):
    """A week of openings as text, such as `weekdays 9-17, sat 10-14`."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Business hours"),
            required=False,
            widget=UnfoldAdminTextareaWidget({"rows": 3, "placeholder": weekly_hours.EXAMPLE}),
            help_text=_(
                "Enter days and times in the buyer’s time zone, such as weekdays 9-17, sat 10-14. "
                "Times may pass midnight, such as fri 22-2. Leave empty to stay open always."
            ),
        )

    def prepare_value(self, value: Any) -> Any:
        return weekly_hours.week_text(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        try:
            return value if isinstance(value, list) else weekly_hours.parse_week(str(value or ""))
        except ValueError as error:
            raise ValidationError(str(error)) from None


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
        labels = {"timeout_seconds": _("Ring time (seconds)")}

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
    owner_prefix = "buyer"
    list_display = ["name", "buyer_id", "number_text", "priority", "weight", "state"]
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
        (_("Order among the buyers of a campaign"), {"fields": [("priority", "weight")]}),
        (_("Caps"), {"fields": [*_CAPS, "use"]}),
        (_("Opening hours"), {"fields": [("weekly_hours", "time_zone")]}),
        (
            _("Calls"),
            {
                "fields": [
                    ("acceptance", "acceptance_seconds"),
                    ("caller_id", "inband_signals"),
                    ("sip_username", "sip_password"),
                ]
            },
        ),
    ]
    reader_fields = {"number": "number_text", "sip_username": None, "sip_password": None}
    inlines = [FilterInline, SpecialHoursInline, ClosedDateInline, BuyerGroupsInline]
    hint = _(
        "No buyers yet. A buyer takes calls at a number, during its hours, up to its caps. "
        "Add one, then route a campaign to it."
    )
    retire_effects = (
        _("The buyer gets no more calls; its live calls go on."),
        _("Callers that are reserved for it go to other buyers."),
        _("Its keys answer 410 from the next request on."),
        _("It leaves the lists and frees its ID. Its history stays."),
    )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "weekly_hours" in form.changed_data:
            weekly_hours.save_week(buyer=form.instance, spans=form.cleaned_data["weekly_hours"])

    @display(description=_("business hours"))
    def weekly_hours(self, row: Any) -> str:
        """Show the hours to members that may not edit them."""
        return weekly_hours.week_text(weekly_hours.week_of(row)) or gettext("always open")

    @display(description=_("number"))
    def number_text(self, row: Any) -> str:
        return str(row.number) if row.clear else phone.masked(row.number)

    def routes(self, row: Any) -> Q:
        return Q(routes__buyer=row) | Q(
            routes__group__memberships__buyer=row, routes__group__retired_at=None
        )


@admin.register(BuyerGroup)
class BuyerGroupAdmin(CappedAdmin):
    owner_prefix = "group"
    list_display = ["name", "group_id", "daily_cap", "concurrency_cap"]
    list_filter = [CompanyFilter]
    search_fields = ["name", "group_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "group_id"), "routed_from"]}),
        (_("Caps that the buyers share"), {"fields": [*_CAPS, "use"]}),
    ]
    inlines = [GroupBuyersInline]
    hint = _(
        "No groups yet. The buyers of a group share its caps, and a campaign can route to all of "
        "them at once."
    )
    retire_effects = (
        _("Campaigns no longer route to its buyers through it, and its caps no longer count."),
        _("Its keys answer 410 from the next request on."),
        _("It leaves the lists and frees its ID. Its history stays."),
    )

    def routes(self, row: Any) -> Q:
        return Q(routes__group=row)
