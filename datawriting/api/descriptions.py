"""What the API description says of data writing."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from config.http.openapi import IDEMPOTENCY, KEY, by_key
from datawriting.writing import CallMatch

ANSWER = inline_serializer(
    "DataWriting",
    {
        "tag_values": serializers.DictField(
            child=serializers.CharField(allow_blank=True), help_text="The tags as they were stored."
        ),
        "caller_number": serializers.CharField(
            required=False, help_text="With its country code, unless a call was named."
        ),
        "call_uuid": serializers.UUIDField(required=False, help_text="The call, if one was named."),
        "status": serializers.ChoiceField([text.value for text in CallMatch]),
    },
)
ASK = inline_serializer(
    "DataToWrite",
    {
        "key": serializers.CharField(required=False),
        "caller_number": serializers.CharField(
            required=False, help_text="Whom the tags are about; or call_uuid."
        ),
        "call_uuid": serializers.CharField(
            required=False, help_text="Which call they are about; or caller_number."
        ),
    },
)
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


def _written(name: str, key: OpenApiParameter) -> Any:
    of: dict[str, Any] = {
        "tags": ["Data writing"],
        "responses": {200: ANSWER, **by_key(404)},
        "examples": [_EXAMPLE],
        "auth": [],
    }
    summary = "Write tags about a caller, before, during or after the call"
    get = extend_schema(
        operation_id=f"{name}_get", summary=f"{summary}, by a link", parameters=[key, *_ABOUT], **of
    )
    post = extend_schema(
        operation_id=name,
        summary=summary,
        parameters=[key, *_ABOUT, IDEMPOTENCY],
        request=ASK,
        **of,
    )
    return extend_schema_view(get=get, post=post)


write = _written("data_writing", KEY)
write_by_path = _written("data_writing_by_path", _KEY_IN_PATH)
