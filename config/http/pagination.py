"""Pagination class: `page` and `per_page`, and the `Link` header to the other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast, overload
from urllib.parse import quote, unquote_plus

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .api_error import ApiError
from .parameters import Parameters

PER_PAGE = 25
MAX_PER_PAGE = 100

# May be in a query as it is. Others would end the <…> of a link, or cannot be in a header.
_KEPT = "!$%&'()*+,-./:;=?@[\\]^_`{|}~"

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """The rows of page `number`, counted from 1; `last` is the last page, 1 for an empty list."""

    rows: list[_T]
    number: int
    last: int


class HasParameters(Protocol):
    """A view with the merged parameters of its request: DRF's `query_params` lack the body."""

    @property
    def parameters(self) -> Parameters: ...


class LinkHeaderPagination(BasePagination):
    """The rows of a page as the answer, and the way to the others in its `Link` header."""

    page: Page[Any]
    request: Request

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.request = request
        self.page = paginate(queryset, cast(HasParameters, view).parameters)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers={"Link": link_header(self.page, self.request._request)})


@overload
def paginate(rows: QuerySet[_M], parameters: Parameters) -> Page[_M]: ...
@overload
def paginate(rows: Sequence[_T], parameters: Parameters) -> Page[_T]: ...
def paginate(rows: Any, parameters: Parameters) -> Page[Any]:
    """Return the requested page, without rows past the end; `per_page` is cut to MAX_PER_PAGE.

    ApiError 422 when either is not a whole number from 1. Two statements for a queryset.
    """
    number = _whole_number(parameters, "page", default=1)
    size = min(_whole_number(parameters, "per_page", default=PER_PAGE), MAX_PER_PAGE)
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    last = max(1, -(-count // size))
    # No statement past the end: the offset may be larger than the database's integers.
    found = list(rows[(number - 1) * size : number * size]) if count and number <= last else []
    return Page(found, number, last)


def link_header(page: Page[Any], request: HttpRequest) -> str:
    """Return `Link` with `first`, `prev`, `last` and `next` as they apply; one page has `last`.

    The links are absolute, on PUBLIC_BASE_URL or else the request's host, with the query exactly as
    it was sent except for `page`. Parameters from headers or the body are not in them.
    """
    base = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")
    path = request.path_info if settings.PUBLIC_BASE_URL else request.path
    query = quote(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"), safe=_KEPT)
    # `page` is replaced in its place, or added at the end.
    parts = [part for part in query.split("&") if part]
    places = [i for i, part in enumerate(parts) if unquote_plus(part.partition("=")[0]) == "page"]
    if not places:
        places, parts = [len(parts)], [*parts, ""]
    pages = {"first": 1, "prev": min(page.number - 1, page.last)} if page.number > 1 else {}
    pages["last"] = page.last
    if page.number < page.last:
        pages["next"] = page.number + 1
    url = base + escape_uri_path(path)
    links = []
    for name, number in pages.items():
        for place in places:
            parts[place] = f"page={number}"
        links.append(f'<{url}?{"&".join(parts)}>; rel="{name}"')
    return ", ".join(links)


def _whole_number(parameters: Parameters, name: str, *, default: int) -> int:
    text = (parameters.value(name) or str(default)).strip()
    try:
        number = int(text) if text.isascii() and text.isdigit() else 0
    except ValueError:  # thousands of digits
        number = 0
    if number < 1:
        raise ApiError(422, f"{name} must be a whole number from 1")
    return number
