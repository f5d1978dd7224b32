"""Asks this installation's own APIs in this process, at a moment that is handed in: no server has to run for it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.urls import resolve


@dataclass(frozen=True, slots=True)
class DemoResponse:
    """What was answered, as it would have gone over the wire."""

    status: int
    text: str

    def value(self, name: str) -> str:
        """What it first says under a name of JSON, or that name in XML; blank when it says nothing or null."""
        dashed = name.replace("_", "-")
        found = re.search(rf'"{name}":"?([^",}}]*)|<{dashed}(?: [^>/]*)?>([^<]*)<', self.text)
        said = (found[1] or found[2] or "") if found else ""
        return "" if said == "null" else said


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """One request to an entrance that takes keys. With a `body` it is sent as JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    address: str = "203.0.113.1"
    idempotency_key: str = ""


def request(request: DemoRequest, *, at: datetime) -> DemoResponse:
    """What the product answers at this moment, with all that comes of it: in whatever transaction is open."""
    found = resolve(request.path)
    view: Any = found.func
    view_at = view.cls.as_view(dict(view.actions), **view.initkwargs, clock=lambda: at)
    response = view_at(WSGIRequest(_environ(request)), *found.args, **found.kwargs)
    return DemoResponse(response.status_code, response.content.decode())


def _environ(request: DemoRequest) -> dict[str, Any]:
    """As a web server would hand the request on."""
    body = b"" if request.body is None else json.dumps(request.body).encode()
    headers = {"HTTP_IDEMPOTENCY_KEY": request.idempotency_key} if request.idempotency_key else {}
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": urlencode(request.query),
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": request.address,
        "SERVER_NAME": _host(),
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        **headers,
    }


def _host() -> str:
    """A name that this installation answers to."""
    names = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return str(names[0]) if names else "localhost"
