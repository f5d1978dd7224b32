"""Parts of the API description that several APIs use."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class Described(AutoSchema):
    """Leaves out what DRF offers and clients need not know."""

    def map_parsers(self) -> list[str]:
        """Return the usual content types; the parsers read others too."""
        return [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "text/xml",
        ]

    def _get_format_parameters(self) -> list[Any]:
        return []  # the format is an extension of the path, or in `Accept`

    def _get_paginator(self) -> None:
        """Return none: pages are not a part of an answer, but links in its header."""


class ErrorSerializer(serializers.Serializer):
    """Why a request was refused, in words."""

    error = serializers.CharField()


_WHEN = {
    400: "The body can't be read.",
    401: "The key or token is missing or unknown: `not authorized`.",
    403: "The key is paused, or the feature is switched off for the company.",
    404: "There is no such thing.",
    405: "The path does not answer to this verb.",
    406: "The answer is asked for in a format that is neither JSON nor XML.",
    409: "The first request with this Idempotency-Key is still running.",
    410: "The owner of the key was deleted.",
    413: "The body is over 64 KiB.",
    415: "The body's content type is not known.",
    422: "A value is missing or unusable: `FAILED must include caller_number (string)`.",
    429: "Over the key's rate; `Retry-After` says how many seconds to wait.",
    503: "The database can't be reached; `Retry-After` says how many seconds to wait.",
}


def error_schema(when: str) -> OpenApiResponse:
    """Describe an error's answer, `{"error": text}`."""
    return OpenApiResponse(ErrorSerializer, when)


def error_schemas(*statuses: int) -> dict[int, Any]:
    """Describe these statuses by their usual meaning."""
    return {status: error_schema(_WHEN[status]) for status in statuses}


def by_key(*more: int) -> dict[int, Any]:
    """Describe the errors of every request by a key."""
    return error_schemas(400, 401, 403, 405, 406, 409, 410, 413, 415, 422, 429, 503, *more)


KEY = OpenApiParameter(
    "key",
    str,
    OpenApiParameter.QUERY,
    description="The postback key. Also read from the body, or as a bearer token.",
)
LINK = OpenApiParameter(
    "Link",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="Addresses of the pages: first, prev, last, next.",
)
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Repeats with the same text get the first answer for 24 hours.",
)
