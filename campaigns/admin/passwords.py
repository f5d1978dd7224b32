"""The page behind a password link: its bearer chooses a password and is logged in."""

from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from unfold.widgets import UnfoldAdminPasswordWidget

from campaigns import members
from campaigns.admin_base import parse_pk
from campaigns.errors import Refusal


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        self.fields["new_password1"].label = _("Password")
        self.fields["new_password2"].label = _("Password again")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetPassword(FormView):
    form_class = NewPasswordForm
    template_name = "campaigns/set_password.html"

    @cached_property
    def person(self) -> User | None:
        """The user of the link; None for a link that is expired, used or malformed."""
        try:
            text = urlsafe_base64_decode(self.request.GET.get("who", "")).decode()
        except ValueError:  # not base64, or not text
            text = ""
        user = User.objects.filter(pk=parse_pk(text) or 0, is_active=True).first()
        token = self.request.GET.get("token", "")
        return user if user and members.tokens.check_token(user, token) else None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs) if self.person else self.expired()

    def expired(self) -> HttpResponse:
        title = gettext("This link no longer works")
        context = {**admin.site.each_context(self.request), "title": title}
        return self.response_class(self.request, "campaigns/expired_link.html", context, status=410)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {"title": gettext("Choose your password"), "person": self.person}
        return super().get_context_data(**admin.site.each_context(self.request), **own, **kwargs)

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        user = form.user
        try:
            members.choose_password(
                user=user,
                token=self.request.GET["token"],
                password=form.cleaned_data["new_password1"],
            )
        except Refusal:
            return self.expired()
        user.refresh_from_db()
        login(self.request, user, backend="django.contrib.auth.backends.ModelBackend")
        text = gettext("Welcome. From now on, log in as %(username)s with your new password.")
        messages.success(self.request, text % {"username": user.get_username()})
        return redirect("dashboard")
