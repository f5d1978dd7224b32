"""The access log: one line for each request, without keys."""

import json
import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY

from config.auth import access_log

KEY = "f38240dd-7f65-4e17-a4d7-2e09ccafad0e"


def line_of(request: HttpRequest, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    access_log.AccessLog(lambda _: HttpResponse(status=422))(request)
    event: dict[str, Any] = json.loads(capsys.readouterr().err)
    return {name: event[name] for name in event if name not in {"duration_ms", "timestamp"}}


def test_a_line_has_no_query_and_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    request = RequestFactory().post(
        f"/data_writing/{KEY}?caller_number=+12025550102&api_key={KEY}",
        HTTP_REFERER=f"https://x/?key={KEY}",
    )
    assert line_of(request, capsys) == {
        "event": "request",
        "method": "POST",
        "path": "/data_writing/••••ad0e",
        "status": 422,
    }


def test_a_path_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    request = RequestFactory().get('/a%0A{"event": "forged"}"')
    assert line_of(request, capsys)["path"] == '/a\n{"event": "forged"}"'


def test_a_line_has_the_duration(capsys: pytest.CaptureFixture[str]) -> None:
    access_log.write_line("GET", "/healthz", 200, 1.23456)
    assert json.loads(capsys.readouterr().err)["duration_ms"] == 1.23


def test_the_level_silences_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("ringpost.access").setLevel(logging.WARNING)
    access_log.AccessLog(lambda _: HttpResponse())(RequestFactory().get("/"))
    logging.getLogger("ringpost.access").setLevel(logging.NOTSET)
    assert capsys.readouterr().err == ""


def test_requests_are_counted_by_route_and_known_method() -> None:
    counted = {"method": "other", "route": "none", "status": "200"}
    before = REGISTRY.get_sample_value("ringpost_request_seconds_count", counted) or 0
    access_log.AccessLog(lambda _: HttpResponse())(
        RequestFactory().generic("BREW", f"/data_writing/{KEY}")
    )
    assert REGISTRY.get_sample_value("ringpost_request_seconds_count", counted) == before + 1
