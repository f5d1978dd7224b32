"""Lockout after ten wrong passwords for a name or a hundred from an address, for an hour."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm

from config.http.address import client_address

FAILURES_OF_AN_ADDRESS = 100  # all users of an office share one address
_SECONDS_IN_AN_HOUR = 3600


def counted_address(request: HttpRequest) -> str | None:
    """Return the client's address, by which failures are counted; of IPv6 its /64 network.

    A client of IPv6 has all addresses of a network.
    """
    text = client_address(request)
    address = ipaddress.ip_address(text) if text else None
    if address and address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return text


class LockoutHandler(AxesDatabaseHandler):
    """Counts failures of a name from one address, and all failures of the address.

    A stranger can therefore not lock a user out at the user's own address.
    """

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        name_failures = int(super().get_failures(request, credentials))
        attempts = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            attempt_time__gte=get_cool_off_threshold(request),
        )
        address_failures = attempts.aggregate(all=Sum("failures_since_start"))["all"] or 0
        return (
            max(name_failures, settings.AXES_FAILURE_LIMIT)
            if address_failures >= FAILURES_OF_AN_ADDRESS
            else name_failures
        )


def locked_out(
    request: HttpRequest, _response: HttpResponse | None, _credentials: Any
) -> HttpResponse:
    """Answer in place of the login page."""
    context = {
        **admin.site.each_context(request),
        "title": _("Too many wrong passwords"),
        "hours": settings.AXES_COOLOFF_TIME,
    }
    response = render(request, "auth/locked_out.html", context, status=429)
    response["Retry-After"] = str(settings.AXES_COOLOFF_TIME * _SECONDS_IN_AN_HOUR)
    return response


class LoginForm(AuthenticationForm):
    """The login form; an email address may be written in capitals."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _(
            "Wrong name or password. Both are case-sensitive; an email address is not."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Email or username")

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        return (
            name if "@" not in name or User.objects.filter(username=name).exists() else name.lower()
        )
