"""Companies, and the people who work for them."""

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
from phonenumbers import SUPPORTED_REGIONS
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2Widget

from campaigns import members, phone
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
)
from campaigns.models import Company, Member


class CompanyForm(CatalogueForm):
    dial_prefixes = LinesField(
        help_text="Beginnings of numbers that may be dialed, one a line. None: all but emergency numbers."
    )
    static_caller_numbers = LinesField(
        help_text="Caller numbers that many callers share, one a line: buyers are shown a random number instead."
    )

    class Meta:
        help_texts = {
            "company_id": "What programs call it. Make up your own, or leave it.",
            "time_zone": "The clock of its days, hours and pages: type a city, like New_York.",
            "currency": "Three letters, like USD. All its amounts are in it.",
            "rtb_enabled": "Off: pings by these keys are answered 403.",
            "call_reservations_enabled": "Off: requests by these keys are answered 403.",
            "call_data_writing_enabled": "Off: requests by these keys are answered 403.",
            "call_control_enabled": "Off: buyers’ systems can’t transfer, return or reject calls.",
        }
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
                    f"“{prefix}” is no beginning of a number; one looks like +1416."
                )
        return ["+" + prefix.removeprefix("+") for prefix in self.cleaned_data["dial_prefixes"]]

    def clean_static_caller_numbers(self) -> list[str]:
        region = self.cleaned_data.get("region") or "US"
        numbers = {
            text: phone.to_e164(text, region) for text in self.cleaned_data["static_caller_numbers"]
        }
        if wrong := [text for text, number in numbers.items() if number is None]:
            raise ValidationError(f"“{wrong[0]}” is no phone number; one looks like +18335550100.")
        return [number for number in numbers.values() if number]


class PeopleInline(ReadOnlyInline):
    """Who works for a company; owners add and change them on pages of their own."""

    model = Member
    fields = readonly_fields = ["name", "role"]
    verbose_name_plural = "people"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        owned = (
            Value(True)
            if is_superuser(request)
            else Q(company__in=companies(request, allowed=OWNERS).order_by())
        )
        rows = super().get_queryset(request).select_related("user").order_by("pk")
        return rows.annotate(owned=ExpressionWrapper(owned, output_field=BooleanField()))

    @display(description="name")
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
            "What its keys may do",
            {
                "fields": [
                    ("rtb_enabled", "call_reservations_enabled"),
                    ("call_data_writing_enabled", "call_control_enabled"),
                ]
            },
        ),
        ("Numbers", {"fields": ["dial_prefixes", "static_caller_numbers"]}),
    ]
    inlines = [PeopleInline]
    hint = "No company yet. Everything else belongs to one: add it first."
    retire_effects = (
        "Its people lose sight of it, and its keys answer 410.",
        "Its name and ID are free again. Its history is kept.",
    )

    def company_of(self, obj: Any) -> int:
        return int(obj.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def response_post_save_add(self, request: HttpRequest, obj: Company) -> HttpResponse:
        """To the dashboard, which says what a new company needs."""
        return redirect(f"{reverse('dashboard')}?company={obj.pk}")


class MembershipInline(TabularInline):
    """The companies that a person works for."""

    model = Member
    extra = 0
    fields = ["company", "role"]
    verbose_name = "membership"
    verbose_name_plural = "companies that this person works for"
    hide_title = True

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "company":
            kwargs["queryset"] = Company.objects.unretired().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PersonForm(UserChangeForm):
    """A person's rights come from memberships, so Django's own permissions are left out."""


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PeopleAdmin(UserAdmin, ModelAdmin):
    """Superusers alone get here: nobody else holds Django's permissions."""

    form = PersonForm
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
        ("Person", {"fields": [("first_name", "last_name"), "email"]}),
        ("Access", {"fields": [("is_active", "is_superuser"), ("last_login", "date_joined")]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # history names its people: they are made inactive

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True  # there is nothing to do here but in the admin
        super().save_model(request, obj, form, change)
