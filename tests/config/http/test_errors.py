"""Refusals and failures as answers: the status, the text, the headers, the format and the shape."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.http import errors
from config.http.errors import (
    CALL_CONTROL_SHAPE,
    POSTBACK_SHAPE,
    ApiError,
    error_response,
    exception_handler,
)


class PlainRefusal(Exception):
    """A refusal as the apps have them: known to the ground by its shape alone."""

    status = 409
    text = "the first request is still running"
    retry_after = 2


class Ping(APIView):
    """A view that refuses every request; the attribute is that of our viewsets."""

    error_shape: Mapping[str, Any] = POSTBACK_SHAPE

    def post(self, request: Request) -> Response:
        raise PlainRefusal


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


def lose_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("no route to host")


def refuse_host(request: HttpRequest) -> HttpResponse:
    raise DisallowedHost("evil.example")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [
    path("rtbs", Ping.as_view()),
    path("rtbs.json", Ping.as_view()),
    path("rtbs.xml", Ping.as_view()),
    path("call_control/v1/active_calls.json", Ping.as_view(error_shape=CALL_CONTROL_SHAPE)),
    path("crash", crash),
    path("crash.xml", crash),
    path("call_control/crash", crash),
    path("lost", lose_database),
    path("host", refuse_host),
    path("forbidden", forbid),
    *(path(f"admin/{view.__name__}", view) for view in (crash, refuse_host, forbid, lose_database)),
]
handler400 = errors.handler400
handler403 = errors.handler403
handler404 = errors.handler404
handler500 = errors.handler500

in_small = pytest.mark.urls(__name__)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def answered(response: Any) -> tuple[int, str, bytes]:
    return response.status_code, response["Content-Type"], response.content


# --- exceptions -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("exc", "status", "text", "headers"),
    [
        (ApiError(413, "body over 64 KiB"), 413, "body over 64 KiB", {}),
        (ApiError(429, "slow down", {"Retry-After": "3"}), 429, "slow down", {"Retry-After": "3"}),
        (PlainRefusal(), 409, "the first request is still running", {"Retry-After": "2"}),
        (Http404("detail"), 404, "not found", {}),
        (PermissionDenied("detail"), 403, "not allowed", {}),
        (BadRequest("detail"), 400, "unreadable request", {}),
        (
            DisallowedHost("detail"),
            400,
            "this host name is not answered; add it to ALLOWED_HOSTS",
            {},
        ),
        (exceptions.MethodNotAllowed("GET"), 405, 'Method "GET" not allowed', {}),
        (exceptions.NotFound(), 404, "Not found", {}),
        (
            exceptions.UnsupportedMediaType("a/b"),
            415,
            'Unsupported media type "a/b" in request',
            {},
        ),
        (exceptions.ValidationError({"a": ["x.", "y"], "b": "z"}), 400, "a: x; a: y; b: z", {}),
        (
            exceptions.Throttled(7, "slow down"),
            429,
            "slow down Expected available in 7 seconds",
            {"Retry-After": "7"},
        ),
        (OperationalError("detail"), 503, "temporarily unavailable", {"Retry-After": "1"}),
        (InterfaceError("detail"), 503, "temporarily unavailable", {"Retry-After": "1"}),
        (IntegrityError("detail"), 500, "internal error", {}),
        (KeyError("detail"), 500, "internal error", {}),
    ],
)
def test_what_an_exception_means(
    exc: Exception, status: int, text: str, headers: dict[str, str]
) -> None:
    assert errors.error_response_for(exc) == (status, text, headers)


def test_a_view_without_a_shape_answers_as_a_postback() -> None:
    response = exception_handler(PlainRefusal(), {})
    expected = (409, {"error": "the first request is still running"}, "2")
    assert (response.status_code, response.data, response["Retry-After"]) == expected


def test_call_control_says_that_it_did_not_succeed() -> None:
    view = Ping(error_shape=CALL_CONTROL_SHAPE)
    assert list(exception_handler(PlainRefusal(), {"view": view}).data.items()) == [
        ("success", False),
        ("error", "the first request is still running"),
    ]


def test_an_unforeseen_exception_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = KeyError("detail")
    exception_handler(fault, {})
    assert [(r.name, r.levelno, r.exc_info[1]) for r in caplog.records if r.exc_info] == [
        ("ringpost.errors", logging.ERROR, fault)
    ]


def test_an_absent_database_is_logged_as_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    exception_handler(OperationalError("detail"), {})
    assert [(r.name, r.levelno) for r in caplog.records] == [("ringpost.errors", logging.WARNING)]


@in_small
@pytest.mark.parametrize(
    ("address", "content_type", "body"),
    [
        ("/rtbs.json", "application/json", b'{"error":"the first request is still running"}'),
        (
            "/rtbs.xml",
            "text/xml; charset=utf-8",
            b'<?xml version="1.0" encoding="utf-8"?>\n'
            b"<hash><error>the first request is still running</error></hash>",
        ),
        (
            "/call_control/v1/active_calls.json",
            "application/json",
            b'{"success":false,"error":"the first request is still running"}',
        ),
    ],
)
def test_a_view_refuses_in_the_requested_format(
    client: Client, address: str, content_type: str, body: bytes
) -> None:
    assert answered(client.post(address)) == (409, content_type, body)


@in_small
def test_405_lists_the_allowed_methods(client: Client) -> None:
    response = client.get("/rtbs.json")
    assert (*answered(response), response["Allow"]) == (
        405,
        "application/json",
        b'{"error":"Method \\"GET\\" not allowed"}',
        "POST, OPTIONS",
    )


@in_small
def test_a_verb_that_looks_is_refused_too(client: Client) -> None:
    assert client.head("/rtbs.json").headers["Allow"] == "POST, OPTIONS"


def test_the_same_answer_outside_the_framework() -> None:
    response = error_response(429, "slow <down>", "xml", {"Retry-After": "3"}, CALL_CONTROL_SHAPE)
    body = b'<hash><success type="boolean">false</success><error>slow &lt;down&gt;</error></hash>'
    assert answered(response) == (
        429,
        "text/xml; charset=utf-8",
        b'<?xml version="1.0" encoding="utf-8"?>\n' + body,
    )
    assert response["Retry-After"] == "3"


# --- Django's error handlers ----------------------------------------------------------------------
NOT_FOUND = b'{"error":"not found"}'


@in_small
@pytest.mark.parametrize(
    ("address", "status", "content_type", "body"),
    [
        ("/nowhere", 404, "application/json", NOT_FOUND),
        ("/nowhere.json", 404, "application/json", NOT_FOUND),
        ("/nowhere.ico", 404, "application/json", NOT_FOUND),
        ("/rtbs/", 404, "application/json", NOT_FOUND),
        ("/administrator", 404, "application/json", NOT_FOUND),
        ("/rtbs.csv", 406, "application/json", b'{"error":"unknown format: .csv"}'),
        ("/call_control/v2", 404, "application/json", b'{"success":false,"error":"not found"}'),
        (
            "/nowhere.xml",
            404,
            "text/xml; charset=utf-8",
            b'<?xml version="1.0" encoding="utf-8"?>\n<hash><error>not found</error></hash>',
        ),
    ],
)
def test_an_unknown_path(
    client: Client, address: str, status: int, content_type: str, body: bytes
) -> None:
    assert answered(client.get(address)) == (status, content_type, body)


@in_small
@pytest.mark.parametrize(
    ("address", "status", "body"),
    [
        ("/crash", 500, b'{"error":"internal error"}'),
        (
            "/crash.xml",
            500,
            b'<?xml version="1.0" encoding="utf-8"?>\n<hash><error>internal error</error></hash>',
        ),
        ("/call_control/crash", 500, b'{"success":false,"error":"internal error"}'),
        ("/lost", 503, b'{"error":"temporarily unavailable"}'),
        ("/host", 400, b'{"error":"this host name is not answered; add it to ALLOWED_HOSTS"}'),
        ("/forbidden", 403, b'{"error":"not allowed"}'),
    ],
)
def test_a_view_that_fails(client: Client, address: str, status: int, body: bytes) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.content == body


@in_small
def test_an_absent_database_says_when_to_come_again(client: Client) -> None:
    assert client.get("/lost")["Retry-After"] == "1"


@in_small
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/none", 404),
        ("/admin/crash", 500),
        ("/admin/refuse_host", 400),
        ("/admin/forbid", 403),
    ],
)
def test_the_admin_keeps_its_pages(client: Client, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert b"<html" in response.content


@in_small
def test_an_absent_database_is_503_on_admin_pages(client: Client) -> None:
    response = client.get("/admin/lose_database")
    said = response.content.decode().partition("<h1>")[2]
    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert said == "The database can’t be reached</h1><p>Try again in a moment."


def test_a_form_post_outside_the_admin_is_403() -> None:
    response = Client(enforce_csrf_checks=True).post("/")
    assert response.status_code == 403
    assert response.content == b'{"error":"not allowed: this address takes no POST"}'


def test_a_handler_called_outside_an_exception() -> None:
    response = errors.handler500(RequestFactory().get("/rtbs"))
    assert response.status_code == 500
    assert response.getvalue() == b'{"error":"internal error"}'
