"""Admin pages of companies and users."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2Widget

from campaigns import members
from campaigns.admin_base import (
    OWNERS,
    CatalogueAdmin,
    CatalogueForm,
    LinesField,
    ReadOnlyInline,
    TimeZoneWidget,
    admin_link,
    companies,
    is_superuser,
    parse_phone_number,
)
from campaigns.caps.sync import sync_on_commit
from campaigns.models import Company, Member


class CompanyForm(CatalogueForm):
    dial_prefixes = LinesField(
        label=_("Dial prefixes"),
        help_text=_(
            "Enter the prefixes of the numbers that may be dialed, one per line. "
            "Leave empty to allow all but emergency numbers."
        ),
    )
    static_caller_numbers = LinesField(
        label=_("Static caller numbers"),
        help_text=_(
            "Enter numbers that many callers share, one per line. "
            "Buyers get a random caller ID instead of these."
        ),
    )

    class Meta:
        widgets = {
            "time_zone": TimeZoneWidget(),
            "region": UnfoldAdminSelect2Widget(
                choices=[(region, region) for region in sorted(SUPPORTED_REGIONS)]
            ),
        }

    def clean_dial_prefixes(self) -> list[str]:
        for prefix in self.cleaned_data["dial_prefixes"]:
            if not prefix.removeprefix("+").isdigit():
                raise ValidationError(
                    _("“%(prefix)s” is not a prefix. Use + and digits, for example +1416."),
                    params={"prefix": prefix},
                )
        return ["+" + prefix.removeprefix("+") for prefix in self.cleaned_data["dial_prefixes"]]

    def clean_static_caller_numbers(self) -> list[str]:
        region = self.cleaned_data.get("region") or "US"
        return [
            parse_phone_number(text, region)
            for text in dict.fromkeys(self.cleaned_data["static_caller_numbers"])
        ]


class PeopleInline(ReadOnlyInline):
    """The members of a company, with links to their pages for owners."""

    model = Member
    fields = readonly_fields = ["name", "role"]
    verbose_name_plural = _("members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        owned = (
            Value(True)
            if is_superuser(request)
            else Q(company__in=companies(request, allowed=OWNERS).order_by())
        )
        rows = super().get_queryset(request).select_related("user").order_by("pk")
        return rows.annotate(owned=ExpressionWrapper(owned, output_field=BooleanField()))

    @display(description=_("name"))
    def name(self, member: Any) -> SafeString | str:
        name = members.member_name(member.user)
        return admin_link(member, text=name) if member.owned else name


@admin.register(Company)
class CompanyAdmin(CatalogueAdmin):
    form = CompanyForm
    company_field = "id"
    editors = OWNERS
    list_display = ["name", "company_id", "time_zone", "currency"]
    search_fields = ["name", "company_id"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "company_id"), ("time_zone", "currency"), "region"]}),
        (
            _("APIs"),
            {
                "fields": [
                    ("rtb_enabled", "call_reservations_enabled"),
                    ("call_data_writing_enabled", "call_control_enabled"),
                ]
            },
        ),
        (_("Numbers"), {"fields": ["dial_prefixes", "static_caller_numbers"]}),
    ]
    inlines = [PeopleInline]
    hint = _("No companies yet. Add a company first: everything else belongs to one.")
    retire_effects = (
        _("Its members no longer see it, and its keys answer 410."),
        _("It frees its name and ID. Its history stays."),
    )

    def company_of(self, obj: Any) -> int:
        return int(obj.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # The time zone is that of the caps of its groups, and of buyers without one.
        sync_on_commit(company_id=obj.pk)

    def response_post_save_add(self, request: HttpRequest, obj: Company) -> HttpResponse:
        """Redirect to the dashboard, which lists what a new company needs."""
        return redirect(f"{reverse('dashboard')}?company={obj.pk}")


class MembershipInline(TabularInline):
    """The companies of a user."""

    model = Member
    extra = 0
    fields = ["company", "role"]
    verbose_name = _("membership")
    verbose_name_plural = _("companies of this user")
    hide_title = True

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "company":
            kwargs["queryset"] = Company.objects.unretired().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):
    """Accounts of all users, for superusers: other users have no Django permissions."""

    # Rights come from memberships, so the fieldsets leave Django's own permissions out.
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = [
        "username",
        "first_name",
        "last_name",
        "email",
        "is_active",
        "is_superuser",
        "last_login",
    ]
    list_filter = [("is_active", BooleanRadioFilter)]
    list_filter_submit = True
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": [("first_name", "last_name"), "email"]}),
        (_("Access"), {"fields": [("is_active", "is_superuser"), ("last_login", "date_joined")]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the history refers to its users: deactivate them instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True  # the admin is the only place to log in to
        super().save_model(request, obj, form, change)
