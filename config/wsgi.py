"""The WSGI application, and two repairs of requests that Django would misread."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from campaigns import phone

from .ops.processes import die_with

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

server = multiprocessing.parent_process()
if server is not None and server.pid is not None:
    die_with(server.pid)  # or a worker would listen on after its server was killed


def with_length(inner: Application) -> Application:
    """Give a chunked body a length, without which Django reads nothing.

    At most one byte past the limit is read: the API then answers 413.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = BytesIO(body)
        return inner(environ, start_response)

    return application


def with_plain_content_type(inner: Application) -> Application:
    """Remove the parameters of a Content-Type with `*=`: Django fails on some before any view."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        return inner(environ, start_response)

    return application


application = with_plain_content_type(with_length(get_wsgi_application()))
# Loading takes a third of a second: neither the first answer nor the first ping waits for it.
threading.Thread(target=phone.geocoder, name="geocoder", daemon=True).start()
