"""Lists in pages: which rows are asked for, and the `Link` header that leads to the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload
from urllib.parse import quote, unquote_plus

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path

from .api_error import ApiError
from .parameters import Parameters

PER_PAGE = 25
MOST_PER_PAGE = 100

# What may stand in a query as it is. All else would end the <…> of a link, or could be no header at all.
_KEPT = "!$%&'()*+,-./:;=?@[\\]^_`{|}~"

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """The rows of page `number`, counted from 1; `last` is the number of the last page, 1 of an empty list."""

    rows: list[_T]
    number: int
    last: int


@overload
def paginate(rows: QuerySet[_M], parameters: Parameters) -> Page[_M]: ...
@overload
def paginate(rows: Sequence[_T], parameters: Parameters) -> Page[_T]: ...
def paginate(rows: Any, parameters: Parameters) -> Page[Any]:
    """The page that `page` and `per_page` (at most MOST_PER_PAGE, more is that) ask for; past the end it has no rows.

    ApiError 422 when either is no whole number from 1. Of a queryset: one statement to count, one to read.
    """
    number = _whole_number(parameters, "page", 1)
    size = min(_whole_number(parameters, "per_page", PER_PAGE), MOST_PER_PAGE)
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    last = max(1, -(-count // size))
    # Past the end nothing is asked: the offset may be a number that no database knows.
    found = list(rows[(number - 1) * size : number * size]) if count and number <= last else []
    return Page(found, number, last)


def link_header(page: Page[Any], request: HttpRequest) -> str:
    """`Link` with `first`, `prev`, `last` and `next` as they apply; of a single page `last` alone.

    Absolute, on PUBLIC_BASE_URL or else the host that was asked, and with the query exactly as it was asked but for `page`.
    What came in a header or a body is not in it.
    """
    base = settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/")
    path = request.path_info if settings.PUBLIC_BASE_URL else request.path
    query = request.META.get("QUERY_STRING", "")
    pages = {"first": 1, "prev": min(page.number - 1, page.last)} if page.number > 1 else {}
    pages["last"] = page.last
    if page.number < page.last:
        pages["next"] = page.number + 1
    url = base + escape_uri_path(path)
    return ", ".join(
        f'<{url}?{_with_page(query, number)}>; rel="{name}"' for name, number in pages.items()
    )


def _with_page(query: str, number: int) -> str:
    """The query with `page` changed where it stands, or added at the end."""
    raw = quote(query.encode("latin-1", "replace"), safe=_KEPT)
    parts = [part for part in raw.split("&") if part]
    named = [unquote_plus(part.partition("=")[0]) == "page" for part in parts]
    changed = [
        f"page={number}" if is_page else part for part, is_page in zip(parts, named, strict=True)
    ]
    return "&".join(changed if any(named) else [*changed, f"page={number}"])


def _whole_number(parameters: Parameters, name: str, otherwise: int) -> int:
    text = (parameters.value(name) or str(otherwise)).strip()
    try:
        number = int(text) if text.isascii() and text.isdigit() else 0
    except ValueError:  # thousands of digits
        number = 0
    if number < 1:
        raise ApiError(422, f"{name} must be a whole number from 1")
    return number
