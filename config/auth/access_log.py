"""What is said of every request and on every answer: one line in the log, and where the page may load things from."""

import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from config.logs import scrub

# By route, not by path: a path holds keys and has no end of values.
SECONDS = Histogram(
    "ringpost_request_seconds", "How long requests took", ["method", "route", "status"]
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_log = logging.getLogger("ringpost.access")


class AccessLog:
    """One JSON line and one observation a request; past the logging machinery, which alone would cost more than all of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        method = request.method if request.method in _METHODS else "other"
        route = request.resolver_match.route if request.resolver_match else "none"
        SECONDS.labels(method, route, response.status_code).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            write_line(request.method or "", request.path, response.status_code, seconds * 1000)
        return response


def write_line(method: str, path: str, status: int, milliseconds: float) -> None:
    """Method and path come from outside and may hold anything, hence `json.dumps`; the query is never read."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    sys.stderr.write(
        f'{{"event": "request", "method": {json.dumps(method)}, "path": {json.dumps(scrub(path), ensure_ascii=False)}, '
        f'"status": {status}, "duration_ms": {milliseconds:.2f}, "timestamp": "{now}"}}\n'
    )


_SHARED = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
STRICT = f"default-src 'self'; img-src 'self' data:; {_SHARED}"
# unfold's Alpine.js evaluates the expressions in its templates, and its charts and popovers set styles.
ADMIN = f"default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {_SHARED}"
# Swagger and Redoc style their own elements; Redoc searches in a worker that it builds itself.
DOCS = f"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; {_SHARED}"
_BY_PREFIX = (("/admin/", ADMIN), ("/api/docs", DOCS), ("/api/redoc", DOCS))


class ContentSecurityPolicy:
    """Strict everywhere, wider where a page that we do not write needs it; a view's own header stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path))
        return response


def policy_for(path: str) -> str:
    for prefix, policy in _BY_PREFIX:
        if path.startswith(prefix):
            return policy
    return STRICT
