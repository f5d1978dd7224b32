"""The Content-Security-Policy of every page: from where it may load scripts, styles and images."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_SHARED = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
STRICT = f"default-src 'self'; img-src 'self' data:; {_SHARED}"
# unfold's Alpine.js evaluates expressions in its templates, and its charts and popovers set styles.
ADMIN = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data:; {_SHARED}"
)
# Swagger and Redoc style their own elements; Redoc searches in a worker that it builds itself.
DOCS = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data:; worker-src blob:; {_SHARED}"
)
_BY_PREFIX = (("/admin/", ADMIN), ("/api/docs", DOCS), ("/api/redoc", DOCS))


class ContentSecurityPolicy:
    """Middleware: the policy of the path, unless the view has set another."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path))
        return response


def policy_for(path: str) -> str:
    """Return the strict policy, or a wider one for pages with scripts of other projects."""
    for prefix, policy in _BY_PREFIX:
        if path.startswith(prefix):
            return policy
    return STRICT
