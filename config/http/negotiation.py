"""Which format a request is answered in, and which parser reads its body."""

from collections.abc import Iterable
from contextlib import suppress

from django.http import HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from .api_error import ApiError
from .renderers import MEDIA_TYPES

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_ACCEPTED = {
    "application/json": "json",
    "application/*": "json",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/*": "xml",
}
_NO_PREFERENCE = frozenset({"*/*", "*", "text/html"})
# By a body's content type, the media type of its parser. Any other type has the parser of `*/*`.
_PARSED_AS = {"": "text/plain", "text/plain": "text/plain", FORM: FORM, MULTIPART: MULTIPART}


def is_xml(content_type: str | None) -> bool:
    """Return whether a `Content-Type` names XML."""
    media_type = _media_type(content_type)
    return media_type in ("text/xml", "application/xml") or media_type.endswith("+xml")


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def requested_format(path: str, accept: str | None, content_type: str | None) -> str:
    """Return `json` or `xml`: the path's extension, else `Accept`, else the format of the body.

    ApiError 406 for any other extension or media type.
    """
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    if extension and dot:
        if extension.lower() in MEDIA_TYPES:
            return extension.lower()
        raise ApiError(406, f"unknown format: .{extension[:20]}")
    ranges = _quality_by_range(accept or "")
    wanted = {media_type: quality for media_type, quality in ranges.items() if quality > 0}
    if not ranges or not _NO_PREFERENCE.isdisjoint(wanted):
        return "xml" if is_xml(content_type) else "json"
    known = [media_type for media_type in wanted if media_type in _ACCEPTED]
    if not known:
        raise ApiError(406, "unknown format: Accept asks for neither JSON nor XML")
    return _ACCEPTED[max(known, key=wanted.__getitem__)]


def _quality_by_range(accept: str) -> dict[str, float]:
    """Return the media ranges of an `Accept` with their `q`, 1.0 if it is missing or unusable."""
    ranges: dict[str, float] = {}
    for item in accept.split(","):
        media_type, *parameters = item.split(";")
        if not media_type.strip():
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                with suppress(ValueError):
                    quality = float(value)
                break
        ranges[media_type.strip().lower()] = quality
    return ranges


def format_of(request: HttpRequest) -> str:
    """Return the format that a request is to be answered in; ApiError 406."""
    meta = request.META
    return requested_format(request.path, meta.get("HTTP_ACCEPT"), meta.get("CONTENT_TYPE"))


class ContentNegotiation(DefaultContentNegotiation):
    """The field's rules: a path's extension wins over `Accept`; JSON without a preference."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of the body's content type, else that of `*/*`."""
        media_type = _media_type(request.content_type)
        parsed_as = _PARSED_AS.get(media_type, "*/*")
        if is_xml(media_type):
            parsed_as = "text/xml"
        elif media_type in ("application/json", "text/json") or media_type.endswith("+json"):
            parsed_as = "application/json"
        return next((parser for parser in parsers if parser.media_type == parsed_as), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of the requested format and its media type; ApiError 406."""
        # `.csv.json` is an extension of two parts, and the path alone would pass as JSON.
        if format_suffix is not None and format_suffix.lower() not in MEDIA_TYPES:
            raise ApiError(406, f"unknown format: .{format_suffix[:20]}")
        wanted = format_of(request._request)
        for renderer in renderers:
            if renderer.format == wanted:
                return renderer, renderer.media_type
        raise ApiError(406, f"not available as {wanted.upper()}")
