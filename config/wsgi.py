"""The WSGI application, and what a server's worker must settle before Django sees a request."""

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
    die_with(server.pid)  # a worker would go on listening after its server was killed


def with_length(inner: Application) -> Application:
    """A chunked body comes without a length, and Django would see an empty one. It is read here, and never more of it
    than one byte past the limit: a body that is too long keeps a length that says so, and the API answers 413.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = BytesIO(body)
        return inner(environ, start_response)

    return application


def with_plain_content_type(inner: Application) -> Application:
    """Django fails on some extended parameters of a Content-Type (`charset*=…`) before any view could answer: they go."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        return inner(environ, start_response)

    return application


application = with_plain_content_type(with_length(get_wsgi_application()))
# Loading takes a third of a second and a hundred megabytes: not before the first answer, nor during the first ping.
threading.Thread(target=phone.geocoder, name="geocoder", daemon=True).start()
