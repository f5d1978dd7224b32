"""Who may try to log in, and how often: ten wrong passwords for a name, a hundred for an address, then an hour's rest."""

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
from unfold.forms import AuthenticationForm

from config.http.address import client_address

FAILURES_OF_AN_ADDRESS = 100  # an office has one address, and many who mistype
_SECONDS_IN_AN_HOUR = 3600


def counted_address(request: HttpRequest) -> str | None:
    """What failures are counted by: the address; of IPv6 the network of one line, which never runs out of addresses."""
    told = client_address(request)
    known = ipaddress.ip_address(told) if told else None
    return (
        str(ipaddress.ip_network((known, 64), strict=False).network_address)
        if known and known.version == 6
        else told
    )


class LockoutHandler(AxesDatabaseHandler):
    """Counts a name's failures from an address, so that no stranger locks an account for everybody; and all of an address."""

    def get_failures(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> int:
        of_name = int(super().get_failures(request, credentials))
        tried = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            attempt_time__gte=get_cool_off_threshold(request),
        )
        of_address = tried.aggregate(all=Sum("failures_since_start"))["all"] or 0
        return (
            max(of_name, settings.AXES_FAILURE_LIMIT)
            if of_address >= FAILURES_OF_AN_ADDRESS
            else of_name
        )


def locked_out(
    request: HttpRequest, _answer: HttpResponse | None, _credentials: Any
) -> HttpResponse:
    """What is said instead of the login page."""
    context = {
        **admin.site.each_context(request),
        "title": "Too many wrong passwords",
        "hours": settings.AXES_COOLOFF_TIME,
    }
    answer = render(request, "desk/locked_out.html", context, status=429)
    answer["Retry-After"] = str(settings.AXES_COOLOFF_TIME * _SECONDS_IN_AN_HOUR)
    return answer


class LoginForm(AuthenticationForm):
    """Who was added by their email address may write it in capitals."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Name and password don’t fit together. Both are case-sensitive; an email address is not.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Email or username"

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        return (
            name if "@" not in name or User.objects.filter(username=name).exists() else name.lower()
        )
