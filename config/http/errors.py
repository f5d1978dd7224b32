"""Errors as answers in the requested format: DRF's exception handler, and Django's handlers.

Outside the admin no error is an HTML page.
"""

import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.urls import Resolver404, resolve
from django.views import defaults
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from .api_error import ApiError as ApiError
from .negotiation import format_of
from .renderers import MEDIA_TYPES, render

# The members before `error` in an answer: a view's attribute `error_shape`.
POSTBACK_SHAPE: Mapping[str, Any] = {}
CALL_CONTROL_SHAPE: Mapping[str, Any] = {"success": False}

_DATABASE_AWAY = (OperationalError, InterfaceError)

logger = logging.getLogger("ringpost.errors")


class ErrorResponse(NamedTuple):
    """The status, the text and the headers of an error's answer."""

    status: int
    text: str
    headers: dict[str, str]


# --- exceptions -----------------------------------------------------------------------------------
def error_response_for(exc: BaseException) -> ErrorResponse:
    """Return the answer to any exception; an unforeseen one is 500, and its traceback is logged."""
    if isinstance(exc, _DATABASE_AWAY):
        logger.warning("the database did not serve a request", exc_info=exc)
        return ErrorResponse(503, "temporarily unavailable", {"Retry-After": "1"})
    if isinstance(exc, APIException):
        wait, challenge = getattr(exc, "wait", None), getattr(exc, "auth_header", None)
        headers = {"Retry-After": f"{wait:.0f}"} if wait else {}
        if challenge:
            headers["WWW-Authenticate"] = challenge
        return ErrorResponse(exc.status_code, "; ".join(_texts(exc.detail)), headers)
    for classes, known in _DJANGO:
        if isinstance(exc, classes):
            return known
    # A Refusal is recognized by its attributes: this package does not import `campaigns`.
    status, text = getattr(exc, "status", None), getattr(exc, "text", None)
    if isinstance(status, int) and isinstance(text, str):
        headers = dict(getattr(exc, "headers", None) or {})
        retry_after = getattr(exc, "retry_after", None)
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        return ErrorResponse(status, text, headers)
    logger.error("a request failed", exc_info=exc)
    return ErrorResponse(500, "internal error", {})


_UNKNOWN_HOST = ErrorResponse(400, "this host name is not answered; add it to ALLOWED_HOSTS", {})
_DJANGO: tuple[tuple[tuple[type[Exception], ...], ErrorResponse], ...] = (
    ((Http404,), ErrorResponse(404, "not found", {})),
    ((PermissionDenied,), ErrorResponse(403, "not allowed", {})),
    ((RequestDataTooBig,), ErrorResponse(413, "body too large", {})),
    ((DisallowedHost,), _UNKNOWN_HOST),
    (
        (BadRequest, SuspiciousOperation, UnreadablePostError),
        ErrorResponse(400, "unreadable request", {}),
    ),
)


def _texts(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [f"{name}: {text}" for name, item in detail.items() for text in _texts(item)]
    if isinstance(detail, list | tuple):
        return [text for item in detail for text in _texts(item)]
    return [str(detail).rstrip(".")]


# --- answers --------------------------------------------------------------------------------------
def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: `{"error": text}` in the view's `error_shape`, for any exception."""
    status, text, headers = error_response_for(exc)
    shape = getattr(context.get("view"), "error_shape", POSTBACK_SHAPE)
    return Response({**shape, "error": text}, status=status, headers=headers)


def error_response(
    status: int,
    text: str,
    format: str,
    headers: Mapping[str, str] | None = None,
    shape: Mapping[str, Any] = POSTBACK_SHAPE,
) -> HttpResponse:
    """Return the same answer for code outside DRF; `format` is `json` or `xml`."""
    body = render({**shape, "error": text}, format)
    return HttpResponse(
        body, status=status, content_type=MEDIA_TYPES[format], headers=dict(headers or {})
    )


# --- Django's error handlers ----------------------------------------------------------------------
def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Django's handler404; a known path with an unknown extension is 406."""
    if _is_admin(request):
        return defaults.page_not_found(request, exception or Http404())
    try:
        format_of(request)
    except ApiError as refusal:
        with suppress(Resolver404):
            resolve(request.path_info.rpartition(".")[0])
            return _answer(request, refusal.status, refusal.text)
    return _answer(request, 404, "not found")


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Django's handler400."""
    if _is_admin(request):
        return defaults.bad_request(request, exception or BadRequest())
    return _answer(
        request,
        400,
        _UNKNOWN_HOST.text if isinstance(exception, DisallowedHost) else "unreadable request",
    )


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Django's handler403."""
    if _is_admin(request):
        return defaults.permission_denied(request, exception or PermissionDenied())
    return _answer(request, 403, "not allowed")


def csrf_failure_response(request: HttpRequest) -> HttpResponseBase:
    """Return the answer to a form that was posted outside the admin, where no view takes one."""
    return _answer(request, 403, "not allowed: this address takes no POST")


def handler500(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500, called while the exception is handled: 503 when the database failed."""
    exc = sys.exception() or RuntimeError("unknown")
    if _is_admin(request) and not isinstance(exc, _DATABASE_AWAY):
        return defaults.server_error(request)
    status, text, headers = error_response_for(exc)
    if not _is_admin(request):
        return _answer(request, status, text, headers)
    # A page without a template: the admin's templates read the user from the database.
    body = (
        "<!doctype html><html lang=en><title>Ringpost</title>"
        "<h1>The database can’t be reached</h1><p>Try again in a moment."
    )
    return HttpResponse(body, status=status, headers=headers)


def _answer(
    request: HttpRequest, status: int, text: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    try:
        format = format_of(request)
    except ApiError:
        format = "json"
    shape = CALL_CONTROL_SHAPE if "call_control" in request.path.split("/") else POSTBACK_SHAPE
    return error_response(status, text, format, headers, shape)


def _is_admin(request: HttpRequest) -> bool:
    return request.path == "/admin" or request.path.startswith("/admin/")
