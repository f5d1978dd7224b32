"""The access log: one JSON line and one observation of the duration for each request."""

import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from config.logs import scrub

# By route, not by path: paths hold keys, and their number is unlimited.
SECONDS = Histogram(
    "ringpost_request_seconds", "How long requests took", ["method", "route", "status"]
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_log = logging.getLogger("ringpost.access")


class AccessLog:
    """Middleware that writes its lines itself: the logging module would cost more than the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - start
        method = request.method if request.method in _METHODS else "other"
        route = request.resolver_match.route if request.resolver_match else "none"
        SECONDS.labels(method, route, response.status_code).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            write_line(request.method or "", request.path, response.status_code, seconds * 1000)
        return response


@lru_cache(maxsize=256)
def _quoted_path(path: str) -> str:
    return json.dumps(scrub(path), ensure_ascii=False)


def write_line(method: str, path: str, status: int, milliseconds: float) -> None:
    """Write a line without the query, which may hold keys."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    # Method and path are the client's and may hold anything, hence `json.dumps`.
    sys.stderr.write(
        f'{{"event": "request", "method": {json.dumps(method)}, '
        f'"path": {_quoted_path(path)}, '
        f'"status": {status}, "duration_ms": {milliseconds:.2f}, "timestamp": "{now}"}}\n'
    )
