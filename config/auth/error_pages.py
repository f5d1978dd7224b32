"""Error pages of the admin; clients of the APIs get the errors of `config.http`."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.admin_base import is_member
from config.http import errors


@dataclass(frozen=True)
class ErrorPage:
    """A title, the reason of the error, and what the user can do."""

    status: int
    title: str | Promise
    reason: str | Promise
    remedy: str | Promise

    def render(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponseBase:
        context = {**context, "title": self.title, "reason": self.reason, "remedy": self.remedy}
        return render(request, "auth/error.html", context, status=self.status)


FORBIDDEN = ErrorPage(
    403,
    _("This page is not open to you"),
    _("It belongs to another company, or your role does not allow it."),
    _("If you work for the company, ask one of its owners to change your role."),
)
NO_COMPANY = ErrorPage(
    403,
    _("You are not a member of a company"),
    _("You are logged in, but no company has added you, or a company has removed you."),
    _("Ask an owner of your company to add you. Then reload this page."),
)
NOT_FOUND = ErrorPage(
    404,
    _("Page not found"),
    _("The link may be old or incomplete."),
    _("Start again from the menu."),
)
BAD_REQUEST = ErrorPage(
    400,
    _("This address can’t be read"),
    _("A part of it is not valid."),
    _("Start again from the menu."),
)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler403."""
    context = _admin_context(request)
    if context is None:
        return errors.handler403(request, exception)
    return (FORBIDDEN if is_member(request) else NO_COMPANY).render(request, context)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler404."""
    context = _admin_context(request)
    if context is None:
        return errors.handler404(request, exception)
    return NOT_FOUND.render(request, context)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler400."""
    context = _admin_context(request)
    if context is None:
        return errors.handler400(request, exception)
    return BAD_REQUEST.render(request, context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """CSRF_FAILURE_VIEW: usually the user logged in again in another window."""
    if not request.path.startswith("/admin/"):
        return errors.csrf_failure_response(request)
    context = {**admin.site.each_context(request), "title": _("This page has expired")}
    return render(request, "auth/csrf_failure.html", context, status=403)


def _admin_context(request: HttpRequest) -> dict[str, Any] | None:
    """Return the context of the admin's pages; None for a request that gets no page."""
    # A request to an unknown host is refused before the middleware sets the user.
    user = getattr(request, "user", None)
    if not request.path.startswith("/admin/") or user is None or not user.is_authenticated:
        return None
    return dict(admin.site.each_context(request))
