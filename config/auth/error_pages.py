"""Pages for people who may not go on: not theirs, not there, not understood. Programs get their answer from `config.http`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from campaigns.admin_base import is_member
from config.http import errors

_NOT_YOURS = (
    "This page is not open to you",
    "It belongs to another company, or your role may not do this.",
    "If you work for the company, ask one of its owners for a role that may.",
)
_NO_COMPANY = (
    "You work for no company here",
    "You are logged in, but no company has added you, or it has taken you off again.",
    "Ask an owner of your company to add you; this page opens as soon as they have.",
)
_NOT_THERE = (
    "There is no such page",
    "The link may be old, or a letter of it is missing.",
    "Start again from the menu.",
)
_UNREADABLE = (
    "This address can’t be read",
    "Something in it makes no sense.",
    "Start again from the menu.",
)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler403."""
    context = _frame(request)
    if context is None:
        return errors.handler403(request, exception)
    return _page(request, context, 403, *(_NOT_YOURS if is_member(request) else _NO_COMPANY))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler404."""
    context = _frame(request)
    return (
        errors.handler404(request, exception)
        if context is None
        else _page(request, context, 404, *_NOT_THERE)
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler400."""
    context = _frame(request)
    return (
        errors.handler400(request, exception)
        if context is None
        else _page(request, context, 400, *_UNREADABLE)
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """CSRF_FAILURE_VIEW: mostly a page that was opened before its reader logged in anew, in another window."""
    if not request.path.startswith("/admin/"):
        return errors.csrf_failure_response(request)
    context = {**admin.site.each_context(request), "title": "This page was too old"}
    return render(request, "desk/too_old.html", context, status=403)


def _frame(request: HttpRequest) -> dict[str, Any] | None:
    """What the admin's frame needs; None for everybody who would not see it."""
    user = getattr(
        request, "user", None
    )  # a host that is not ours is turned away before anybody is known
    if not request.path.startswith("/admin/") or user is None or not user.is_authenticated:
        return None
    return dict(admin.site.each_context(request))


def _page(
    request: HttpRequest, context: dict[str, Any], status: int, title: str, why: str, mend: str
) -> HttpResponseBase:
    return render(
        request,
        "desk/refused.html",
        {**context, "title": title, "why": why, "mend": mend},
        status=status,
    )
