"""The people of a company: its owners add them, give them roles, and hand them a link to choose a password."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from campaigns import members
from campaigns.admin_base import (
    OWNERS,
    CatalogueAdmin,
    CatalogueForm,
    CompanyFilter,
    ago_text,
    companies,
    is_superuser,
    may_edit,
)
from campaigns.errors import Refusal
from campaigns.models import Member

_DAY = 86_400
_ROLES = (
    "Owner: everything, people and the company’s settings too. Account manager: all but these. "
    "Read-only: sees the pages, with keys and numbers masked, and changes nothing."
)


def password_link(request: HttpRequest, user: User) -> str:
    """The address with which a person chooses a password. In the query, which no log of ours keeps."""
    who = {
        "who": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": members.tokens.make_token(user),
    }
    base = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")
    return f"{base}{reverse('set-password')}?{urlencode(who)}"


def member_sentence(refusal: Refusal) -> str:
    return f"{refusal.text[0].upper()}{refusal.text[1:]}."


class RoleForm(CatalogueForm):
    class Meta:
        help_texts = {"role": _ROLES}

    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if self.instance.pk and role != Member.Role.OWNER:
            try:
                members.check_still_owned(member=self.instance)
            except Refusal as refusal:
                raise ValidationError(member_sentence(refusal)) from None
        return role


class PersonToAddForm(RoleForm):
    email = forms.EmailField(
        max_length=150,
        widget=UnfoldAdminEmailInputWidget,
        help_text="They log in with it. Nothing is sent there.",
    )
    first_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget)
    everywhere = False

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            members.find_account(
                email=email, company=self.instance.company, everywhere=self.everywhere
            )
        except Refusal as refusal:
            raise ValidationError(member_sentence(refusal)) from None
        return email


@admin.register(Member)
class MemberAdmin(CatalogueAdmin):
    form = RoleForm
    editors = OWNERS
    list_display = ["name", "email", "role", "last_login"]
    list_filter = ["role", CompanyFilter]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name", "user__email", "user__username"]
    ordering = ["user__first_name", "user__last_name", "user__username"]
    readonly_fields = ["name", "email", "last_login"]
    actions = None
    actions_detail = ["new_link", "remove"]
    hint = "Nobody works here yet. Add the first person: you get a link to hand to them."

    # --- whose ---
    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return (
            super()
            .get_queryset(request)
            .filter(company__in=companies(request, allowed=OWNERS).order_by())
        )

    def current(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows

    def is_over(self, obj: Member) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_edit(request, allowed=OWNERS)

    def has_view_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        return may_edit(request, None if obj is None else obj.company_id, allowed=OWNERS)

    def has_link_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """What unfold asks before it shows or makes a link."""
        member: Any = self.get_object(request, str(object_id))
        if member is None or is_superuser(request):
            return member is not None and not member.user.is_superuser
        owned = companies(request, allowed=OWNERS).values_list("pk", flat=True)
        return members.may_receive_link(user=member.user, owned=owned)

    # --- the pages ---
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return super().changelist_view(request, {"title": "People", **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return super().add_view(
            request, form_url, {"title": "Add a person", **(extra_context or {})}
        )

    def get_fieldsets(self, request: HttpRequest, obj: Member | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["email", ("first_name", "last_name"), "role"]})]
        return [(None, {"fields": [("name", "email"), "role", "last_login"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> list[str]:
        read_only = list(super().get_readonly_fields(request, obj))
        return [
            name for name in read_only if obj is not None or name != "email"
        ]  # it is typed once, and stays

    def get_form(
        self, request: HttpRequest, obj: Member | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = type(
                "PersonToAdd", (PersonToAddForm,), {"everywhere": is_superuser(request)}
            )
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        typed = form.cleaned_data
        if change:
            members.change_role(member=obj, role=typed["role"])
            return
        made = members.add_member(
            company=obj.company,
            email=typed["email"],
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            role=typed["role"],
            everywhere=is_superuser(request),
        )
        obj.pk, obj.user, obj._state.adding = made.pk, made.user, False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What was refused only at the last moment, because somebody else was quicker, is said on the same page."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, member_sentence(refusal), messages.ERROR)
            return redirect(request.get_full_path())

    def response_add(
        self, request: HttpRequest, obj: Member, post_url_continue: str | None = None
    ) -> HttpResponse:
        if not obj.user.has_usable_password():
            return self.hand_over(request, obj)
        told = f"{members.member_name(obj.user)} is added, and logs in with the password of before."
        self.message_user(request, told, messages.SUCCESS)
        return redirect("admin:campaigns_member_changelist")

    # --- what is shown ---
    @display(description="name", ordering="user__first_name")
    def name(self, member: Member) -> str:
        return members.member_name(member.user)

    @display(description="email", ordering="user__email")
    def email(self, member: Member) -> str:
        return member.user.email or "–"

    @display(description="last login", ordering="user__last_login")
    def last_login(self, member: Member) -> str:
        return ago_text(member.user.last_login)

    # --- what is done ---
    @action(description="New password link", url_path="link", permissions=["link"], icon="link")
    def new_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member: Any = self.get_object(request, object_id)
        if request.method == "POST":
            return self.hand_over(request, member)
        lines = (
            "You get a link to hand over; with it they choose a new password.",
            "Until they do, the old password works.",
        )
        name = members.member_name(member.user)
        return self.confirm_page(
            request, member, title=f"A new password for {name}?", label="Make the link", lines=lines
        )

    def hand_over(self, request: HttpRequest, member: Member) -> HttpResponse:
        """The link, on this answer alone; the admin lets nobody keep a copy of its answers."""
        days = settings.PASSWORD_RESET_TIMEOUT // _DAY
        name = members.member_name(member.user)
        context = {
            "title": f"Hand this link to {name}",
            "link": password_link(request, member.user),
            "days": days,
        }
        return self.page(request, "campaigns/member_link.html", member=member, name=name, **context)

    @action(
        description="Remove",
        url_path="remove",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="person_remove",
    )
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member: Any = self.get_object(request, object_id)
        name = members.member_name(member.user)
        if request.method != "POST":
            lines = (
                f"From the next click on, {name} sees nothing of {member.company}.",
                "What they did stays in the history.",
            )
            return self.confirm_page(
                request, member, title=f"Remove {name}?", label="Remove", lines=lines
            )
        try:
            members.remove_member(member=member)
        except Refusal as refusal:
            self.message_user(request, member_sentence(refusal), messages.ERROR)
        else:
            self.message_user(request, f"{name} no longer works for {member.company}.")
        return redirect("admin:campaigns_member_changelist")
