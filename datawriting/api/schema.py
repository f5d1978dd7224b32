"""API description of data writing."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from config.http.openapi import IDEMPOTENCY, KEY, by_key
from datawriting.writing import CallMatch

from .serializers import DataToWriteSerializer, DataWritingSerializer

_ABOUT = [
    OpenApiParameter(
        "caller_number",
        str,
        OpenApiParameter.QUERY,
        description="Every parameter that is not reserved is a tag.",
    ),
    OpenApiParameter(
        "call_uuid", str, OpenApiParameter.QUERY, description="Instead of the caller's number."
    ),
]
_KEY_IN_PATH = OpenApiParameter(
    "key", str, OpenApiParameter.PATH, description="The postback key: it wins over any other."
)
_EXAMPLE = OpenApiExample(
    "Before the call",
    {
        "tag_values": {"prequalified": "true"},
        "caller_number": "+12025550102",
        "status": CallMatch.NO_CALL.value,
    },
    response_only=True,
    status_codes=["200"],
)


_SHARED: dict[str, Any] = {
    "tags": ["Data writing"],
    "responses": {200: DataWritingSerializer, **by_key(404)},
    "examples": [_EXAMPLE],
    "auth": [],
}
_SUMMARY = "Write tags about a caller, before, during or after the call"


def _write(operation_id: str, key: OpenApiParameter) -> Any:
    return extend_schema(
        operation_id=operation_id,
        summary=_SUMMARY,
        parameters=[key, *_ABOUT, IDEMPOTENCY],
        request=DataToWriteSerializer,
        **_SHARED,
    )


def _write_by_link(operation_id: str, key: OpenApiParameter) -> Any:
    return extend_schema(
        operation_id=operation_id,
        summary=f"{_SUMMARY}, by a link",
        parameters=[key, *_ABOUT],
        **_SHARED,
    )


write = _write("data_writing", KEY)
write_by_link = _write_by_link("data_writing_get", KEY)
write_by_path = _write("data_writing_by_path", _KEY_IN_PATH)
write_by_path_and_link = _write_by_link("data_writing_by_path_get", _KEY_IN_PATH)
