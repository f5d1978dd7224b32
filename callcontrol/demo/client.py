"""Requests to this installation's own APIs, in this process and at a moment that is passed in."""

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
    """A status and a body."""

    status: int
    text: str

    def value(self, name: str) -> str:
        """Return the first value of a name in JSON or XML; blank for null and for none."""
        dashed = name.replace("_", "-")
        found = re.search(rf'"{name}":"?([^",}}]*)|<{dashed}(?: [^>/]*)?>([^<]*)<', self.text)
        value = (found[1] or found[2] or "") if found else ""
        return "" if value == "null" else value


def send_request(
    method: str,
    path: str,
    *,
    at: datetime,
    query: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
    address: str = "203.0.113.1",
    idempotency_key: str = "",
) -> DemoResponse:
    """Send a request to a view that takes keys, as if it were this moment; a `body` goes as JSON.

    Its effects belong to the open transaction.
    """
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    content = b"" if body is None else json.dumps(body).encode()
    environ = {  # as a web server would make it
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": urlencode(query),
        "CONTENT_TYPE": "application/json" if content else "",
        "CONTENT_LENGTH": str(len(content)),
        "REMOTE_ADDR": address,
        "SERVER_NAME": hosts[0] if hosts else "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(content),
    }
    if idempotency_key:
        environ["HTTP_IDEMPOTENCY_KEY"] = idempotency_key
    found = resolve(path)
    view: Any = found.func
    view_at = view.cls.as_view(dict(view.actions), **view.initkwargs, clock=lambda: at)
    response = view_at(WSGIRequest(environ), *found.args, **found.kwargs)
    return DemoResponse(response.status_code, response.content.decode())
