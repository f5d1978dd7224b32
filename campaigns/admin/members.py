"""Admin page of members: owners add them, set roles, and make password links."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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

_DAY = 86_400  # seconds


def password_link(request: HttpRequest, user: User) -> str:
    """Return the URL at which a user chooses a password."""
    # In the query, because the access log keeps none.
    query = {
        "who": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": members.tokens.make_token(user),
    }
    base = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")
    return f"{base}{reverse('set-password')}?{urlencode(query)}"


class RoleForm(CatalogueForm):
    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if self.instance.pk and role != Member.Role.OWNER:
            try:
                members.check_still_owned(member=self.instance)
            except Refusal as refusal:
                raise ValidationError(refusal.text) from None
        return role


class NewMemberForm(RoleForm):
    email = forms.EmailField(
        max_length=150,
        widget=UnfoldAdminEmailInputWidget,
        label=_("Email"),
        help_text=_("The member logs in with this address. No mail is sent to it."),
    )
    first_name = forms.CharField(
        label=_("First name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget
    )
    everywhere = False

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            members.find_account(
                email=email, company=self.instance.company, everywhere=self.everywhere
            )
        except Refusal as refusal:
            raise ValidationError(refusal.text) from None
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
    hint = _("No members yet. Add the first one to get a password link for them.")

    # --- rows and permissions ---
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
        """Return whether unfold may offer and run the action `new_link`."""
        member: Any = self.get_object(request, str(object_id))
        if member is None or is_superuser(request):
            return member is not None and not member.user.is_superuser
        owned = companies(request, allowed=OWNERS).values_list("pk", flat=True)
        return members.may_receive_link(user=member.user, owned=owned)

    # --- the pages ---
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return super().changelist_view(
            request, {"title": gettext("Members"), **(extra_context or {})}
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return super().add_view(
            request, form_url, {"title": gettext("Add a member"), **(extra_context or {})}
        )

    def get_fieldsets(self, request: HttpRequest, obj: Member | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["email", ("first_name", "last_name"), "role"]})]
        return [(None, {"fields": [("name", "email"), "role", "last_login"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> list[str]:
        read_only = list(super().get_readonly_fields(request, obj))
        # The address is entered once, on the page that adds a member.
        return [name for name in read_only if obj is not None or name != "email"]

    def get_form(
        self, request: HttpRequest, obj: Member | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = type(
                "OwnNewMemberForm", (NewMemberForm,), {"everywhere": is_superuser(request)}
            )
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if change:
            members.change_role(member=obj, role=data["role"])
            return
        made = members.add_member(
            company=obj.company,
            email=data["email"],
            first_name=data["first_name"],
            last_name=data["last_name"],
            role=data["role"],
            everywhere=is_superuser(request),
        )
        obj.pk, obj.user, obj._state.adding = made.pk, made.user, False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show a refusal by `save_model`, after another user's change, as a message on the page."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, refusal.text, messages.ERROR)
            return redirect(request.get_full_path())

    def response_add(
        self, request: HttpRequest, obj: Member, post_url_continue: str | None = None
    ) -> HttpResponse:
        if not obj.user.has_usable_password():
            return self.link_page(request, obj)
        text = gettext("%(name)s is added, and logs in with the existing password.")
        self.message_user(request, text % {"name": members.member_name(obj.user)}, messages.SUCCESS)
        return redirect("admin:campaigns_member_changelist")

    # --- columns ---
    @display(description=_("name"), ordering="user__first_name")
    def name(self, member: Member) -> str:
        return members.member_name(member.user)

    @display(description=_("email"), ordering="user__email")
    def email(self, member: Member) -> str:
        return member.user.email or "–"

    @display(description=_("last login"), ordering="user__last_login")
    def last_login(self, member: Member) -> str:
        return ago_text(member.user.last_login)

    # --- actions ---
    @action(description=_("New password link"), url_path="link", permissions=["link"], icon="link")
    def new_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member: Any = self.get_object(request, object_id)
        if request.method == "POST":
            return self.link_page(request, member)
        title = gettext("Make a password link for %(name)s?")
        return self.confirm_page(
            request,
            member,
            title=title % {"name": members.member_name(member.user)},
            label=gettext("Make the link"),
            lines=(
                gettext("You get a link to send; with it the member chooses a new password."),
                gettext("Until then, the old password works."),
            ),
        )

    def link_page(self, request: HttpRequest, member: Member) -> HttpResponse:
        """Show the link once; admin answers are never cached."""
        days = settings.PASSWORD_RESET_TIMEOUT // _DAY
        name = members.member_name(member.user)
        context = {
            "title": gettext("Send this link to %(name)s") % {"name": name},
            "link": password_link(request, member.user),
            "days": days,
        }
        return self.page(request, "campaigns/member_link.html", member=member, name=name, **context)

    @action(
        description=_("Remove"),
        url_path="remove",
        permissions=["edit"],
        variant=ActionVariant.DANGER,
        icon="person_remove",
    )
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member: Any = self.get_object(request, object_id)
        values = {"name": members.member_name(member.user), "company": member.company}
        if request.method != "POST":
            lines = (
                gettext("%(name)s loses access to %(company)s at once.") % values,
                gettext("The history keeps the changes of the member."),
            )
            return self.confirm_page(
                request,
                member,
                title=gettext("Remove %(name)s?") % values,
                label=gettext("Remove"),
                lines=lines,
            )
        try:
            members.remove_member(member=member)
        except Refusal as refusal:
            self.message_user(request, refusal.text, messages.ERROR)
        else:
            text = gettext("%(name)s is no longer a member of %(company)s.")
            self.message_user(request, text % values)
        return redirect("admin:campaigns_member_changelist")
