"""The page behind a link that an owner handed over: its bearer chooses a password, and is in."""

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
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from unfold.widgets import UnfoldAdminPasswordWidget

from campaigns import members
from campaigns.admin_base import parse_pk
from campaigns.errors import Refusal


class ChooseForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        self.fields["new_password1"].label = "Password"
        self.fields["new_password2"].label = "The same once more"


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetPassword(FormView):
    form_class = ChooseForm
    template_name = "campaigns/set_password.html"

    @cached_property
    def person(self) -> User | None:
        """Whose link it is; None when it is too old, used, or nobody's."""
        user = User.objects.filter(pk=_row(self.request.GET.get("who", "")), is_active=True).first()
        return (
            user
            if user and members.tokens.check_token(user, self.request.GET.get("token", ""))
            else None
        )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs) if self.person else self.dead()

    def dead(self) -> HttpResponse:
        context = {**admin.site.each_context(self.request), "title": "This link no longer works"}
        return self.response_class(self.request, "campaigns/expired_link.html", context, status=410)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {"title": "Choose your password", "person": self.person}
        return super().get_context_data(**admin.site.each_context(self.request), **own, **kwargs)

    def form_valid(self, form: ChooseForm) -> HttpResponse:
        user = form.user
        try:
            members.choose_password(
                user=user,
                token=self.request.GET["token"],
                password=form.cleaned_data["new_password1"],
            )
        except Refusal:
            return self.dead()
        user.refresh_from_db()
        login(self.request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(
            self.request,
            f"Welcome. From now on, log in as {user.get_username()} with your new password.",
        )
        return redirect("dashboard")


def _row(text: str) -> int:
    """The account's row; 0, which no account has, for a text that names none."""
    try:
        return parse_pk(urlsafe_base64_decode(text).decode()) or 0
    except ValueError:  # no base64, or no text in it
        return 0
