"""The middleware of requests with a session, skipped on the paths of the APIs.

The APIs authenticate by key. The simulator's may also be called by the softphone, with a session.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from simple_history.middleware import HistoryRequestMiddleware

_SESSION_PATHS = ("/admin", "/simulator/")


class OnlyWithSession:
    """Put before a middleware class: skips it where no session can authenticate a request."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(_SESSION_PATHS):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class SessionMiddleware(OnlyWithSession, sessions.SessionMiddleware):
    """Django's, for requests with a session."""


class AuthenticationMiddleware(OnlyWithSession, auth.AuthenticationMiddleware):
    """Django's, for requests with a session."""


class MessageMiddleware(OnlyWithSession, messages.MessageMiddleware):
    """Django's, for requests with a session."""


def history_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Return simple_history's, for requests with a session: it records their user with a change."""
    with_history = HistoryRequestMiddleware(get_response)

    def middleware(request: HttpRequest) -> Any:
        if request.path_info.startswith(_SESSION_PATHS):
            return with_history(request)
        return get_response(request)

    return middleware
