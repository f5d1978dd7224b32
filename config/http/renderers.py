"""The two formats of the APIs as DRF renderers, and `render` for answers outside DRF."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import renderers
from rest_framework_xml.renderers import XMLRenderer

from . import xml
from .values import timestamp

MEDIA_TYPES = {"json": "application/json", "xml": "text/xml; charset=utf-8"}


def _plain(value: object) -> float | str:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be rendered")


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode


def render(data: Any, format: str) -> bytes:
    """Return the body of an answer; `format` is `json` or `xml`.

    Data is plain: dict, list, text, numbers, Decimal, datetime, UUID, None; members keep their
    order. Moments are in UTC with milliseconds, amounts are numbers.
    """
    text = xml.write_xml(data) if format == "xml" else _encode(data)
    return text.encode("utf-8", "replace")  # a lone surrogate must not turn an answer into a 500


class JSONRenderer(renderers.JSONRenderer):
    """DRF's renderer, compact and in UTF-8."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else render(data, "json")


class HashXMLRenderer(XMLRenderer):
    """The package's renderer in the field's style: a `<hash>` of typed, dashed elements."""

    media_type = "text/xml"
    root_tag_name = xml.ROOT

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else render(data, "xml")


RENDERER_CLASSES: tuple[type[renderers.BaseRenderer], ...] = (JSONRenderer, HashXMLRenderer)
