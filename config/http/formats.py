"""Which format an answer is in, and the writing of it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework import renderers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework_xml.renderers import XMLRenderer

from . import xml
from .api_error import ApiError
from .values import timestamp

MEDIA_TYPES = {"json": "application/json", "xml": "text/xml; charset=utf-8"}

_ACCEPTED = {
    "application/json": "json",
    "application/*": "json",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/*": "xml",
}
_NO_PREFERENCE = frozenset({"*/*", "*", "text/html"})


def is_json(content_type: str | None) -> bool:
    """Whether a `Content-Type` names JSON."""
    media_type = _media_type(content_type)
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def is_xml(content_type: str | None) -> bool:
    """Whether a `Content-Type` names XML."""
    media_type = _media_type(content_type)
    return media_type in ("text/xml", "application/xml") or media_type.endswith("+xml")


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


# --- the format that was asked for ----------------------------------------------------------------------
def requested_format(path: str, accept: str | None, content_type: str | None) -> str:
    """`json` or `xml`, by the end of the path, else by `Accept`, else by the body's type; ApiError 406 for anything else."""
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    if extension and dot:
        if extension.lower() in MEDIA_TYPES:
            return extension.lower()
        raise ApiError(406, f"unknown format: .{extension[:20]}")
    return _accepted_format(accept or "", content_type)


def format_of(request: HttpRequest) -> str:
    """The format asked by a request; ApiError 406."""
    return requested_format(
        request.path, request.META.get("HTTP_ACCEPT"), request.META.get("CONTENT_TYPE")
    )


def _accepted_format(accept: str, content_type: str | None) -> str:
    ranges = dict(_ranges(accept))
    wanted = {media_type: quality for media_type, quality in ranges.items() if quality > 0}
    if not ranges or not _NO_PREFERENCE.isdisjoint(wanted):
        return "xml" if is_xml(content_type) else "json"
    known = [media_type for media_type in wanted if media_type in _ACCEPTED]
    if not known:
        raise ApiError(406, "unknown format: Accept asks for neither JSON nor XML")
    return _ACCEPTED[max(known, key=wanted.__getitem__)]


def _ranges(accept: str) -> Iterable[tuple[str, float]]:
    for item in accept.split(","):
        media_type, _, parameters = item.partition(";")
        if media_type.strip():
            yield media_type.strip().lower(), _quality(parameters)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0


# --- writing --------------------------------------------------------------------------------------------
def render(data: Any, format: str) -> bytes:
    """Plain data (dict, list, text, numbers, Decimal, datetime, UUID, None) in `json` or `xml`, members in their order."""
    text = xml.write_xml(data) if format == "xml" else _encode(data)
    return text.encode("utf-8", "replace")  # a lone surrogate must not turn an answer into a 500


def _plain(value: object) -> float | str:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form on the wire")


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode


class JSONRenderer(renderers.JSONRenderer):
    """Answers of DRF views, as `render` writes them."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else render(data, "json")


class HashXMLRenderer(XMLRenderer):
    """The package's renderer in the field's style, every name and text escaped."""

    media_type = "text/xml"
    root_tag_name = xml.ROOT

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else render(data, "xml")


class ContentNegotiation(DefaultContentNegotiation):
    """Our rule for our two renderers; DRF's own for views that bring others (the API description)."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        ours = {
            item.format: item
            for item in renderers
            if isinstance(item, JSONRenderer | HashXMLRenderer)
        }
        if not ours:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(
                request, renderers, format_suffix
            )
            return chosen
        asked = format_of(request._request)
        if asked not in ours:
            raise ApiError(406, f"not available as {asked.upper()}")
        return ours[asked], ours[asked].media_type
