"""What the API description says of conversions from outside."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from config.http.openapi import IDEMPOTENCY, KEY, by_key

_REVENUE = "From the buyer: a decimal like 120.00, in the company's currency."
_PAYOUT = "To the publisher; 0 if it is not sent."

ANSWER = inline_serializer(
    "ReportedConversion",
    {
        "call_uuid": serializers.UUIDField(),
        "status": serializers.ChoiceField(["converted", "already converted"]),
        "revenue": serializers.FloatField(help_text="Of a call that had converted: as it did."),
        "payout": serializers.FloatField(),
    },
)
ASK = inline_serializer(
    "Conversion",
    {
        "key": serializers.CharField(required=False),
        "call_uuid": serializers.CharField(
            required=False, help_text="Required. A call of the key's buyer."
        ),
        "revenue": serializers.CharField(required=False, help_text=f"Required. {_REVENUE}"),
        "payout": serializers.CharField(required=False, help_text=_PAYOUT),
    },
)
_EXAMPLE = OpenApiExample(
    "Reported",
    {
        "call_uuid": "05d44513-666d-46f1-a4f6-fb23cf206011",
        "status": "converted",
        "revenue": 120.0,
        "payout": 90.0,
    },
    response_only=True,
    status_codes=["200"],
)

report = extend_schema_view(
    post=extend_schema(
        operation_id="conversion_report",
        summary="Report the sale that a call led to",
        tags=["Conversions"],
        parameters=[
            KEY,
            OpenApiParameter(
                "call_uuid", str, OpenApiParameter.QUERY, description="A call of the key's buyer."
            ),
            OpenApiParameter("revenue", str, OpenApiParameter.QUERY, description=_REVENUE),
            OpenApiParameter("payout", str, OpenApiParameter.QUERY, description=_PAYOUT),
            IDEMPOTENCY,
        ],
        request=ASK,
        responses={200: ANSWER, **by_key(404)},
        examples=[_EXAMPLE],
        auth=[],
    )
)
